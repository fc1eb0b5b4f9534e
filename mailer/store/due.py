"""What is due, and who takes it: in batches, on either database with the least of talk.

PostgreSQL chooses and takes in one statement (`FOR UPDATE SKIP LOCKED`). On SQLite nobody
else writes between the two, and a row at a time would let go of the interpreter a row at a
time, with the turn at writing held: so there the ids go in and out as one value.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    bindparam,
    func,
    literal_column,
    null,
    select,
    update,
)

from mailer.model.delivery import CauseKind, Claim
from mailer.model.kind import Kind
from mailer.store.choicetables import PlainTextRow
from mailer.store.columns import from_instant, to_instant
from mailer.store.compiled import (
    Compiled,
    Number,
    Row,
    Values,
    among,
    as_parameter,
    rows_given,
)
from mailer.store.database import now_sql
from mailer.store.permission import NOW
from mailer.store.shapingtables import CanaryLetterRow
from mailer.store.tables import (
    ContactRow,
    DeliveryRow,
    FrequencyRow,
    table,
)

_delivery = table(DeliveryRow)
_contact = table(ContactRow)
_frequency = table(FrequencyRow)
_letter = table(CanaryLetterRow)
_plain = table(PlainTextRow)

# PostgreSQL only uses a partial index when the statement says its condition literally.
DUE = _delivery.alias("due")
QUEUED: ColumnElement[bool] = literal_column("due.state = 'queued'")
OF_A_CAMPAIGN: ColumnElement[bool] = literal_column("due.cause_kind = 'campaign'")
OF_NO_CAMPAIGN: ColumnElement[bool] = literal_column("due.cause_kind <> 'campaign'")


def of_campaign(*, rehearsing: bool = False) -> Select[Any]:
    """Choose what is due of one campaign at one provider.

    It binds `campaign`, `provider`, `limit` and `now`.

    Args:
        rehearsing: Only what is a rehearsal, instead of only what is none.
    """
    return _chosen(
        rehearsing,
        OF_A_CAMPAIGN,
        DUE.c.cause_id == bindparam("campaign"),
        DUE.c.provider == bindparam("provider"),
    )


def of_canary(*, rehearsing: bool = False) -> Select[Any]:
    """Choose what is due of one campaign's canary at one provider; binds as `of_campaign`.

    Args:
        rehearsing: Only what is a rehearsal, instead of only what is none.
    """
    of_it = select(_letter.c.delivery_id).where(
        _letter.c.campaign_id == bindparam("campaign")
    )
    return of_campaign(rehearsing=rehearsing).where(DUE.c.id.in_(of_it))


def of_lane(*, rehearsing: bool = False) -> Select[Any]:
    """Choose what is due of one lane and no campaign; binds `in_lane`, `limit`, `now`."""
    return _chosen(rehearsing, OF_NO_CAMPAIGN, DUE.c.lane == bindparam("in_lane"))


def _chosen(
    rehearsing: bool,  # noqa: FBT001 - before what names whose they are
    *whose: ColumnElement[bool],
) -> Select[Any]:
    return (
        select(DUE.c.id)
        .where(QUEUED, *whose, DUE.c.due_at <= NOW, DUE.c.rehearsal.is_(rehearsing))
        .order_by(DUE.c.due_at, DUE.c.id)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
    )


class Taking:
    """Takes what a query chooses: from queued to claimed."""

    def __init__(self, chosen: Select[Any], dialect: Dialect) -> None:
        taken = update(_delivery).values(
            state=literal_column("'claimed'"),
            owner_id=bindparam("owner"),
            attempt=_delivery.c.attempt + literal_column("1"),
            lease_until=now_sql(dialect) + bindparam("lease_us", type_=BigInteger()),
            first_attempt_at=func.coalesce(_delivery.c.first_attempt_at, NOW),
            # The window is that of the claim: rules change, and so do people's zones.
            open_until=null(),
        )
        self._choose = None
        if dialect.name == "sqlite":
            ids = chosen.subquery("chosen")
            self._choose = Compiled(select(func.json_group_array(ids.c.id)))
            of_ids = among(_delivery.c.id, "ids", dialect.name)
            self._take = Compiled(taken.where(of_ids))
        else:
            # As a named step, so that it can't choose (and lock) twice.
            ids_of = select(chosen.cte("chosen").c.id)
            self._take = Compiled(
                taken.where(_delivery.c.id.in_(ids_of)).returning(_delivery.c.id)
            )

    def take(self, connection: Connection, values: Values) -> list[int]:
        """Take it and return the ids.

        Args:
            values: What the query binds, and `owner` and `lease_us`.
        """
        if self._choose is None:
            return [row[0] for row in self._take.rows(connection, values)]
        ((chosen,),) = self._choose.rows(connection, values)
        ids: list[int] = json.loads(chosen)
        if ids:
            self._take.count(connection, {**values, "ids": chosen})
        return ids


@cache
def _opening(dialect_name: str) -> Compiled:
    columns = {"row": Number, "fence": Number, "until": Number}
    given = rows_given("windows", columns, dialect_name)
    return Compiled(
        update(_delivery)
        .where(
            _delivery.c.id == given.c.row,
            _delivery.c.attempt == given.c.fence,
            literal_column("state = 'claimed'"),
        )
        .values(open_until=given.c.until)
    )


def open_until(
    connection: Connection, windows: Sequence[tuple[int, int, datetime]]
) -> None:
    """Write down until when claims may leave, each with its id and fence."""
    if windows:
        rows: list[Row] = [(row, fence, to_instant(at)) for row, fence, at in windows]
        _opening(connection.dialect.name).count(connection, {"windows": as_parameter(rows)})


def _cells(dialect_name: str) -> list[ColumnElement[Any]]:
    """Return the columns of a claim, as `_claim_of` reads them."""
    attributes: ColumnElement[Any] = _contact.c.attributes
    if dialect_name == "sqlite":
        attributes = func.json(attributes)
    return [
        _delivery.c.id,
        _delivery.c.attempt,
        _delivery.c.cause_kind,
        _delivery.c.cause_id,
        _delivery.c.kind,
        _delivery.c.list_id,
        _delivery.c.contact_id,
        _delivery.c.address,
        _delivery.c.first_attempt_at,
        _delivery.c.give_up_at,
        _delivery.c.deferrals,
        attributes,
        _contact.c.language,
        _contact.c.time_zone,
        _frequency.c.days,
        _delivery.c.provider,
        _plain.c.contact_id,
    ]


def _read(dialect_name: str) -> Compiled:
    cells = _cells(dialect_name)
    if dialect_name == "sqlite":
        together = func.json_group_array(func.json_array(*cells))
    else:
        together = func.json_agg(func.json_build_array(*cells))
    return Compiled(
        select(together)
        .select_from(
            _delivery.outerjoin(_contact, _contact.c.id == _delivery.c.contact_id)
            .outerjoin(_frequency, _frequency.c.contact_id == _delivery.c.contact_id)
            .outerjoin(_plain, _plain.c.contact_id == _delivery.c.contact_id)
        )
        .where(
            among(_delivery.c.id, "ids", dialect_name),
            # By no index: that of owners is full of what they had, until a vacuum.
            _delivery.c.owner_id + literal_column("0") == bindparam("owner"),
            literal_column("delivery.state = 'claimed'"),
        )
    )


_READ = {name: _read(name) for name in ("sqlite", "postgresql")}


def claims_of(connection: Connection, owner_id: int, ids: Sequence[int]) -> list[Claim]:
    """Return what an owner took and still has, with all that its letters need."""
    if not ids:
        return []
    values = {"ids": as_parameter(ids), "owner": owner_id}
    ((found,),) = _READ[connection.dialect.name].rows(connection, values)
    rows: list[Row] = json.loads(found) if isinstance(found, str) else found or []
    # The database promises no order; letters leave in the order of their due times.
    return [_claim_of(*row) for row in sorted(rows)]


_CAUSES = {one.value: one for one in CauseKind}
_KINDS = {one.value: one for one in Kind}


def _claim_of(  # noqa: PLR0913, PLR0917 - the cells of a claim, in their order
    id: int,
    fence: int,
    cause_kind: str,
    cause_id: int,
    kind: str,
    list_id: str | None,
    contact_id: int | None,
    address: str,
    first_attempt_at: int,
    give_up_at: int,
    deferrals: int,
    attributes: dict[str, object] | None,
    language: str | None,
    time_zone: str | None,
    chosen_days: int | None,
    provider: str,
    plain: int | None,
) -> Claim:
    return Claim(
        id,
        fence,
        _CAUSES[cause_kind],
        cause_id,
        _KINDS[kind],
        list_id,
        contact_id,
        address,
        from_instant(first_attempt_at),
        from_instant(give_up_at),
        deferrals,
        attributes or {},
        language,
        time_zone,
        chosen_days,
        provider,
        plain is not None,
    )

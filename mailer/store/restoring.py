"""What is done to a database that was brought back from a backup.

What happened since the backup is not on record in it. So numbers that may have been given
since are passed by, and letters that waited may have left.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    exists,
    func,
    insert,
    not_,
    or_,
    select,
    text,
    update,
)

from mailer.model.campaign import CampaignState
from mailer.model.delivery import OPEN_STATES, CauseKind, DeliveryState, Withheld
from mailer.model.kind import KINDS, Kind
from mailer.model.outcome import Reply, Stage
from mailer.store.columns import Instant, from_instant, to_instant
from mailer.store.deliveries import in_states
from mailer.store.noes import set_mark
from mailer.store.outcomes import Change, log_attempts
from mailer.store.tables import (
    CampaignListRow,
    CampaignRow,
    ContactRow,
    DeliveryRow,
    LedgerRow,
    MarkRow,
    table,
)

_campaign = table(CampaignRow)
_also = table(CampaignListRow)
_contact = table(ContactRow)
_delivery = table(DeliveryRow)
_ledger = table(LedgerRow)
_mark = table(MarkRow)

_USED = {
    "contact": 100_000_000,
    "delivery": 10_000_000_000,
    "campaign": 1_000,
    "sign_up": 100_000_000,
    "ticket": 1_000_000,
    "page_request": 100_000_000,
    "webhook": 10_000_000_000,
}
"""By how much the next number is moved on: more than can have been given since a backup,
and little against what a token holds (2^40 contacts, 2^48 deliveries and sign-ups, 2^32
campaigns)."""

_COUNTED_BY_SQLITE = ("contact", "sign_up", "ticket", "page_request", "webhook")

_CAMPAIGN_FLOOR = "campaign"
_WORDS = "the database was brought back from a backup; this letter may have left since"


def campaign_facts(connection: Connection, campaign_id: int) -> dict[str, Any]:
    """Return a campaign's row as JSON values, as `bring_back_campaign` takes them."""
    row = connection.execute(
        select(_campaign).where(_campaign.c.id == campaign_id)
    ).mappings()
    also = select(_also.c.list_id).where(_also.c.campaign_id == campaign_id)
    return {
        column.name: (
            to_instant(value)
            if isinstance(column.type, Instant) and value is not None
            else value
        )
        for one in row
        for column in _campaign.c
        for value in (one[column.name],)
    } | {"also_lists": list(connection.execute(also.order_by(_also.c.list_id)).scalars())}


def bring_back_campaign(connection: Connection, facts: Mapping[str, Any]) -> None:
    """Write a campaign's row again under its own number, to be planned anew.

    Raises:
        KeyError: when a fact is missing that every campaign has.
    """
    begun = dict(facts) | {
        "state": CampaignState.PLANNING.value,
        "planned": 0,
        "planned_up_to": 0,
        "started_at": None,
        "finished_at": None,
    }
    values = {
        column.name: (
            from_instant(value)
            if isinstance(column.type, Instant) and value is not None
            else value
        )
        for column in _campaign.c
        if column.name in begun
        for value in (begun[column.name],)
    }
    # Without its number it would get another.
    number: Any = begun["id"]
    values["id"] = int(number)
    connection.execute(insert(_campaign).values(**values))
    also = [
        {"campaign_id": facts["id"], "list_id": one} for one in facts.get("also_lists", ())
    ]
    if also:
        connection.execute(insert(_also), also)


def campaign_numbers(connection: Connection) -> set[int]:
    """Return the numbers of all campaigns."""
    return set(connection.execute(select(_campaign.c.id)).scalars())


def pass_by_numbers(connection: Connection) -> dict[str, int]:
    """See to it that no number is given that may have been given since the backup.

    Links, addresses and Message-IDs in letters that have left name people, letters,
    campaigns and conversations by theirs; who was told of something twice heeds it once, by
    its number.

    Returns:
        The last number of each that is not given any more.
    """
    floors: dict[str, int] = {}
    for name, step in _USED.items():
        highest = connection.execute(text(f"SELECT max(id) FROM {name}")).scalar() or 0
        floors[name] = (highest // step + 2) * step
    if connection.dialect.name == "sqlite":
        _pass_by_in_sqlite(connection, floors)
    else:
        for name, floor in floors.items():
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :floor)"),
                {"name": name, "floor": floor},
            )
    return floors


def _pass_by_in_sqlite(connection: Connection, floors: Mapping[str, int]) -> None:
    for name in _COUNTED_BY_SQLITE:
        here = {"name": name, "floor": floors[name]}
        known = connection.execute(
            text("UPDATE sqlite_sequence SET seq = :floor WHERE name = :name"), here
        )
        if not known.rowcount:
            connection.execute(
                text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :floor)"), here
            )
    set_mark(connection, _CAMPAIGN_FLOOR, floors["campaign"])
    # Its next number follows the highest there is, so a row that is no letter holds it.
    moment = from_instant(0)
    connection.execute(
        insert(_delivery).values(
            id=floors["delivery"],
            cause_kind=CauseKind.TEST.value,
            cause_id=0,
            kind=Kind.TEST.value,
            lane=KINDS[Kind.TEST].lane.value,
            contact_id=None,
            hash=floors["delivery"].to_bytes(16, "big"),
            address="",
            state=DeliveryState.WITHHELD.value,
            reason=Withheld.CANCELLED.value,
            attempt=0,
            deferrals=0,
            due_at=moment,
            give_up_at=moment,
            ended_at=moment,
        )
    )


def next_campaign_number(connection: Connection) -> int | None:
    """Return the number of the next campaign; None where the database counts by itself."""
    floor = select(_mark.c.number).where(_mark.c.name == _CAMPAIGN_FLOOR)
    found: int | None = connection.execute(floor).scalar_one_or_none()
    highest = connection.execute(select(func.max(_campaign.c.id))).scalar() or 0
    return None if found is None or highest > found else found + 1


_cancelled = exists().where(
    _delivery.c.cause_kind == CauseKind.CAMPAIGN.value,
    _campaign.c.id == _delivery.c.cause_id,
    _campaign.c.state == CampaignState.CANCELLED.value,
)
_may_have_left = (
    select(_delivery.c.id, _delivery.c.attempt, _delivery.c.cause_kind)
    .where(
        _delivery.c.id > bindparam("after"),
        in_states(OPEN_STATES),
        # A letter that is still not due cannot have left, but for one that was on its way.
        or_(
            _delivery.c.owner_id.is_not(None),
            _delivery.c.due_at <= bindparam("now", type_=Instant()),
        ),
        not_(_cancelled),
    )
    .order_by(_delivery.c.id)
    .limit(bindparam("limit"))
)


def doubt_slice(
    connection: Connection, after: int, limit: int, now: datetime
) -> tuple[int, int]:
    """Put letters that were due and waited in doubt: since the backup they may have left.

    Args:
        after: Only those with a higher number.

    Returns:
        How many, and the last one's number.
    """
    found = connection.execute(
        _may_have_left, {"after": after, "limit": limit, "now": now}
    ).all()
    if not found:
        return 0, after
    connection.execute(
        update(_delivery)
        .where(_delivery.c.id.in_([row.id for row in found]))
        .values(
            state=DeliveryState.IN_DOUBT.value,
            owner_id=None,
            lease_until=None,
            ended_at=now,
            reply=_WORDS,
        )
    )
    log_attempts(
        connection,
        [
            Change(
                row.id,
                row.attempt,
                DeliveryState.IN_DOUBT,
                now,
                reply=Reply(0, "", _WORDS),
                stage=Stage.CONTENT,
                logged="in_doubt",
            )
            for row in found
        ],
    )
    return len(found), found[-1].id


def newest_moment(connection: Connection) -> datetime | None:
    """Return the time of the newest thing on record that can be told at once."""
    moments = (
        connection.execute(select(func.max(_campaign.c.created_at))).scalar(),
        connection.execute(
            select(_ledger.c.at).order_by(_ledger.c.number.desc()).limit(1)
        ).scalar(),
        connection.execute(select(func.max(_contact.c.updated_at))).scalar(),
    )
    return max((moment for moment in moments if moment is not None), default=None)


def seals_of(connection: Connection, numbers: Sequence[int]) -> dict[int, bytes]:
    """Return the seals of some entries of the ledger, of those that there are."""
    rows = connection.execute(
        select(_ledger.c.number, _ledger.c.mac).where(_ledger.c.number.in_(numbers))
    )
    return {row.number: bytes(row.mac) for row in rows}


def last_entry(connection: Connection) -> int:
    """Return the number of the ledger's last entry; 0 for an empty one."""
    found: int | None = connection.execute(select(func.max(_ledger.c.number))).scalar()
    return found or 0

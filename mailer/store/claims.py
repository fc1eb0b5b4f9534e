"""Claiming due deliveries, giving them back, and renewing the lease: the sender's side.

A claim carries a fence, its attempt number. What leaves and what is recorded is named by id
*and* fence (`mailer.store.groups`), so a worker that outlived its lease changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Subquery,
    bindparam,
    literal_column,
    null,
    select,
    update,
)

from mailer.model.delivery import Claim
from mailer.model.provider import OTHER
from mailer.store import due
from mailer.store.columns import to_instant
from mailer.store.compiled import (
    Compiled,
    Number,
    Word,
    among,
    as_parameter,
    rows_given,
)
from mailer.store.database import now_sql
from mailer.store.tables import DeliveryRow, table

_delivery = table(DeliveryRow)

LEASE = timedelta(minutes=5)
"""How long a claim is its sender's, when nothing else is said and it is not renewed."""

_FENCE_SPAN = 1 << 20
"""Ids and fences travel as one number each, so that one IN list names both."""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many letters to one person since a moment; None is no cap."""

    letters: int
    since: datetime


def fenced(delivery_id: int, fence: int) -> int:
    """Put an id and its fence into one number."""
    return delivery_id * _FENCE_SPAN + fence


_KEY = _delivery.c.id * _FENCE_SPAN + _delivery.c.attempt


def ours() -> ColumnElement[bool]:
    """Name some claims by id and fence; binds `ids` and `keys`."""
    return _delivery.c.id.in_(bindparam("ids", expanding=True)) & _KEY.in_(
        bindparam("keys", expanding=True)
    )


def names(claims: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Bind some claims, each (delivery id, fence)."""
    return {
        "ids": [delivery_id for delivery_id, _ in claims],
        "keys": [fenced(*claim) for claim in claims],
    }


def given_claims(dialect_name: str) -> Subquery:
    """Return the claims that want to leave; they are bound as `claims`."""
    columns = {"row": Number, "fence": Number, "shown": Word}
    return rows_given("claims", columns, dialect_name)


def named(dialect_name: str, rows: Subquery | None = None) -> ColumnElement[bool]:
    """Say that a delivery is one of the claims that want to leave, and ours still."""
    given = given_claims(dialect_name) if rows is None else rows
    return (_delivery.c.id == given.c.row) & (_delivery.c.attempt == given.c.fence)


class Claims:
    """The statements of one sender, built once for its database."""

    def __init__(
        self,
        connection: Connection,
        owner_id: int,
        lease: timedelta,
        *,
        rehearsing: bool = False,
    ) -> None:
        """Build them.

        Args:
            rehearsing: It takes rehearsals' letters and no others; else none of theirs.
        """
        self.rehearsing = rehearsing
        self._owner_id = owner_id
        self._lease_us = lease // timedelta(microseconds=1)
        clock = now_sql(connection.dialect)
        dialect = connection.dialect
        self._of_campaign = due.Taking(due.of_campaign(rehearsing=rehearsing), dialect)
        self._of_canary = due.Taking(due.of_canary(rehearsing=rehearsing), dialect)
        self._of_lane = due.Taking(due.of_lane(rehearsing=rehearsing), dialect)
        self._give_back = Compiled(
            update(_delivery)
            .where(
                among(_delivery.c.id, "ids", dialect.name),
                _delivery.c.owner_id == bindparam("owner"),
                literal_column("state = 'claimed'"),
            )
            .values(state=literal_column("'queued'"), owner_id=null(), lease_until=null())
        )
        # What the scribe writes at this moment is left for the next turn: waiting for it
        # with claims locked that it waits for in its turn would be a deadlock.
        held = (
            select(_delivery.c.id)
            .where(_delivery.c.owner_id == bindparam("owner"))
            .with_for_update(skip_locked=True)
        )
        self._renew = (
            update(_delivery)
            .where(_delivery.c.id.in_(held))
            .values(lease_until=clock + bindparam("lease_us", type_=BigInteger()))
        )

    def of_campaign(
        self,
        connection: Connection,
        campaign_id: int,
        limit: int,
        now: datetime,
        provider: str = OTHER,
        *,
        sample: bool = False,
    ) -> list[int]:
        """Claim up to `limit` due deliveries of one campaign at one provider.

        Args:
            sample: Only those of its canary.

        Returns:
            Their ids.
        """
        values = {"campaign": campaign_id, "provider": provider, "limit": limit}
        taking = self._of_canary if sample else self._of_campaign
        return taking.take(connection, values | self._taker(now))

    def of_lane(
        self, connection: Connection, lane: int, limit: int, now: datetime
    ) -> list[int]:
        """Claim up to `limit` due deliveries of one lane that no campaign caused."""
        values = {"in_lane": lane, "limit": limit}
        return self._of_lane.take(connection, values | self._taker(now))

    def _taker(self, now: datetime) -> dict[str, int]:
        return {
            "now": to_instant(now),
            "owner": self._owner_id,
            "lease_us": self._lease_us,
        }

    def read(self, connection: Connection, ids: Sequence[int]) -> list[Claim]:
        """Return what was claimed and is still ours, with all that its letters need."""
        return due.claims_of(connection, self._owner_id, ids)

    def give_back(self, connection: Connection, ids: Sequence[int]) -> None:
        """Queue again what was claimed and could not be read."""
        if ids:
            values = {"ids": as_parameter(ids), "owner": self._owner_id}
            self._give_back.count(connection, values)

    def renew(self, connection: Connection) -> None:
        """Put off the end of the lease of what this sender holds, waiting for nobody."""
        connection.execute(
            self._renew, {"owner": self._owner_id, "lease_us": self._lease_us}
        )

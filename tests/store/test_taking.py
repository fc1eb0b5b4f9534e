"""What is due is taken by its lane, its mode and its due time."""

from datetime import datetime, timedelta

import pytest
from sending import now, rows
from sqlalchemy import insert

from mailer.model.key import KeyRing
from mailer.model.kind import KINDS, Kind, Lane
from mailer.store import owners
from mailer.store.claims import Claims
from mailer.store.database import Database
from mailer.store.tables import DeliveryRow, table

DELIVERY = table(DeliveryRow)
MINUTE = timedelta(minutes=1)


def owe(
    database: Database, ring: KeyRing, kind: Kind, due: list[datetime], *, rehearsal: bool
) -> list[int]:
    """Owe somebody letters that no campaign caused; return their numbers."""
    first = len(rows(database)) + 1
    address = "waits@example.com"
    with database.write() as connection:
        connection.execute(
            insert(DELIVERY),
            [
                {
                    "id": number, "cause_kind": "transaction", "cause_id": number,
                    "kind": kind.value, "lane": KINDS[kind].lane.value,
                    "hash": ring.suppression_hash(address), "address": address,
                    "state": "queued", "attempt": 0, "deferrals": 0, "due_at": at,
                    "give_up_at": at + KINDS[kind].try_for, "rehearsal": rehearsal,
                }
                for number, at in enumerate(due, first)
            ],
        )  # fmt: skip
    return [first + place for place in range(len(due))]


def taken(
    database: Database, lane: Lane, limit: int, *, rehearsing: bool = False
) -> list[int]:
    with database.write() as connection:
        owner = owners.register(connection, "here", 1, now())
        claims = Claims(connection, owner, 5 * MINUTE, rehearsing=rehearsing)
        return sorted(claims.of_lane(connection, lane, limit, now()))


def test_a_lane_is_taken_by_itself_and_in_it_what_was_due_first(
    database: Database, ring: KeyRing
) -> None:
    at = now()
    older = [at - n * MINUTE for n in (90, 80, 70)]
    shop = owe(database, ring, Kind.TRANSACTIONAL, older, rehearsal=False)
    times = [at - MINUTE, at - 2 * MINUTE, at - 3 * MINUTE, at + 60 * MINUTE]
    waits = owe(database, ring, Kind.CONFIRMATION, times, rehearsal=False)
    assert taken(database, Lane.ANSWERS, 2) == waits[1:3]
    # The last is not due.
    assert taken(database, Lane.ANSWERS, 9) == waits[:1]
    assert taken(database, Lane.JOURNEYS, 9) == []
    assert taken(database, Lane.TRANSACTIONS, 9) == shop


@pytest.mark.parametrize("rehearsing", [False, True])
def test_letters_of_a_lane_are_taken_in_their_own_mode_only(
    database: Database, ring: KeyRing, *, rehearsing: bool
) -> None:
    at = now() - MINUTE
    owe(database, ring, Kind.CONFIRMATION, [at, at], rehearsal=not rehearsing)
    ours = owe(database, ring, Kind.CONFIRMATION, [at], rehearsal=rehearsing)
    assert taken(database, Lane.ANSWERS, 9, rehearsing=rehearsing) == ours

"""What a sender begins with: a number of its own, and claims that it could read."""

import asyncio
from pathlib import Path

from sending import PlainComposer, Setup, a_campaign, nothing_open, now, states

from mailer.errors import DatabaseError
from mailer.jobs import owner
from mailer.model.delivery import Claim
from mailer.model.key import KeyRing
from mailer.store import owners
from mailer.store.database import Database
from mailer.wire.sink import Sink


class Locks:
    """Notes which senders others could see when a lock was taken."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.seen: list[int] = []
        self.held: set[int] = set()

    def take(self, owner_id: int) -> bool:
        with self._database.read() as connection:
            self.seen += owners.not_ended(connection)
        self.held.add(owner_id)
        return True

    def take_over(self, owner_id: int) -> bool:
        return self.take(owner_id)

    def keep(self, owner_id: int) -> bool:
        return owner_id in self.held

    def free(self, owner_id: int) -> None:
        self.held.discard(owner_id)

    def close(self) -> None:
        self.held.clear()


def test_nobody_sees_a_sender_before_it_holds_its_lock(database: Database) -> None:
    # Who looks for dead senders at that moment would take it for one.
    locks = Locks(database)
    number = owner.begin(database, locks, now())
    assert locks.seen == []
    assert locks.held == {number}
    with database.read() as connection:
        assert owners.not_ended(connection) == [number]


class Stumbling(PlainComposer):
    """Cannot read what it needs, once."""

    stumbled = False

    def get_ready(self, claims: list[Claim]) -> list[Claim]:
        if claims and not self.stumbled:
            self.stumbled = True
            raise DatabaseError("the connection is gone")
        return super().get_ready(claims)


def test_a_claim_that_could_not_be_read_is_tried_again_though_nothing_else_is_due(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 1)
    sink = Sink()
    composer = Stumbling()

    async def run() -> None:
        setup = Setup(database, tmp_path, await sink.start(), composer=composer)
        try:
            await setup.until(lambda: nothing_open(database))
        finally:
            await sink.stop()

    asyncio.run(run())
    assert composer.stumbled
    assert states(database) == {"accepted": 1}

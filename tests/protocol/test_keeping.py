"""What a sender keeps up every few seconds goes on, whatever went wrong once."""

import asyncio
from pathlib import Path

import pytest
from sending import PlainComposer, Setup, a_campaign, nothing_open, now, states, until

from mailer.errors import CannotComposeError, DatabaseError
from mailer.model.delivery import Claim
from mailer.model.key import KeyRing
from mailer.model.letter import Letter
from mailer.store import owners
from mailer.store.database import Database
from mailer.wire.sink import Sink


class Unsure(PlainComposer):
    """Cannot compose one letter, and cannot say so at first."""

    def __init__(self) -> None:
        super().__init__()
        self.told = 0

    def compose(self, claim: Claim) -> Letter:
        if claim.id == 2:
            raise CannotComposeError("there is no 'city' here")
        return super().compose(claim)

    def failed(self, claim: Claim) -> None:
        assert claim.id == 2
        self.told += 1
        if self.told == 1:
            raise DatabaseError("the database is locked")


def test_a_campaign_hears_of_what_cannot_be_composed_also_after_a_locked_database(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 3)
    composer, sink = Unsure(), Sink()

    async def run() -> None:
        port = await sink.start()
        setup = Setup(database, tmp_path, port, composer=composer)
        await setup.until(lambda: composer.told == 2 and nothing_open(database))
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 2, "withheld": 1}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_lock_that_cannot_be_opened_ends_no_sender(
    database: Database,
    ring: KeyRing,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    a_campaign(database, ring, 1)
    sink = Sink()

    async def run() -> None:
        setup = Setup(database, tmp_path, await sink.start())
        async with setup.running() as sender:
            await until(lambda: states(database) == {"accepted": 1}, sender)
            with database.write() as connection:
                dead = owners.register(connection, "here", 1, now())
                (tmp_path / "owners" / str(dead)).mkdir()
            await until(lambda: "waits for its next turn" in caplog.text, sender)
            a_campaign(database, ring, 3)
            await until(lambda: states(database) == {"accepted": 4}, sender)
        await sink.stop()

    asyncio.run(run())

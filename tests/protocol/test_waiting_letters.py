"""What was claimed and waits for its relay, with real letters, while other letters come."""

import asyncio
from functools import partial
from pathlib import Path

import pytest
from frontdesks import NOW, SUPPORT, a_desk, a_message, take
from sending import Setup, nothing_open, now, states, until
from sqlalchemy import text

from mailer.compose.limits import Limits
from mailer.compose.links import Site
from mailer.jobs import letters
from mailer.jobs.answering import reply
from mailer.jobs.correspond import Along, Pen
from mailer.jobs.incoming import Desk
from mailer.jobs.letters import Letters
from mailer.jobs.logbook import Logbook
from mailer.jobs.send import Rules
from mailer.model.attached import Attached
from mailer.model.key import KeyRing
from mailer.model.token import TokenBox
from mailer.store.database import Database
from mailer.wire.line import Timeouts
from mailer.wire.sink import Sink

SITE = Site("https://x.example")


@pytest.fixture
def desk(database: Database, logbook: Logbook, ring: KeyRing, tmp_path: Path) -> Desk:
    return a_desk(database, logbook, ring, tmp_path, SUPPORT)


def in_hand(database: Database, count: int) -> bool:
    """Say whether a sender has claimed so many letters."""
    with database.read() as connection:
        asked = text("SELECT count(*) FROM delivery WHERE state = 'claimed'")
        return connection.execute(asked).scalar_one() == count


@pytest.fixture
def sink() -> Sink:
    """A server that says nothing before it is told to go on."""
    sink = Sink()
    sink.hold()
    return sink


def send_meanwhile(
    desk: Desk, ring: KeyRing, folder: Path, sink: Sink, *then: list[Along]
) -> None:
    """Answer a ticket in steps, each once the last is claimed; then let the relay speak."""
    database, tokens = desk.database, TokenBox(ring)
    pen = Pen((SUPPORT,), SITE, ring, tokens, rehearsing=False)
    take(desk, a_message())
    composer = Letters(database, letters.Pen(SITE, tokens, Limits()), print)
    rules = Rules(poll_s=0.02, keep_every_s=0.1, drain_s=5, batch=100)
    around = Setup(database, folder, 0, composer=composer, connections=1, rules=rules)
    around.address["timeouts"] = Timeouts()
    # What is owed since NOW has its time from then on, whatever day it is.
    ahead = now() - NOW
    around.clock = lambda: now() - ahead

    async def run() -> None:
        around.port = await sink.start()
        async with around.running() as sender:
            await until(partial(in_hand, database, 1), sender)
            for place, step in enumerate(then):
                for along in step:
                    reply(database, pen, 1, "See this.", "Kari", NOW, along=along)
                claimed = 1 + sum(map(len, then[: place + 1]))
                await until(partial(in_hand, database, claimed), sender)
            sink.go_on()
            await until(lambda: nothing_open(database), sender)
        await sink.stop()

    asyncio.run(run())


def test_an_answer_with_a_big_file_outlasts_a_busy_line_and_another_answer(
    desk: Desk, ring: KeyRing, tmp_path: Path, sink: Sink
) -> None:
    file = Attached("bill.pdf", "application/pdf", b"%PDF" + bytes(6_000_000))
    send_meanwhile(desk, ring, tmp_path, sink, [Along((), (file,))], [Along()])
    assert states(desk.database) == {"accepted": 3}
    assert sum(b"bill.pdf" in one.content for one in sink.received) == 1


def test_more_letters_than_are_kept_prepared_all_leave_once_the_line_is_free(
    desk: Desk, ring: KeyRing, tmp_path: Path, sink: Sink
) -> None:
    send_meanwhile(desk, ring, tmp_path, sink, [Along()] * 80, [Along()])
    assert states(desk.database) == {"accepted": 82}
    assert len({one.message_id for one in sink.received}) == 82

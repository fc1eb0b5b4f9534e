"""What senders hand in is written in groups, in their order, or not at all."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sending import (
    Setup,
    a_campaign,
    another_campaign,
    attempts,
    change,
    claimed,
    claimed_of,
    nothing_open,
    now,
    rows,
    states,
    until,
)

from mailer.errors import DatabaseError
from mailer.jobs.register import Register
from mailer.jobs.scribe import Answered, Book, InThread, Page
from mailer.jobs.scribe_apart import Apart, ScribeLostError, ScribeProcess
from mailer.model.delivery import Claim, DeliveryState
from mailer.model.key import KeyRing
from mailer.pace.cap import CapRule
from mailer.store.database import Database
from mailer.store.groups import Sheet
from mailer.wire.sink import Answer, Received, Sink, Step


def leaves(number: int, trial: int, *claims: Claim) -> Page:
    people = [claim.contact_id for claim in claims if claim.contact_id]
    return Page(
        number, trial, Sheet.of([], [(one.id, one.fence) for one in claims]), people
    )


@pytest.fixture
def book(database: Database) -> Iterator[Book]:
    made = Book(database, None, now)
    yield made
    made.close()


def test_pages_of_several_senders_go_into_one_group_and_each_gets_its_answer(
    database: Database, ring: KeyRing, book: Book
) -> None:
    one, two, three, four = claimed(database, ring, 4)
    overtaken = four._replace(fence=four.fence + 1)
    book.put("a", leaves(1, 0, one, overtaken))
    book.put("b", leaves(1, 0, two))
    book.put("a", leaves(2, 0, three))
    assert book.write() == [("a", 1, {one.id}), ("b", 1, {two.id}), ("a", 2, {three.id})]
    assert len(book) == 0
    assert states(database) == {"sending": 3, "claimed": 1}


def test_what_several_senders_say_came_of_letters_is_all_written(
    database: Database, ring: KeyRing, book: Book
) -> None:
    said = [
        change(one, DeliveryState.REFUSED, logged="refused")
        for one in claimed(database, ring, 3)
    ]
    for source, one in zip("aba", said, strict=True):
        book.put(source, Page(1, 0, Sheet.of([one], []), []))
    book.write()
    assert states(database) == {"refused": 3}
    assert [one.delivery_id for one in attempts(database)] == [1, 2, 3]


def test_no_page_of_a_sender_overtakes_one_that_waits_for_another_senders_letter(
    database: Database, ring: KeyRing, book: Book
) -> None:
    one, two, three = claimed(database, ring, 3)
    same = two._replace(contact_id=one.contact_id)
    book.put("a", leaves(1, 0, one))
    book.put("b", leaves(1, 0, same))
    book.put("b", leaves(2, 0, three))
    assert book.write() == [("a", 1, {one.id})]
    assert book.write() == [("b", 1, {two.id}), ("b", 2, {three.id})]


def test_after_a_page_that_was_not_written_those_behind_it_are_not_either(
    database: Database, ring: KeyRing, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three = claimed(database, ring, 3)
    with monkeypatch.context() as full:
        words = "the disk is full"

        def refuse(*_: object) -> None:
            raise DatabaseError(words)

        full.setattr(type(book._groups), "commit", refuse)
        book.put("a", leaves(1, 0, one))
        ((_, _, said),) = book.write()
        assert isinstance(said, DatabaseError)
    # Its sender has not heard of it yet: a line's next letter may not overtake.
    book.put("a", leaves(2, 0, two))
    book.put("b", leaves(1, 0, three))
    (refused, written) = book.write()
    assert refused[:2] == ("a", 2)
    assert str(refused[2]) == words
    assert written == ("b", 1, {three.id})
    book.put("a", leaves(3, 1, one, two))
    assert book.write() == [("a", 3, {one.id, two.id})]


def test_with_a_cap_two_letters_to_a_person_are_in_two_groups(
    database: Database, ring: KeyRing
) -> None:
    (one,) = claimed(database, ring, 1)
    (row,) = rows(database)
    second = another_campaign(database, row.cause_id)
    (two,) = claimed_of(database, second, row.owner_id)
    book = Book(database, CapRule(1, 7), now)
    book.put("a", leaves(1, 0, one))
    book.put("b", leaves(1, 0, two))
    assert book.write() == [("a", 1, {one.id})]
    assert len(book) == 1
    # By now the other sender's letter is known to have left.
    assert book.write() == [("b", 1, set())]
    book.close()


def test_what_was_handed_in_before_the_end_is_written(
    database: Database, ring: KeyRing
) -> None:
    one, two = claimed(database, ring, 2)

    async def run() -> tuple[bool, bool]:
        register = Register(database, InThread(Book(database, None, now)), None, now)
        keeping = asyncio.create_task(register.keep())
        left = await asyncio.gather(register.leave(one), register.leave(two))
        register.note(change(one, DeliveryState.ACCEPTED))
        register.note(change(two, DeliveryState.REFUSED, logged="refused"))
        register.close()
        await keeping
        assert await register.leave(one) is False
        return left[0], left[1]

    assert asyncio.run(run()) == (True, True)
    assert states(database) == {"accepted": 1, "refused": 1}


@pytest.fixture
def process(database: Database) -> Iterator[ScribeProcess]:
    made = ScribeProcess(database, None)
    yield made
    made.close()


def test_a_scribe_in_a_process_of_its_own_serves_several_senders(
    database: Database, ring: KeyRing, process: ScribeProcess
) -> None:
    claims = claimed(database, ring, 6)

    async def send(mine: list[Claim]) -> None:
        register = Register(database, Apart(process.channel()), None, now)
        keeping = asyncio.create_task(register.keep())
        assert await asyncio.gather(*map(register.leave, mine)) == [True] * len(mine)
        for one in mine:
            register.note(change(one, DeliveryState.ACCEPTED))
        register.close()
        await keeping

    async def run() -> None:
        await asyncio.gather(send(claims[:3]), send(claims[3:]))

    asyncio.run(run())
    assert states(database) == {"accepted": 6}


def test_whoever_is_gone_lets_nothing_leave_and_its_outcomes_are_kept(
    database: Database, ring: KeyRing, process: ScribeProcess
) -> None:
    one, two = claimed(database, ring, 2)
    channel = process.channel()
    gone = Apart(channel)
    gone.hand_in(leaves(1, 0, one))
    assert channel.receive()
    # Both are in the channel before the scribe looks: it stands still meanwhile.
    os.kill(process.pid, signal.SIGSTOP)
    done = [change(one, DeliveryState.ACCEPTED)]
    gone.hand_in(Page(2, 0, Sheet.of(done, [(two.id, two.fence)]), []))
    channel.close()
    os.kill(process.pid, signal.SIGCONT)
    process.close()
    assert states(database) == {"accepted": 1, "claimed": 1}


class _LateScribe(InThread):
    """One whose process takes its time to start: it looks at nothing before `begun`."""

    def __init__(self, book: Book, asked: Callable[[], None]) -> None:
        super().__init__(book)
        self._asked = asked
        self.begun = asyncio.Event()

    def hand_in(self, page: Page) -> None:
        self._asked()
        super().hand_in(page)

    async def run(self, answered: Answered) -> None:
        await self.begun.wait()
        await super().run(answered)


def test_nothing_is_claimed_before_its_scribe_can_write(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 5)
    seen: list[dict[str, int]] = []

    async def run() -> None:
        sink = Sink()
        setup = Setup(database, tmp_path, await sink.start())
        late = _LateScribe(Book(database, None, now), lambda: seen.append(states(database)))
        setup.scribe = late
        async with setup.running():
            await until(lambda: bool(seen))
            assert seen == [{"queued": 5}]
            late.begun.set()
            await until(lambda: nothing_open(database))
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 5}


def test_a_sender_ends_in_peace_while_its_scribe_starts(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 5)

    async def run() -> None:
        setup = Setup(database, tmp_path, 1)
        late = setup.scribe = _LateScribe(Book(database, None, now), lambda: None)
        async with setup.running() as sender:
            sender.stop()
            late.begun.set()
            await until(lambda: sender.ended)

    asyncio.run(run())
    assert states(database) == {"queued": 5}


def test_a_scribe_that_is_killed_loses_nothing(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 200)
    process = ScribeProcess(database, None)

    def rule(step: Step, received: Received) -> Answer:
        if step is Step.CONTENT and received.recipient == "p40@example.com":
            os.kill(process.pid, signal.SIGKILL)

    async def run() -> None:
        sink = Sink(rule)
        setup = Setup(database, tmp_path, await sink.start())
        setup.scribe = Apart(process.channel())
        with pytest.raises(ScribeLostError, match="nothing is lost"):
            async with setup.running() as sender:
                await until(lambda: sender.ended)
        # What had come of the letters on the line is on record all the same.
        assert set(states(database)) == {"accepted", "queued"}
        assert states(database)["accepted"] == len(sink.seen)
        assert setup.locks is not None
        setup.locks.close()
        setup.scribe, setup.locks = None, None
        await setup.until(lambda: nothing_open(database))
        assert states(database) == {"accepted": 200}
        assert set(sink.seen.values()) == {1}
        await sink.stop()

    asyncio.run(run())
    process.close()

"""What the register hands in, and what becomes of it where no good answer comes."""

import asyncio
import collections
from contextlib import suppress
from types import SimpleNamespace

import pytest
from sending import attempts, change, claimed, now, rows, states, until
from sqlalchemy import update

from mailer.errors import DatabaseError
from mailer.jobs import register as module
from mailer.jobs.register import Register
from mailer.jobs.scribe import Answered, Book, Page
from mailer.jobs.scribe_apart import ScribeLostError
from mailer.model.delivery import DeliveryState
from mailer.model.key import KeyRing
from mailer.model.outcome import Reply
from mailer.model.shown import shown_of
from mailer.store.database import Database
from mailer.store.tables import SubscriptionRow, table

REFUSED = DeliveryState.REFUSED


class WhenTold:
    """A scribe that writes a page only when it is told to."""

    def __init__(self, database: Database) -> None:
        self.book = Book(database, None, now)
        self.pages: collections.deque[Page] = collections.deque()
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answered: Answered = lambda *_: None

    def hand_in(self, page: Page) -> None:
        self.pages.append(page)

    async def run(self, answered: Answered) -> None:
        self._answered = answered
        try:
            await self._end
        finally:
            self.book.close()

    def close(self) -> None:
        if not self._end.done():
            self._end.set_result(None)

    def lose(self) -> None:
        """End as a process does that was killed."""
        self._end.set_exception(ScribeLostError("the scribe was killed"))

    async def page(self) -> Page:
        """Wait until a page is handed in, and look at it."""
        await until(lambda: bool(self.pages))
        return self.pages[0]

    async def write(self, *, answer: bool = True) -> None:
        """Write the next page, and answer it."""
        await self.page()
        self.book.put("me", self.pages.popleft())
        for _, number, answered in self.book.write():
            if answer:
                self._answered(number, answered)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TRY_AGAIN_S", 0)


async def turns() -> None:
    """Let everything go on that waits for nothing but its turn."""
    for _ in range(20):
        await asyncio.sleep(0)


async def opened(database: Database) -> tuple[Register, WhenTold, asyncio.Task[None]]:
    scribe = WhenTold(database)
    register = Register(database, scribe, None, now, mark="m1")
    keeping = asyncio.create_task(register.keep())
    await scribe.write()
    return register, scribe, keeping


async def ended(register: Register, scribe: WhenTold, keeping: asyncio.Task[None]) -> None:
    """Have the rest written, and let it end."""
    register.close()
    while not keeping.done():
        if scribe.pages:
            await scribe.write()
        await asyncio.sleep(0)
    await keeping


def withdraw(database: Database, person: int) -> None:
    subscription = table(SubscriptionRow)
    with database.write() as connection:
        connection.execute(
            update(subscription)
            .where(subscription.c.contact_id == person)
            .values(status="unsubscribed")
        )


def test_a_page_names_whom_its_letters_are_to_and_what_they_show(
    database: Database, ring: KeyRing
) -> None:
    one, two = claimed(database, ring, 2)

    async def run() -> None:
        register, scribe, keeping = await opened(database)
        leaving = asyncio.gather(register.leave(one), register.leave(two))
        # By it the scribe keeps two senders' letters to a person apart.
        assert (await scribe.page()).people == [one.contact_id, two.contact_id]
        await scribe.write()
        assert await leaving == [True, True]
        await ended(register, scribe, keeping)

    asyncio.run(run())
    shown = [shown_of(row.shown) for row in rows(database)]
    assert [one.mark for one in shown if one is not None] == ["m1", "m1"]


def test_two_letters_to_a_person_are_never_on_one_page(
    database: Database, ring: KeyRing
) -> None:
    """Within one statement neither would see the other, and no cap would hold."""
    one, two, three = claimed(database, ring, 3)
    two = two._replace(contact_id=one.contact_id)

    async def run() -> None:
        register, scribe, keeping = await opened(database)
        leaving = asyncio.gather(*map(register.leave, (one, two, three)))
        first = await scribe.page()
        assert [name[0] for name in first.sheet.names] == [one.id, three.id]
        await scribe.write()
        second = await scribe.page()
        assert [name[0] for name in second.sheet.names] == [two.id]
        await scribe.write()
        assert await leaving == [True, True, True]
        await ended(register, scribe, keeping)

    asyncio.run(run())


def test_no_letter_overtakes_an_outcome_that_was_not_written(
    database: Database, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three = claimed(database, ring, 3)

    def full(*_: object) -> None:
        words = "the disk is full"
        raise DatabaseError(words)

    async def run() -> None:
        register, scribe, keeping = await opened(database)
        leaving = asyncio.create_task(register.leave(one))
        await scribe.page()
        register.note(change(two, REFUSED))
        await turns()
        assert len(scribe.pages) == 2
        with monkeypatch.context() as patch:
            patch.setattr(type(scribe.book._groups), "commit", full)
            await scribe.write()
        assert await leaving is False
        assert register.unwell == "the disk is full"
        next_letter = asyncio.create_task(register.leave(three))
        await turns()
        # The scribe still has the page with the outcome, and will not write it.
        assert [page.number for page in scribe.pages] == [3]
        await scribe.write()
        await scribe.write()
        assert await next_letter is True
        assert not register.unwell
        await ended(register, scribe, keeping)

    asyncio.run(run())
    assert [row.state for row in rows(database)] == ["queued", "refused", "sending"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_where_nobody_can_tell_who_left_all_of_them_go_back_to_the_queue(
    database: Database, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL it is asked in the same transaction."""
    one, two = claimed(database, ring, 2)
    withdraw(database, 2)
    broken = SimpleNamespace(spelt=lambda _dialect: ("SELECT id FROM nowhere", {}))

    async def run() -> None:
        register, scribe, keeping = await opened(database)
        with monkeypatch.context() as patch:
            patch.setattr(scribe.book._groups, "_have_left", broken)
            leaving = asyncio.gather(register.leave(one), register.leave(two))
            await scribe.write()
        assert await leaving == [False, False]
        assert states(database) == {"sending": 1, "claimed": 1}
        await ended(register, scribe, keeping)

    asyncio.run(run())
    assert states(database) == {"queued": 2}


def test_a_letter_is_given_back_where_it_can_not_be_read_why_it_stays(
    database: Database, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = claimed(database, ring, 1)
    withdraw(database, 1)

    def unreadable(*_: object) -> None:
        words = "the server restarts"
        raise DatabaseError(words)

    monkeypatch.setattr(module, "held", unreadable)

    async def run() -> None:
        register, scribe, keeping = await opened(database)
        leaving = asyncio.create_task(register.leave(one))
        await scribe.write()
        assert await leaving is False
        await ended(register, scribe, keeping)

    asyncio.run(run())
    # Not claimed for good by a sender that lives and renews it.
    assert states(database) == {"queued": 1}


@pytest.mark.parametrize("written", [False, True])
def test_what_a_scribe_that_ended_had_not_answered_is_written_once(
    database: Database, ring: KeyRing, *, written: bool
) -> None:
    one, two, three, four = claimed(database, ring, 4)
    no = Reply(550, "5.2.1", "no")

    async def run() -> None:
        register, scribe, keeping = await opened(database)
        leaving = asyncio.create_task(register.leave(one))
        await asyncio.sleep(0)
        register.note(change(two, REFUSED, reply=no, logged="refused"))
        sheet = (await scribe.page()).sheet
        assert (len(sheet.changes), len(sheet.names)) == (1, 1)
        if written:
            await scribe.write(answer=False)
            assert states(database) == {"claimed": 2, "refused": 1, "sending": 1}
        scribe.lose()
        with suppress(ScribeLostError):
            await keeping
        assert await leaving is False
        # What its lines still hear, and what wants to leave now.
        register.note(change(three, REFUSED, reply=no, logged="refused"))
        assert await register.leave(four) is False
        register.write_rest()

    asyncio.run(run())
    found = [row.state for row in rows(database)]
    assert found == ["queued", "refused", "refused", "claimed"]
    assert [row.delivery_id for row in attempts(database)] == [2, 3]

"""A scribe in a process of its own, for all senders that one program runs.

There it waits for no interpreter that is busy composing, and letters of all senders share
one flush to the disk.
"""

import asyncio
import gc
import logging
import marshal
import selectors
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from mailer.errors import DatabaseError
from mailer.jobs.scribe import Answer, Answered, Book, Page
from mailer.jobs.spawning import ended, ignore_ctrl_c, started
from mailer.pace.cap import CapRule
from mailer.store.claims import LEASE
from mailer.store.database import Database
from mailer.store.groups import Name, Sheet
from mailer.wire.channel import Channel

_log = logging.getLogger(__name__)

_END_WITHIN_S = 10
_LOST = "the process that writes down what is sent has ended; nothing is lost"

_Plain = list[int] | str | None
"""An answer as it travels: who left, what is wrong, or that nobody can tell."""


class ScribeLostError(DatabaseError):
    """The scribe's process ended by itself, or was ended from outside."""


class Apart:
    """The way to a scribe in another process, for one sender."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._ended: asyncio.Future[None] | None = None
        self._closed = False

    def hand_in(self, page: Page) -> None:
        """Have a page written soon; it is answered by its number."""
        number, trial, sheet, people = page
        try:
            self._channel.send(marshal.dumps((number, trial, *sheet, people)))
        except OSError:
            self._lost()

    async def run(self, answered: Answered) -> None:
        """Pass answers on until it is closed.

        Raises:
            ScribeLostError: the other process ended.
        """
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        if self._closed:
            self._ended.set_result(None)
        loop.add_reader(self._channel.fileno(), self._read, answered)
        try:
            await self._ended
        finally:
            loop.remove_reader(self._channel.fileno())
            self._channel.close()

    def _read(self, answered: Answered) -> None:
        messages = self._channel.receive()
        if messages is None:
            self._lost()
            return
        for message in messages:
            answers: list[tuple[int, _Plain]] = marshal.loads(message)  # noqa: S302 - our own process wrote it
            for number, plain in answers:
                answered(number, _spoken(plain))

    def _lost(self) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_exception(ScribeLostError(_LOST))

    def close(self) -> None:
        """Let `run` end."""
        self._closed = True
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)


def _plain(answer: Answer) -> _Plain:
    if isinstance(answer, DatabaseError):
        return str(answer)
    return None if answer is None else list(answer)


def _spoken(plain: _Plain) -> Answer:
    if isinstance(plain, str):
        return DatabaseError(plain)
    return None if plain is None else set(plain)


class ScribeProcess:
    """Runs the scribe's process; it ends when its senders and whoever started it do."""

    def __init__(
        self, database: Database, cap: CapRule | None, lease: timedelta = LEASE
    ) -> None:
        self._closed = False
        self._control, theirs = Channel.pair()
        given = (database, cap, lease, theirs)
        self._process = started(_serve, given, "mailer-scribe")
        theirs.close()

    @property
    def pid(self) -> int:
        """Its number among the system's processes."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Say whether it runs."""
        return self._process.is_alive()

    def channel(self) -> Channel:
        """Return the way to it for one more sender.

        Raises:
            ScribeLostError: it has ended.
        """
        ours, theirs = Channel.pair()
        try:
            self._control.lend(theirs)
        except OSError as problem:
            ours.close()
            raise ScribeLostError(_LOST) from problem
        finally:
            theirs.close()
        return ours

    def close(self) -> None:
        """Let it end, once its senders have."""
        if self._closed:
            return
        self._closed = True
        self._control.close()
        ended(self._process, _END_WITHIN_S)


def _serve(
    database: Database, cap: CapRule | None, lease: timedelta, control: Channel
) -> None:
    """Write what senders hand in, until they and who started us are gone."""
    # They reach all of us; senders still have outcomes to write down, and then end us.
    ignore_ctrl_c()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    gc.freeze()
    table = _Table(Book(database, cap, partial(datetime.now, UTC), lease))
    table.sit_down(control)
    while table.turn():
        pass


class _Table:
    """The senders around one book."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._selector = selectors.DefaultSelector()

    def sit_down(self, control: Channel) -> None:
        """Listen to whoever brings senders."""
        self._listen(control, lambda: self._bring(control))

    def _listen(self, channel: Channel, hear: Callable[[], None]) -> None:
        self._selector.register(channel, selectors.EVENT_READ, hear)

    def _bring(self, control: Channel) -> None:
        sender = control.borrowed()
        if sender is None:
            self._gone(control)
        else:
            self._listen(sender, lambda: self._hear(sender))

    def _gone(self, channel: Channel) -> None:
        self._selector.unregister(channel)
        self._book.forget(channel)
        channel.close()

    def _hear(self, sender: Channel) -> None:
        messages = sender.receive()
        if messages is None:
            self._gone(sender)
            return
        gone = sender.gone()
        for message in messages:
            number, trial, changes, logged, names, people = marshal.loads(message)  # noqa: S302 - our own process wrote it
            # Nobody would hear that they may leave, and they would be in doubt.
            leaving: list[Name] = [] if gone else names
            page = Page(number, trial, Sheet(changes, logged, leaving), people)
            self._book.put(sender, page)

    def turn(self) -> bool:
        """Hear whoever has something, and write it; False once all are gone."""
        if not self._selector.get_map():
            self._book.close()
            return False
        for key, _ in self._selector.select(0 if len(self._book) else None):
            key.data()
        answers: dict[Channel, list[tuple[int, _Plain]]] = {}
        for source, number, answer in self._book.write():
            assert isinstance(source, Channel)
            answers.setdefault(source, []).append((number, _plain(answer)))
        for sender, words in answers.items():
            try:
                sender.send(marshal.dumps(words))
            except OSError:
                # It is gone; the next look at its channel says so.
                _log.debug("a sender ended before it heard what left")
        return True

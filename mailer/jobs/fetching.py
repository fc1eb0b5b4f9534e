"""Fetching mail from mailboxes: kept and committed first, then the cursor moves.

Messages and the cursor are one commit, so that a crash loses nothing; a message that
comes again is known by its digest. Each mailbox has a thread of its own, because its
server is waited for.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from mailer.errors import MailboxError, MailerError
from mailer.jobs.watch import PATIENCE
from mailer.model.mailbox import Cursor, Page
from mailer.store import incoming, mailboxes
from mailer.store.alarms import Alarm, raise_unless_open
from mailer.store.database import Database

_log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 300.0
_NOTE_EVERY = timedelta(seconds=30)


class Box(Protocol):
    """A mailbox that messages are read from."""

    channel: str

    @property
    def source(self) -> str:
        """What it is read from, for people."""
        ...

    def open(self) -> None:
        """Get in; raises a MailboxError."""
        ...

    def close(self) -> None:
        """Let go."""
        ...

    def check(self) -> int:
        """Return how many messages are there."""
        ...

    def look(self, cursor: Cursor | None, since: date) -> Iterator[Page]:
        """Give what is new, in pages."""
        ...

    def acknowledge(self, page: Page) -> None:
        """Hear that a page is committed."""
        ...

    def wait(self, wait_s: float, stop: threading.Event) -> None:
        """Wait until something may have come."""
        ...


@dataclass(slots=True)
class Reader:
    """How one mailbox is read.

    Args:
        poll_s: How often it is looked at, whatever its server announces.
        old_days: Of what was there before: so many days of it.
        came: Called after each commit that brought something.
    """

    name: str
    box: Box
    database: Database
    clock: Callable[[], datetime]
    came: Callable[[], None]
    poll_s: float
    old_days: int
    _failures: int = 0

    def take_in(self) -> int:
        """Take in all that is new; return how many messages came.

        Raises:
            MailboxError: when the mailbox can't be read on.
            DatabaseError: when it can't be kept; nothing is lost.
        """
        box, now = self.box, self.clock()
        with self.database.write() as connection:
            since = now.date() - timedelta(days=self.old_days)
            cursor, since = mailboxes.begin(connection, self.name, box.source, since)
        came = 0
        for page in box.look(cursor, since):
            self._commit(page)
            box.acknowledge(page)
            came += len(page.messages)
        return came

    def _commit(self, page: Page) -> None:
        now = self.clock()
        with self.database.write() as connection:
            for raw in page.messages:
                incoming.keep(connection, raw, self.box.channel, now, mailbox=self.name)
            if page.cursor is not None:
                mailboxes.move(connection, self.name, page.cursor)
            for note in page.notes:
                _log.warning("mailbox %s: %s", self.name, note)
                raise_unless_open(connection, _note_alarm(self.name, note, now))
        if page.messages:
            self.came()

    def run(self, stop: threading.Event) -> None:
        """Read the mailbox until told to stop, whatever happens to its server."""
        while not stop.is_set():
            try:
                self._session(stop)
            except MailboxError as problem:
                self._trouble(problem)
            except MailerError as problem:
                _log.error("mailbox %s: not kept, it stays there: %s", self.name, problem)
            except Exception:  # noqa: BLE001 - the one place: the mail stays where it is
                _log.exception("mailbox %s: a bug; the mail stays there", self.name)
            finally:
                self.box.close()
            stop.wait(min(_FIRST_PAUSE_S * 2**self._failures, _LONGEST_PAUSE_S))
            self._failures = min(self._failures + 1, 30)

    def _session(self, stop: threading.Event) -> None:
        """Read until something ends it."""
        self.box.open()
        noted: datetime | None = None
        while not stop.is_set():
            # What is announced while it is read is not announced again.
            while self.take_in():
                pass
            self._failures = 0
            now = self.clock()
            if noted is None or now - noted > _NOTE_EVERY:
                with self.database.write() as connection:
                    mailboxes.note_well(connection, self.name, now)
                if noted is None:
                    _log.info("mailbox %s is read from %s", self.name, self.box.source)
                noted = now
            self.box.wait(self.poll_s, stop)

    def _trouble(self, problem: MailboxError) -> None:
        _log.warning("mailbox %s: %s", self.name, problem)
        now = self.clock()
        try:
            with self.database.write() as connection:
                since = mailboxes.note_trouble(connection, self.name, str(problem), now)
                alarm = trouble_alarm(self.name, problem, since, now)
                if alarm is not None:
                    raise_unless_open(connection, alarm)
        except MailerError as other:
            _log.error("mailbox %s: its trouble is not on record: %s", self.name, other)


def look_at(box: Box) -> None:
    """Look whether a mailbox can be read; nothing is taken out of it.

    Raises:
        MailboxError: when it can't be.
    """
    try:
        box.open()
        box.check()
    finally:
        box.close()


def trouble_alarm(
    name: str, problem: MailboxError, since: datetime, now: datetime
) -> Alarm | None:
    """Say what is to be told of a mailbox's trouble; None while it may pass by itself."""
    if problem.login:
        return Alarm(
            "mailbox_login",
            f"mailbox {name}",
            now,
            f"it refused our login ({problem}); what comes there is not read",
            f"look at [mailboxes.{name}] and the password; `mailer check` tries it",
        )
    if now - since < PATIENCE:
        return None
    return Alarm(
        "mailbox_trouble",
        f"mailbox {name}",
        now,
        f"it can't be read since {since:%Y-%m-%d %H:%M} UTC ({problem}); nothing is lost",
        "look at its server and the line to it; reading goes on by itself",
    )


def _note_alarm(name: str, note: str, now: datetime) -> Alarm:
    return Alarm(
        "mailbox_message",
        f"mailbox {name}",
        now,
        note,
        "open the mailbox and look at that message; the others are read",
    )

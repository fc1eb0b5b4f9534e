"""Who works at the front desk, and what each role may do there.

The table below is the only place that knows what a role may; nothing else compares roles.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailer.model.news import News
from mailer.model.quiet import QuietRule


class Role(StrEnum):
    """What somebody of the staff is trusted with."""

    AGENT = "agent"
    ADMIN = "admin"


class Deed(StrEnum):
    """What can be done in the console beside looking."""

    WORK = "work"
    """Answer, note, take, sort, close, snooze, merge, reopen."""
    ERASE = "erase"
    """Erase a person: it cannot be undone."""
    AUDIT = "audit"
    """Read who did what."""


_MAY: dict[Role, frozenset[Deed]] = {
    Role.AGENT: frozenset({Deed.WORK}),
    Role.ADMIN: frozenset(Deed),
}


@dataclass(frozen=True, slots=True)
class Staff:
    """One of the staff.

    Args:
        name: By which others see who has a ticket; unique whatever its letters.
        email: Where notices go; "" for none.
        mailboxes: The only ones whose tickets they see; none for all.
        signature: What stands below their answers.
        ready: They have chosen a password and shown a code.
        left_at: Since when they may not sign in; None while they may.
        notify: What they are told of, by mail and in the browser.
        quiet: When they want to hear nothing; None for never.
        notify_since: Since when they want to be told what they are told.
    """

    id: int
    name: str
    role: Role
    email: str
    mailboxes: tuple[str, ...]
    signature: str
    made_at: datetime
    ready: bool
    left_at: datetime | None
    notify: frozenset[News] = frozenset()
    quiet: QuietRule | None = None
    notify_since: datetime | None = None

    def may(self, deed: Deed) -> bool:
        """Say whether they may do something."""
        return self.left_at is None and deed in _MAY[self.role]

    def sees(self, mailbox: str) -> bool:
        """Say whether they see what was written to a mailbox."""
        return not self.mailboxes or mailbox in self.mailboxes


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody of the staff with an open session.

    Args:
        session: The digest of what their browser shows.
        ends_at: When they must sign in again, whatever they do.
    """

    staff: Staff
    session: bytes
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Deeds:
    """One line of who did what.

    Args:
        what: A word or two, such as `signed in` or `reply`.
        ticket_id: The ticket that it was about; None for none.
        network: From where; "" for the command line.
    """

    id: int
    at: datetime
    who: str
    what: str
    ticket_id: int | None
    network: str


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody who is at a ticket at this moment.

    Args:
        writing: They are writing an answer: others wait.
    """

    staff_id: int
    name: str
    at: datetime
    writing: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that was begun.

    Args:
        version: The ticket as its writer saw it.
    """

    text: str
    at: datetime
    version: int

"""How far mailboxes were read, and whether they can be."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select, update

from mailer.model.mailbox import Cursor
from mailer.store.inserting import put
from mailer.store.mailtables import MailboxRow
from mailer.store.tables import table

_mailbox = table(MailboxRow)


@dataclass(frozen=True, slots=True)
class MailboxSeen:
    """How a mailbox was when it was last looked at.

    Args:
        read_at: When it could last be read; None for never.
        problem: Why it can't be read now, since `problem_at`; "" when it can.
    """

    name: str
    source: str
    read_at: datetime | None
    problem: str
    problem_at: datetime | None


def begin(
    connection: Connection, name: str, source: str, since: date
) -> tuple[Cursor | None, date]:
    """Return how far a mailbox was read, and from which day on its mail is ours.

    Args:
        source: What it is read from: of another one nothing was read yet.
        since: The day for one that was never read.
    """
    row = connection.execute(select(_mailbox).where(_mailbox.c.name == name)).one_or_none()
    if row is not None and row.source == source:
        began = date.fromisoformat(row.since)
        if row.uidvalidity is None:
            return None, began
        return Cursor(row.uidvalidity, row.uid, tuple(row.missed)), began
    facts: dict[str, object] = {
        "source": source, "since": since.isoformat(), "uidvalidity": None, "uid": 0,
        "missed": [], "read_at": None, "problem": "", "problem_at": None,
    }  # fmt: skip
    put(connection, _mailbox, {"name": name}, facts)
    return None, since


def move(connection: Connection, name: str, cursor: Cursor) -> None:
    """Note how far a mailbox was read, in the commit with what came out of it."""
    connection.execute(
        update(_mailbox)
        .where(_mailbox.c.name == name)
        .values(uidvalidity=cursor.uidvalidity, uid=cursor.uid, missed=list(cursor.missed))
    )


def note_well(connection: Connection, name: str, now: datetime) -> None:
    """Note that a mailbox could be read."""
    connection.execute(
        update(_mailbox)
        .where(_mailbox.c.name == name)
        .values(read_at=now, problem="", problem_at=None)
    )


def note_trouble(
    connection: Connection, name: str, problem: str, now: datetime
) -> datetime:
    """Note that a mailbox can't be read; return since when."""
    row = connection.execute(
        select(_mailbox.c.problem_at).where(_mailbox.c.name == name)
    ).one_or_none()
    since: datetime = now if row is None or row.problem_at is None else row.problem_at
    facts = {"problem": problem, "problem_at": since}
    unread: dict[str, object] = {
        "source": "", "since": "", "uidvalidity": None, "uid": 0, "missed": [],
    }  # fmt: skip
    put(connection, _mailbox, {"name": name}, facts, new=unread)
    return since


def seen(connection: Connection) -> list[MailboxSeen]:
    """Return how all mailboxes were when they were last looked at, by name."""
    rows = connection.execute(select(_mailbox).order_by(_mailbox.c.name))
    return [
        MailboxSeen(row.name, row.source, row.read_at, row.problem, row.problem_at)
        for row in rows
    ]

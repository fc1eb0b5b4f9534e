"""What a workspace's own rules would do with messages: a dry run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.jobs.acknowledge import FrontDesk
from mailer.jobs.frontdesk import mailbox_for, treat
from mailer.jobs.writers import writer_of
from mailer.store.database import Database
from mailer.store.ticketqueue import messages_of_people
from mailer.triage.deskrules import Treatment
from mailer.triage.message import open_message


@dataclass(frozen=True, slots=True)
class Tried:
    """What would be done with one message.

    Args:
        name: Its file, or its number.
    """

    name: str
    sender: str
    subject: str
    treatment: Treatment


def came_lately(database: Database, limit: int) -> list[tuple[str, bytes]]:
    """Return what people wrote, by number, the newest first."""
    with database.read() as connection:
        found = messages_of_people(connection, limit)
    return [(str(number), raw) for number, raw in found]


def try_rules(
    database: Database,
    front: FrontDesk,
    messages: Sequence[tuple[str, bytes]],
    now: datetime,
) -> list[Tried]:
    """Say what the rules would do with messages, each as if it were a new ticket."""
    tried: list[Tried] = []
    for name, raw in messages:
        message = open_message(raw)
        with database.read() as connection:
            who = writer_of(connection, message)
            mailbox = mailbox_for(front, message)
            does = treat(connection, front, message, mailbox, who.known, now)
        tried.append(Tried(name, message.sender, message.subject, does))
    return tried

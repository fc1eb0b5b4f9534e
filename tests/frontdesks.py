"""A front desk with a mailbox, and messages to it: for tests of tickets."""

from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from samples.questions import ARTICLES
from samples.samples import knowledge
from sqlalchemy import text

from mailer.compose.correspondence import Correspondence, compose_correspondence
from mailer.compose.links import Site
from mailer.jobs.acknowledge import FrontDesk
from mailer.jobs.incoming import Desk, handle_all, keep
from mailer.jobs.logbook import Logbook
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.model.letter import Letter
from mailer.model.ticket import Ticket
from mailer.model.token import TokenBox
from mailer.store import tickets
from mailer.store.acknowledging import Decision, decisions_of
from mailer.store.database import Database
from mailer.store.ticketqueue import queue
from mailer.triage.mailboxes import Mailbox
from mailer.triage.officehours import read_hours
from mailer.triage.ranking import shelf_of
from mailer.workspace.acknowledgements import read_acknowledgements
from mailer.workspace.manners import read_manners

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # A Wednesday, 13:00 in Oslo.
ADDRESS = "support@shop.example"
SUPPORT = Mailbox(
    "support",
    ADDRESS,
    "Fjell & Fjord",
    aliases=frozenset({"help@shop.example"}),
    zone="Europe/Oslo",
    hours=read_hours(("mon-fri 09:00-17:00",), ("12-25",), "Europe/Oslo"),
    staff=("Kari",),
)


def a_desk(
    database: Database, logbook: Logbook, ring: KeyRing, folder: Path, mailbox: Mailbox
) -> Desk:
    front = FrontDesk(
        (mailbox,),
        read_manners(),
        mailbox.addresses,
        frozenset({"bounces.shop.example"}),
        texts=read_acknowledgements(str(folder)),
        shelf=shelf_of(ARTICLES),
        site=Site("https://mail.shop.example"),
    )
    return Desk(database, logbook, TokenBox(ring), knowledge(), front)


def a_message(
    text: str = "Do you ship tents to Iceland?",
    sender: str = "Ola Nordmann <ola@example.com>",
    to: str = ADDRESS,
    subject: str = "Tents",
    number: int = 1,
    **fields: str,
) -> bytes:
    """Write what a person sends; fields are given with _ for -."""
    made = EmailMessage()
    address = sender.rpartition("<")[2].rstrip(">")
    made["Return-Path"] = f"<{address}>"
    made["From"] = sender
    made["To"] = to
    made["Subject"] = subject
    made["Message-ID"] = f"<m{number}.{address}>"
    for name, value in fields.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes()


def take(desk: Desk, raw: bytes, now: datetime = NOW) -> int:
    """Take a message in and act on it; return its number."""
    number, _ = keep(desk.database, raw, "pipe", now)
    list(handle_all(desk, now))
    return number


def all_tickets(desk: Desk) -> list[Ticket]:
    with desk.database.read() as connection:
        return sorted(queue(connection, 1000), key=lambda one: one.id)


def decisions(desk: Desk, ticket: int) -> list[Decision]:
    with desk.database.read() as connection:
        return decisions_of(connection, ticket)


def acknowledgement(desk: Desk, incoming_id: int) -> Letter | None:
    """Compose the acknowledgement of a message, as a sender does."""
    with desk.database.read() as connection:
        entry = tickets.letter_of_incoming(connection, incoming_id)
    if entry is None:
        return None
    assert entry.envelope is not None
    assert entry.delivery_id is not None
    letter = Correspondence(Kind.ACKNOWLEDGEMENT, entry.envelope, entry.subject, entry.text)
    with desk.database.read() as connection:
        ticket = tickets.get_ticket(connection, entry.ticket_id)
    assert ticket is not None
    return compose_correspondence(
        letter, ticket.address, desk.tokens, entry.delivery_id, NOW
    )


def a_mailbox(**changed: object) -> Mailbox:
    return replace(SUPPORT, **changed)  # type: ignore[arg-type]


def everything(desk: Desk) -> str:
    """Return all that the tables of the front desk, letters and messages hold."""
    names = ("ticket", "ticket_entry", "acknowledgement", "incoming", "delivery")
    with desk.database.read() as connection:
        return " ".join(
            str([bytes(one) if isinstance(one, memoryview) else one for one in row])
            for name in names
            for row in connection.execute(text(f"SELECT * FROM {name}"))
        )

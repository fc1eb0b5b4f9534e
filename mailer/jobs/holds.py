"""Plain words such as "please remove me": marketing waits until a person has decided.

Who writes so has no link and no token, and anyone can write a sender's name. So nothing
is ended by it: letters are held, and somebody reads the message and says what it means.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from mailer.audience.refusals import Refusal
from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.lifting import End, end, note_end
from mailer.jobs.logbook import Logbook, say_no
from mailer.jobs.refusing import Recorder, noes_of, refuse
from mailer.jobs.requests import Request, record
from mailer.jobs.writers import writer_of
from mailer.model.consent import Act, How, SuppressionReason
from mailer.model.contact import Contact
from mailer.model.kind import Scope
from mailer.model.no import No
from mailer.model.notice import Notice, Unsubscribe
from mailer.model.suppression import Suppression
from mailer.store import holds, ledger
from mailer.store.contacts import get_contact
from mailer.store.database import Connection, Database
from mailer.store.holds import Waiting
from mailer.store.incoming import Unsorted
from mailer.store.suppressions import suppressions_of
from mailer.triage.attribution import claims_token
from mailer.triage.message import open_message

_RECORDER = Recorder(How.MAILTO)


@dataclass(frozen=True, slots=True)
class Hold:
    """What holds somebody's marketing, ready to be written down."""

    contact: Contact
    incoming_id: int
    refusal: Refusal

    def noes(self) -> list[No]:
        """Return it as the logbook keeps it."""
        return noes_of([self.refusal], _RECORDER)


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about a message.

    Args:
        left: The person is off all marketing; else letters go there again, unless
            something else keeps them away.
    """

    address: str
    left: bool


def hold_of(
    connection: Connection, contact: Contact, incoming_id: int, now: datetime
) -> Hold | None:
    """Return what would hold somebody's marketing; None where something does already."""
    for one in suppressions_of(connection, contact.hash):
        marketing = one.scope in {Scope.MARKETING.value, Scope.EVERYTHING.value}
        if marketing and one.in_force(now):
            return None
    suppression = Suppression(
        Scope.MARKETING.value, SuppressionReason.MANUAL, now, None, _source(incoming_id)
    )
    refusal = Refusal(0, contact.address, contact.match, contact.hash, suppression)
    return Hold(contact, incoming_id, refusal)


def write_hold(connection: Connection, logbook: Logbook, hold: Hold, now: datetime) -> None:
    """Hold somebody's marketing, in the commit with the mark that the message is read."""
    refuse(connection, logbook.ring, [hold.refusal], _RECORDER, now)
    holds.note(connection, hold.incoming_id, hold.contact.id)


def hold_of_writer(
    database: Database, one: Unsorted, notice: Notice, now: datetime
) -> Hold | None:
    """Return what holds its sender's marketing, who asks in plain words to be left out.

    Who brings a token that is none of ours is no person who writes in plain words.
    """
    if not isinstance(notice, Unsubscribe) or claims_token(notice.clues):
        return None
    with database.read() as connection:
        known = writer_of(connection, open_message(one.raw)).known
        return None if known is None else hold_of(connection, known, one.id, now)


@contextmanager
def writing(
    database: Database, logbook: Logbook, hold: Hold | None
) -> Generator[Connection, None, None]:
    """Give a write transaction; a no is a line of the logbook before it begins."""
    if hold is None:
        with database.write() as connection:
            yield connection
        return
    with say_no(database, logbook, hold.noes()) as connection:
        yield connection


def waiting(database: Database) -> list[Waiting]:
    """Return the messages that wait for a decision, oldest first."""
    with database.read() as connection:
        return holds.waiting(connection)


def decide(
    database: Database,
    logbook: Logbook,
    incoming_id: int,
    by: str,
    now: datetime,
    *,
    keep: bool = False,
) -> Decided:
    """Say what a message meant: its sender leaves all marketing, or did not mean that.

    Args:
        by: The staff member who read it.
        keep: Letters may go there again.

    Raises:
        NotFoundError: when no such message waits, or its sender was erased.
        RefusedError: when nobody is named.
        WorkspaceError: when the logbook cannot be written; it is in force all the same.
    """
    if not by.strip():
        raise RefusedError("say who has read it: --by NAME")
    with database.read() as connection:
        contact_id = holds.held_by(connection, incoming_id)
        contact = None if contact_id is None else get_contact(connection, contact_id)
    if contact is None:
        raise NotFoundError(
            f"message {incoming_id} holds nobody's letters: `mailer inbox held` lists those"
            " that wait for somebody"
        )
    if keep:
        return _keep(database, logbook, contact, incoming_id, End((), How.SUPPORT, now, by))
    # Doing it twice changes nothing, so a crash before the mark does no harm.
    record(
        database, logbook, Request(contact.address, Act.WITHDRAWN, None, "mail", by), now
    )
    with database.write() as connection:
        holds.decided(connection, incoming_id, now)
    return Decided(contact.address, left=True)


def _keep(
    database: Database, logbook: Logbook, contact: Contact, incoming_id: int, ending: End
) -> Decided:
    source = _source(incoming_id)
    with database.write() as connection:
        ledger.lock(connection)
        mine = [
            one
            for one in suppressions_of(connection, contact.hash)
            if one.reason is SuppressionReason.MANUAL and one.source == source
        ]
        ending = End(mine, ending.how, ending.at, ending.by)
        end(connection, logbook.ring, contact.hash, contact, ending)
        holds.decided(connection, incoming_id, ending.at)
    note_end(logbook, contact.hash, ending)
    return Decided(contact.address, left=False)


def _source(incoming_id: int) -> str:
    return f"asked in message {incoming_id}, which nobody has read yet"

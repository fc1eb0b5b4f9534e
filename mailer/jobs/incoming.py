"""What comes back: kept first, understood then, and acted on once.

Nobody's state changes on a message that no token of ours ties to a letter: else anyone
could silence anyone. A bounce or complaint that is tied becomes a verdict, and a letter in
doubt that a report speaks of, or that somebody answers, has arrived at its relay.
"""

import logging
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime

from mailer.errors import DatabaseError, WorkspaceError
from mailer.jobs.acknowledge import FrontDesk
from mailer.jobs.away import away_until, wait_for
from mailer.jobs.frontdesk import file_message, file_unread
from mailer.jobs.holds import hold_of_writer, write_hold, writing
from mailer.jobs.judging import Came, Reported, arrived, forget_of_erased, judge, tell
from mailer.jobs.logbook import Logbook
from mailer.jobs.tying import concern_of, letter_of, reader_of
from mailer.jobs.unsubscribe import unsubscribe
from mailer.jobs.vouching import Reporters, vouched_for, waits_for_dns
from mailer.model.consent import How
from mailer.model.hook import provider_of
from mailer.model.notice import (
    KINDS,
    AutoReply,
    Bounce,
    Complaint,
    Human,
    Notice,
    Report,
    Spam,
    Unsubscribe,
)
from mailer.model.token import TokenBox
from mailer.model.verdict import Verdict
from mailer.model.webhook import Told
from mailer.store import incoming as store
from mailer.store.database import Connection, Database
from mailer.store.hooks import empty
from mailer.store.incoming import Concern, Unsorted
from mailer.triage.attribution import (
    Tied,
    Untied,
    signed_by_us,
    tie,
    unsubscriber,
)
from mailer.triage.hooks.reading import read_event
from mailer.triage.knowledge import Knowledge
from mailer.triage.sort import sort
from mailer.wire.dns import DnsUnknownError

_log = logging.getLogger(__name__)

_NOTHING = "an answer by a machine changes nothing"
_PAGE = 50
_IN_A_ROW = 3
"""So many that cannot be acted on are no fault of the messages."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What understanding and acting need.

    Args:
        waiting_lists: The ids of lists whose letters wait for who is out of the office.
    """

    database: Database
    logbook: Logbook
    tokens: TokenBox
    knowledge: Knowledge
    front: FrontDesk = field(default_factory=FrontDesk)
    reporters: Reporters = field(default_factory=Reporters)
    waiting_lists: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Handled:
    """What was made of one message.

    Args:
        kind: As `mailer inbox classify` calls it.
        verdict: None where it is tied to no letter of ours; `words` then says why.
    """

    incoming_id: int
    kind: str
    words: str
    verdict: Verdict | None = None


def keep(database: Database, raw: bytes, channel: str, now: datetime) -> tuple[int, bool]:
    """Keep a message; when this returns it is on disk.

    Returns:
        Its number, and whether it is new.
    """
    with database.write() as connection:
        return store.keep(connection, raw, channel, now)


def anything_waits(database: Database) -> bool:
    """Say whether there is a message of which nothing was made yet."""
    with database.read() as connection:
        return bool(store.unsorted(connection, 0, 1))


def handle_all(desk: Desk, now: datetime) -> Generator[Handled, None, None]:
    """Understand and act on every message of which nothing was made yet, oldest first.

    What cannot be acted on for now waits, and keeps none of the others waiting.

    Raises:
        DatabaseError: after the others, when the database did not let us.
        WorkspaceError: after the others, when a file did not: where it is the logbook, what
            was said is in force.
    """
    after, in_a_row = 0, 0
    first: DatabaseError | WorkspaceError | None = None
    while page := _unsorted(desk.database, after):
        for one in page:
            after = one.id
            try:
                handled = _handle_or_set_aside(desk, one, now)
            except (DatabaseError, WorkspaceError) as problem:
                _log.error("message %s: %s", one.id, problem)
                first, in_a_row = first or problem, in_a_row + 1
                if in_a_row == _IN_A_ROW:
                    raise
                continue
            in_a_row = 0
            if handled is not None:
                yield handled
    if first is not None:
        raise first


def _unsorted(database: Database, after: int) -> list[Unsorted]:
    with database.read() as connection:
        return store.unsorted(connection, after, _PAGE)


def _handle_or_set_aside(desk: Desk, one: Unsorted, now: datetime) -> Handled | None:
    """Make of one message what it is; a bug of ours keeps none of the others waiting."""
    try:
        return _handle(desk, one, now)
    except (DatabaseError, WorkspaceError):
        raise
    except Exception:  # noqa: BLE001 - a stranger's message; the next one is not its fault
        _log.exception("message %s could not be understood: a bug", one.id)
    with desk.database.write() as connection:
        because = "a bug kept it from being understood; a person will read it"
        if not store.mark_sorted(connection, one.id, KINDS[Human], because, now):
            return None
        ticket_id = file_unread(connection, one, because, now)
    return Handled(one.id, KINDS[Human], f"{because}: ticket {ticket_id}")


def _handle(desk: Desk, one: Unsorted, now: datetime) -> Handled | None:
    """Make of one message what it is; None when somebody else just did."""
    provider = provider_of(one.channel)
    if provider is not None:
        notice = read_event(provider, one.raw, desk.knowledge)
    else:
        notice = sort(one.raw, desk.knowledge, signed_by_us(desk.tokens))
    if provider is not None and isinstance(notice, Unsubscribe):
        return _left_there(desk, one, notice, now)
    if isinstance(notice, Unsubscribe | Human | Spam):
        reader = unsubscriber(notice.clues, desk.tokens)
        if reader is None:
            return _for_a_person(desk, one, notice, now)
        # Doing it twice changes nothing, so a crash before the mark does no harm.
        unsubscribe(desk.database, desk.logbook, reader, How.MAILTO, now)
        return _only_marked(desk, one, notice, "unsubscribed by its address", now)
    if isinstance(notice, AutoReply):
        return _away(desk, one, notice, now)
    if not isinstance(notice, Bounce | Complaint | Report):
        letter = letter_of(desk.database, desk.tokens, one, notice)
        return _only_marked(desk, one, notice, _NOTHING, now, letter)
    return _reported(desk, one, notice, now)


def _reported(desk: Desk, one: Unsorted, notice: Reported, now: datetime) -> Handled | None:
    """Act on a report, where it is tied to a letter of ours; else nothing changes."""
    concern = concern_of(desk.database, desk.tokens, one, notice)
    if isinstance(concern, Untied) and provider_of(one.channel) is None:
        return _vouched(desk, one, notice, concern, now)
    if isinstance(concern, Untied):
        return _only_marked(desk, one, notice, f"nothing changes: {concern.why}", now)
    return _judge(desk, one, notice, concern, now)


def _vouched(
    desk: Desk, one: Unsorted, notice: Reported, untied: Untied, now: datetime
) -> Handled | None:
    """Act on a report without a token where the relay that wrote it signed it."""

    def read(part: bytes) -> Notice:
        return sort(part, desk.knowledge, signed_by_us(desk.tokens))

    try:
        found = vouched_for(desk.database, desk.reporters, one, notice, read)
    except DnsUnknownError as problem:
        if waits_for_dns(one, now):
            _log.warning(
                "message %s waits for the key of its signature: %s", one.id, problem
            )
            return None
        found = Untied("DNS did not say in a day by which key it was signed")
    if isinstance(found, tuple):
        signed, concern = found
        if isinstance(signed, Bounce | Complaint | Report):
            return _judge(desk, one, signed, concern, now)
    why = found.why if isinstance(found, Untied) else untied.why
    return _only_marked(desk, one, notice, f"nothing changes: {why}", now)


def _left_there(
    desk: Desk, one: Unsorted, notice: Unsubscribe, now: datetime
) -> Handled | None:
    """Take off the letter's list who left it at the provider of ours."""
    concern = concern_of(desk.database, desk.tokens, one, notice)
    if isinstance(concern, Untied):
        return _only_marked(desk, one, notice, f"nothing changes: {concern.why}", now)
    with desk.database.read() as connection:
        reader = reader_of(connection, concern)
    if reader is None:
        words = "nothing changes: its letter is nobody's any more"
        return _only_marked(desk, one, notice, words, now, concern)
    # Doing it twice changes nothing, so a crash before the mark does no harm.
    unsubscribe(desk.database, desk.logbook, reader, How.REPORT, now)
    return _only_marked(desk, one, notice, "unsubscribed at the provider", now, concern)


def _away(desk: Desk, one: Unsorted, notice: AutoReply, now: datetime) -> Handled | None:
    """Let a list wait for who is away until a day, where the list says so."""
    answered = KINDS[AutoReply]
    until, tied = away_until(notice.back_on, now), tie(notice.clues, desk.tokens)
    if isinstance(tied, Untied):
        return _only_marked(desk, one, notice, _NOTHING, now)
    with desk.database.read() as connection:
        concern = store.concern(connection, tied.delivery_id)

    def mark(connection: Connection) -> bool:
        arrived(connection, one.id, concern, notice, now)
        forget_of_erased(connection, one.id, concern)
        return store.mark_sorted(connection, one.id, answered, notice.because, now)

    if until is None or concern is None or concern.list_id not in desk.waiting_lists:
        with desk.database.write() as connection:
            marked = mark(connection)
        return Handled(one.id, answered, _NOTHING) if marked else None

    if not wait_for(desk.database, desk.logbook, concern, until, mark, now):
        return None
    words = f"away: the list waits for them until {until:%Y-%m-%d}"
    return Handled(one.id, answered, words)


def _for_a_person(
    desk: Desk, one: Unsorted, notice: Notice, now: datetime
) -> Handled | None:
    """Put a message on its ticket; note which letter of ours a person answers."""
    answers = isinstance(notice, Human | Unsubscribe)
    tied = tie(notice.clues, desk.tokens) if answers else None
    hold = hold_of_writer(desk.database, one, notice, now)
    with writing(desk.database, desk.logbook, hold) as connection:
        kind = KINDS[type(notice)]
        if not store.mark_sorted(connection, one.id, kind, notice.because, now):
            return None
        if isinstance(tied, Tied):
            concern = store.concern(connection, tied.delivery_id)
            arrived(connection, one.id, concern, notice, now)
            if kind == KINDS[Human]:
                tell(connection, Told.REPLIED, ("incoming", one.id), concern, now)
        keys = (desk.logbook.ring, desk.tokens)
        words = file_message(connection, desk.front, keys, one, notice, now)
        if hold is not None:
            write_hold(connection, desk.logbook, hold, now)
    if hold is not None:
        words += f"; marketing to its sender waits for `mailer inbox confirm {one.id}`"
    return Handled(one.id, kind, words)


def _judge(
    desk: Desk, one: Unsorted, notice: Reported, concern: Concern, now: datetime
) -> Handled | None:
    """Decide about a letter of ours, and act, all in one commit."""
    kind = KINDS[type(notice)]

    def mark(connection: Connection) -> bool:
        return store.mark_sorted(connection, one.id, kind, notice.because, now)

    came = Came(one.id, "incoming", one.id, mark)
    verdict = judge(desk.database, desk.logbook, concern, notice, came, now)
    if verdict is None:
        return None
    return Handled(one.id, kind, verdict.words, verdict)


def _only_marked(
    desk: Desk,
    one: Unsorted,
    notice: Notice,
    words: str,
    now: datetime,
    concern: Concern | None = None,
) -> Handled | None:
    kind = KINDS[type(notice)]
    with desk.database.write() as connection:
        if not store.mark_sorted(connection, one.id, kind, notice.because, now):
            return None
        arrived(connection, one.id, concern, notice, now)
        forget_of_erased(connection, one.id, concern)
        if isinstance(notice, Unsubscribe | Human | Spam):
            empty(connection, one.id)  # She has left by it: nobody needs what it says.
    return Handled(one.id, kind, words)

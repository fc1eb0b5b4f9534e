"""What comes back: kept first, understood then, and acted on once.

Nobody's state changes on a message that no token of ours ties to a letter: else anyone
could silence anyone. A bounce or complaint that is tied becomes a verdict, and a letter in
doubt that a report speaks of has arrived at its relay.
"""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer.audience.refusals import Refusal
from mailer.errors import MailerError
from mailer.jobs.acknowledge import FrontDesk
from mailer.jobs.frontdesk import file_message, file_unread
from mailer.jobs.logbook import Logbook, say_no
from mailer.jobs.refusing import Recorder, noes_of, refuse
from mailer.jobs.unsubscribe import unsubscribe
from mailer.model.address import parse_address
from mailer.model.consent import How, SuppressionReason
from mailer.model.delivery import DeliveryState
from mailer.model.kind import Scope
from mailer.model.notice import (
    KINDS,
    Bounce,
    Complaint,
    Human,
    Notice,
    Reason,
    Report,
    Spam,
    Unsubscribe,
)
from mailer.model.suppression import Suppression
from mailer.model.token import TokenBox
from mailer.model.verdict import Effect, Verdict
from mailer.model.webhook import Happening, Told
from mailer.store import incoming as store
from mailer.store.alarms import Alarm, raise_unless_open
from mailer.store.contacts import get_contact
from mailer.store.database import Connection, Database
from mailer.store.incoming import Concern, Unsorted
from mailer.store.settling import Again, resolve
from mailer.store.webhooks import tell_everybody
from mailer.triage.attribution import (
    Tied,
    Untied,
    signed_by_us,
    tie,
    unsubscriber,
)
from mailer.triage.knowledge import Knowledge
from mailer.triage.sort import sort
from mailer.triage.verdict import about, decide

_log = logging.getLogger(__name__)

_PAGE = 50
_LOOK_BACK = timedelta(days=400)
_RECORDER = Recorder(How.REPORT)
_Reported = Bounce | Complaint | Report
_REASONS = {
    Effect.SUPPRESSED: SuppressionReason.BOUNCED,
    Effect.COMPLAINED: SuppressionReason.COMPLAINED,
}


@dataclass(frozen=True, slots=True)
class Desk:
    """What understanding and acting need."""

    database: Database
    logbook: Logbook
    tokens: TokenBox
    knowledge: Knowledge
    front: FrontDesk = field(default_factory=FrontDesk)


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

    Raises:
        WorkspaceError: when the logbook can't be written; what was said is in force.
    """
    after = 0
    while True:
        with desk.database.read() as connection:
            page = store.unsorted(connection, after, _PAGE)
        if not page:
            return
        for one in page:
            after = one.id
            handled = _handle_or_set_aside(desk, one, now)
            if handled is not None:
                yield handled


def _handle_or_set_aside(desk: Desk, one: Unsorted, now: datetime) -> Handled | None:
    """Make of one message what it is; a bug of ours keeps none of the others waiting."""
    try:
        return _handle(desk, one, now)
    except MailerError:
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
    notice = sort(one.raw, desk.knowledge, signed_by_us(desk.tokens))
    if isinstance(notice, Unsubscribe | Human | Spam):
        reader = unsubscriber(notice.clues, desk.tokens)
        if reader is None:
            return _for_a_person(desk, one, notice, now)
        # Doing it twice changes nothing, so a crash before the mark does no harm.
        unsubscribe(desk.database, desk.logbook, reader, How.MAILTO, now)
        return _only_marked(desk, one, notice, "unsubscribed by its address", now)
    if not isinstance(notice, Bounce | Complaint | Report):
        return _only_marked(
            desk, one, notice, "an answer by a machine changes nothing", now
        )
    tied = tie(notice.clues, desk.tokens)
    if isinstance(tied, Untied):
        return _only_marked(desk, one, notice, f"nothing changes: {tied.why}", now)
    with desk.database.read() as connection:
        concern = store.concern(connection, tied.delivery_id)
    if concern is None:
        words = "nothing changes: its letter is not on record any more"
        return _only_marked(desk, one, notice, words, now)
    return _judge(desk, one, notice, concern, now)


def _for_a_person(
    desk: Desk, one: Unsorted, notice: Notice, now: datetime
) -> Handled | None:
    """Put a message on its ticket; note which letter of ours a person answers."""
    tied = tie(notice.clues, desk.tokens) if isinstance(notice, Human) else None
    with desk.database.write() as connection:
        kind = KINDS[type(notice)]
        if not store.mark_sorted(connection, one.id, kind, notice.because, now):
            return None
        if isinstance(tied, Tied):
            store.note_answer(connection, one.id, tied.delivery_id)
            concern = store.concern(connection, tied.delivery_id)
            _tell(connection, Told.REPLIED, one, concern, now)
        keys = (desk.logbook.ring, desk.tokens)
        ticket_id = file_message(connection, desk.front, keys, one, notice, now)
    return Handled(one.id, kind, f"a person will read it: ticket {ticket_id}")


def _judge(
    desk: Desk, one: Unsorted, notice: _Reported, concern: Concern, now: datetime
) -> Handled | None:
    """Decide about a letter of ours, and act, all in one commit."""
    with desk.database.read() as connection:
        since = _alive_since(connection, concern, now)
        before = store.earlier(connection, concern, since)
    verdict = decide(notice, concern.address, concern.cause_id, before, now)
    kind = KINDS[type(notice)]
    with _writing(desk, concern, verdict, now) as (connection, refusals):
        if not store.mark_sorted(connection, one.id, kind, notice.because, now):
            return None
        _record(connection, one, notice, concern, verdict, now)
        if refusals:
            refuse(connection, desk.logbook.ring, refusals, _RECORDER, now)
        # Whatever came of it later, its relay had it.
        words = f"in doubt, settled as accepted: a {kind} speaks of it"
        again = Again(now, now)
        resolve(connection, [concern.id], DeliveryState.ACCEPTED, again, now, words=words)
        if told := _told_of(notice, verdict):
            _tell(connection, told, one, concern, now)
        if verdict.effect is Effect.OURS:
            raise_unless_open(connection, _alarm(concern, verdict, now))
    return Handled(one.id, kind, verdict.words, verdict)


def _told_of(notice: _Reported, verdict: Verdict) -> Told | None:
    """Say what webhooks tell of a report; nothing where it is not about the person."""
    if verdict.effect is Effect.COMPLAINED:
        return Told.COMPLAINED
    about_her = verdict.effect in {Effect.SUPPRESSED, Effect.COUNTED}
    return Told.BOUNCED if about_her and isinstance(notice, Bounce) else None


def _tell(
    connection: Connection,
    told: Told,
    one: Unsorted,
    concern: Concern | None,
    now: datetime,
) -> None:
    """Write down what endpoints are told of a message about somebody whom we know."""
    if concern is not None and concern.contact_id is not None:
        happened = Happening(told, "incoming", one.id, "", concern.contact_id, now)
        tell_everybody(connection, happened, now)


def _only_marked(
    desk: Desk, one: Unsorted, notice: Notice, words: str, now: datetime
) -> Handled | None:
    kind = KINDS[type(notice)]
    with desk.database.write() as connection:
        if not store.mark_sorted(connection, one.id, kind, notice.because, now):
            return None
    return Handled(one.id, kind, words)


@contextmanager
def _writing(
    desk: Desk, concern: Concern, verdict: Verdict, now: datetime
) -> Generator[tuple[Connection, list[Refusal]], None, None]:
    """Give a write transaction; a no is a line of the logbook before it begins."""
    reason = _REASONS.get(verdict.effect)
    if reason is None:
        with desk.database.write() as connection:
            yield connection, []
        return
    suppression = Suppression(
        Scope.MARKETING.value, reason, now, verdict.until_at, verdict.words
    )
    match = parse_address(concern.address).match
    refusal = Refusal(0, concern.address, match, concern.hash, suppression)
    noes = noes_of([refusal], _RECORDER)
    with say_no(desk.database, desk.logbook, noes) as connection:
        yield connection, [refusal]


def _alive_since(connection: Connection, concern: Concern, now: datetime) -> datetime:
    """Return from when on bounces count: the last time that they signed up themselves."""
    contact = (
        None if concern.contact_id is None else get_contact(connection, concern.contact_id)
    )
    oldest = now - _LOOK_BACK
    return oldest if contact is None else max(oldest, contact.created_at)


def _record(
    connection: Connection,
    one: Unsorted,
    notice: _Reported,
    concern: Concern,
    verdict: Verdict,
    now: datetime,
) -> None:
    who = about(notice.recipients, concern.address) if isinstance(notice, Bounce) else None
    first = next(iter(notice.recipients), None)
    who = who or first
    feedback = isinstance(notice, Complaint)
    reason = Reason.FEEDBACK if feedback else who.reason if who else Reason.UNDEFINED
    facts = {
        "notice": KINDS[type(notice)],
        "reason": reason.value,
        "hard": who.hard if who else False,
        "status": who.status if who else "",
        "said": who.diagnostic if who else "",
    }
    store.record(connection, one.id, concern, facts, verdict, now)


def _alarm(concern: Concern, verdict: Verdict, now: datetime) -> Alarm:
    domain = concern.address.rpartition("@")[2]
    return Alarm(
        "bounce_blames_us",
        f"{concern.cause_kind} {concern.cause_id}",
        now,
        f"letters to {domain} come back, and it is not the people's fault: {verdict.words}",
        "`mailer bounce stats` says how many and what to do; `mailer campaign pause` stops"
        " a campaign meanwhile",
    )

"""Deciding about a letter of ours, and acting, in one commit with the mark of it."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.audience.refusals import Refusal
from mailer.jobs.campaign_alarms import subject_of
from mailer.jobs.logbook import Logbook, say_no
from mailer.jobs.refusing import Recorder, noes_of, refuse
from mailer.model.address import parse_address
from mailer.model.consent import How, SuppressionReason
from mailer.model.delivery import CauseKind, DeliveryState
from mailer.model.kind import Scope
from mailer.model.notice import (
    KINDS,
    AutoReply,
    Bounce,
    Challenge,
    Complaint,
    Human,
    Notice,
    OwnLetter,
    Reason,
    Report,
    Unsubscribe,
)
from mailer.model.suppression import Suppression
from mailer.model.verdict import Effect, Verdict
from mailer.model.webhook import Happening, Told
from mailer.store import incoming as store
from mailer.store.alarms import Alarm, raise_unless_open
from mailer.store.campaigns import find_campaign
from mailer.store.contacts import get_contact
from mailer.store.database import Connection, Database
from mailer.store.hooks import empty
from mailer.store.incoming import Concern
from mailer.store.settling import Again, resolve
from mailer.store.webhooks import tell_everybody
from mailer.triage.verdict import about, decide

_LOOK_BACK = timedelta(days=400)
_RECORDER = Recorder(How.REPORT)
Reported = Bounce | Complaint | Report
_TOLD: dict[type[Notice], str] = {
    Human: "a person has answered it",
    AutoReply: "a machine has answered it",
    Challenge: "a machine has answered it",
    OwnLetter: "it came back to us",
    Unsubscribe: "its reader asks to be left out",
}
_REASONS = {
    Effect.SUPPRESSED: SuppressionReason.BOUNCED,
    Effect.COMPLAINED: SuppressionReason.COMPLAINED,
}


@dataclass(frozen=True, slots=True)
class Came:
    """How a notice came: by a message, or as an answer while we spoke to a server.

    Args:
        incoming_id: The message; None for an answer.
        source: What it is known from, with the number there, for webhooks.
        mark: Notes in the same commit that it was done; False when somebody else did it.
    """

    incoming_id: int | None
    source: str
    number: int
    mark: Callable[[Connection], bool]


def judge(
    database: Database,
    logbook: Logbook,
    concern: Concern,
    notice: Reported,
    came: Came,
    now: datetime,
) -> Verdict | None:
    """Decide about a letter of ours, and act; None when somebody else just did."""
    with database.read() as connection:
        since = _alive_since(connection, concern, now)
        before = store.earlier(connection, concern, since)
    verdict = decide(notice, concern.address, concern.cause_id, before, now)
    with _writing(database, logbook, concern, verdict, now) as (connection, refusals):
        if not came.mark(connection):
            return None
        _record(connection, came.incoming_id, notice, concern, verdict, now)
        if refusals:
            refuse(connection, logbook.ring, refusals, _RECORDER, now)
        if came.incoming_id is not None:
            settle(connection, concern, notice, now)
            forget_of_erased(connection, came.incoming_id, concern)
        if told := _told_of(notice, verdict):
            tell(connection, told, (came.source, came.number), concern, now)
        if verdict.effect is Effect.OURS:
            raise_unless_open(connection, _alarm(connection, concern, verdict, now))
    return verdict


def settle(connection: Connection, concern: Concern, notice: Notice, now: datetime) -> None:
    """Settle a letter in doubt: whatever came of it later, its relay had it."""
    told = _TOLD.get(type(notice)) or f"a {KINDS[type(notice)]} speaks of it"
    words = f"in doubt, settled as accepted: {told}"
    again = Again(now, now)
    resolve(connection, [concern.id], DeliveryState.ACCEPTED, again, now, words=words)


def arrived(
    connection: Connection,
    incoming_id: int,
    concern: Concern | None,
    notice: Notice,
    now: datetime,
) -> None:
    """Note which letter of ours a message answers, and settle it: it has arrived."""
    if concern is not None:
        store.note_answer(connection, incoming_id, concern.id)
        settle(connection, concern, notice, now)


def forget_of_erased(
    connection: Connection, incoming_id: int, concern: Concern | None
) -> None:
    """Empty what a machine says of a letter whose person was erased: it may name her."""
    if concern is not None and not concern.address:
        empty(connection, incoming_id)


def _told_of(notice: Reported, verdict: Verdict) -> Told | None:
    """Say what webhooks tell of a report; nothing where it is not about the person."""
    if verdict.effect is Effect.COMPLAINED:
        return Told.COMPLAINED
    about_her = verdict.effect in {Effect.SUPPRESSED, Effect.COUNTED}
    return Told.BOUNCED if about_her and isinstance(notice, Bounce) else None


def tell(
    connection: Connection,
    told: Told,
    source: tuple[str, int],
    concern: Concern | None,
    now: datetime,
) -> None:
    """Write down what endpoints are told of somebody whom we know.

    Args:
        source: What it is known from, with the number there.
    """
    if concern is not None and concern.contact_id is not None:
        happened = Happening(told, *source, "", concern.contact_id, now)
        tell_everybody(connection, happened, now)


@contextmanager
def _writing(
    database: Database, logbook: Logbook, concern: Concern, verdict: Verdict, now: datetime
) -> Generator[tuple[Connection, list[Refusal]], None, None]:
    """Give a write transaction; a no is a line of the logbook before it begins."""
    reason = _REASONS.get(verdict.effect)
    # Who was erased has no address any more, and is written to no more in any case.
    if reason is None or not concern.address:
        with database.write() as connection:
            yield connection, []
        return
    suppression = Suppression(
        Scope.MARKETING.value, reason, now, verdict.until_at, verdict.words
    )
    match = parse_address(concern.address).match
    refusal = Refusal(0, concern.address, match, concern.hash, suppression)
    noes = noes_of([refusal], _RECORDER)
    with say_no(database, logbook, noes) as connection:
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
    incoming_id: int | None,
    notice: Reported,
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
        # Of who was erased it may hold the address.
        "said": who.diagnostic if who and concern.address else "",
    }
    store.record(connection, incoming_id, concern, facts, verdict, now)


def _alarm(
    connection: Connection, concern: Concern, verdict: Verdict, now: datetime
) -> Alarm:
    domain = concern.address.rpartition("@")[2]
    campaign = None
    if concern.cause_kind == CauseKind.CAMPAIGN.value:
        campaign = find_campaign(connection, concern.cause_id)
    return Alarm(
        "bounce_blames_us",
        subject_of(campaign)
        if campaign is not None
        else f"{concern.cause_kind} {concern.cause_id}",
        now,
        f"letters to {domain} come back, and it is not the people's fault: {verdict.words}",
        "`mailer bounce stats` says how many and what to do; `mailer campaign pause` stops"
        " a campaign meanwhile",
    )

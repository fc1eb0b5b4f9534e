"""What came back, counted and listed, with the advice that follows."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.lifting import End, end, note_end
from mailer.jobs.logbook import Logbook
from mailer.model.address import parse_address
from mailer.model.consent import How, SuppressionReason
from mailer.model.kind import Scope
from mailer.model.notice import Reason
from mailer.model.verdict import Effect
from mailer.store import incoming as store
from mailer.store import ledger, verdicts
from mailer.store.contacts import find_contact
from mailer.store.database import Connection, Database
from mailer.store.incoming import Concern, Judged
from mailer.store.suppressions import suppressions_of

GROUPS: dict[str, Callable[[Judged], str]] = {
    "reason": lambda one: one.reason,
    "provider": lambda one: one.address.rpartition("@")[2].lower(),
    "campaign": lambda one: f"{one.cause_kind} {one.cause_id}",
    "relay": lambda one: one.relay,
}
"""What can be counted together."""

_AUTHENTICATE = "check SPF, DKIM and DMARC of the sender's domain"
_ADVICE = {
    Reason.AUTH_FAILURE: _AUTHENTICATE,
    Reason.REQUIRE_PTR: "give the relay's address a name (PTR) that leads back to it",
    Reason.BAD_REPUTATION: "send less, and to those who read you; ask the provider why",
    Reason.BLOCKED: "look the relay's address up in the block list that is named",
    Reason.SPEEDING: "lower the pace: [limits] in config.toml",
    Reason.TOO_MANY_CONNECTIONS: "lower the number of connections in config.toml",
    Reason.POLICY_VIOLATION: "read what the server says; its administrator can tell",
    Reason.SPAM_DETECTED: "look at the letter's words, links and sender with their eyes",
    Reason.CONTENT_ERROR: "look at the letter: its server does not take it as it is",
    Reason.MESSAGE_TOO_BIG: "make the letter smaller: images can stay on the web",
    Reason.NOT_COMPLIANT: "send the letter to yourself and look at its fields",
    Reason.NO_RELAYING: "the relay does not know us: check login and address",
    Reason.USER_UNKNOWN: "nothing: the addresses are kept away; ask where they came from",
    Reason.HOST_UNKNOWN: "nothing: look for typing mistakes at the source",
    Reason.MAILBOX_FULL: "nothing: it fades, or the address is kept away for a while",
    Reason.FEEDBACK: "they are out; ask whether those people expected the letter",
}


@dataclass(frozen=True, slots=True)
class Counted:
    """One line of the counts.

    Args:
        group: The reason, provider, campaign or relay.
        advice: What a person can do about it; "" where there is nothing to say.
    """

    group: str
    reports: int
    hard: int
    advice: str


def newest(database: Database, limit: int) -> list[Judged]:
    """Return what came back, the newest first."""
    with database.read() as connection:
        return store.newest(connection, limit)


def undo(
    database: Database, logbook: Logbook, verdict_id: int, by: str, now: datetime
) -> tuple[Judged, bool]:
    """Take a verdict back: it counts no more, and what it put on the address is lifted.

    Args:
        by: The staff member.

    Returns:
        The verdict, and whether a suppression was lifted.

    Raises:
        NotFoundError: when there is none of this number.
        RefusedError: when it was undone already, or is what the person said.
        WorkspaceError: when the logbook cannot be written; it is undone all the same.
    """
    if not by.strip():
        raise RefusedError("say who does it: --by NAME")
    lifted: tuple[bytes, End] | None = None
    with database.write() as connection:
        ledger.lock(connection)
        one = store.verdict_of(connection, verdict_id)
        if one is None:
            raise NotFoundError(
                f"there is no verdict {verdict_id}: `mailer bounce list` shows them"
            )
        if one.effect is Effect.COMPLAINED:
            raise RefusedError(
                f"verdict {verdict_id} is a complaint: that is what the person said, and"
                " only the person can end it, by signing up and confirming"
            )
        if not verdicts.undo(connection, verdict_id, now):
            raise RefusedError(f"verdict {verdict_id} was undone already")
        concern = store.concern(connection, one.delivery_id)
        if concern is not None and one.effect is Effect.SUPPRESSED and concern.address:
            ending = End((), How.SUPPORT, now, by.strip())
            lifted = _lift(connection, logbook, concern, verdict_id, ending)
    if lifted is not None:
        note_end(logbook, *lifted)
    return one, lifted is not None


def _lift(
    connection: Connection, logbook: Logbook, about: Concern, verdict_id: int, ending: End
) -> tuple[bytes, End] | None:
    """Lift what a verdict put on an address; None where another one keeps it there."""
    if verdicts.others_suppress(connection, about, verdict_id):
        return None
    match = parse_address(about.address).match
    hashed = logbook.ring.suppression_hash(match)
    bounced = [
        one
        for one in suppressions_of(connection, hashed)
        if one.reason is SuppressionReason.BOUNCED and one.scope == Scope.MARKETING.value
    ]
    if not bounced:
        return None
    ending = replace(ending, suppressions=bounced)
    contact = find_contact(connection, match)
    end(connection, logbook.ring, hashed, contact, ending)
    return hashed, ending


def stats(database: Database, by: str, days: int, now: datetime) -> list[Counted]:
    """Count what came back in so many days, the most frequent first.

    Args:
        by: One of `GROUPS`.
    """
    with database.read() as connection:
        every = store.bounces(connection, now - timedelta(days=days))
    found = [one for one in every if one.undone_at is None]
    group = GROUPS[by]
    reports, hard = (
        Counter(map(group, found)),
        Counter(group(one) for one in found if one.hard),
    )
    reasons: dict[str, Counter[str]] = {}
    for one in found:
        reasons.setdefault(group(one), Counter())[one.reason] += 1
    return [
        Counted(name, number, hard[name], _advice(reasons[name]))
        for name, number in reports.most_common()
    ]


def of_campaign(connection: Connection, campaign_id: int) -> tuple[Counted, ...]:
    """Count what was reported about a campaign's letters, by reason, with advice."""
    return tuple(
        Counted(reason, reports, hard, _ADVICE.get(Reason(reason), ""))
        for reason, reports, hard in verdicts.came_back(connection, campaign_id)
    )


def _advice(reasons: Counter[str]) -> str:
    """Advise by the most frequent reason."""
    (reason, _), *_ = reasons.most_common(1)
    return _ADVICE.get(Reason(reason), "")

"""What came back, counted and listed, with the advice that follows."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.lifting import End, end, note_end
from mailer.jobs.logbook import Logbook
from mailer.model.address import parse_address
from mailer.model.consent import How, SuppressionReason
from mailer.model.kind import Scope
from mailer.model.notice import Reason
from mailer.model.provider import OTHER
from mailer.model.verdict import Effect
from mailer.store import incoming as store
from mailer.store import ledger, verdicts
from mailer.store.contacts import find_contact
from mailer.store.database import Connection, Database
from mailer.store.incoming import Concern, Judged
from mailer.store.suppressions import suppressions_of
from mailer.triage.advice import PLAIN, advice_about

Group = tuple[str, str]

_GROUPS: dict[str, Callable[[Judged], Group]] = {
    "reason": lambda one: (one.reason, ""),
    "provider": lambda one: (one.provider, one.address.rpartition("@")[2].lower()),
    "campaign": lambda one: (one.cause_kind, str(one.cause_id)),
    "relay": lambda one: (one.relay, ""),
}
GROUPS = tuple(_GROUPS)
"""What can be counted together."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One line of the counts.

    Args:
        group: The reason, provider, campaign or relay.
        share: Of the letters that went there in the same time, from 0 to 1.
        advice: What a person can do about it.
    """

    group: str
    reports: int
    hard: int
    share: float
    advice: str


def newest(
    database: Database, limit: int, only: Mapping[str, str] = store.NOTHING_ELSE
) -> list[Judged]:
    """Return what came back, the newest first; `only` is as the store has it."""
    with database.read() as connection:
        return store.newest(connection, limit, only)


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

    Reports that a letter is late, or arrived, are none of it.

    Args:
        by: One of `GROUPS`.
    """
    since = now - timedelta(days=days)
    with database.read() as connection:
        every = store.bounces(connection, since)
        letters = verdicts.letters(connection, by, since)
    group = _GROUPS[by]
    reasons: dict[str, Counter[str]] = {}
    hard: Counter[str] = Counter()
    for one in every:
        if one.undone_at is None and one.notice != "report":
            name = _name(by, group(one))
            reasons.setdefault(name, Counter())[one.reason] += 1
            hard[name] += one.hard
    left: Counter[str] = Counter()
    for key, number in letters.items():
        left["" if by == "reason" else _name(by, key)] += number
    counted = [
        _counted(by, name, of, hard[name], left["" if by == "reason" else name])
        for name, of in reasons.items()
    ]
    return sorted(counted, key=lambda one: (-one.reports, one.group))


def _name(by: str, key: Group) -> str:
    """Return what a group is called: who is no provider in particular is its domain."""
    one, other = key
    if by == "provider":
        return other if one in {"", OTHER} else one
    return f"{one} {other}".strip()


def _counted(by: str, name: str, reasons: Counter[str], hard: int, letters: int) -> Counted:
    """Count a group, and advise by its most frequent reason."""
    (reason, most), *_ = reasons.most_common(1)
    reports = reasons.total()
    # What left before the time that is asked for may come back within it.
    letters = max(letters, reports)
    advice = advice_about(Reason(reason))
    if by != "reason":
        words = PLAIN.get(Reason(reason), reason)
        verb = "refuses" if by == "provider" else "gets back"
        share = f"{100 * most / letters:.2g} %" if most < letters else "100 %"
        advice = f"{name or 'nobody'} {verb} {share} for {words}: {advice}"
    return Counted(name, reports, hard, reports / letters, advice)


def of_campaign(connection: Connection, campaign_id: int) -> tuple[Counted, ...]:
    """Count what was reported about a campaign's letters, by reason, with advice."""
    found = verdicts.came_back(connection, campaign_id)
    if not found:
        return ()
    letters = verdicts.letters_of(connection, campaign_id)
    return tuple(
        Counted(
            reason, reports, hard, reports / max(letters, reports),
            advice_about(Reason(reason)),
        )
        for reason, reports, hard in found
    )  # fmt: skip

"""What came back, counted and listed, with the advice that follows."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.model.notice import Reason
from mailer.store import incoming as store
from mailer.store.database import Database
from mailer.store.incoming import Judged

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


def stats(database: Database, by: str, days: int, now: datetime) -> list[Counted]:
    """Count what came back in so many days, the most frequent first.

    Args:
        by: One of `GROUPS`.
    """
    with database.read() as connection:
        found = store.bounces(connection, now - timedelta(days=days))
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


def _advice(reasons: Counter[str]) -> str:
    """Advise by the most frequent reason."""
    (reason, _), *_ = reasons.most_common(1)
    return _ADVICE.get(Reason(reason), "")

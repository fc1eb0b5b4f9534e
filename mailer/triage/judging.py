"""Why a letter did not arrive: phrase, status code and the moment of the refusal together.

A status code alone is wrong for one report in seven, a phrase alone for one in six: servers
say 5.1.1 of a full mailbox and "user unknown" of a letter that a filter did not like. So a
phrase goes before a code, and "no such user" counts as that when it was said to RCPT, or
with a code of its own; said after the content, a filter may be speaking.

Sources: RFC 3463 §3, RFC 5248 §2.4, RFC 7372 §3, RFC 7505 §4.2.
"""

import re

from mailer.model.notice import Action, Concerned, Reason, is_hard
from mailer.triage.finding import Finding, Refused
from mailer.triage.knowledge import Knowledge
from mailer.triage.phrasebook import Rule, normal
from mailer.triage.signs import Signs

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.:#-])([245]\d\d)(?=[\s-]|$)")
_SHOWN_AT_MOST = 500
_UNFIT = re.compile("[\0\ud800-\udfff]")
"""What no database holds in a text."""

_BY_STATUS = {
    "1.0": Reason.USER_UNKNOWN, "1.1": Reason.USER_UNKNOWN, "1.2": Reason.HOST_UNKNOWN,
    "1.3": Reason.USER_UNKNOWN, "1.4": Reason.FILTERED, "1.6": Reason.HAS_MOVED,
    "1.7": Reason.REJECTED, "1.8": Reason.REJECTED, "1.9": Reason.SYSTEM_ERROR,
    "1.10": Reason.NOT_ACCEPT, "1.20": Reason.USER_UNKNOWN, "1.351": Reason.USER_UNKNOWN,
    "2.0": Reason.FILTERED, "2.1": Reason.SUSPEND, "2.2": Reason.MAILBOX_FULL,
    "2.3": Reason.EXCEED_LIMIT, "2.4": Reason.FILTERED,
    "3.0": Reason.SYSTEM_ERROR, "3.1": Reason.SYSTEM_FULL, "3.2": Reason.NOT_ACCEPT,
    "3.3": Reason.SYSTEM_ERROR, "3.4": Reason.MESSAGE_TOO_BIG, "3.5": Reason.SYSTEM_ERROR,
    "4.0": Reason.NETWORK_ERROR, "4.1": Reason.EXPIRED, "4.2": Reason.NETWORK_ERROR,
    "4.3": Reason.NETWORK_ERROR, "4.4": Reason.HOST_UNKNOWN, "4.5": Reason.NETWORK_ERROR,
    "4.6": Reason.NETWORK_ERROR, "4.7": Reason.EXPIRED, "4.8": Reason.NETWORK_ERROR,
    "4.14": Reason.NETWORK_ERROR, "4.310": Reason.HOST_UNKNOWN,
    "4.312": Reason.NETWORK_ERROR, "4.316": Reason.EXPIRED,
    "5.2": Reason.SYNTAX_ERROR, "5.3": Reason.SYNTAX_ERROR, "5.4": Reason.SYNTAX_ERROR,
    "6.0": Reason.CONTENT_ERROR, "6.9": Reason.CONTENT_ERROR,
    "7.0": Reason.SECURITY_ERROR, "7.1": Reason.REJECTED, "7.9": Reason.SECURITY_ERROR,
    "7.13": Reason.SUSPEND, "7.17": Reason.HAS_MOVED, "7.18": Reason.HAS_MOVED,
    "7.20": Reason.AUTH_FAILURE, "7.21": Reason.AUTH_FAILURE, "7.22": Reason.AUTH_FAILURE,
    "7.23": Reason.AUTH_FAILURE, "7.24": Reason.AUTH_FAILURE, "7.29": Reason.AUTH_FAILURE,
    "7.25": Reason.REQUIRE_PTR, "7.26": Reason.AUTH_FAILURE, "7.27": Reason.NOT_ACCEPT,
    "7.28": Reason.SPEEDING, "7.30": Reason.AUTH_FAILURE, "7.515": Reason.AUTH_FAILURE,
    "7.606": Reason.BLOCKED, "7.650": Reason.BAD_REPUTATION,
}  # fmt: skip
"""What the last two numbers of a status stand for, where no phrase says more."""

_BY_SUBJECT = {"6.": Reason.CONTENT_ERROR, "7.": Reason.SECURITY_ERROR}
"""What the middle number of a status says where its last is not known (RFC 3463 §3)."""

_VAGUE_STATUSES = frozenset({"3.0", "4.0", "5.2", "5.3", "5.4", "7.0", "7.1", "7.9"})
"""Codes that say no more than the vaguest words."""

_BY_REPLY = {
    "551": Reason.HAS_MOVED, "552": Reason.EXCEED_LIMIT,
    "556": Reason.NOT_ACCEPT, "421": Reason.EXPIRED,
    "450": Reason.EXPIRED, "451": Reason.EXPIRED, "452": Reason.SYSTEM_FULL,
}  # fmt: skip

_ABOUT_THE_PERSON = frozenset({Reason.USER_UNKNOWN, Reason.HAS_MOVED, Reason.HOST_UNKNOWN})

_ABOUT_OTHERS = frozenset({Reason.FILTERED, Reason.REJECTED})
"""What statuses x.1.y say that are not about the address (RFC 3463 §3.2)."""

_ABOUT_A_NAME = frozenset({Reason.HAS_MOVED, Reason.HOST_UNKNOWN})
"""What is said of a name: ours, when it was said to MAIL."""


def concerned(finding: Finding, knowledge: Knowledge) -> Concerned:
    """Judge what a report says of one recipient."""
    said = normal(finding.said)
    status = _status(finding.status, said)
    temporary = status.startswith("4") or (not status and _reply(said).startswith("4"))
    reason = _reason(finding, said, status, knowledge)
    if reason is Reason.HOST_UNKNOWN and temporary:
        # The report itself does not take it for the last word.
        reason = Reason.NETWORK_ERROR
    failed = finding.action in {Action.FAILED, Action.NONE}
    return Concerned(
        finding.original or finding.address,
        failed and is_hard(reason, temporary=temporary),
        reason,
        status,
        finding.action,
        " ".join(_UNFIT.sub("", finding.said).split())[:_SHOWN_AT_MOST],
    )


def _reason(finding: Finding, said: str, status: str, knowledge: Knowledge) -> Reason:
    if finding.action in {Action.DELIVERED, Action.RELAYED, Action.EXPANDED}:
        return Reason.DELIVERED
    if finding.reason is not None:
        return finding.reason
    by_status = _BY_STATUS.get(status[2:])
    says_more = by_status is not None and status[2:] not in _VAGUE_STATUSES
    rule = knowledge.book.find(said)
    if rule is not None and not (rule.vague and says_more):
        return _by_rule(rule, finding, said, status, knowledge.signs)
    if finding.action is Action.DELAYED:
        return Reason.EXPIRED
    return by_status or _by_words_around(finding, said, status, knowledge)


def _by_words_around(
    finding: Finding, said: str, status: str, knowledge: Knowledge
) -> Reason:
    """Judge by what the report says in its own words, where the server said nothing."""
    around = normal(finding.around)
    rule = knowledge.book.find(around)
    if rule is not None:
        status = status or _status("", around)
        return _by_rule(rule, finding, around, status, knowledge.signs)
    by_subject = _BY_SUBJECT.get(status[2:4], Reason.UNDEFINED)
    return _BY_REPLY.get(_reply(said), by_subject)


def _by_rule(rule: Rule, finding: Finding, said: str, status: str, signs: Signs) -> Reason:
    if rule.unknown_user:
        return _of_the_user(rule, finding, said, status, signs)
    if rule.reason in _ABOUT_A_NAME and signs.stage(said) is Refused.SENDER:
        return Reason.REJECTED
    return rule.reason


def _of_the_user(
    rule: Rule, finding: Finding, said: str, status: str, signs: Signs
) -> Reason:
    """Say whether "no such user" is meant as it is said."""
    if said.startswith("x-unix"):
        return Reason.MAILER_ERROR  # A program's words about its own user.
    after = finding.after or signs.stage(said) or signs.stage(normal(finding.around))
    if after is Refused.SENDER:
        return Reason.REJECTED  # It is the sender who is not known there.
    if rule.certain or after is Refused.RECIPIENT or _names_the_address(status):
        return Reason.USER_UNKNOWN
    # Words alone are no proof: what filters don't like is "unknown" to many servers. Old
    # ones and Microsoft's say 5.5.0 of users whom they don't know.
    if after is Refused.UNSAID and status[2:] == "5.0":
        return Reason.USER_UNKNOWN
    return Reason.FILTERED


def _names_the_address(status: str) -> bool:
    """Say whether a status is about the address, or about where it has gone."""
    reason = _BY_STATUS.get(status[2:])
    addressing = status[2:].startswith("1.") and reason not in _ABOUT_OTHERS
    return addressing or reason in _ABOUT_THE_PERSON


def _status(field: str, said: str) -> str:
    """Return the status that says most: the server's own, before the reporter's.

    Reporters write what they took it for: Sendmail 5.1.1 after every refused RCPT, others
    4.4.7 when their patience ended. What ends in .0.0 gives way to anything.
    """
    match = _STATUS.search(field)
    given = match[1] if match else ""
    if given.startswith("2"):
        return given
    for one in _STATUS.finditer(said):
        if not one[1].endswith(".0.0") and not one[1].startswith("2"):
            return one[1]
    return given


def _reply(said: str) -> str:
    match = _REPLY.search(said)
    return match[1] if match else ""

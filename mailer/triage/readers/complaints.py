"""Complaints: the standard feedback report, and what providers send instead of it.

Sources: RFC 5965 §3, RFC 6591 §3 (authentication failures). Microsoft's JMRP and Apple send
the letter without a report part; who complained stands in a field of their own, or nowhere.
"""

import re

from mailer.model.notice import Action, Reason
from mailer.triage.addresses import in_text, mailboxes, of_field
from mailer.triage.finding import Finding, Reading
from mailer.triage.message import Message
from mailer.triage.mime import Part, read_fields

_RECIPIENTS_AT_MOST = 200
_REPORT_KINDS = frozenset({"message/feedback-report", "message/feedbackreport"})
_FORWARDED = re.compile(r"\s*(?:fwd?|wg|tr|vs|sv|re|aw)\s*:", re.IGNORECASE)
"""People pass on what they got; who reports a letter writes a subject of their own."""
_IN_TEXT = re.compile(r"^feedback-type[ \t]*:[ \t]*[a-z]", re.IGNORECASE | re.MULTILINE)
_SUBJECT = re.compile(
    r"^\s*(?:complaint about message from|email feedback report|abuse report|"
    r"email abuse report|spam report|fbl report|feedback report)",
    re.IGNORECASE,
)
_TEXT = re.compile(
    r"this is an?\b.{0,40}\babuse report for an email message|email feedback report"
    r"|reported (?:it|this message|the following message) as (?:spam|junk|abuse)"
    r"|marked (?:it|this message|your message) as (?:spam|junk)",
    re.IGNORECASE,
)
_COMPLAINERS = (
    "x-hmxmroriginalrecipient",
    "x-original-rcpt-to",
    "x-rcpt-to",
    "x-envelope-to",
)
_UNKNOWN = re.compile(r"^(?:redacted|undisclosed|unknown)?@?$", re.IGNORECASE)


def read_complaint(message: Message) -> tuple[Reading, str] | None:
    """Read a complaint; the second value is its kind of feedback, `abuse` mostly."""
    for part in message.part.walk():
        if part.kind in _REPORT_KINDS:
            return _standard(
                read_fields(_fields(part)), message, "a feedback report (RFC 5965)"
            )
    if _IN_TEXT.search(message.said):
        place = _IN_TEXT.search(message.said)
        assert place is not None
        began = message.said.rfind("\n\n", 0, place.start())
        fields = read_fields(message.said[began + 2 if began >= 0 else 0 :].lstrip("\n"))
        if (
            fields.has("feedback-type")
            and (message.returned is not None or fields.has("user-agent"))
            and not _FORWARDED.match(message.subject)
        ):
            return _standard(fields, message, "feedback fields in its text (RFC 5965)")
    return _odd(message)


def _fields(part: Part) -> str:
    return "\n".join(line for line in part.text().split("\n") if line.strip())


def _standard(fields: Part, message: Message, because: str) -> tuple[Reading, str]:
    named = [of_field(value) for value in fields.all("original-rcpt-to")]
    named += [of_field(value) for value in fields.all("removal-recipient")]
    feedback = fields.get("feedback-type").strip().lower() or "abuse"
    envelope_id = fields.get("original-envelope-id").strip()
    return _reading(named or _complainers(message), because, envelope_id), feedback


def _odd(message: Message) -> tuple[Reading, str] | None:
    """Read a letter that a provider sends back without a report about it."""
    if message.returned is None:
        return None
    marked = any(message.returned.has(name) for name in _COMPLAINERS[:1])
    asked = _SUBJECT.search(message.subject) is not None
    if not marked and not asked and not _TEXT.search(message.said[:3000]):
        return None
    if not marked and not (message.from_machine or asked):
        return None
    because = "a provider's complaint with our letter, without a report part"
    return _reading(_complainers(message), because, ""), "abuse"


def _complainers(message: Message) -> list[str]:
    """Return who got the letter that is complained about."""
    returned = message.returned
    if returned is None:
        return []
    for name in _COMPLAINERS:
        if found := [one for value in returned.all(name) for one in mailboxes(value)]:
            return found
    if found := mailboxes(returned.words("to")):
        return found
    for value in returned.all("received"):
        if match := re.search(r"\bfor\s+<?([^\s<>;]+@[^\s<>;]+)>?", value):
            return in_text(match[1])
    return []


def _reading(addresses: list[str], because: str, envelope_id: str) -> Reading:
    kept = [one for one in dict.fromkeys(addresses) if one and not _UNKNOWN.match(one)]
    return Reading(
        tuple(
            Finding(one, action=Action.NONE, reason=Reason.FEEDBACK)
            for one in kept[:_RECIPIENTS_AT_MOST]
        ),
        because,
        envelope_id,
    )

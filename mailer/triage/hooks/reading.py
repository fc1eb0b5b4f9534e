"""What an event of a provider means: its words in tables, one for each provider.

Words that are in no table are kept as what they are, and change nothing: `Report` without
anything that could tie it to a letter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailer.model.hook import Provider
from mailer.model.notice import (
    Action,
    AutoReply,
    Bounce,
    Clues,
    Complaint,
    Notice,
    Reason,
    Report,
    Unsubscribe,
)
from mailer.triage.finding import Finding
from mailer.triage.hooks.tables import (
    Table,
    as_table,
    parse,
    table,
    tables,
    text,
    texts,
)
from mailer.triage.judging import concerned
from mailer.triage.knowledge import Knowledge
from mailer.triage.readers.ses_notice import read_notification

_NAMES = {
    Provider.SES: "Amazon SES",
    Provider.SENDGRID: "SendGrid",
    Provider.MAILGUN: "Mailgun",
    Provider.POSTMARK: "Postmark",
}


class Means(StrEnum):
    """What a word of a provider stands for."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    TAKEN = "taken"
    """The provider has the letter, and nothing more is known."""
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    AUTOMATIC = "automatic"


_ACTIONS = {
    Means.FAILED: Action.FAILED, Means.DELAYED: Action.DELAYED,
    Means.DELIVERED: Action.DELIVERED, Means.TAKEN: Action.RELAYED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Told:
    """One event, read.

    Args:
        means: None for words that are in no table.
    """

    word: str
    means: Means | None
    findings: tuple[Finding, ...] = ()
    clues: Clues = Clues()  # noqa: RUF009 - frozen
    feedback: str = "abuse"


def read_event(provider: Provider, raw: bytes, knowledge: Knowledge) -> Notice:
    """Say what an event is. No bytes are an error."""
    told = _READERS[provider](as_table(parse(raw)))
    name = _NAMES[provider]
    because = f"an event of {name}: {told.word[:60]!r}"
    people = tuple(concerned(one, knowledge) for one in told.findings)
    match told.means:
        case None:
            return Report((), f"{because}, a word that is not known")
        case Means.FAILED:
            return Bounce(people, because, told.clues)
        case Means.COMPLAINT:
            return Complaint(people, because, told.feedback, told.clues)
        case Means.UNSUBSCRIBE:
            return Unsubscribe(people, because, plain_words=False, clues=told.clues)
        case Means.AUTOMATIC:
            return AutoReply(people, because, None, told.clues)
        case Means.DELAYED | Means.DELIVERED | Means.TAKEN:
            return Report(people, because, told.clues)


_SES = {
    "bounce": Means.FAILED, "complaint": Means.COMPLAINT, "delivery": Means.DELIVERED,
    "send": Means.TAKEN, "deliverydelay": Means.DELAYED, "reject": Means.FAILED,
    "subscription": Means.UNSUBSCRIBE,
}  # fmt: skip


def _ses(values: Table) -> _Told:
    """Read what Amazon SES publishes by SNS; older topics say `notificationType`."""
    word = text(values, "eventType", "notificationType")
    means = _SES.get(word.lower().replace(" ", ""))
    mail = table(values, "mail")
    ids = [
        text(one, "value")
        for one in tables(mail.get("headers"), 200)
        if text(one, "name").lower() == "message-id"
    ]
    clues = Clues((text(mail, "source"),), "", _bare(ids[:1]), _some(mail, "messageId"))
    reading = read_notification(values)
    findings = () if reading is None else reading[0].findings
    if not findings and means is not None and means in _ACTIONS:
        why = Reason.VIRUS_DETECTED if word.lower() == "reject" else None
        first = next(iter(texts(mail, "destination")), "")
        findings = (Finding(first, action=_ACTIONS[means], reason=why),) if first else ()
    feedback = text(table(values, "complaint"), "complaintFeedbackType").lower()
    return _Told(word, means, findings, clues, feedback or "abuse")


_SENDGRID = {
    "processed": Means.TAKEN, "deferred": Means.DELAYED, "delivered": Means.DELIVERED,
    "bounce": Means.FAILED, "dropped": Means.FAILED, "spamreport": Means.COMPLAINT,
    "unsubscribe": Means.UNSUBSCRIBE, "group_unsubscribe": Means.UNSUBSCRIBE,
}  # fmt: skip
_SENDGRID_DROPPED = {
    "bounced address": Reason.SUPPRESSED, "unsubscribed address": Reason.SUPPRESSED,
    "spam reporting address": Reason.SUPPRESSED, "invalid": Reason.SYNTAX_ERROR,
    "invalid smtpapi header": Reason.SYNTAX_ERROR, "spam content": Reason.SPAM_DETECTED,
    "recipient list over package quota": Reason.SPEEDING,
}  # fmt: skip


def _sendgrid(values: Table) -> _Told:
    """Read an event of SendGrid's Event Webhook."""
    word, said = text(values, "event"), text(values, "reason", "response")
    means = _SENDGRID.get(word.lower())
    dropped = word.lower() == "dropped"
    why = _SENDGRID_DROPPED.get(said.lower()) if dropped else None
    # X-Message-Id, and where it was worked on behind a point.
    relay_id = text(values, "sg_message_id").partition(".")[0]
    clues = Clues((), "", _bare([text(values, "smtp-id")]), (relay_id,) if relay_id else ())
    address, status = text(values, "email"), text(values, "status")
    return _Told(word, means, _one(address, means, status, said, why), clues)


_MAILGUN = {
    "accepted": Means.TAKEN, "delivered": Means.DELIVERED, "failed": Means.FAILED,
    "rejected": Means.FAILED, "complained": Means.COMPLAINT,
    "unsubscribed": Means.UNSUBSCRIBE,
}  # fmt: skip
_MAILGUN_WHY = {
    "suppress-bounce": Reason.SUPPRESSED, "suppress-unsubscribe": Reason.SUPPRESSED,
    "suppress-complaint": Reason.SUPPRESSED, "old": Reason.EXPIRED,
    "greylisted": Reason.EXPIRED,
}  # fmt: skip


def _mailgun(values: Table) -> _Told:
    """Read the `event-data` of a webhook of Mailgun."""
    word = text(values, "event")
    means = _MAILGUN.get(word.lower())
    if means is Means.FAILED and text(values, "severity").lower() == "temporary":
        means = Means.DELAYED
    status = table(values, "delivery-status")
    said = text(status, "message", "description") or text(table(values, "reject"), "reason")
    headers = table(table(values, "message"), "headers")
    sender = text(table(values, "envelope"), "sender")
    clues = Clues((sender,) if sender else (), "", _bare([text(headers, "message-id")]), ())
    code = text(status, "enhanced-code")
    why = _MAILGUN_WHY.get(text(values, "reason").lower())
    if means is Means.FAILED and word.lower() == "rejected":
        why = Reason.CONTENT_ERROR
    answer = f"{text(status, 'code')} {code} {said}".strip()
    found = _one(text(values, "recipient"), means, code, answer if said else "", why)
    return _Told(word, means, found, clues)


_POSTMARK = {
    "delivery": Means.DELIVERED, "bounce": Means.FAILED, "spamcomplaint": Means.COMPLAINT,
    "subscriptionchange": Means.UNSUBSCRIBE,
}  # fmt: skip
_POSTMARK_TYPES = {
    "transient": Means.DELAYED, "autoresponder": Means.AUTOMATIC,
    "challengeverification": Means.AUTOMATIC, "addresschange": Means.AUTOMATIC,
    "unsubscribe": Means.UNSUBSCRIBE, "spamcomplaint": Means.COMPLAINT,
    "hardbounce": Means.FAILED, "softbounce": Means.FAILED, "dnserror": Means.FAILED,
    "spamnotification": Means.FAILED, "virusnotification": Means.FAILED,
    "bademailaddress": Means.FAILED, "manuallydeactivated": Means.FAILED,
    "blocked": Means.FAILED, "dmarcpolicy": Means.FAILED, "smtpapierror": Means.FAILED,
    "templaterenderingfailed": Means.FAILED, "unknown": Means.FAILED,
}  # fmt: skip
_POSTMARK_WHY = {
    "spamnotification": Reason.SPAM_DETECTED, "virusnotification": Reason.VIRUS_DETECTED,
    "manuallydeactivated": Reason.SUPPRESSED, "blocked": Reason.BLOCKED,
    "dmarcpolicy": Reason.AUTH_FAILURE, "smtpapierror": Reason.SYNTAX_ERROR,
    "templaterenderingfailed": Reason.CONTENT_ERROR,
}  # fmt: skip


def _postmark(values: Table) -> _Told:
    """Read a webhook of Postmark."""
    word, kind = text(values, "RecordType"), text(values, "Type")
    means = _POSTMARK.get(word.lower())
    if means is Means.FAILED:
        word, means = f"{word} {kind}", _POSTMARK_TYPES.get(kind.lower())
    elif means is Means.UNSUBSCRIBE:
        asked_by = text(values, "SuppressionReason")
        word = f"{word} {asked_by}".strip()
        if values.get("SuppressSending") is not True:
            return _Told(word, None)  # They are written to again: only she can say so.
        means = Means.UNSUBSCRIBE if asked_by == "ManualSuppression" else None
    metadata = table(values, "Metadata")
    clues = Clues((), "", _bare([text(metadata, "letter")]), _some(values, "MessageID"))
    address = text(values, "Email", "Recipient")
    said = text(values, "Details", "Description")
    why = _POSTMARK_WHY.get(kind.lower())
    return _Told(word, means, _one(address, means, "", said, why), clues)


def _one(
    address: str, means: Means | None, status: str, said: str, why: Reason | None
) -> tuple[Finding, ...]:
    """Return what is said of one recipient."""
    if not address or means is None:
        return ()
    action = _ACTIONS.get(means, Action.NONE)
    if means is Means.COMPLAINT:
        why = Reason.FEEDBACK
    return (Finding(address, action=action, status=status, said=said, reason=why),)


def _bare(ids: list[str]) -> tuple[str, ...]:
    """Return Message-IDs without their angle brackets."""
    return tuple(one.strip().strip("<>") for one in ids if one)


def _some(values: Table, key: str) -> tuple[str, ...]:
    found = text(values, key)
    return (found,) if found else ()


_READERS: Mapping[Provider, Callable[[Table], _Told]] = {
    Provider.SES: _ses,
    Provider.SENDGRID: _sendgrid,
    Provider.MAILGUN: _mailgun,
    Provider.POSTMARK: _postmark,
}

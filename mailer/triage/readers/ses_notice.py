"""What Amazon SES tells by mail: the JSON of its notifications, also wrapped by SNS."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from mailer.model.notice import Action, Reason
from mailer.triage.addresses import of_field
from mailer.triage.finding import Finding, Reading
from mailer.triage.message import Message

_RECIPIENTS_AT_MOST = 200
_SUBTYPES = {
    "noemail": Reason.USER_UNKNOWN, "suppressed": Reason.SUPPRESSED,
    "onaccountsuppressionlist": Reason.SUPPRESSED, "mailboxfull": Reason.MAILBOX_FULL,
    "messagetoolarge": Reason.MESSAGE_TOO_BIG, "contentrejected": Reason.CONTENT_ERROR,
    "attachmentrejected": Reason.SECURITY_ERROR,
}  # fmt: skip


def read_ses_notice(message: Message) -> tuple[Reading, str] | None:
    """Read a notification; the second value is `bounce`, `complaint` or `report`."""
    text = message.said
    began = text.find("{")
    if began < 0 or '"' not in text or not _names_one(text):
        return None
    if text[:began].strip() and not message.from_machine:
        return None  # A person says something, and shows us a notification.
    try:
        # Mail systems fold long lines inside of texts, which strict JSON does not allow.
        found, _ = json.JSONDecoder(strict=False).raw_decode(text[began:])
        values = _as_table(found)
        if wrapped := _text(values, "Message"):
            values = _as_table(json.loads(wrapped, strict=False))
    except (ValueError, RecursionError):
        return None
    return read_notification(values)


def _names_one(text: str) -> bool:
    return any(word in text for word in ("notificationType", "eventType", "bounceType"))


def read_notification(values: Mapping[str, Any]) -> tuple[Reading, str] | None:
    """Read a notification's table; the second value is as `read_ses_notice` has it."""
    kind = str(values.get("notificationType") or values.get("eventType") or "").lower()
    because = "a notification of Amazon SES"
    relay_id = _text(_table(values, "mail"), "messageId")
    ids = (relay_id,) if relay_id else ()
    if kind == "bounce":
        return Reading(
            tuple(_bounced(_table(values, "bounce"))), because, "", ids
        ), "bounce"
    if kind == "complaint":
        who = _each(_table(values, "complaint"), "complainedRecipients")
        them = [Finding(to, action=Action.NONE, reason=Reason.FEEDBACK) for to, _ in who]
        return Reading(tuple(them), because, "", ids), "complaint"
    if kind == "delivery":
        delivery = _table(values, "delivery")
        found = [of_field(str(one)) for one in _list(delivery, "recipients")]
        said = _text(delivery, "smtpResponse")
        return Reading(
            tuple(Finding(to, action=Action.DELIVERED, said=said) for to in found if to),
            because, "", ids,
        ), "report"  # fmt: skip
    return None


def _bounced(bounce: Mapping[str, Any]) -> Iterator[Finding]:
    reason = _SUBTYPES.get(_text(bounce, "bounceSubType").lower())
    for address, one in _each(bounce, "bouncedRecipients"):
        yield Finding(
            address,
            status=_text(one, "status"),
            said=_text(one, "diagnosticCode").removeprefix("smtp;").strip(),
            reason=reason,
        )


def _each(table: Mapping[str, Any], key: str) -> list[tuple[str, Mapping[str, Any]]]:
    return [
        (address, one)
        for one in map(_as_table, _list(table, key))
        if (address := of_field(_text(one, "emailAddress")))
    ]


def _list(values: Mapping[str, Any], key: str) -> list[object]:
    found = values.get(key)
    return (
        cast("list[object]", found)[:_RECIPIENTS_AT_MOST] if isinstance(found, list) else []
    )


def _table(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return _as_table(values.get(key))


def _as_table(found: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _text(values: Mapping[str, Any], key: str) -> str:
    found = values.get(key)
    return found if isinstance(found, str) else ""

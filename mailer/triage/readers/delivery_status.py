"""The standard report: a part that says for each recipient what became of the letter.

Sources: RFC 3464 §2, RFC 6533 §4 (the same in UTF-8). Departures that real systems make are
read too: addresses without their kind, fields in the text instead of a part, several
reports in one part, brackets, source routes, pipes.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice

from mailer.model.notice import Action, Reason
from mailer.triage.addresses import in_text, of_field, same
from mailer.triage.finding import Finding, Reading
from mailer.triage.message import Message
from mailer.triage.mime import Part

_GROUPS_AT_MOST = 1000
"""Each is about one recipient, but for the first of a part."""
_ID_AT_MOST = 200
_LONG = frozenset({"diagnostic-code", "status"})
"""Fields with a server's answer of several lines, which some fold badly."""
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]*:[ \t]*(.*)")
_IN_TEXT = re.compile(
    r"^(?:final|original)-recipient[ \t]*:.*@", re.IGNORECASE | re.MULTILINE
)
# Dovecot's delivery agent says why in its text, and 5.1.1 in its fields.
REJECTED_BY_RULE = re.compile(r"was automatically rejected:\s*(.{1,300})", re.IGNORECASE)
_ACTION = re.compile(r"[a-z]+")

_ACTIONS = {
    "failed": Action.FAILED, "failure": Action.FAILED, "delayed": Action.DELAYED,
    "delay": Action.DELAYED, "delivered": Action.DELIVERED, "deliverable": Action.DELIVERED,
    "relayed": Action.RELAYED, "expanded": Action.EXPANDED,
}  # fmt: skip

# PowerMTA says its own opinion beside the code.
_CATEGORIES = {
    "bad-domain": Reason.HOST_UNKNOWN, "bad-mailbox": Reason.USER_UNKNOWN,
    "inactive-mailbox": Reason.SUSPEND, "quota-issues": Reason.MAILBOX_FULL,
    "message-expired": Reason.EXPIRED, "no-answer-from-host": Reason.NETWORK_ERROR,
    "bad-connection": Reason.NETWORK_ERROR, "routing-errors": Reason.NETWORK_ERROR,
    "policy-related": Reason.POLICY_VIOLATION, "spam-related": Reason.SPAM_DETECTED,
    "virus-related": Reason.VIRUS_DETECTED, "content-related": Reason.CONTENT_ERROR,
    "relaying-issues": Reason.NO_RELAYING, "protocol-errors": Reason.SYNTAX_ERROR,
    "bad-configuration": Reason.SYSTEM_ERROR,
}  # fmt: skip


class _Rest:
    """What a report says beside its fields, looked through once for all recipients."""

    def __init__(self, message: Message) -> None:
        self._own = (*message.addressed_to, message.sender)
        self._said = message.said
        self._small = message.said.lower()
        self._message = message

    @cached_property
    def rejected(self) -> str | None:
        """Why a rule of the recipient's refused the letter; None where none did."""
        own = REJECTED_BY_RULE.search(self._said)
        return own[1] if own is not None else None

    @cached_property
    def address(self) -> str:
        """The first address in its text that is not the report's own, or ""."""
        return self.first_in(self._said)

    @cached_property
    def returned_to(self) -> list[str]:
        """The addresses that the returned letter was written to."""
        return self._message.returned_to

    def first_in(self, text: str) -> str:
        """Return the first address in a text that is not the report's own, or ""."""
        own = {one.casefold() for one in self._own}
        return next((one for one in in_text(text) if one.casefold() not in own), "")

    def around(self, address: str) -> str:
        """Return what the text says of an address, or all of it when it is short."""
        place = self._small.find(address.lower())
        if place < 0:
            return self._said[:1500]
        return self._said[max(0, place - 300) : place + 1200]


def read_delivery_status(message: Message) -> Reading | None:
    """Read the delivery status part, or one that stands in the text."""
    texts = [_text_of(part) for part in message.statuses]
    because = "a delivery status part (RFC 3464)"
    if not texts and _IN_TEXT.search(message.said) and message.from_machine:
        texts = [message.said]
        because = "delivery status fields in its text (RFC 3464)"
    findings: list[Finding] = []
    envelope_id, queue_id = "", ""
    rest = _Rest(message)
    groups = (fields for text in texts for fields in _groups(text))
    for fields in islice(groups, _GROUPS_AT_MOST):
        envelope_id = envelope_id or fields.get("original-envelope-id", "")
        queue_id = queue_id or fields.get("x-postfix-queue-id", "").strip()
        finding = _finding(fields, rest)
        if finding is not None:
            findings.append(finding)
    if not findings:
        return None
    relay_ids = (queue_id[:_ID_AT_MOST],) if queue_id else ()
    return Reading(_each_once(findings), because, envelope_id, relay_ids)


def _text_of(part: Part) -> str:
    # Some pack each group of fields into a part of its own.
    inner = "\n\n".join(_text_of(one) for one in part.parts)
    return inner or part.text()


def _groups(text: str) -> Iterator[dict[str, str]]:
    """Go through the groups of fields; the first of a name wins."""
    fields: dict[str, str] = {}
    last = ""
    for line in [*text.split("\n"), ""]:
        match = _FIELD.match(line)
        name = match[1].lower() if match else ""
        if not line.strip() or _begins_another(name, fields):
            if fields:
                yield fields
            fields, last = {}, ""
        if match is not None:
            last = name if name not in fields else f"{name} again"
            fields[last] = match[2]
        elif line.strip() and last and (line[0] in " \t" or last in _LONG):
            fields[last] += f" {line.strip()}"


def _begins_another(name: str, fields: dict[str, str]) -> bool:
    """Say whether a field begins another recipient's group without an empty line."""
    return (
        name in {"final-recipient", "original-recipient"}
        and name in fields
        and "action" in fields
    )


def _finding(fields: dict[str, str], rest: _Rest) -> Finding | None:
    names = ("final-recipient", "original-recipient", "x-actual-recipient")
    if not any(name in fields for name in names):
        return None
    final = of_field(fields.get("final-recipient", ""))
    original = of_field(fields.get("original-recipient", ""))
    actual = of_field(fields.get("x-actual-recipient", ""))
    address = final or original or actual or _from_the_rest(fields, rest)
    if not address:
        return None
    said = fields.get("diagnostic-code", "")
    said = re.sub(
        r"^\s*(?:smtp|x-[a-z]+|unknown|lmtp)\s*;\s*", "", said, flags=re.IGNORECASE
    )
    said = said if rest.rejected is None else rest.rejected
    if "x-unix" in fields.get("diagnostic-code", "").lower():
        said = f"x-unix; {said}"
    match = _ACTION.search(fields.get("action", "").lower())
    action = _action(match[0] if match else "", fields.get("status", ""))
    status = fields.get("status", "")
    category = fields.get("x-powermta-bouncecategory", "").strip().lower()
    return Finding(
        address,
        original if original and not same(original, address) else "",
        action,
        status,
        " ".join(part for part in (said, _comment(status)) if part),
        around=rest.around(address),
        reason=_CATEGORIES.get(category),
    )


def _action(word: str, status: str) -> Action:
    if word in _ACTIONS:
        return _ACTIONS[word]
    return Action.DELIVERED if status.strip().startswith("2") else Action.FAILED


def _comment(status: str) -> str:
    match = re.search(r"\((.{3,300})\)", status)
    return match[1] if match and "undefined" not in match[1] else ""


def _from_the_rest(fields: dict[str, str], rest: _Rest) -> str:
    """Find the address where the field has a pipe, a local name or nothing."""
    if address := rest.first_in(fields.get("diagnostic-code", "")) or rest.address:
        return address
    local = re.sub(r"^[^;]*;", "", fields.get("final-recipient", "")).strip().strip("<>")
    for address in rest.returned_to:
        if not local or same(address.partition("@")[0], local):
            return address
    return rest.returned_to[0] if len(rest.returned_to) == 1 else ""


def _each_once(findings: list[Finding]) -> tuple[Finding, ...]:
    """Drop repetitions; the last word on a recipient counts, failures before delays."""
    kept: dict[tuple[str, str], Finding] = {}
    for one in findings:
        key = (one.address.lower(), one.original.lower())
        known = kept.get(key)
        if known is None or (
            known.action is not Action.FAILED and one.action is Action.FAILED
        ):
            kept[key] = one
    return tuple(kept.values())

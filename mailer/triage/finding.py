"""What a reader found in a report, before it is judged."""

from dataclasses import dataclass
from enum import StrEnum

from mailer.model.notice import Action, Reason


class Refused(StrEnum):
    """After which command the other side refused, as far as the report says."""

    UNSAID = ""
    CONNECT = "connect"
    SENDER = "mail"
    RECIPIENT = "rcpt"
    CONTENT = "data"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a report says of one recipient.

    Args:
        address: Whom the report names; for a forwarded letter the last address.
        original: Whom the letter was addressed to, where the report says so.
        status: As the report's own field has it, or "".
        said: What the mail server said.
        around: What the report says in its own words, asked when `said` says nothing.
        reason: When the format leaves no doubt.
    """

    address: str
    original: str = ""
    action: Action = Action.FAILED
    status: str = ""
    said: str = ""
    around: str = ""
    after: Refused = Refused.UNSAID
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader made of a message.

    Args:
        because: Such as "RFC 3464 delivery status" or "Exim's words".
    """

    findings: tuple[Finding, ...]
    because: str
    envelope_id: str = ""
    relay_ids: tuple[str, ...] = ()

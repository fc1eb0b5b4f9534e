"""What an incoming message is: a closed union, and the words for what it reports.

A notice says what a message means and what could tie it to a letter of ours. It changes
nothing by itself: that is a verdict's business, and needs proof that the letter was ours.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Action(StrEnum):
    """What a report says became of a letter (RFC 3464 §2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"
    NONE = ""


class Reason(StrEnum):
    """Why a letter did not arrive, or why a machine wrote."""

    AUTH_FAILURE = "authfailure"
    BAD_REPUTATION = "badreputation"
    BLOCKED = "blocked"
    CONTENT_ERROR = "contenterror"
    DELIVERED = "delivered"
    EXCEED_LIMIT = "exceedlimit"
    EXPIRED = "expired"
    FAILED_STARTTLS = "failedstarttls"
    FEEDBACK = "feedback"
    FILTERED = "filtered"
    HAS_MOVED = "hasmoved"
    HOST_UNKNOWN = "hostunknown"
    MAILBOX_FULL = "mailboxfull"
    MAILER_ERROR = "mailererror"
    MESSAGE_TOO_BIG = "mesgtoobig"
    NETWORK_ERROR = "networkerror"
    NO_RELAYING = "norelaying"
    NOT_ACCEPT = "notaccept"
    NOT_COMPLIANT = "notcompliantrfc"
    ON_HOLD = "onhold"
    POLICY_VIOLATION = "policyviolation"
    REJECTED = "rejected"
    REQUIRE_PTR = "requireptr"
    SECURITY_ERROR = "securityerror"
    SPAM_DETECTED = "spamdetected"
    SPEEDING = "speeding"
    SUPPRESSED = "suppressed"
    SUSPEND = "suspend"
    SYNTAX_ERROR = "syntaxerror"
    SYSTEM_ERROR = "systemerror"
    SYSTEM_FULL = "systemfull"
    TOO_MANY_CONNECTIONS = "toomanyconn"
    UNDEFINED = "undefined"
    USER_UNKNOWN = "userunknown"
    VACATION = "vacation"
    VIRUS_DETECTED = "virusdetected"


_ALWAYS_HARD = frozenset({Reason.USER_UNKNOWN, Reason.HOST_UNKNOWN, Reason.HAS_MOVED})


def is_hard(reason: Reason, *, temporary: bool) -> bool:
    """Say whether the mailbox or domain does not exist, takes no mail or has moved.

    Args:
        temporary: The report's own code begins with a 4: a host that takes no mail today
            may take some tomorrow.
    """
    return reason in _ALWAYS_HARD or (reason is Reason.NOT_ACCEPT and not temporary)


@dataclass(frozen=True, slots=True)
class Concerned:
    """One recipient that a message speaks of.

    Args:
        address: As the report spells it; the one that we wrote to where it names both.
        hard: The mailbox or domain does not exist, takes no mail or has moved.
        status: `x.y.z` of RFC 3463, or "" where the report has none.
        diagnostic: What the mail server said, in one line, or "".
    """

    address: str
    hard: bool
    reason: Reason
    status: str = ""
    action: Action = Action.NONE
    diagnostic: str = ""


@dataclass(frozen=True, slots=True)
class Clues:
    """What in a message could tie it to a letter of ours; nothing here is proven.

    Args:
        addressed_to: The addresses that it came to, where our return paths are.
        envelope_id: Of the report (RFC 3464 §2.2.1).
        message_ids: Of the returned letter, or what it answers, without angle brackets.
        relay_ids: By which a relay or service calls the letter.
    """

    addressed_to: tuple[str, ...] = ()
    envelope_id: str = ""
    message_ids: tuple[str, ...] = ()
    relay_ids: tuple[str, ...] = ()


NO_CLUES = Clues()


@dataclass(frozen=True, slots=True)
class Bounce:
    """A letter did not arrive, says a mail server."""

    recipients: tuple[Concerned, ...]
    because: str
    clues: Clues = NO_CLUES


@dataclass(frozen=True, slots=True)
class Report:
    """A letter is late, arrived, or was passed on: no bounce."""

    recipients: tuple[Concerned, ...]
    because: str
    clues: Clues = NO_CLUES


@dataclass(frozen=True, slots=True)
class Complaint:
    """Someone called a letter unwanted, says their provider (RFC 5965).

    Args:
        feedback: `abuse`, `fraud`, `opt-out`, `not-spam`, `auth-failure`, …
    """

    recipients: tuple[Concerned, ...]
    because: str
    feedback: str = "abuse"
    clues: Clues = NO_CLUES


@dataclass(frozen=True, slots=True)
class AutoReply:
    """A machine answers in somebody's stead (RFC 3834).

    Args:
        back_on: The day on which they are back, when the answer says one.
    """

    recipients: tuple[Concerned, ...]
    because: str
    back_on: date | None = None
    clues: Clues = NO_CLUES


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Someone wants no more letters.

    Args:
        plain_words: It is said in words only, so that a person must look at it.
    """

    recipients: tuple[Concerned, ...]
    because: str
    plain_words: bool = True
    clues: Clues = NO_CLUES


@dataclass(frozen=True, slots=True)
class Challenge:
    """A machine asks us to prove that we are a person. Nobody answers it."""

    recipients: tuple[Concerned, ...]
    because: str
    clues: Clues = NO_CLUES


@dataclass(frozen=True, slots=True)
class OwnLetter:
    """A letter of ours that came back to us as it was."""

    recipients: tuple[Concerned, ...]
    because: str
    clues: Clues = NO_CLUES


@dataclass(frozen=True, slots=True)
class Spam:
    """Something that a filter before us marked as unwanted."""

    recipients: tuple[Concerned, ...]
    because: str
    clues: Clues = NO_CLUES


@dataclass(frozen=True, slots=True)
class Human:
    """A person wrote, or what we can't tell from one: someone will read it."""

    recipients: tuple[Concerned, ...]
    because: str
    clues: Clues = NO_CLUES


Notice = (
    Bounce
    | Complaint
    | Report
    | AutoReply
    | Unsubscribe
    | Challenge
    | OwnLetter
    | Spam
    | Human
)

KINDS: dict[type[Notice], str] = {
    Bounce: "bounce",
    Complaint: "complaint",
    Report: "report",
    AutoReply: "auto_reply",
    Unsubscribe: "unsubscribe",
    Challenge: "challenge",
    OwnLetter: "own",
    Spam: "spam",
    Human: "human",
}
"""What each is called outside the program."""

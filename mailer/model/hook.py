"""What services that take our letters tell us by HTTP, and what proves them."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Provider(StrEnum):
    """A service that posts events about letters."""

    SES = "ses"
    SENDGRID = "sendgrid"
    MAILGUN = "mailgun"
    POSTMARK = "postmark"


CHANNEL = "hook-"
"""How the channel of what came by a hook begins; its provider's name follows."""


def provider_of(channel: str) -> Provider | None:
    """Return whose hook something came by; None when it came as mail."""
    name = channel.removeprefix(CHANNEL)
    known = name != channel and name in set(Provider)
    return Provider(name) if known else None


@dataclass(frozen=True, slots=True)
class HookKeys:
    """By what each provider proves itself; what is empty takes nothing.

    Args:
        ses_topics: The topics of Amazon SNS that are ours.
        sendgrid: The public key that requests are signed with, DER in base64.
        mailgun: The signing key of the account.
        postmark: `user:password`, which stands in the hook's address at Postmark.
        max_age: What was signed longer ago is not taken.
    """

    ses_topics: frozenset[str] = frozenset()
    sendgrid: str = ""
    mailgun: str = ""
    postmark: str = ""
    max_age: timedelta = timedelta(days=3)

    def has(self, provider: Provider) -> bool:
        """Say whether a provider's hook is set up."""
        match provider:
            case Provider.SES:
                return bool(self.ses_topics)
            case Provider.SENDGRID:
                return bool(self.sendgrid)
            case Provider.MAILGUN:
                return bool(self.mailgun)
            case Provider.POSTMARK:
                return bool(self.postmark)


@dataclass(frozen=True, slots=True)
class HookEvent:
    """One thing that a provider tells, as it is kept.

    Args:
        id: The same each time that the provider tells it.
    """

    id: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Proven:
    """A request that its provider signed.

    Args:
        once: What may come with these events only, for ever; "" where the signature
            covers them.
    """

    events: tuple[HookEvent, ...]
    once: str = ""


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """Amazon SNS asks whether we want a topic of ours: by asking for this address."""

    url: str


@dataclass(frozen=True, slots=True)
class Unproven:
    """A request that proves nothing; nobody's state changes.

    Args:
        because: For our log; it holds nothing of what was sent.
    """

    because: str


Proof = Proven | ToConfirm | Unproven

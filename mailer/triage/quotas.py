"""How many acknowledgements may go out: the net under all other rules.

Robots without any mark, which change their address with each message, are only stopped by
counting: by address, by domain, by domain and subject, and by mailbox.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from mailer.triage.acknowledging import Silence

RULE = 13
ADDRESS_SOON = timedelta(minutes=10)
ADDRESS = timedelta(hours=24)
DOMAIN = timedelta(hours=1)
SUBJECT = timedelta(hours=24)
MAILBOX = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Quotas:
    """How many acknowledgements may go out in each of the times above."""

    address_soon: int = 1
    address: int = 3
    domain: int = 20
    subject: int = 2
    mailbox: int = 200


SERIES_A_DAY = 10
"""So many letters of a story one address gets in a day, however often it answers."""


def for_series(quotas: Quotas) -> Quotas:
    """Return the quotas for a story: its own limit stands for those of one address.

    That of the subject too, because each answer of a story has the same. What stops a whole
    domain or mailbox holds.
    """
    return replace(
        quotas, address_soon=SERIES_A_DAY, address=SERIES_A_DAY, subject=SERIES_A_DAY
    )


@dataclass(frozen=True, slots=True)
class Recent:
    """How many went out lately.

    Args:
        address_soon: To this address, from this mailbox, within `ADDRESS_SOON`.
        address: To this address within `ADDRESS`.
        domain: To this domain within `DOMAIN`.
        subject: To this domain about this subject within `SUBJECT`.
        mailbox: From this mailbox within `MAILBOX`.
    """

    address_soon: int = 0
    address: int = 0
    domain: int = 0
    subject: int = 0
    mailbox: int = 0


@dataclass(frozen=True, slots=True)
class Over(Silence):
    """A quota is used up.

    Args:
        alarm: The whole mailbox has stopped, and somebody has to look.
    """

    alarm: bool = False


def over(recent: Recent, quotas: Quotas, *, free_mail: bool) -> Over | None:
    """Return the quota that one more would break, or None.

    Args:
        free_mail: Strangers share the domain, so that it counts for nobody.
    """
    found = [
        why
        for many, most, why in (
            (
                recent.address_soon,
                quotas.address_soon,
                "they got one less than ten minutes ago",
            ),
            (recent.address, quotas.address, f"they got {recent.address} in 24 hours"),
            (
                0 if free_mail else recent.domain,
                quotas.domain,
                f"their domain got {recent.domain} in an hour",
            ),
            (
                0 if free_mail else recent.subject,
                quotas.subject,
                f"their domain got {recent.subject} about this in 24 hours",
            ),
        )
        if many >= most
    ]
    if recent.mailbox >= quotas.mailbox:
        why = f"{recent.mailbox} went out from this mailbox in an hour"
        return Over(RULE, why, alarm=True)
    return Over(RULE, found[0]) if found else None

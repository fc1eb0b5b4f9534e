"""What webhooks tell, to whom, and how they are signed (Standard Webhooks 1.0)."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailer.model.mac import keyed

SECRET_PREFIX = "whsec_"  # noqa: S105 - how a secret begins
SECRET_BYTES = (24, 64)


class Told(StrEnum):
    """What a webhook can tell."""

    JOINED = "joined"
    LEFT = "left"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"
    REPLIED = "replied"


class HookState(StrEnum):
    """Where a webhook is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who is told.

    Args:
        name: Its table in `config.toml`.
        events: What it wants to hear of.
        private: It may be on a private network.
    """

    name: str
    url: str
    secret: bytes
    events: frozenset[Told]
    private: bool = False
    timeout_s: float = 15.0

    def __repr__(self) -> str:
        return f"Endpoint(name={self.name!r})"


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a person, as an endpoint is told of it.

    Args:
        source: What it is known from, `ledger` or `verdict`, with the number there.
        list_id: "" for all lists.
    """

    told: Told
    source: str
    number: int
    list_id: str
    contact_id: int | None
    at: datetime


def read_secret_key(text: str) -> bytes:
    """Read `whsec_…` as Standard Webhooks writes it: base64 of 24 to 64 bytes.

    Raises:
        ValueError: in words for the person who wrote it.
    """
    try:
        key = base64.b64decode(text.strip().removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not SECRET_BYTES[0] <= len(key) <= SECRET_BYTES[1]:
        raise ValueError(
            "is no secret of a webhook: `mailer webhook secret` makes one (whsec_…)"
        )
    return key


def signature(secret: bytes, webhook_id: str, timestamp_s: int, body: bytes) -> str:
    """Sign a webhook: what stands in the header `webhook-signature`."""
    signed = f"{webhook_id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(keyed(secret)(signed)).decode()

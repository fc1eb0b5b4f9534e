"""What came of handing over one letter: a closed union that type checkers enforce."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Stage(StrEnum):
    """Where in the dialogue an answer came, or the line broke."""

    COMPOSE = "compose"
    CONNECT = "connect"
    EHLO = "ehlo"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a mail server said.

    Args:
        code: Three digits, or 0 when the line broke or the refusal is our own.
        enhanced: `x.y.z` of RFC 2034 when the text began with one, else "".
        text: The words, at most 1,000 characters, lines joined by a space.
    """

    code: int
    enhanced: str
    text: str

    @property
    def positive(self) -> bool:
        """2xx: done (RFC 5321 §4.2.1)."""
        return 200 <= self.code < 300  # noqa: PLR2004

    @property
    def intermediate(self) -> bool:
        """3xx: go on."""
        return 300 <= self.code < 400  # noqa: PLR2004

    @property
    def transient(self) -> bool:
        """4xx: not now."""
        return 400 <= self.code < 500  # noqa: PLR2004

    def __str__(self) -> str:
        if self.code and self.enhanced and self.text:
            return f"{self.code} {self.enhanced} {self.text}"
        return " ".join(
            part for part in (str(self.code or ""), self.enhanced, self.text) if part
        )


@dataclass(frozen=True, slots=True)
class Accepted:
    """The relay took responsibility (RFC 5321 §4.2.5).

    Args:
        relay_id: The id that the relay gave in its final 250, or "".
    """

    reply: Reply
    relay_id: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Refused for now: it is due again later.

    Args:
        wait_hint: What the text asked for ("try again in 5 minutes"), when it did.
    """

    reply: Reply
    stage: Stage
    wait_hint: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Refused for good, by the relay or by us (size, address)."""

    reply: Reply
    stage: Stage


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The line broke after the content began and before its final reply (RFC 1047).

    The letter may or may not have arrived. No program can tell, so the choice between a
    second copy and a missing one is the campaign's, not the courier's.
    """

    reply: Reply


@dataclass(frozen=True, slots=True)
class Released:
    """The relay is in trouble, not the letter (421, MAIL, connection): uncharged."""

    reply: Reply
    stage: Stage


Outcome = Accepted | Deferred | Refused | InDoubt | Released

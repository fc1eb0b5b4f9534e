"""Where a mailbox on an IMAP server is, and how we get in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class ImapTls(StrEnum):
    """How a line to a mailbox is secured."""

    IMPLICIT = "implicit"
    REQUIRED = "required"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ImapAddress:
    """Where a mailbox is and how we get in.

    Args:
        password: Never shown.
        token: Gives an OAuth 2.0 access token for each login, instead of a password; it
            raises a MailerError when there is none. Never shown.
        certificate_file: A PEM file of the authority to trust instead of the system's, or
            "".
        timeout_s: For each answer of the server.
    """

    host: str
    port: int
    user: str
    password: str = field(default="", repr=False)
    tls: ImapTls = ImapTls.IMPLICIT
    folder: str = "INBOX"
    certificate_file: str = ""
    timeout_s: float = 60.0
    token: Callable[[], str] | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return f"imap {self.user}@{self.host}:{self.port}/{self.folder}"

"""The certificate that our own listener shows, read again when it was renewed."""

import ssl
from dataclasses import dataclass, field

from mailer.errors import RefusedError


@dataclass(slots=True)
class ServerTls:
    """TLS 1.2 and newer, as a server speaks it (RFC 3207).

    Args:
        certificate_file: PEM: our certificate and those that lead to its authority.
        key_file: PEM: its key, without a password; "" when it is in the same file.
        required: Nothing is taken before STARTTLS.
    """

    certificate_file: str
    key_file: str = ""
    required: bool = False
    context: ssl.SSLContext = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Read it.

        Raises:
            RefusedError: when it can't be read, or certificate and key are not one pair.
        """
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.renew()

    def renew(self) -> None:
        """Read it again: who connects from now on is shown what is there now.

        Raises:
            RefusedError: as above; the one from before stays in use.
        """
        try:
            # A pair that does not fit must not take the place of one that does.
            trial = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            for context in (trial, self.context):
                context.load_cert_chain(
                    self.certificate_file, self.key_file or None, password=_none
                )
        except (OSError, ValueError) as problem:
            raise RefusedError(
                f"inbox.certificate_file: {self.certificate_file} can't be used"
                f" ({problem}): it must be a PEM file, with a key that fits and has no"
                " password"
            ) from problem


def _none() -> str:
    """Ask nobody for a password at a terminal."""
    return ""

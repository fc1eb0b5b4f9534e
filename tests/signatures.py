"""Verifying signatures in tests by an implementation that is not ours (dkimpy)."""

from dataclasses import dataclass, field

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa

from mailer.compose.dkimrecord import public_half, record_name, record_value
from mailer.compose.sign import Signer

KEY = rsa.generate_private_key(65537, 1024)
"""Small, because tests make many signatures."""

SIGNER = Signer("example.com", "mailer-2026-11", KEY)


@dataclass
class Zone:
    """What DNS says: records by their names."""

    records: dict[str, str] = field(default_factory=dict)

    def publish(self, signer: Signer) -> None:
        name = record_name(signer.domain, signer.selector)
        self.records[name] = record_value(public_half(signer.key))

    def verifies(self, content: bytes) -> bool:
        """Say whether the first signature of a message holds, as a server has it."""
        if not content.endswith(b"\r\n"):
            content += b"\r\n"
        try:
            return bool(dkim.DKIM(content).verify(dnsfunc=self._look_up))
        except dkim.ValidationError:
            return False

    def _look_up(self, name: bytes, timeout: int = 5) -> bytes:
        del timeout
        return self.records[name.decode().rstrip(".")].encode()


ZONE = Zone()
ZONE.publish(SIGNER)


def signed_names(content: bytes) -> list[str]:
    """Return what stands in `h=` of a message."""
    head = content.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").decode()
    value = head.partition(" h=")[2].partition(";")[0]
    return [name.strip() for name in value.split(":")]

"""What stands in DNS so that others can verify our signatures (RFC 6376 §3.6)."""

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_STRING_MAX = 255
"""How much one string of a TXT record holds (RFC 1035 §3.3)."""


def record_name(domain: str, selector: str) -> str:
    """Return under which name a key is published (RFC 6376 §3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"


def public_half(key: RSAPrivateKey) -> bytes:
    """Return the public half of a key, in DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def record_value(public: bytes) -> str:
    """Write the record of a public key in DER."""
    return f"v=DKIM1; k=rsa; p={b64encode(public).decode()}"


def in_strings(value: str) -> tuple[str, ...]:
    """Split the value of a TXT record into strings of 255 characters at most."""
    return tuple(value[at : at + _STRING_MAX] for at in range(0, len(value), _STRING_MAX))


def zone_line(name: str, value: str) -> str:
    """Write a TXT record as it stands in the file of a zone (RFC 1035 §5.1)."""
    quoted = " ".join(
        '"' + one.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for one in in_strings(value)
    )
    return f"{name}. 3600 IN TXT ( {quoted} )"


def problem_with(value: str, public: bytes) -> str:
    """Say what is wrong with a published record of a key, "" when it is right.

    Args:
        value: The strings of the TXT record, joined.
        public: The public half of our key, in DER.
    """
    return next(_problems(value, public), "")


def _problems(value: str, public: bytes) -> Iterator[str]:
    tags = {
        name.strip(): re.sub(r"\s", "", said)
        for name, _, said in (one.partition("=") for one in value.split(";"))
    }
    if (version := tags.get("v", "DKIM1")) != "DKIM1":
        yield f"it begins with v={version[:20]}, which no verifier reads"
    yield from _problems_of_key(tags.get("p", ""), public)
    if (sort := tags.get("k", "rsa")) != "rsa":
        yield f"its k= is {sort[:20]}, and must be rsa"
    if "sha256" not in tags.get("h", "sha256").split(":"):
        yield "its h= does not let sha256 in"
    if not {"*", "email"} & set(tags.get("s", "*").split(":")):
        yield "its s= does not let email in"
    if "y" in tags.get("t", "").split(":"):
        yield "it is marked as a test (t=y): verifiers may take letters as unsigned"


def _problems_of_key(text: str, public: bytes) -> Iterator[str]:
    if not text:
        yield "it says that the key was revoked (p= is empty)"
    try:
        if b64decode(text, validate=True) != public:
            yield "it has another key"
    except Error:
        yield "its p= is damaged: perhaps a part was cut off where it was typed in"

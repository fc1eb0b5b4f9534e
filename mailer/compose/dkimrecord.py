"""What stands in DNS so that others can verify our signatures (RFC 6376 §3.6)."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_STRING_MAX = 255
"""How much one string of a TXT record holds (RFC 1035 §3.3)."""
_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*?)\s*", re.ASCII | re.DOTALL)
"""One tag and what it says (RFC 6376 §3.2)."""


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
    """Write a TXT record as it stands in the file of a zone (RFC 1035 §5.1).

    What is not printed in ASCII stands there as the numbers of its bytes: a record that was
    published may hold anything.
    """
    quoted = " ".join(
        '"' + "".join(map(_zone_spelt, one)) + '"' for one in in_strings(value)
    )
    return f"{name}. 3600 IN TXT ( {quoted} )"


def _zone_spelt(one: str) -> str:
    if one in {"\\", '"'}:
        return f"\\{one}"
    if " " <= one <= "~":
        return one
    return "".join(f"\\{byte:03}" for byte in one.encode())


def problem_with(value: str, public: bytes) -> str:
    """Say what is wrong with a published record of a key, "" when it is right.

    Args:
        value: The strings of the TXT record, joined.
        public: The public half of our key, in DER.
    """
    return next(_problems(value, public), "")


def _problems(value: str, public: bytes) -> Iterator[str]:
    read = [(one, _TAG.fullmatch(one)) for one in _specs(value)]
    said = [(tag[1], tag[2]) for _, tag in read if tag]
    for one in (one for one, tag in read if not tag):
        yield f"{one.strip()[:20]!r} in it is no tag=value, which makes all of it void"
    yield from _problems_of_order([name for name, _ in said])
    tags = dict(said)
    if (version := tags.get("v", "DKIM1")) != "DKIM1":
        yield f"it begins with v={version[:20]}, which no verifier reads"
    if (sort := tags.get("k", "rsa")) != "rsa":
        yield f"its k= is {sort[:20]}, and must be rsa"
    yield from _problems_of_key(tags.get("p"), public)
    if "sha256" not in _several(tags.get("h", "sha256")):
        yield "its h= does not let sha256 in"
    if not {"*", "email"} & _several(tags.get("s", "*")):
        yield "its s= does not let email in"
    if "y" in _several(tags.get("t", "")):
        yield "it is marked as a test (t=y): verifiers may take letters as unsigned"


def _problems_of_order(names: Sequence[str]) -> Iterator[str]:
    """Say which tag is there twice, and that the version is not the first."""
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"it says {name}= more than once, which makes all of it void"
    if "v" in names[1:]:
        yield "its v=DKIM1 must be the first of it"


def _specs(value: str) -> list[str]:
    """Split a list of tags; a last semicolon ends it (RFC 6376 §3.2)."""
    specs = value.split(";")
    return specs if specs[-1].strip() or len(specs) == 1 else specs[:-1]


def _several(value: str) -> set[str]:
    return {one.strip() for one in value.split(":")}


def _problems_of_key(text: str | None, public: bytes) -> Iterator[str]:
    if text is None:
        yield "there is no key in it (no p=)"
    if text == "":
        yield "it says that the key was revoked (p= is empty)"
    # Other white space than ASCII's is none to a verifier.
    key = re.sub(r"\s", "", text or "", flags=re.ASCII)
    try:
        if b64decode(key, validate=True) != public:
            yield "it has another key"
    except ValueError:
        yield "its p= is damaged: perhaps a part was cut off where it was typed in"

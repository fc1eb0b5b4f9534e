"""Signing a letter with DKIM (RFC 6376): the last thing that is done to its bytes.

RSA with SHA-256 and keys of 2048 bits, because nothing else is verified everywhere
(RFC 8301 §3.2); header and body in the relaxed form, which outlasts what relays do to white
space. Who has the key may sign in a thread: nearly all of the time goes into OpenSSL, which
lets other threads run meanwhile.
"""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from mailer.errors import CannotComposeError
from mailer.model.letter import Letter

_OVERSIGNED = (
    b"from", b"to", b"cc", b"subject", b"date", b"reply-to", b"sender", b"mime-version",
    b"content-type", b"content-transfer-encoding", b"list-unsubscribe",
    b"list-unsubscribe-post",
)  # fmt: skip
"""Named once more than they are there, so that nobody can add one (RFC 6376 §8.15)."""

_SIGNED_IF_THERE = (
    b"message-id", b"in-reply-to", b"references", b"list-id", b"list-help", b"feedback-id",
    b"cfbl-address", b"cfbl-feedback-id", b"auto-submitted", b"precedence",
)  # fmt: skip

_NAMES_A_LINE = 3
_FIELDS = re.compile(rb"\r\n(?![ \t])")
_WHITE = re.compile(rb"[ \t]+")
_BEFORE_LINE_END = re.compile(rb"[ \t]+\r\n")
_LINE_OF_BASE64 = 72
_PKCS1 = padding.PKCS1v15()
_SHA256 = hashes.SHA256()


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that letters of one domain are signed with.

    Args:
        domain: As an A-label in lower case.
        selector: By which its public half is found in DNS.
    """

    domain: str
    selector: str
    key: RSAPrivateKey = field(repr=False)


Signers = Mapping[str, Signer]
"""The active key of each sending domain."""


def signer_for(signers: Signers, domain: str) -> Signer | None:
    """Return who signs letters from a domain: its own key, else that of one above it.

    A key of example.org speaks for news.example.org too (RFC 7489 §3.1.1, relaxed).
    """
    return next((signers[one] for one in parents(domain) if one in signers), None)


def parents(domain: str) -> list[str]:
    """Return a domain and those above it, the nearest first."""
    labels = domain.split(".") if domain else []
    return [".".join(labels[at:]) for at in range(len(labels))]


def sign(letter: Letter, signer: Signer, at: datetime) -> Letter:
    """Return a letter with its signature on top; the same arguments give the same bytes.

    Args:
        at: When it was signed, for `t=`: what does not change when it is tried again.

    Raises:
        CannotComposeError: when there is no header that could be signed.
    """
    signature = signature_field(letter.content, signer, at)
    return letter._replace(content=signature + letter.content)


def signature_field(content: bytes, signer: Signer, at: datetime) -> bytes:
    """Write the field DKIM-Signature of a message, ended by CRLF.

    Raises:
        CannotComposeError: when it has not one header with one From.
    """
    head, blank, body = content.partition(b"\r\n\r\n")
    fields = [_relaxed(one) for one in _FIELDS.split(head)]
    names = tuple(name for name, _ in fields)
    if not blank or names.count(b"from") != 1:
        raise CannotComposeError("a letter without a header with one From cannot be signed")
    signed = _signed_names(names)
    begun = (
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={signer.domain};\r\n"
        f" s={signer.selector}; t={int(at.timestamp())};\r\n"
        f" h={_listed(signed)};\r\n"
        f" bh={b64encode(sha256(relaxed_body(body)).digest()).decode()};\r\n b="
    ).encode()
    name, value = _relaxed(begun)
    covered = b"".join((*_covered(fields, signed), name, b":", value))
    raw = b64encode(signer.key.sign(covered, _PKCS1, _SHA256)).decode()
    lines = (raw[at : at + _LINE_OF_BASE64] for at in range(0, len(raw), _LINE_OF_BASE64))
    return begun + "\r\n ".join(lines).encode() + b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    """Return a body in the relaxed form (RFC 6376 §3.4.4); its last line is ended."""
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    # What is composed as quoted-printable is in this form already, nearly always.
    if b"\t" in body or b"  " in body:
        body = _WHITE.sub(b" ", body)
    if b" \r\n" in body:
        body = _BEFORE_LINE_END.sub(b"\r\n", body)
    while body.endswith(b"\r\n\r\n"):
        body = body[:-2]
    return b"" if body == b"\r\n" else body


def _relaxed(one: bytes) -> tuple[bytes, bytes]:
    """Return a field's name and value in the relaxed form (RFC 6376 §3.4.2)."""
    name, _, value = one.partition(b":")
    unfolded = _WHITE.sub(b" ", value.replace(b"\r\n", b""))
    return name.strip().lower(), unfolded.strip(b" ")


def _covered(fields: list[tuple[bytes, bytes]], signed: tuple[bytes, ...]) -> list[bytes]:
    """Return what is signed of the header: of a name that is there twice the last first."""
    left: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        left.setdefault(name, []).append(value)
    found: list[bytes] = []
    for name in signed:
        if values := left.get(name):
            found += (name, b":", values.pop(), b"\r\n")
    return found


@lru_cache(256)
def _signed_names(names: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Say which names stand in `h=`, in their order (RFC 6376 §5.4)."""
    there = Counter(names)
    signed: list[bytes] = []
    for name in _OVERSIGNED:
        signed += [name] * (there[name] + 1)
    for name in _SIGNED_IF_THERE:
        signed += [name] * there[name]
    return tuple(signed)


@lru_cache(256)
def _listed(signed: tuple[bytes, ...]) -> str:
    """Write the names for `h=`, folded."""
    lines = (
        b":".join(signed[at : at + _NAMES_A_LINE]).decode()
        for at in range(0, len(signed), _NAMES_A_LINE)
    )
    return ":\r\n ".join(lines)

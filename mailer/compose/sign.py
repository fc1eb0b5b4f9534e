"""Signing a letter with DKIM (RFC 6376): the last thing that is done to its bytes.

RSA with SHA-256 and keys of 2048 bits, because nothing else is verified everywhere
(RFC 8301 §3.2); header and body in the relaxed form, which outlasts what relays do to white
space. It is done in three steps, so that the one that takes long, with the key, may be done
by somebody else: `unsigned`, `Signer.signature`, `signed`.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

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
_LINE_OF_BASE64 = 72
_LONG = 300
"""From how many bytes on a piece of a letter is worth remembering."""
_PKCS1 = padding.PKCS1v15()
_SHA256_MADE = Prehashed(hashes.SHA256())


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

    def signature(self, digest: bytes) -> bytes:
        """Sign what `unsigned` asks for: with 2048 bits it takes a fraction of a ms."""
        return self.key.sign(digest, _PKCS1, _SHA256_MADE)


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


class Unsigned(NamedTuple):
    """A signature's field without the signature.

    Args:
        field: What stands before it.
        digest: What is to be signed: SHA-256 of what it covers, 32 bytes.
    """

    field: bytes
    digest: bytes


def sign(letter: Letter, signer: Signer, at: datetime) -> Letter:
    """Return a letter with its signature on top; the same arguments give the same bytes.

    Args:
        at: When it was signed, for `t=`: what does not change when it is tried again.

    Raises:
        CannotComposeError: when there is no header that could be signed.
    """
    made = unsigned(letter, signer, at)
    return signed(letter, made, signer.signature(made.digest))


def unsigned(letter: Letter, signer: Signer, at: datetime) -> Unsigned:
    """Write the field DKIM-Signature of a letter up to its signature.

    Raises:
        CannotComposeError: when it has not one header with one From.
    """
    head, blank, body = letter.content.partition(b"\r\n\r\n")
    fields = _relaxed(head)
    names = tuple(name for name, _ in fields)
    if not blank or names.count(b"from") != 1:
        raise CannotComposeError("a letter without a header with one From cannot be signed")
    named = _signed_names(names)
    begun = (
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={signer.domain};\r\n"
        f" s={signer.selector}; t={int(at.timestamp())};\r\n"
        f" h={_listed(named)};\r\n"
        f" bh={b64encode(sha256(_body_of(letter, body)).digest()).decode()};\r\n b="
    ).encode()
    ((name, value),) = _relaxed(begun)
    covered = b"".join((*_covered(fields, named), name, b":", value))
    return Unsigned(begun, sha256(covered).digest())


def signed(letter: Letter, made: Unsigned, signature: bytes) -> Letter:
    """Return a letter with the field on top whose signature came."""
    raw = b64encode(signature)
    lines = (raw[at : at + _LINE_OF_BASE64] for at in range(0, len(raw), _LINE_OF_BASE64))
    field = made.field + b"\r\n ".join(lines) + b"\r\n"
    return letter._replace(content=field + letter.content, pieces=())


def _body_of(letter: Letter, body: bytes) -> bytes:
    """Return a letter's body in the relaxed form.

    Most of it is the same for everybody: what is long is relaxed once.
    """
    if sum(map(len, letter.pieces)) != len(letter.content):
        return relaxed_body(body)
    first, *others = letter.pieces
    _, blank, begun = first.partition(b"\r\n\r\n")
    if not blank:
        return relaxed_body(body)
    lines = [_lines(begun)]
    lines += [_lines(one) if len(one) < _LONG else _long_lines(one) for one in others]
    return _ended(b"".join(lines))


def relaxed_body(body: bytes) -> bytes:
    """Return a body in the relaxed form (RFC 6376 §3.4.4); its last line is ended."""
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    return _ended(_lines(body))


def _lines(whole: bytes) -> bytes:
    """Return whole lines in the relaxed form."""
    return _with_single_spaces(whole).replace(b" \r\n", b"\r\n")


_long_lines = lru_cache(256)(_lines)


def _ended(body: bytes) -> bytes:
    """Take the empty lines at a body's end away."""
    while body.endswith(b"\r\n\r\n"):
        body = body[:-2]
    return b"" if body == b"\r\n" else body


def _with_single_spaces(text: bytes) -> bytes:
    """Return a text with each run of spaces and tabs as one space.

    A regular expression takes fifty times as long for a letter's body.
    """
    text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text


def _relaxed(head: bytes) -> list[tuple[bytes, bytes]]:
    """Return each field's name and value in the relaxed form (RFC 6376 §3.4.2)."""
    unfolded = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    fields: list[tuple[bytes, bytes]] = []
    for one in _with_single_spaces(unfolded).split(b"\r\n"):
        name, _, value = one.partition(b":")
        fields.append((name.strip().lower(), value.strip(b" ")))
    return fields


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

"""What a message's sender signed, and exactly how much: DKIM (RFC 6376) as readers see it.

Anybody can add fields to a message that somebody else signed. So who asks gets the signed
part alone, and only that part counts: the fields that the signature names, and the body.
What the standard leaves to the reader is decided against the message: a body signed in part
(`l=`), SHA-1, short keys and keys that are only tried out prove nothing.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mailer.triage.addresses import mailbox
from mailer.triage.mime import one_line_end

_SIGNATURES_AT_MOST = 10
_FIELDS_AT_MOST = 400
_HEAD_AT_MOST = 256 << 10
_SHORTEST_KEY_BITS = 1024
_FIELD_BEGINS = re.compile(rb"\r\n(?![ \t])")
_WHITE = re.compile(rb"[ \t\r\n]+")
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+")
_EXPIRES = re.compile(r"[0-9]{1,12}")
_ITS_OWN_VALUE = re.compile(rb"((?:^|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*")
_ALGORITHMS = frozenset({"rsa-sha256", "ed25519-sha256"})
_FORMS = frozenset({"simple", "relaxed"})


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature of a message's sender; its body's hash fits, its key was not asked yet.

    Args:
        key_name: Where the key stands in DNS (RFC 6376 §3.6.2.1).
        exact: It speaks for its domain only, not for one below.
        part: What it covers, as a message of its own.
    """

    key_name: str
    algorithm: str
    exact: bool
    covered: bytes
    value: bytes
    part: bytes


def sender_of(raw: bytes) -> str:
    """Return the one address in the one From of a message, in small letters, or ""."""
    named = [value for name, value in _fields(_head(raw)[0]) if _lowered(name) == "from"]
    if len(named) != 1:
        return ""
    text = _WHITE.sub(b" ", named[0]).decode("utf-8", "replace")
    # Two addresses are two senders, and one of them may be anybody.
    return mailbox(text).lower() if text.count("@") == 1 else ""


def signatures(raw: bytes, sender: str, at: datetime) -> list[Signed]:
    """Return the signatures of a message by its sender's domain, or one above it.

    Args:
        sender: As `sender_of` returns it.
        at: When it came: what had expired then is no signature.
    """
    head, body = _head(raw)
    fields = _fields(head)
    domain = sender.rpartition("@")[2]
    found: list[Signed] = []
    for name, value in fields:
        if _lowered(name) != "dkim-signature" or len(found) >= _SIGNATURES_AT_MOST:
            continue
        tags = _tags(value.decode("utf-8", "replace"))
        if tags is not None and _is_theirs(tags, domain, at):
            one = _signed(fields, (name, value), tags, body)
            found += [one] if one is not None else []
    return found


def _head(raw: bytes) -> tuple[bytes, bytes]:
    """Split a message as it went over the wire; mailboxes keep other line ends."""
    head, _, body = one_line_end(raw).replace(b"\n", b"\r\n").partition(b"\r\n\r\n")
    return (head, body) if len(head) <= _HEAD_AT_MOST else (b"", b"")


def _fields(head: bytes) -> list[tuple[bytes, bytes]]:
    """Return names and values as they stand, without the last line end."""
    parts = (one.partition(b":") for one in _FIELD_BEGINS.split(head)[:_FIELDS_AT_MOST])
    return [(name, value) for name, colon, value in parts if colon]


def _lowered(name: bytes) -> str:
    return name.strip().lower().decode("ascii", "replace")


def _tags(text: str) -> dict[str, str] | None:
    """Read a list of tags (RFC 6376 §3.2); None when it is none, or names one twice."""
    found: dict[str, str] = {}
    for one in text.split(";"):
        name, equals, value = one.partition("=")
        name = name.strip()
        if not equals and not name:
            continue
        if not equals or not _TAG.fullmatch(name) or name in found:
            return None
        found[name] = value.strip()
    return found


def _is_theirs(tags: Mapping[str, str], domain: str, at: datetime) -> bool:
    """Say whether a signature speaks for a sender's domain, and all of the body."""
    signer = tags.get("d", "").lower()
    identity = tags.get("i", f"@{signer}").rpartition("@")[2].lower()
    names = [one.strip().lower() for one in tags.get("h", "").split(":")]
    expires = tags.get("x", "")
    return (
        tags.get("v") == "1"
        and tags.get("a", "").lower() in _ALGORITHMS
        and "l" not in tags
        and "from" in names
        and "dns/txt" in tags.get("q", "dns/txt").replace(" ", "").split(":")
        and bool(_DOMAIN.fullmatch(signer) and _DOMAIN.fullmatch(f"{tags.get('s', '')}.x"))
        and _at_or_below(domain, signer)
        and _at_or_below(identity, signer)
        and (not expires or _lasts(expires, at))
    )


def _lasts(expires: str, at: datetime) -> bool:
    """Say whether a moment, as `x=` spells it, lies ahead (RFC 6376 §3.5: 12 digits)."""
    return bool(_EXPIRES.fullmatch(expires)) and int(expires) > at.timestamp()


def _at_or_below(domain: str, other: str) -> bool:
    return domain == other or domain.endswith(f".{other}")


def _signed(
    fields: list[tuple[bytes, bytes]],
    field: tuple[bytes, bytes],
    tags: Mapping[str, str],
    body: bytes,
) -> Signed | None:
    """Return a signature with what it covers, when its body's hash fits."""
    of_head, _, of_body = tags.get("c", "simple/simple").lower().partition("/")
    of_body = of_body or "simple"
    if not {of_head, of_body} <= _FORMS:
        return None
    hashed = hashlib.sha256(_body_in(of_body, body)).digest()
    value = _base64(tags.get("b", ""))
    if not value or _base64(tags.get("bh", "")) != hashed:
        return None
    chosen = _chosen(fields, [one.strip().lower() for one in tags["h"].split(":")])
    own = (field[0], _ITS_OWN_VALUE.sub(rb"\1", field[1]))
    covered = [_field_in(of_head, *one) for one in chosen] + [_field_in(of_head, *own)]
    domain, selector = tags["d"].lower(), tags["s"]
    identity = tags.get("i", f"@{domain}").rpartition("@")[2].lower()
    part = b"".join(name + b":" + value + b"\r\n" for name, value in chosen)
    return Signed(
        f"{selector}._domainkey.{domain}",
        tags["a"].lower(),
        identity == domain,
        b"\r\n".join(covered),
        value,
        part + b"\r\n" + body,
    )


def _chosen(
    fields: list[tuple[bytes, bytes]], names: list[str]
) -> list[tuple[bytes, bytes]]:
    """Return the fields that are signed: of a name, the last first (RFC 6376 §5.4.2)."""
    left: dict[str, list[tuple[bytes, bytes]]] = {}
    for name, value in fields:
        left.setdefault(_lowered(name), []).append((name, value))
    return [left[name].pop() for name in names if left.get(name)]


def _field_in(form: str, name: bytes, value: bytes) -> bytes:
    """Return a field in one of the two forms (RFC 6376 §3.4.1, §3.4.2)."""
    if form == "simple":
        return name + b":" + value
    unfolded = _WHITE.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.strip().lower() + b":" + unfolded


def _body_in(form: str, body: bytes) -> bytes:
    """Return a body in one of the two forms (RFC 6376 §3.4.3, §3.4.4)."""
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    if form == "relaxed":
        lines = (re.sub(rb"[ \t]+", b" ", one) for one in body.split(b"\r\n"))
        body = b"\r\n".join(one.removesuffix(b" ") for one in lines)
    kept = body.rstrip(b"\r\n")
    if kept:
        return kept + b"\r\n"
    return b"" if form == "relaxed" else b"\r\n"


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s+", "", text), validate=True)
    except (binascii.Error, ValueError):
        return b""


def is_proven(one: Signed, records: list[str]) -> bool:
    """Say whether a signature was made with the key that DNS has for it.

    Args:
        records: The TXT records at its `key_name`; more than one prove nothing.
    """
    tags = _tags(records[0]) if len(records) == 1 else None
    if tags is None or not _may_sign(tags, exact=one.exact):
        return False
    kind, raw = tags.get("k", "rsa").lower(), _base64(tags.get("p", ""))
    try:
        if kind == "ed25519" and one.algorithm == "ed25519-sha256":
            # RFC 8463 §3: what is signed is the hash of what is covered.
            key = ed25519.Ed25519PublicKey.from_public_bytes(raw)
            key.verify(one.value, hashlib.sha256(one.covered).digest())
            return True
        if kind == "rsa" and one.algorithm == "rsa-sha256":
            return _is_of_rsa(raw, one)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        pass
    return False


def _may_sign(tags: Mapping[str, str], *, exact: bool) -> bool:
    """Say whether a key is one for mail, and in earnest (RFC 6376 §3.6.1)."""
    flags = tags.get("t", "").replace(" ", "").split(":")
    return (
        tags.get("v", "DKIM1") == "DKIM1"
        and "sha256" in tags.get("h", "sha256").replace(" ", "").lower().split(":")
        and bool({"*", "email"} & set(tags.get("s", "*").replace(" ", "").split(":")))
        and "y" not in flags
        and (exact or "s" not in flags)
    )


def _is_of_rsa(raw: bytes, one: Signed) -> bool:
    key = load_der_public_key(raw)
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _SHORTEST_KEY_BITS:
        return False
    key.verify(one.value, one.covered, padding.PKCS1v15(), hashes.SHA256())
    return True

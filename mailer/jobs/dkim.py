"""The keys that letters are signed with: made, loaded, and shown as DNS has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mailer.compose.dkimrecord import in_strings, public_half, record_name, record_value
from mailer.compose.sign import Signer, Signers
from mailer.errors import KeyFileError, NotFoundError, did_you_mean
from mailer.workspace.dkimkeys import (
    dkim_key_file,
    dkim_keys_in,
    read_dkim_key,
    write_dkim_key,
)

_BITS = 2048
"""Verifiers need not take longer ones (RFC 8301 §3.2)."""
_BITS_AT_LEAST = 1024
_EXPONENT = 65537

Active = Mapping[str, str]
"""The selector in use for each domain."""


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A key as people and DNS may see it; its secret half is not among it.

    Args:
        active: Letters are signed with it.
        public: Its public half, in DER.
    """

    domain: str
    selector: str
    active: bool
    public: bytes

    @property
    def name(self) -> str:
        """Under which name its record is published."""
        return record_name(self.domain, self.selector)

    @property
    def value(self) -> str:
        """What its TXT record says."""
        return record_value(self.public)

    @property
    def strings(self) -> tuple[str, ...]:
        """The same, in strings as a record has them."""
        return in_strings(self.value)


def signers_in(folder: str, active: Active) -> Signers:
    """Load the active key of each domain.

    Raises:
        KeyFileError: names the file that is missing or damaged.
    """
    return {
        domain: Signer(domain, selector, _load(folder, domain, selector))
        for domain, selector in active.items()
    }


def new_dkim_key(folder: str, domain: str, selector: str, now: datetime) -> DkimKey:
    """Make a key of RSA-2048 in a file of its own; it signs nothing yet.

    Args:
        selector: "" for one that is made of the month.

    Raises:
        KeyFileError: when there is one by that name.
    """
    taken = dict.fromkeys(one for there, one in dkim_keys_in(folder) if there == domain)
    key = rsa.generate_private_key(_EXPONENT, _BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    selector = selector or _free(f"mailer-{now:%Y-%m}", taken)
    write_dkim_key(folder, domain, selector, pem)
    return DkimKey(domain, selector, active=False, public=public_half(key))


def _free(selector: str, taken: Mapping[str, None]) -> str:
    tries = (
        selector if number == 1 else f"{selector}-{number}" for number in range(1, 999)
    )
    return next(one for one in tries if one not in taken)


def dkim_keys(folder: str, active: Active, domain: str = "") -> list[DkimKey]:
    """List the keys of all domains, or of one; active ones first.

    Raises:
        KeyFileError: when one is missing or damaged.
        NotFoundError: when the domain has none.
    """
    there = set(dkim_keys_in(folder)) | set(active.items())
    if domain and domain not in {one for one, _ in there}:
        known = did_you_mean(domain, {one for one, _ in there})
        raise NotFoundError(f"there is no key of {domain}{known}")
    keys = [
        DkimKey(
            one,
            selector,
            active.get(one) == selector,
            public_half(_load(folder, one, selector)),
        )
        for one, selector in there
        if domain in {"", one}
    ]
    return sorted(keys, key=lambda key: (key.domain, not key.active, key.selector))


def _load(folder: str, domain: str, selector: str) -> rsa.RSAPrivateKey:
    pem = read_dkim_key(folder, domain, selector)
    path = dkim_key_file(folder, domain, selector)
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as problem:
        raise KeyFileError(
            f"{path} is no private key that can be read: bring back the true file"
        ) from problem
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyFileError(f"{path} is no RSA key: others are not verified everywhere")
    if key.key_size < _BITS_AT_LEAST:
        raise KeyFileError(
            f"{path} has {key.key_size} bits, which nobody accepts: make another with"
            f" `mailer dkim new {domain}`"
        )
    return key

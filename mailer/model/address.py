"""What an email address is, and when two of them are one person.

Mail goes to an address as it was given. People are told apart by its *match form*,
version 1: the local part in NFKC and case-folded, the domain as lower-case A-label. It is
what contacts are unique on and what suppressions hash, so it can never change; a new
version would have to check the old ones too.

An address is read by `email-validator`, but for what is plain: a local part and a domain
of ASCII letters, digits and the usual marks are one regular expression each, which give
the validator's own answer in a twentieth of the time (a property test holds them to it).
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from email_validator import (
    SPECIAL_USE_DOMAIN_NAMES,
    EmailNotValidError,
    validate_email,
)

from mailer.errors import AddressError

MATCH_VERSION = 1

_LOCAL_MAX_BYTES = 64  # RFC 5321 §4.5.3.1.1
_ADDRESS_MAX_BYTES = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
_ATEXT = r"a-zA-Z0-9_!#$%&'*+\-/=?^`{|}~"  # RFC 5322 §3.2.3
_PLAIN_LOCAL = re.compile(rf"[{_ATEXT}]+(?:\.[{_ATEXT}]+)*")
# Letters, digits and inner hyphens, and none of them where an A-label or another reserved
# label has two (RFC 5890 §2.3.1): for these the validator has nothing to convert.
_LABEL = r"(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN_DOMAIN = re.compile(
    rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?:{_LABEL})(?<=[a-z])", re.ASCII
)
_SPECIAL_USE = re.compile(
    rf"(?:^|\.)(?:{'|'.join(map(re.escape, SPECIAL_USE_DOMAIN_NAMES))})\Z"
)
_ANY_LOCAL = re.compile(rf"[{_ATEXT}\u0080-\U0010FFFF]+(?:\.[{_ATEXT}\u0080-\U0010FFFF]+)*")
_SHOWN_CHARACTERS = 80
_DOMAINS_REMEMBERED = 65_536


@dataclass(frozen=True, slots=True)
class Address:
    """An address that can be written to.

    Args:
        given: As it was typed, without the spaces around it.
        local: What stands before the @-sign, as it was typed.
        domain: What stands behind it, as lower-case A-label (RFC 5890 §2.3.2.1).
        match: Its match form: two addresses with the same are one person.
    """

    given: str
    local: str
    domain: str
    match: str

    @property
    def wire(self) -> str:
        """The address as it goes into an envelope and a header."""
        return f"{self.local}@{self.domain}"


class Role(StrEnum):
    """Whether an address is a person's or an office's (RFC 2142)."""

    NONE = "none"
    SHARED = "shared"
    REFUSED = "refused"


_REFUSED_ROLES = frozenset(
    {
        # RFC 2142 §4 and §5: networks and services.
        "abuse", "noc", "security",
        "postmaster", "hostmaster", "usenet", "news", "webmaster", "www", "uucp", "ftp",
        # Nobody reads these, or only programs do.
        "mailer-daemon", "noreply", "no-reply", "no_reply", "donotreply", "do-not-reply",
        "bounce", "bounces", "majordomo", "listserv", "root", "null", "devnull",
        "dmarc", "dmarc-reports", "tlsrpt", "unsubscribe",
    }
)  # fmt: skip
_REFUSED_ENDINGS = ("-request", "-bounces", "-owner", "-unsubscribe")  # RFC 2142 §6
_SHARED_ROLES = frozenset(
    {
        "info", "marketing", "sales", "support",  # RFC 2142 §3
        "admin", "billing", "contact", "help", "hello", "office", "post",
    }
)  # fmt: skip


def parse_address(text: str) -> Address:
    """Read an address; spaces around it do not count.

    Raises:
        AddressError: says what is wrong with it. So are a display name, a quoted local
            part, an IP address for a domain and special-use domains such as `.test`.
    """
    given = text.strip()
    local, _, domain = given.rpartition("@")
    if len(local) <= _LOCAL_MAX_BYTES and _PLAIN_LOCAL.fullmatch(local):
        known = _domain(domain)
        if (
            known.problem is None
            and len(local) + 1 + known.longest_bytes <= _ADDRESS_MAX_BYTES
        ):
            name = known.name
            return Address(given, local, name, f"{local.lower()}@{name}")
    return _parse_slowly(given)


def parse_domain(text: str) -> str:
    """Return a domain as an A-label in lower case (RFC 5891).

    Raises:
        AddressError: when it is none.
    """
    return parse_address(f"someone@{text}").domain


def match_form(local: str, domain: str) -> str:
    """Return match form version 1 of an address's two halves.

    Args:
        domain: As lower-case A-label.
    """
    before, folded = "", local
    # Folding can make a text that normalises anew, so go on until nothing changes.
    while folded != before:
        before = folded
        folded = unicodedata.normalize("NFKC", folded).casefold()
    return f"{folded}@{domain}"


def role_of(address: Address) -> Role:
    """Say whether an address is an office's; `REFUSED` gets only what it confirmed.

    A tag (`abuse+x`) makes no difference. Source: RFC 2142.
    """
    local = address.match.rpartition("@")[0].partition("+")[0]
    if local in _REFUSED_ROLES or local.endswith(_REFUSED_ENDINGS):
        return Role.REFUSED
    return Role.SHARED if local in _SHARED_ROLES else Role.NONE


@dataclass(frozen=True, slots=True)
class _Domain:
    """What the validator said about a domain.

    Args:
        longest_bytes: The longest of its spellings, which the length limit is about.
    """

    name: str
    longest_bytes: int
    problem: str | None


@lru_cache(_DOMAINS_REMEMBERED)
def _domain(text: str) -> _Domain:
    name = text.lower()
    if text.isascii() and _PLAIN_DOMAIN.fullmatch(name) and not _SPECIAL_USE.search(name):
        return _Domain(name, len(name), None)
    try:
        valid = validate_email(f"a@{text}", check_deliverability=False, strict=True)
    except EmailNotValidError as problem:
        return _Domain("", 0, str(problem))
    name = (valid.ascii_domain or "").lower()
    longest = max(len(one.encode()) for one in (text, valid.domain, name))
    return _Domain(name, longest, None)


def _parse_slowly(given: str) -> Address:
    try:
        valid = validate_email(
            given, check_deliverability=False, strict=True, allow_smtputf8=True
        )
    except (EmailNotValidError, UnicodeError) as problem:
        words = str(problem).rstrip(".")
        raise AddressError(f"{_shown(given)} is no email address: {words}") from None
    local = given.rpartition("@")[0]
    if len(local.encode()) > _LOCAL_MAX_BYTES:
        raise AddressError(
            f"{_shown(given)} is no email address: more than {_LOCAL_MAX_BYTES} bytes"
            " before the @-sign"
        )
    domain = (valid.ascii_domain or "").lower()
    match = match_form(local, domain)
    # A full-width @ or a space in disguise would make one person look like another.
    if not _ANY_LOCAL.fullmatch(match.rpartition("@")[0]):
        raise AddressError(
            f"{_shown(given)} is no email address: before the @-sign it has characters"
            " that stand for others, such as a full-width @"
        )
    return Address(given, local, domain, match)


def _shown(text: str) -> str:
    short = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
    return ascii(short) if not short.isprintable() else repr(short)

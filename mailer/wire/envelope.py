"""The commands of one letter's envelope, by what this relay offers.

What the relay could not take is refused here, before a byte is written: an address that
does not fit its extensions, a letter larger than its limit.
"""

import re
from dataclasses import dataclass

from mailer.model.letter import Letter
from mailer.model.outcome import Refused, Reply, Stage

_PATH_AT_MOST = 254  # RFC 5321 §4.5.3.1.3, erratum 1690: 256 with its angle brackets
_LOCAL_AT_MOST = 64
_UNFIT = re.compile(r"[\x00-\x20<>\x7f]")
_SIMPLE = re.compile(r"[!-;=?A-~]+@[!-;=?A-~]+")
"""What most addresses look like: nothing is wrong with these, when they are short."""

_PLAIN = re.compile(r"[!-*,-<>-~]*")
"""What xtext leaves as it is: all that is printed in ASCII, but not + and =."""


@dataclass(frozen=True, slots=True)
class Features:
    """What the relay offered in its last EHLO.

    Args:
        size_bytes: Its limit (RFC 1870), or 0 when it named none.
        sizes: SIZE is offered at all.
    """

    pipelining: bool = False
    sizes: bool = False
    size_bytes: int = 0
    eight_bit: bool = False
    smtputf8: bool = False
    dsn: bool = False


def stuffed(letter: Letter) -> tuple[bytes, bytes]:
    """Return content as it goes over the wire, and its end (RFC 5321 §4.5.2)."""
    content = letter.content
    if not letter.dotless:
        if content.startswith(b"."):
            content = b"." + content
        content = content.replace(b"\r\n.", b"\r\n..")
    return content, b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"


def envelope(letter: Letter, features: Features) -> tuple[bytes, bytes] | Refused:
    """Return the MAIL and RCPT commands, or our own refusal.

    Sources: RFC 1870 §6 (SIZE), RFC 3461 §4 (DSN), RFC 6152 §2 (8BITMIME), RFC 6531 §3.4.
    """
    international = not (letter.sender.isascii() and letter.recipient.isascii())
    eight_bit = not letter.content.isascii()
    size = len(letter.content)
    refusal = _unfit(letter) or _beyond(
        features, size, international=international, eight_bit=eight_bit
    )
    if refusal is not None:
        return refusal
    mail = f"MAIL FROM:<{letter.sender}>"
    recipient = f"RCPT TO:<{letter.recipient}>"
    if features.sizes:
        mail += f" SIZE={size}"
    if eight_bit:
        mail += " BODY=8BITMIME"
    if international:
        mail += " SMTPUTF8"
    if features.dsn:
        mail += f" RET=HDRS ENVID={xtext(letter.envelope_id)}"
        kind = "utf-8" if not letter.recipient.isascii() else "rfc822"
        recipient += f" NOTIFY=FAILURE ORCPT={kind};{xtext(letter.recipient)}"
    return mail.encode() + b"\r\n", recipient.encode() + b"\r\n"


def _unfit(letter: Letter) -> Refused | None:
    if not letter.recipient:
        return Refused(Reply(0, "5.1.3", "a letter to nobody"), Stage.RCPT)
    for address in (letter.sender, letter.recipient):
        if problem := _wrong_with(address):
            return Refused(Reply(0, "5.1.3", f"{problem}: {address!r}"), Stage.RCPT)
    return None


def _beyond(
    features: Features, size: int, *, international: bool, eight_bit: bool
) -> Refused | None:
    if international and not features.smtputf8:
        words = "the address needs SMTPUTF8, which the relay does not offer"
        return Refused(Reply(0, "5.6.7", words), Stage.RCPT)
    if features.size_bytes and size > features.size_bytes:
        words = f"the letter has {size} bytes, the relay takes {features.size_bytes}"
        return Refused(Reply(0, "5.3.4", words), Stage.MAIL)
    if eight_bit and not features.eight_bit:
        words = "the letter has 8-bit bytes, which the relay does not take"
        return Refused(Reply(0, "5.6.3", words), Stage.MAIL)
    return None


def _wrong_with(address: str) -> str:
    if len(address) <= _LOCAL_AT_MOST and _SIMPLE.fullmatch(address):
        return ""
    if _UNFIT.search(address):
        return "an address with a control character, a space or an angle bracket"
    local, _, domain = address.rpartition("@")
    if address and not (local and domain):
        return "an address without a local part or a domain"
    if len(address.encode()) > _PATH_AT_MOST or len(local.encode()) > _LOCAL_AT_MOST:
        return "an address that is too long"
    return ""


def xtext(value: str) -> str:
    """Encode for ENVID and ORCPT (RFC 3461 §4, RFC 6533 §3 for `utf-8;`)."""
    if _PLAIN.fullmatch(value):
        return value
    return "".join(
        c if ("!" <= c <= "~" and c not in "+=") or c > "\x7f" else f"+{ord(c):02X}"
        for c in value
    )

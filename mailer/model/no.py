"""A no as the logbook keeps it: whose by a keyed hash, to what, when; and its line of text.

A line is a JSON object that ends with its seal, so that one which was cut short or changed
is seen by itself and takes no other with it. No address is in it.
"""

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import cast

from mailer.model.consent import How, SuppressionReason
from mailer.model.key import KeyRing, Purpose, relayer
from mailer.model.mac import keyed

_SEAL = b',"seal":"'
_DOMAIN = b"mailer logbook v1\0"
_SEAL_BYTES = 16


class NoAct(StrEnum):
    """What happened."""

    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    ERASED = "erased"
    SUPPRESSED = "suppressed"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class No:
    """One no, or the lifting of one.

    Args:
        hash: The keyed hash of the address, under all suppression keys.
        scope: What letters it stops: `list:<id>`, `marketing` or `everything`.
        reason: The suppression's reason.
        at: When it reached us.
        how: By which way; None where the ledger has no entry of it.
        until_at: When it ends by itself; None for never.
    """

    act: NoAct
    hash: bytes
    scope: str
    reason: SuppressionReason
    at: datetime
    how: How | None = None
    until_at: datetime | None = None

    def facts(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "act": self.act.value,
            "hash": self.hash.hex(),
            "scope": self.scope,
            "reason": self.reason.value,
            "at": self.at.astimezone(UTC).isoformat(),
            "how": None if self.how is None else self.how.value,
            "until": (
                None if self.until_at is None else self.until_at.astimezone(UTC).isoformat()
            ),
        }


def read_no(facts: dict[str, object]) -> No:
    """Turn what `No.facts` gave back into its value.

    Raises:
        ValueError: when it is none; also a KeyError or TypeError.
    """
    how, until = facts["how"], facts["until"]
    return No(
        NoAct(str(facts["act"])),
        bytes.fromhex(str(facts["hash"])),
        str(facts["scope"]),
        SuppressionReason(str(facts["reason"])),
        datetime.fromisoformat(str(facts["at"])).astimezone(UTC),
        None if how is None else How(str(how)),
        None if until is None else datetime.fromisoformat(str(until)).astimezone(UTC),
    )


def sealed_line(facts: dict[str, object], ring: KeyRing) -> bytes:
    """Write facts as a sealed line, with its end of line."""
    key = ring.newest(Purpose.LEDGER)
    text = json.dumps(facts, separators=(",", ":"), ensure_ascii=True).encode()
    inner = text.removesuffix(b"}")
    seal = keyed(key.secret)(_DOMAIN + inner)[:_SEAL_BYTES].hex()
    return inner + _SEAL + f'{key.id}:{seal}"}}\n'.encode()


def opened_line(line: bytes, ring: KeyRing) -> dict[str, object] | None:
    """Return the facts of a line (without its end); None when it is not one of ours."""
    inner, found, rest = line.rpartition(_SEAL)
    key_id, colon, seal = rest.removesuffix(b'"}').partition(b":")
    if not found or not colon or not key_id.isdigit() or not rest.endswith(b'"}'):
        return None
    key = ring.find(int(key_id), Purpose.LEDGER)
    if key is None:
        return None
    right = keyed(key.secret)(_DOMAIN + inner)[:_SEAL_BYTES].hex().encode()
    if not hmac.compare_digest(right, seal):
        return None
    return cast("dict[str, object]", json.loads(inner + b"}"))


def line_of(no: No, ring: KeyRing) -> bytes:
    """Write a no as a sealed line."""
    return sealed_line(no.facts() | {"under": _newest(ring)}, ring)


def no_of(facts: dict[str, object], ring: KeyRing) -> No:
    """Return the no of a line's facts, with its hash under all keys that there are now.

    Raises:
        ValueError: when the facts are not those of a no; also a KeyError or TypeError.
    """
    no = read_no(facts)
    under = int(str(facts["under"]))
    laid = tuple(key for key in ring.of(Purpose.SUPPRESSION) if key.id > under)
    return No(
        no.act, relayer(no.hash, laid), no.scope, no.reason, no.at, no.how, no.until_at
    )


def _newest(ring: KeyRing) -> int:
    return ring.newest(Purpose.SUPPRESSION).id

"""The samples of bounces with what must be read from them, and how right a reading is."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mailer.model.notice import KINDS, Concerned, Notice
from mailer.triage.knowledge import Knowledge
from mailer.workspace.knowledge import read_knowledge

FOLDER = Path(__file__).parent / "bounces"


@dataclass(frozen=True)
class Judged:
    """One expected recipient, and whether the reading had it right."""

    name: str
    recipient: bool
    hard: bool


@cache
def knowledge() -> Knowledge:
    """Read the data files once."""
    return read_knowledge()


@cache
def expected() -> dict[str, list[dict[str, Any]]]:
    """Return what another parser reads from each sample."""
    found: dict[str, list[dict[str, Any]]] = json.loads(
        (FOLDER / "expected.json").read_text(encoding="utf-8")
    )
    return found


def sample(name: str) -> bytes:
    """Return a sample as it is kept."""
    return (FOLDER / name).read_bytes()


def line_ends(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Return a message with LF, CRLF and CR."""
    lf = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return lf, lf.replace(b"\n", b"\r\n"), lf.replace(b"\n", b"\r")


def judged(name: str, notice: Notice) -> Iterator[Judged]:
    """Compare a reading with what is expected, recipient by recipient.

    Right is the expected recipient, or the same report's Original-Recipient.
    """
    wanted = expected()[name]
    raw = sample(name).lower()
    by_address = {one.address.lower(): one for one in notice.recipients}
    for place, want in enumerate(wanted):
        one = by_address.get(want["recipient"].lower())
        right = one is not None
        if one is None and len(notice.recipients) == len(wanted):
            one = notice.recipients[place]
            right = _is_original(one, raw)
        yield Judged(name, right, one is not None and one.hard is want["hard"])


def _is_original(one: Concerned, raw: bytes) -> bool:
    pattern = rb"original-recipient:[^\n]*" + re.escape(one.address.lower().encode())
    return re.search(pattern, raw) is not None


def is_false_bounce(name: str, notice: Notice) -> bool:
    """Say whether a message without anything to report is called a bounce."""
    return not expected()[name] and KINDS[type(notice)] == "bounce"

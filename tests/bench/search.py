"""`search-100k`: finding words in what 100,000 people wrote, with nothing but SQLite."""

import random
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Figure, require
from sqlalchemy import insert
from worlds import make_workspace

from mailer.store.tables import table
from mailer.store.ticketsearch import search
from mailer.store.tickettables import TicketEntryRow, TicketRow
from mailer.triage.searching import indexed

NAMES = ("search-100k",)
_tickets, _entries = table(TicketRow), table(TicketEntryRow)
_SLICE = 1000
_MESSAGES = 100_000
_TARGET_MS = 300.0
_EACH = 5
_NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
_WORDS = [
    "tent",
    "sleeping",
    "bag",
    "parcel",
    "arrived",
    "broken",
    "address",
    "order",
    "delivery",
    "return",
    "jacket",
    "size",
    "invoice",
    "please",
    "thank",
    "you",
    "would",
    "like",
    "to",
    "know",
    "when",
    "the",
    "and",
    "is",
    "it",
    "mountain",
    "hut",
    "winter",
    "stove",
    "boots",
    "rain",
    "zipper",
    "pole",
    "colour",
    "blue",
    "green",
    "red",
    "shipping",
    "Norway",
    "Iceland",
    "card",
]


def run(folder: Path, scale: float) -> list[Figure]:
    """Write messages of some eighty words, then look for common, rare and absent words."""
    many = max(1000, int(_MESSAGES * scale))
    workspace = make_workspace(folder / "search")
    chance = random.Random(7)
    for begin in range(0, many, _SLICE):
        numbers = range(begin + 1, min(begin + _SLICE, many) + 1)
        with workspace.database.write() as connection:
            connection.execute(insert(_tickets), [_ticket(one) for one in numbers])
            said = [_entry(chance, one, needle=one == many // 2) for one in numbers]
            connection.execute(insert(_entries), said)
    took: list[float] = []
    for words, least in (
        (("tent", "mountain"), 50), (("needle",), 1), (("nowhere-at-all",), 0),
        (("zipper", "needle"), 0), (("BLUE",), 50),
    ):  # fmt: skip
        for _ in range(_EACH):
            began = time.perf_counter()
            with workspace.database.read() as connection:
                found = search(connection, words, 50)
            took.append((time.perf_counter() - began) * 1000)
            require(len(found) >= least, f"{words} is in {least} tickets")
    workspace.close()
    slowest = max(took)
    return [
        Figure(
            NAMES[0], slowest, "ms", _TARGET_MS, _TARGET_MS / slowest,
            f"<= {_TARGET_MS:.0f} ms", slowest <= _TARGET_MS,
            f"the slowest of {len(took)} searches in {many} messages; baseline: the target",
        )
    ]  # fmt: skip


def _ticket(number: int) -> dict[str, object]:
    address = f"p{number}@example.com"
    return {
        "id": number, "mailbox": "support", "state": "new", "kind": "query",
        "priority": "normal", "subject": "Hello", "match": address, "address": address,
        "person": "", "language": "en", "assignee": "", "tags": "", "opened_at": _NOW,
        "changed_at": _NOW, "version": 1,
    }  # fmt: skip


def _entry(chance: random.Random, number: int, *, needle: bool) -> dict[str, object]:
    said = " ".join([*chance.choices(_WORDS, k=80), *(["needle"] if needle else [])])
    return {
        "id": number, "ticket_id": number, "kind": "came", "at": _NOW, "author": "",
        "subject": "Hello", "text": said, "folded": "", "message_id": "",
        "words": indexed("", "", "Hello", said),
    }  # fmt: skip

"""`consent-verify-1m`: a ledger of a million entries, verified entry by entry."""

import hashlib
import hmac
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from bench.figures import Figure, compared, require
from bench.million import million

NAMES = ("consent-verify-1m",)
_TARGET_S = 30


def run(folder: Path, scale: float) -> list[Figure]:
    """Verify the ledger of a million people, and see that one changed entry shows."""
    made = million(folder, scale)
    shop = made.shop
    began = time.perf_counter()
    found = json.loads(shop.mailer("consent", "verify", "--json"))
    took_s = time.perf_counter() - began
    ((entries,),) = shop.ask("SELECT count(*) FROM ledger")
    require(found["entries"] == entries, f"{found['entries']} of {entries} were verified")
    require(found["wrong"] == 0, f"{found['wrong']} things are wrong")
    plain_s = _plain(shop.folder / "mailer.db")
    return [
        Figure(
            NAMES[0], took_s, "s", plain_s, compared(took_s, plain_s),
            f"<= {_TARGET_S} s", took_s <= _TARGET_S,
            f"{entries:,} entries and where their people stand;"
            " baseline: reading the rows and one HMAC each",
        )
    ]  # fmt: skip


def _plain(database: Path) -> float:
    """Read the same rows and chain an HMAC over them: no canonical bytes, no standing."""
    began, last = time.perf_counter(), b""
    with closing(sqlite3.connect(database)) as connection:
        for row in connection.execute("SELECT * FROM ledger ORDER BY number"):
            last = hmac.digest(b"k" * 32, last + repr(row).encode(), hashlib.sha256)
    require(last, "there is no ledger")
    return time.perf_counter() - began

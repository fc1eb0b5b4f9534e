"""Moving in 100,000 people from another service, with its three files."""

import csv
import json
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.figures import Figure, compared, require
from bench.shop import LIST, Shop
from ports import free_port

NAMES = ("move-in-100k",)
PEOPLE = 100_000
_TARGET_S = 20
_HEADER = (
    "Email Address", "First Name", "MEMBER_RATING", "OPTIN_TIME", "OPTIN_IP",
    "CONFIRM_TIME", "CONFIRM_IP", "TIMEZONE", "LAST_CHANGED", "LEID", "EUID",
)  # fmt: skip
_DISPUTED = 100
"""One in so many of those who unsubscribed is in the file of members too."""


def run(folder: Path, scale: float) -> list[Figure]:
    """Move in as a marketer does, in one command."""
    people = max(2_000, int(PEOPLE * scale))
    unsubscribed, cleaned = people * 12 // 100, people * 3 // 100
    members = people - unsubscribed - cleaned
    shop = Shop(folder / "moving", free_port())
    disputed = range(members, members + unsubscribed, _DISPUTED)
    files = [
        _write(shop, "subscribed_members.csv", [*range(members), *disputed]),
        _write(
            shop, "unsubscribed_members.csv", range(members, members + unsubscribed),
            ("UNSUB_TIME", "2024-06-01 06:00:00"),
        ),
        _write(
            shop, "cleaned_members.csv", range(members + unsubscribed, people),
            ("CLEAN_TIME", "2023-02-01 06:00:00"),
        ),
    ]  # fmt: skip
    plain_s = _timed(lambda: _plain(files, folder / "plain-moving.db"))
    said: dict[str, Any] = {}
    order = (
        "contact", "import", *map(str, files), "--from", "mailchimp", "--list", LIST,
        "--basis", "double_opt_in", "--source", "bench", "--json",
    )  # fmt: skip
    took_s = _timed(lambda: said.update(json.loads(shop.mailer(*order))))
    _require_true(shop, said, (members, unsubscribed, cleaned, len(disputed)))
    return [
        Figure(
            NAMES[0], took_s, "s", plain_s, compared(took_s, plain_s),
            f"<= {_TARGET_S} s", took_s <= _TARGET_S,
            f"{people:,} people in three files, {len(disputed)} of them disputed;"
            " baseline: csv and INSERT alone",
        )
    ]  # fmt: skip


def _require_true(
    shop: Shop, said: dict[str, Any], counts: tuple[int, int, int, int]
) -> None:
    members, unsubscribed, cleaned, disputed = counts
    want = {"added": members, "changed": 0, "conflicting": disputed, "refused": 0}
    require(said["summary"] == want, f"it says {said['summary']}, but there are {want}")
    held = dict(shop.ask("SELECT reason, count(*) FROM suppression GROUP BY reason"))
    require(
        held == {"unsubscribed": unsubscribed, "bounced": cleaned},
        f"{held} after {unsubscribed} unsubscribed and {cleaned} cleaned",
    )
    ((on_list,),) = shop.ask(
        "SELECT count(*) FROM subscription WHERE status = 'subscribed'"
    )
    require(on_list == members, f"{on_list} on the list after {members} members")
    ((written_to,),) = shop.ask(
        "SELECT count(*) FROM contact JOIN suppression USING (hash)"
    )
    require(written_to == 0, f"{written_to} contacts who said no")
    ((own,),) = shop.ask(
        "SELECT count(*) FROM ledger WHERE evidence = 'row' AND consent_at IS NOT NULL"
    )
    require(own == members, f"{own} entries with evidence after {members} members")
    shop.mailer("db", "verify")


def _write(
    shop: Shop, name: str, people: Iterable[int], more: tuple[str, str] | None = None
) -> Path:
    path = shop.folder / name
    header, last = ((*_HEADER, more[0]), (more[1],)) if more else (_HEADER, ())
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(header)
        writer.writerows(
            (
                f"person.{one}@shop{one % 997}.example.com", f"Person {one}", 3,
                f"2021-03-{one % 28 + 1:02} 10:15:00", f"192.0.2.{one % 250}",
                f"2021-03-{one % 28 + 1:02} 10:17:31", f"192.0.2.{one % 250}",
                "Europe/Oslo", "2024-11-02 08:00:12", one, f"e{one:08x}", *last,
            )
            for one in people
        )  # fmt: skip
    return path


def _plain(files: Iterable[Path], database: Path) -> None:
    """Read the files and insert their rows: no check, no consent, no ledger."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE person (email TEXT, name TEXT, agreed TEXT)")
        for file in files:
            with file.open(newline="") as opened, connection:
                rows = csv.reader(opened)
                next(rows)
                connection.executemany(
                    "INSERT INTO person VALUES (?, ?, ?)",
                    ((row[0], row[1], row[3]) for row in rows),
                )
    database.unlink()


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

"""A workspace with a million people, made once and shared by the rows that need one."""

import csv
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bench.figures import Figure, compared, require
from bench.shop import Shop, write_people
from ports import free_port

NAMES = ("import-1m",)
ROWS = 1_000_000
_LATE = 2_000
_TARGET_S = 60
_TABLES = ("contact", "subscription", "ledger")


@dataclass(slots=True)
class Million:
    """The workspace, and how its people came in.

    Args:
        rows: How many rows their file had, with those that are broken or there twice.
        people: How many are on the list: a million and some, so that a few may leave.
        import_s: Wall time of `mailer contact import`.
        plain_s: Wall time of the same file with nothing but the reading and inserting.
        campaign: A campaign to all of them, once there is one.
    """

    shop: Shop
    rows: int
    people: int
    import_s: float
    plain_s: float
    campaign: int = 0


def run(folder: Path, scale: float) -> list[Figure]:
    """Import a million rows with ledger, dedupe and checks."""
    made = million(folder, scale)
    return [
        Figure(
            NAMES[0], made.import_s, "s", made.plain_s,
            compared(made.import_s, made.plain_s), f"<= {_TARGET_S} s",
            made.import_s <= _TARGET_S,
            f"{made.rows:,} rows, {made.rows / made.import_s:,.0f} a second;"
            " baseline: csv and INSERT alone",
        )
    ]  # fmt: skip


@cache
def million(folder: Path, scale: float) -> Million:
    """Make the workspace when it is first asked for."""
    rows = max(20_000, int(ROWS * scale))
    shop = Shop(folder / "million", free_port())
    file = folder / "million.csv"
    repeated, broken = write_people(file, rows)
    plain_s = _timed(lambda: _plain_import(file, folder / "plain.db"))
    result: dict[str, Any] = {}
    import_s = _timed(lambda: result.update(shop.import_people(file)))
    added = rows - repeated - broken
    counts = {name: count for name, count in result["counts"].items() if count}
    expected = {"added": added, "again": repeated, "rejected": broken}
    require(counts == expected, f"the import says {counts}, the file has {expected}")
    for table in _TABLES:
        ((count,),) = shop.ask(f"SELECT count(*) FROM {table}")
        require(count == added, f"{count} rows in {table} after {added} people")
    # For those of the file that were none, and for some who leave before the planning.
    late = shop.people("late.csv", repeated + broken + _LATE, first=rows)
    return Million(shop, rows, added + late, import_s, plain_s)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _plain_import(file: Path, database: Path) -> None:
    """Read a file and insert its rows: no check, no values, no consent, no ledger."""
    with closing(sqlite3.connect(database)) as connection, file.open(newline="") as opened:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(
            "CREATE TABLE person (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT,"
            " country TEXT, city TEXT, interests TEXT, points INT, birthday TEXT,"
            " member TEXT)"
        )
        rows = csv.reader(opened)
        next(rows)
        with connection:
            connection.executemany(
                "INSERT INTO person VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", rows
            )
    database.unlink()

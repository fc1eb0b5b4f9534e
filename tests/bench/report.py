"""`report-1m`: what came of a campaign with a million deliveries, held against them."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from audiences import campaign, see_list
from bench.figures import Figure, compared, require

from mailer.jobs.report import Report, report
from mailer.store import schema
from mailer.store.database import open_database

NAMES = ("report-1m",)
_LETTERS = 1_000_000
_TARGET_S = 2
_TIMES = 3

# As a campaign leaves them: nearly all accepted, refusals of 40 providers for 3 reasons.
_FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :letters)
INSERT INTO delivery (cause_kind, cause_id, kind, lane, contact_id, hash, address, list_id,
  state, reason, attempt, deferrals, due_at, give_up_at, first_attempt_at, left_at,
  ended_at, relay, relay_id, reply)
SELECT 'campaign', :campaign, 'marketing', 3, i, randomblob(32),
  'person' || i || '@example' || (i % 40) || '.com', 'news',
  CASE WHEN i % 50 = 0 THEN 'refused' WHEN i % 97 = 0 THEN 'withheld'
    WHEN i % 1009 = 0 THEN 'in_doubt' WHEN i % 503 = 0 THEN 'expired' ELSE 'accepted' END,
  CASE WHEN i % 50 > 0 AND i % 97 = 0 THEN
    CASE i % 3 WHEN 0 THEN 'permission' WHEN 1 THEN 'suppression' ELSE 'cannot_compose' END
  END,
  1, 0, :start, :start + 86400000000, :start, :start + i * 2000, :start + i * 2000 + 500,
  'smtp.example.com:587', '4F0A' || i,
  CASE WHEN i % 50 = 0 THEN '550 5.' || (1 + i % 3) || '.1 refused, said server ' || i
    ELSE '250 2.0.0 Ok: queued as 4F0A' || i END
FROM n
"""
_START = 1_795_000_000_000_000
_BY_STATE = "SELECT state, count(*) FROM delivery WHERE cause_id = ? GROUP BY state"
_BY_REASON = (
    "SELECT reason, count(*) FROM delivery WHERE cause_id = ? AND state = 'withheld'"
    " GROUP BY reason"
)
_BY_PROVIDER = (
    "SELECT substr(reply, 1, 9) || ' ' || substr(address, instr(address, '@') + 1),"
    " count(*) FROM delivery WHERE cause_id = ? AND state = 'refused' GROUP BY 1"
)


def run(folder: Path, scale: float) -> list[Figure]:
    """Report on a campaign and hold every sum against the table."""
    letters = int(_LETTERS * scale)
    file = folder / "report.db"
    database = open_database(f"sqlite:///{file}")
    schema.upgrade(database)
    with database.write() as connection:
        see_list(connection)
        number = campaign(connection)
    with closing(sqlite3.connect(file)) as plain, plain:
        values = {"letters": letters, "campaign": number, "start": _START}
        plain.execute(_FILL, values)
        plain.execute("UPDATE campaign SET planned = ?, state = 'finished'", (letters,))
    took_s, plain_s = float("inf"), float("inf")
    for _ in range(_TIMES):
        began = time.perf_counter()
        made = report(database, number)
        took_s = min(took_s, time.perf_counter() - began)
        began = time.perf_counter()
        _ask(file, _BY_STATE, number)
        plain_s = min(plain_s, time.perf_counter() - began)
    database.close()
    _require_true(made, file, number, letters)
    return [
        Figure(
            NAMES[0], took_s, "s", plain_s, compared(took_s, plain_s),
            f"<= {_TARGET_S} s", took_s <= _TARGET_S,
            f"{letters:,} deliveries, {len(made.refused)} kinds of refusal,"
            f" {len(made.over_time)} steps of time; baseline: counting by state alone",
        )
    ]  # fmt: skip


def _ask(file: Path, statement: str, number: int) -> dict[Any, int]:
    with closing(sqlite3.connect(file)) as plain:
        return dict(plain.execute(statement, (number,)).fetchall())


def _require_true(made: Report, file: Path, number: int, letters: int) -> None:
    counted = {state.value: count for state, count in made.counts.items() if count}
    require(counted == _ask(file, _BY_STATE, number), f"by state it says {counted}")
    require(sum(counted.values()) == letters, f"{sum(counted.values())} of {letters}")
    require(made.withheld == _ask(file, _BY_REASON, number), f"withheld: {made.withheld}")
    refused = {f"{one.code} {one.provider}": one.count for one in made.refused}
    require(refused == _ask(file, _BY_PROVIDER, number), f"refused: {refused}")
    accepted = sum(step.accepted for step in made.over_time)
    require(accepted == counted["accepted"], f"over time {accepted} were accepted")

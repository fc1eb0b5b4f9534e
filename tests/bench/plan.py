"""`plan-1m`: planning a million deliveries, while people leave by one-click."""

import contextlib
import http.client
import random
import sqlite3
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Figure, compared, require
from bench.machine import until
from bench.million import Million, million
from bench.shop import LIST, Shop

from mailer.model.token import Reader, TokenBox, TokenKind
from mailer.wiring import open_workspace

NAMES = ("plan-1m", "plan-1m-one-click")
EXAMPLE = "autumn-sale"
_TARGET_S = 20
_TARGET_MS = 50
_CLICKS_AT_LEAST = 200
_CLICK_EVERY_S = 0.012


def run(folder: Path, scale: float) -> list[Figure]:
    """Plan a campaign to everyone, with one-click POSTs until it is planned."""
    made = million(folder, scale)
    plain_s = _plain_plan(made.shop, folder / "plain.db")
    with made.shop.running("--only", "web") as web:
        clicks = Clicks(made)
        until(clicks.answers, "the pages answer", within_s=60)
        calm = [clicks.click() for _ in range(_CLICKS_AT_LEAST)]
        took_s, during = plan_meanwhile(made, clicks)
        require(web.poll() is None, f"the pages ended: {made.shop.log()}")
    planned = _require_planned(made, clicks)
    p99_ms, calm_ms = p99(during), p99(calm)
    enough = _CLICKS_AT_LEAST if scale == 1 else 1
    require(len(during) >= enough, f"only {len(during)} clicks fell into the planning")
    words = f"{planned:,} deliveries, {len(during)} people leaving meanwhile"
    return [
        Figure(
            NAMES[0], took_s, "s", plain_s, compared(took_s, plain_s),
            f"<= {_TARGET_S} s", took_s <= _TARGET_S,
            f"{words}; baseline: one INSERT … SELECT",
        ),
        Figure(
            NAMES[1], p99_ms, "ms", calm_ms, compared(p99_ms, calm_ms),
            f"p99 <= {_TARGET_MS} ms", p99_ms <= _TARGET_MS,
            f"median {statistics.median(during):.1f} ms, longest {max(during):.1f} ms;"
            " baseline: p99 without planning",
        ),
    ]  # fmt: skip


def planned(made: Million) -> int:
    """Return a campaign to everyone, planned if it was not."""
    made.campaign = made.campaign or made.shop.start_campaign(EXAMPLE)
    return made.campaign


@dataclass(slots=True)
class Clicks:
    """People who leave, one after the other, on one connection to the pages."""

    made: Million
    left: list[int] = field(default_factory=list)
    _people: Iterator[int] = field(init=False)
    _tokens: TokenBox = field(init=False)
    _list_number: int = field(init=False)
    _pages: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        shop = self.made.shop
        ids = list(range(1, self.made.people + 1))
        random.SystemRandom().shuffle(ids)
        self._people = iter(ids)
        with open_workspace(str(shop.folder)) as workspace:
            self._tokens = TokenBox(workspace.ring)
        ((self._list_number,),) = shop.ask(
            "SELECT number FROM mailing_list WHERE id = ?", LIST
        )
        self._pages = http.client.HTTPConnection("127.0.0.1", shop.web_port, timeout=60)

    def answers(self) -> bool:
        """Say whether the pages are up."""
        try:
            self._pages.request("GET", "/health")
            answer = self._pages.getresponse()
            answer.read()
        except OSError:
            self._pages.close()
            return False
        return answer.status == http.client.OK

    def hang_up(self) -> None:
        """Let go of a connection that may have been closed for waiting so long."""
        self._pages.close()

    def click(self) -> float:
        """Let somebody leave as mail programs do (RFC 8058 §3.2); return milliseconds."""
        person = next(self._people)
        reader = Reader(person, self._list_number, 0)
        token = self._tokens.for_reader(TokenKind.UNSUBSCRIBE, reader)
        began = time.perf_counter()
        self._pages.request(
            "POST", f"/u/{token}", "List-Unsubscribe=One-Click",
            {"Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
        answer = self._pages.getresponse()
        answer.read()
        took_ms = (time.perf_counter() - began) * 1000
        require(answer.status == http.client.OK, f"one-click got {answer.status}")
        self.left.append(person)
        return took_ms


def plan_meanwhile(made: Million, clicks: Clicks) -> tuple[float, list[float]]:
    """Return how long the command took, and the clicks while it planned."""
    shop, during = made.shop, list[float]()
    arguments = (*shop.to_all(EXAMPLE), "--again")
    ((last,),) = shop.ask("SELECT coalesce(max(id), 0) FROM campaign")
    began = time.perf_counter()
    process = shop.start("campaign", "start", EXAMPLE, *arguments)
    with contextlib.ExitStack() as stack:
        stack.callback(process.kill)
        database = stack.enter_context(contextlib.closing(_read_only(shop)))
        until(
            lambda: _state(database, last), "the planning began", within_s=120, every_s=0.01
        )
        clicks.hang_up()
        while (state := _state(database, last)) == "planning":
            due = time.perf_counter() + _CLICK_EVERY_S
            took_ms = clicks.click()
            # Only those that were answered while the planning was still on.
            if _state(database, last) == "planning":
                during.append(took_ms)
            time.sleep(max(0.0, due - time.perf_counter()))
        process.wait(120)
    took_s = time.perf_counter() - began
    require(process.returncode == 0 and state == "running", f"{state}: {shop.log()}")
    ((made.campaign,),) = shop.ask("SELECT max(id) FROM campaign")
    return took_s, during


def _read_only(shop: Shop) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{shop.folder / 'mailer.db'}?mode=ro", uri=True)


def _state(database: sqlite3.Connection, after: int) -> str:
    """Return the state of the campaign that came after another; "" before it is there."""
    found = database.execute(
        "SELECT state FROM campaign WHERE id > ? ORDER BY id DESC", (after,)
    ).fetchone()
    return str(found[0]) if found else ""


def _require_planned(made: Million, clicks: Clicks) -> int:
    """Fail unless everyone who is still on the list is planned, and everyone left."""
    shop, campaign = made.shop, made.campaign
    counts = shop.require_sums(campaign)
    ((missing,),) = shop.ask(
        "SELECT count(*) FROM subscription s LEFT JOIN delivery d"
        " ON d.cause_kind = 'campaign' AND d.cause_id = ? AND d.contact_id = s.contact_id"
        " WHERE s.status = 'subscribed' AND d.id IS NULL",
        campaign,
    )
    require(missing == 0, f"{missing} people on the list are not planned")
    ((gone,),) = shop.ask("SELECT count(*) FROM subscription WHERE status = 'unsubscribed'")
    require(gone == len(clicks.left), f"{len(clicks.left)} clicked, {gone} have left")
    return sum(counts.values())


def p99(times: Sequence[float]) -> float:
    """Return what one in a hundred takes longer than."""
    return sorted(times)[int(len(times) * 0.99)]


def _plain_plan(shop: Shop, database: Path) -> float:
    """Return how long one statement takes: no slices, no permission, nobody else."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("ATTACH ? AS shop", (str(shop.folder / "mailer.db"),))
        connection.execute(
            "CREATE TABLE delivery (id INTEGER PRIMARY KEY, cause_id INT, contact_id INT,"
            " hash BLOB, address TEXT, state TEXT, due_at INT,"
            " UNIQUE (cause_id, contact_id))"
        )
        began = time.perf_counter()
        with connection:
            connection.execute(
                "INSERT INTO delivery SELECT NULL, 1, c.id, c.hash, c.address, 'queued', 0"
                " FROM shop.contact c JOIN shop.subscription s ON s.contact_id = c.id"
                " WHERE s.status = 'subscribed'"
            )
        took_s = time.perf_counter() - began
    database.unlink()
    return took_s

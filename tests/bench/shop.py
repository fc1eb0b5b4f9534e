"""A real workspace on disk, worked with as a marketer does: through `mailer` itself."""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import psycopg
from bench.figures import require
from bench.machine import until
from ports import free_port
from worlds import config_text

LIST = "newsletter"
TEMPLATE = "bench"
SMALL = "bench-small"
_LETTERS = {
    TEMPLATE: Path(__file__).with_name("template"),
    SMALL: Path(__file__).with_name("small"),
}
_CITIES = ("Bergen", "Oslo", "Tromsø", "Göteborg", "København", "Reykjavík", "")
_FIRST = ("Ingrid", "Kari", "Ola", "Bjørn", "Åse", "Håkon", "Aino", "Zoë", "Łukasz", "")
_INTERESTS = ("tents;stoves", "skis", "maps;boots;ropes", "")


class Shop:
    """A workspace in a folder, and the programs that run in it."""

    def __init__(
        self,
        folder: Path,
        relay_port: int,
        database_url: str = "",
        **settings: Mapping[str, Any],
    ) -> None:
        """Make it as `mailer init` does, with the example's files and our templates.

        Args:
            database_url: One of PostgreSQL; "" for SQLite.
        """
        self.folder = folder
        self._database_url = database_url
        self.relay_port = relay_port
        self.web_port = free_port()
        tables: dict[str, Any] = {
            "site": {
                "public_url": f"http://127.0.0.1:{self.web_port}",
                "listen_port": self.web_port,
            },
            "relay": {
                "host": "127.0.0.1",
                "port": relay_port,
                "tls": "none",
                "helo_name": "shop.example.com",
                "connections": 20,
                "letters_per_connection": 1_000_000,
            },
            # What is measured is all of it at once.
            "campaigns": {"canary_letters": 0},
        }
        if database_url:
            tables["database"] = database_url
        for name, values in settings.items():
            tables[name] = tables.get(name, {}) | dict(values)
        folder.mkdir(parents=True)
        (folder / "config.toml").write_text(config_text(**tables), encoding="utf-8")
        self.mailer("init", str(folder))
        for name, letter in _LETTERS.items():
            shutil.copytree(letter, folder / "templates" / "mail" / name)

    def mailer(self, *arguments: str, within_s: float = 900) -> str:
        """Run one command and return what it prints."""
        ended = subprocess.run(
            self._argv(*arguments), capture_output=True, text=True, check=False,
            timeout=within_s, env=environment(),
        )  # fmt: skip
        words = f"mailer {' '.join(arguments)} ended with {ended.returncode}"
        require(ended.returncode == 0, f"{words}: {ended.stderr.strip()[-500:]}")
        return ended.stdout

    def _argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "mailer", "-w", str(self.folder), *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command in a session of its own and leave it running."""
        with (self.folder / "log.txt").open("ab") as log:
            return subprocess.Popen(
                self._argv(*arguments), stdout=log, stderr=log, start_new_session=True,
                env=environment(),
            )  # fmt: skip

    @contextlib.contextmanager
    def running(self, *arguments: str) -> Generator[subprocess.Popen[bytes]]:
        """Run `mailer serve` meanwhile, and end it in peace."""
        process = self.start("serve", "--quiet", *arguments)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    def log(self) -> str:
        """Return the end of what the programs said."""
        text = (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace")
        return text.strip()[-500:]

    def ask(self, query: str, *values: object) -> list[Any]:
        """Read from the database as anybody can: a row as a tuple."""
        if self._database_url:
            with psycopg.connect(self._database_url) as session:
                asked = query.replace("?", "%s").encode()
                return session.execute(asked, values).fetchall()
        uri = f"file:{self.folder / 'mailer.db'}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=30)) as connection:
            return connection.execute(query, values).fetchall()

    def people(self, name: str, count: int, first: int = 0) -> int:
        """Write and import a file of people; return how many can be written to."""
        file = self.folder / name
        repeated, broken = write_people(file, count, first)
        self.import_people(file)
        return count - repeated - broken

    def import_people(self, file: Path, source: str = "bench") -> dict[str, Any]:
        """Import a file of people with their consent, and return what it says."""
        arguments = (
            "--list", LIST, "--basis", "express", "--source", source, "--json",
            "--no-refusals",
        )  # fmt: skip
        result: dict[str, Any] = json.loads(
            self.mailer("contact", "import", str(file), *arguments)
        )
        return result

    def to_all(self, template: str = TEMPLATE) -> tuple[str, ...]:
        """Return how a campaign is started to everyone on the list: with their number."""
        asked = ("campaign", "start", template, "--list", LIST, "--dry-run", "--json")
        number = json.loads(self.mailer(*asked))["gets_it"]
        return ("--list", LIST, "--yes", str(number))

    def start_campaign(self, template: str = TEMPLATE) -> int:
        """Start a campaign to everyone on the list, planned through; return its number."""
        arguments = (*self.to_all(template), "--again", "--json")
        answer = json.loads(self.mailer("campaign", "start", template, *arguments))
        return int(answer["campaign"])

    def counts(self, campaign: int) -> dict[str, int]:
        """Return how many deliveries of a campaign are in each state."""
        rows = self.ask(
            "SELECT state, count(*) FROM delivery WHERE cause_kind = 'campaign'"
            " AND cause_id = ? GROUP BY state",
            campaign,
        )
        return dict(rows)

    def latest_sender(self) -> int:
        """Return the highest number that a sender has had, 0 when there was none."""
        return int(self.ask("SELECT coalesce(max(id), 0) FROM owner")[0][0])

    def sending_of_senders_after(self, owner_id: int) -> int:
        """Count what is on the line, of senders with a higher number than this."""
        query = "SELECT count(*) FROM delivery WHERE state = 'sending' AND owner_id > ?"
        return int(self.ask(query, owner_id)[0][0])

    def until_nobody_works(self) -> None:
        """Wait until no killed program's session is left that may still commit."""
        if self._database_url:
            query = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state <> 'idle' AND pid <> pg_backend_pid()"
            )
            until(lambda: self.ask(query) == [(0,)], "all sessions ended", within_s=60)

    def any_open(self, campaign: int) -> bool:
        """Say whether something is still to be sent; asks no more than the indexes."""
        queued = (
            "SELECT 1 FROM delivery WHERE state = 'queued' AND cause_kind = 'campaign'"
            " AND cause_id = ? LIMIT 1"
        )
        held = "SELECT 1 FROM delivery WHERE owner_id IS NOT NULL LIMIT 1"
        # In one statement: what a dead sender held is queued again at some moment.
        both = f"SELECT * FROM ({queued}) AS a UNION ALL SELECT * FROM ({held}) AS b"
        return bool(self.ask(both, campaign))

    def until_sent(
        self, campaign: int, process: subprocess.Popen[bytes], *, within_s: float
    ) -> None:
        """Wait until nothing of a campaign is open, while a process sends it."""

        def sent() -> bool:
            require(process.poll() is None, f"mailer serve ended: {self.log()}")
            return not self.any_open(campaign)

        until(sent, f"campaign {campaign} is sent", within_s=within_s, every_s=0.25)

    def require_sums(self, campaign: int) -> dict[str, int]:
        """Fail unless a campaign's states add up to what was planned; return them."""
        counts = self.counts(campaign)
        ((planned,),) = self.ask("SELECT planned FROM campaign WHERE id = ?", campaign)
        total = sum(counts.values())
        require(total == planned, f"{counts} add up to {total}, planned were {planned}")
        return counts


def write_people(file: Path, count: int, first: int = 0) -> tuple[int, int]:
    """Write a file of made-up people: some without a name, a city or interests.

    Returns:
        How many of its rows repeat somebody, and how many are broken.
    """
    chance = random.Random(first)
    repeated = broken = 0
    with file.open("w", encoding="utf-8") as opened:
        opened.write("email,name,country,city,interests,points,birthday,member\n")
        for number in range(first, first + count):
            if number % 200 == 100:
                repeated += 1
                opened.write(f" READER{number - 1}@{_domain(number - 1)},,,,,,,\n")
                continue
            if number % 200 == 150:
                broken += 1
                opened.write(f"reader{number}.{_domain(number)},Nobody,,,,,,\n")
                continue
            opened.write(
                f"reader{number}@{_domain(number)},{chance.choice(_FIRST)},NO,"
                f"{chance.choice(_CITIES)},{chance.choice(_INTERESTS)},"
                f"{chance.randrange(1000)},19{number % 90 + 10}-0{number % 9 + 1}-12,"
                f"{'yes' if number % 3 else 'no'}\n"
            )
    return repeated, broken


def _domain(number: int) -> str:
    return f"post{number * 7919 % 40_000}.example.com"


def environment() -> dict[str, str]:
    """Return the environment of our programs: compiled once, as installed ones are."""
    env = {**os.environ, "COLUMNS": "120"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env

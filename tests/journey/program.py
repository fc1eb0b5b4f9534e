"""The real program in processes of its own, and a mail server for it to talk to."""

import asyncio
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from ports import free_port
from sqlalchemy import text
from worlds import config_text

from mailer.config.places import places_of
from mailer.jobs.campaigns import Status, status
from mailer.model.campaign import CampaignState
from mailer.store.database import Database
from mailer.wire.sink import Answer, Received, Rule, Sink, Step, always_accept
from mailer.wiring import database_of, settings_of, utc_now

MAILER = (sys.executable, "-m", "mailer")
ON_SQLITE = "sqlite:///mailer.db"
DEADLINE_S = 180.0
"""A condition that is not true by then never will be; nothing waits for it to pass."""

LIMITED = """\
import os, resource, sys
most, *program = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), resource.RLIM_INFINITY))
os.execv(program[0], program)
"""

_LINK = re.compile(rb"^List-Unsubscribe: <([^>]+)>", re.IGNORECASE | re.MULTILINE)


def until(
    holds: Callable[[], Any],
    what: str,
    *,
    deadline_s: float = DEADLINE_S,
    every_s: float = 0.05,
) -> Any:
    """Wait for a condition and return what it was; fail with words when it never holds."""
    end = time.monotonic() + deadline_s
    while not (found := holds()):
        assert time.monotonic() < end, f"it never came to this: {what}"
        time.sleep(every_s)
    return found


class Relay:
    """A sink in a thread of its own, so that a test can watch it and change its mind."""

    def __init__(self, rule: Rule = always_accept) -> None:
        self.letters: list[Received] = []
        self.arrived_at: dict[str, float] = {}
        self.sink = Sink(rule, on_letter=self._keep)
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def _keep(self, received: Received) -> None:
        self.letters.append(received)
        self.arrived_at.setdefault(received.recipient, time.monotonic())

    def start(self, port: int = 0) -> None:
        if not self._thread.is_alive():
            self._thread.start()
        self.port = self._do(self.sink.start(port))

    def stop(self) -> None:
        """Hang up and listen no more; `start` may follow."""
        self._do(self.sink.stop())

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    @property
    def copies(self) -> Counter[str]:
        """How often each letter came whole, by Message-ID, whatever was answered."""
        return Counter(self.sink.seen)

    def of(self, address: str) -> list[Received]:
        """Return the letters that were taken for an address."""
        return [letter for letter in list(self.letters) if letter.recipient == address]


class Gate:
    """A relay that says nothing to a letter until it is let go."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.reached = threading.Event()

    def rule(self, step: Step, received: Received) -> Answer:
        del received
        if step is Step.CONTENT and not self.open.is_set():
            self.reached.set()
            self.open.wait(60)
        return None


@contextlib.contextmanager
def relay(rule: Rule = always_accept) -> Generator[Relay]:
    running = Relay(rule)
    running.start()
    try:
        yield running
    finally:
        running.close()


def unsubscribe_link(letter: Received) -> str:
    """Return the one-click link of a letter, as a mail program reads it."""
    found = _LINK.search(letter.content)
    assert found is not None, letter.content[:2000]
    return found[1].decode()


def post(link: str, **fields: str) -> tuple[int, str]:
    """Send a form of a page; return the answer's status and text."""
    parts = urlsplit(link)
    assert parts.hostname == "127.0.0.1"
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    with contextlib.closing(connection):
        connection.request(
            "POST",
            urlunsplit(("", "", parts.path, parts.query, "")),
            urlencode(fields),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def one_click(link: str) -> int:
    """Leave as mail programs do (RFC 8058 §3.2); return the answer's status."""
    return post(link, **{"List-Unsubscribe": "One-Click"})[0]


def get(link: str) -> tuple[int, str]:
    parts = urlsplit(link)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@dataclass
class Serve:
    """A running `mailer serve`."""

    process: subprocess.Popen[str]
    log_file: Path
    port: int

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def is_up(self) -> bool:
        """Say whether it serves; an end before that is a failure."""
        assert self.process.poll() is None, self.log
        if not self.port:
            return "mailer serves" in self.log
        try:
            return get(f"http://127.0.0.1:{self.port}/health")[0] == 200
        except OSError:
            return False

    def processes(self) -> list[int]:
        """Return the numbers of the program and of all that it has started."""
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").iterdir():
                children = (task / "children").read_text(encoding="ascii")
                found += [int(child) for child in children.split()]
        return found

    def kill(self) -> None:
        """Kill the program alone; what it had started notices, and ends too."""
        self.process.kill()
        self.process.wait()
        until(lambda: not self.group_lives(), "what it had started has ended")

    def kill_all(self) -> None:
        """Kill the program with all that it had started, at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        until(lambda: not self.group_lives(), "all of it has ended")

    def group_lives(self) -> bool:
        """Say whether it or anything that it started still runs."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        return self.process.wait(DEADLINE_S)


@dataclass
class Shop:
    """A workspace on disk with its program.

    Args:
        fresh: A workspace that `mailer init` has made on SQLite: a copy of it is a
            workspace like any that it makes.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    serves: list[Serve] = field(default_factory=list)
    fresh: Path | None = None
    _database: Database | None = None

    def make(self, relay_port: int, **settings: Any) -> None:
        """Make the workspace with quick settings; more of them may be given by table."""
        tables: dict[str, Any] = {
            "site": {
                "public_url": f"http://127.0.0.1:{self.port}",
                "listen_port": self.port,
            },
            "relay": {
                "host": "127.0.0.1",
                "port": relay_port,
                "tls": "none",
                "helo_name": "shop.example.com",
                "pause_s": 0.2,
                "pause_at_most_s": 1.0,
                "timeout_connect_s": 5.0,
                "timeout_envelope_s": 10.0,
                "timeout_data_s": 10.0,
                "timeout_content_s": 10.0,
            },
            "sending": {"poll_s": 0.1, "keep_every_s": 0.5, "retry_plan_s": [0.3, 0.5]},
            "schedules": {"tick_s": 1.0},
            "campaigns": {"canary_letters": 0},
        }
        for name, value in settings.items():
            old = tables.get(name)
            tables[name] = old | value if isinstance(old, dict) else value
        config = config_text(**tables)
        elsewhere = tables.get("database", ON_SQLITE) != ON_SQLITE or "keys_file" in tables
        if self.fresh is None or elsewhere or self.folder.exists():
            self.folder.mkdir(exist_ok=True)
            (self.folder / "config.toml").write_text(config, encoding="utf-8")
            self.run("init", str(self.folder), at="")
        else:
            shutil.copytree(self.fresh, self.folder)
            (self.folder / "config.toml").write_text(config, encoding="utf-8")

    def run(self, *arguments: str, at: str | None = None, status: int = 0) -> str:
        """Run one command and return what it printed; `status` is how it must end."""
        done = self._ran(arguments, at)
        # As a script does: to many people only with their number.
        if asked := re.search(r"with --yes (\d+)", done.stderr):
            number = arguments.index("--yes") + 1
            told = (*arguments[:number], asked[1], *arguments[number:])
            done = self._ran(told, at)
        assert done.returncode == status, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr if status else done.stdout

    def run_bytes(self, *arguments: str) -> bytes:
        """Run one command and return the very bytes that it printed."""
        done = subprocess.run(
            [*MAILER, "-w", str(self.folder), *arguments],
            capture_output=True,
            check=True,
            env=_environment(),
            timeout=DEADLINE_S,
        )
        return done.stdout

    def _ran(
        self, arguments: Sequence[str], at: str | None
    ) -> subprocess.CompletedProcess[str]:
        folder = str(self.folder) if at is None else at
        where = ("-w", folder) if folder else ()
        return subprocess.run(
            [*MAILER, *where, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=_environment(),
            timeout=DEADLINE_S,
        )

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    def import_people(self, rows: Sequence[str], header: str = "email,name") -> None:
        """Import people with their consent."""
        file = self.folder / f"people-{len(rows)}.csv"
        file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        self.run(
            *("contact", "import", str(file), "--list", "newsletter"),
            *("--basis", "double_opt_in", "--source", "stall at the fair"),
            "--no-refusals",
        )

    def status(self, campaign: int) -> Status:
        """Return how far a campaign has come, without a process for each look."""
        return status(self._opened(), campaign, utc_now())

    def _opened(self) -> Database:
        if self._database is None:
            where = str(self.folder)
            self._database = database_of(places_of(where, settings_of(where)))
        return self._database

    def counts(self, campaign: int) -> dict[str, int]:
        """Return the deliveries of a campaign by state, those that there are."""
        return {
            state.value: count
            for state, count in self.status(campaign).counts.items()
            if count
        }

    def latest_sender(self) -> int:
        """Return the highest number that a sender has had, 0 when there was none."""
        return self._number("SELECT coalesce(max(id), 0) FROM owner")

    def sending_of_senders_after(self, owner_id: int) -> int:
        """Count what is on the line, of senders with a higher number than this."""
        return self._number(
            "SELECT count(*) FROM delivery WHERE state = 'sending' AND owner_id > :id",
            id=owner_id,
        )

    def nobody_works(self) -> bool:
        """Say whether no killed program's session is left that may still commit."""
        if self._opened().is_sqlite:
            return True
        return not self._number(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state <> 'idle' AND pid <> pg_backend_pid()"
        )

    def _number(self, question: str, **values: int) -> int:
        with self._opened().read() as connection:
            return int(connection.execute(text(question), values).scalar_one())

    def until_finished(self, campaign: int, deadline_s: float = DEADLINE_S) -> None:
        """Wait until a campaign has come to its end; its sums add up then."""

        def finished() -> bool:
            self.require_serving()
            return self.status(campaign).campaign.state is CampaignState.FINISHED

        until(finished, f"campaign {campaign} is finished", deadline_s=deadline_s)
        assert sum(self.counts(campaign).values()) == self.status(campaign).campaign.planned

    def require_serving(self) -> None:
        """Fail with its log when no `mailer serve` runs any more."""
        running = [serve for serve in self.serves if serve.process.poll() is None]
        assert running, self.serves[-1].log

    def deliveries(self, campaign: int) -> list[dict[str, Any]]:
        return self.json("campaign", "deliveries", str(campaign))

    def start(
        self, *arguments: str, wait: bool = True, largest_file_bytes: int = 0
    ) -> Serve:
        """Start `mailer serve`, and wait until it serves.

        Args:
            largest_file_bytes: No file of it may become larger, as if the disk were full
                then; 0 for no limit.
        """
        program = [*MAILER, "-w", str(self.folder), "serve", *arguments]
        if largest_file_bytes:
            program = [sys.executable, "-c", LIMITED, str(largest_file_bytes), *program]
        log_file = self.folder / f"serve-{len(self.serves)}.log"
        with log_file.open("w") as log:
            process = subprocess.Popen(
                program,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                env=_environment(),
                start_new_session=True,
            )
        has_pages = "--only" not in arguments or "web" in arguments
        serve = Serve(process, log_file, self.port if has_pages else 0)
        self.serves.append(serve)
        if wait:
            until(serve.is_up, "mailer serve answers")
        return serve

    def end(self) -> None:
        """Kill whatever still runs."""
        for serve in self.serves:
            if serve.process.poll() is None:
                serve.kill()
        self.close_database()

    def close_database(self) -> None:
        """Let go of the file; the next look opens it anew."""
        if self._database is not None:
            self._database.close()
            self._database = None


def _environment() -> dict[str, str]:
    # To compile our modules anew is a quarter of a process's start: the first keeps them.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONUNBUFFERED": "1", "COLUMNS": "120"}

"""`console-10k`: how long the queue's page takes with 10,000 open tickets."""

import http.client
import random
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from bench.figures import Figure, compared, require
from bench.machine import until
from bench.shop import Shop
from consoles import PASSWORD, code_of, invited
from ports import free_port

from mailer.model.staff import Role
from mailer.model.ticket import EntryKind
from mailer.store import tickets
from mailer.wiring import Workspace, open_workspace, utc_now

NAMES = ("console-10k",)
_TARGET_MS = 200
_TICKETS = 10_000
_ASKED = 400
_SLICE = 500
_VIEWS = ("/", "/?view=mine", "/?view=unassigned", "/?view=due&page=150")


def run(folder: Path, scale: float) -> list[Figure]:
    """Ask for the queue as one of the staff does, one page after another."""
    many = max(500, int(_TICKETS * scale))
    shop = Shop(folder / "console", free_port())
    with open_workspace(str(shop.folder)) as workspace:
        _fill(workspace, many)
        secret = invited(workspace, "Kari", Role.AGENT)
    with shop.running("--only", "web"):
        until(lambda: _answers(shop.web_port), "the pages answer", within_s=60)
        line = http.client.HTTPConnection("127.0.0.1", shop.web_port, timeout=60)
        cookie = _sign_in(line, secret)
        for view in _VIEWS:
            _ask(line, f"/console{view}", cookie)
        took: list[float] = []
        for number in range(_ASKED):
            began = time.perf_counter()
            page = _ask(line, f"/console{_VIEWS[number % len(_VIEWS)]}", cookie)
            took.append((time.perf_counter() - began) * 1000)
            require(b"</html>" in page, "a page was not whole")
        first = _ask(line, "/console/", cookie)
        require(f"<b>{many}</b>".encode() in first, f"the queue does not count {many}")
        bare = []
        for _ in range(_ASKED):
            began = time.perf_counter()
            _ask(line, "/console/sign-in", "")
            bare.append((time.perf_counter() - began) * 1000)
    value, baseline = _p99(took), _p99(bare)
    return [
        Figure(
            NAMES[0], value, "ms", baseline, compared(value, baseline),
            f"p99 <= {_TARGET_MS} ms", value <= _TARGET_MS,
            f"{many:,} open tickets, {_ASKED} pages of 50, median"
            f" {sorted(took)[len(took) // 2]:.0f} ms; baseline: a page without database",
        )
    ]  # fmt: skip


def _p99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99) - 1]


def _fill(workspace: Workspace, many: int) -> None:
    draw, now = random.Random(7), utc_now()
    for begin in range(0, many, _SLICE):
        with workspace.database.write() as connection:
            for number in range(begin, min(begin + _SLICE, many)):
                due = now + timedelta(minutes=draw.randint(-3000, 6000))
                address = f"person{number}@example.com"
                made = tickets.create_ticket(
                    connection,
                    {
                        "mailbox": "support", "subject": f"Question {number} about tents",
                        "contact_id": None, "match": address, "address": address,
                        "person": "Ola Nordmann", "language": "en", "opened_at": now,
                        "changed_at": now, "first_due_at": due, "due_at": due,
                        "assignee": "Kari" if number % 3 == 0 else "",
                    },
                )  # fmt: skip
                tickets.add_entry(
                    connection, made, EntryKind.CAME, now, author=address,
                    subject="Question", text="Do you ship tents to Iceland? " * 10,
                )  # fmt: skip


def _sign_in(line: http.client.HTTPConnection, secret: str) -> str:
    form = urlencode({"name": "Kari", "password": PASSWORD, "code": code_of(secret)})
    head = {"Content-Type": "application/x-www-form-urlencoded"}
    line.request("POST", "/console/sign-in", form, head)
    answer = line.getresponse()
    answer.read()
    require(answer.status == 303, f"signing in was answered {answer.status}")
    return str(answer.headers["Set-Cookie"]).partition(";")[0]


def _ask(line: http.client.HTTPConnection, path: str, cookie: str) -> bytes:
    line.request("GET", path, headers={"Cookie": cookie} if cookie else {})
    answer = line.getresponse()
    body = answer.read()
    require(answer.status == 200, f"{path} was answered {answer.status}")
    return body


def _answers(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/health")
        return line.getresponse().status == 200
    except OSError:
        return False
    finally:
        line.close()

"""`kill-9-desk`: the front desk, killed while people write and are answered."""

import os
import random
import re
import signal
import smtplib
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

from bench.figures import Figure, require
from bench.machine import until
from bench.shop import Shop
from bench.sinks import CountingSink, counting_sink
from ports import free_port

NAMES = ("kill-9-desk",)
_KILLS = 50
_BY_MAIL, _BY_FORM, _ANSWERED = 100, 50, 25
_ONCE = re.compile(r'name="once" value="([^"]+)"')
_MAILBOX = {
    "address": "Fjell & Fjord <support@shop.example>",
    "hours": ["mon-sun 00:00-24:00"],
    "staff": ["Kari"],
}
_OPEN = "SELECT count(*) FROM delivery WHERE state IN ('queued', 'claimed', 'sending')"
_UNREAD = "SELECT count(*) FROM incoming WHERE sorted_at IS NULL"


@dataclass
class _Actor(threading.Thread):
    """Does each of its things until it is told that it was done."""

    does: Callable[[int], None]
    times: int
    pause_s: float
    again: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        for number in range(self.times):
            self.over.wait(self.pause_s)
            while not self.over.is_set():
                try:
                    self.does(number)
                    break
                except (OSError, smtplib.SMTPException, HTTPException):
                    self.again += 1
                    self.over.wait(0.05)


def run(folder: Path, scale: float) -> list[Figure]:
    """Kill it 50 times; `--quick` does so five times."""
    kills = _KILLS if scale == 1 else _KILLS // 10
    share = kills / _KILLS
    mails, forms = int(_BY_MAIL * share), int(_BY_FORM * share)
    answers, port = max(3, int(_ANSWERED * share)), free_port()
    shop = Shop(
        folder / "desk", free_port(),
        inbox={"lmtp_port": port, "domains": ["shop.example"]},
        sign_up={"from_network_an_hour": 10_000}, **{"mailboxes.support": _MAILBOX},
    )  # fmt: skip
    chance = random.SystemRandom()
    once: dict[int, str] = {}
    actors = [
        _Actor(lambda number: _mail(port, number), mails, 0.3),
        _Actor(lambda number: _fill_in(shop, once, number), forms, 0.6),
    ]
    with counting_sink(shop.relay_port) as sink:
        for one in actors:
            one.start()
        try:
            for _ in range(kills):
                _kill(shop, chance.uniform(0.2, 1.5))
            with shop.running():
                for one in actors:
                    one.join(300)
                    require(not one.is_alive(), "not everything was taken")
                killed = sum(_answer(shop, one, chance) for one in range(1, answers + 1))
                until(lambda: _settled(shop), "all is done", within_s=300)
        finally:
            for one in actors:
                one.over.set()
        again = sum(one.again for one in actors)
        note = f"{kills} kills of serve, {killed} of `inbox reply`; {again} tried again"
        return [_told(shop, sink, mails + forms, answers, note)]


def _mail(port: int, number: int) -> None:
    sender = f"mail{number}@m{number}.example"
    raw = (
        f"From: <{sender}>\r\nTo: support@shop.example\r\nSubject: By mail {number}\r\n"
        f"Message-ID: <{number}@m{number}.example>\r\n\r\nThe tent leaks,"
        f" number {number}.\r\n"
    )
    with smtplib.LMTP("127.0.0.1", port, timeout=60) as line:
        line.sendmail(sender, ["support@shop.example"], raw.encode())


def _fill_in(shop: Shop, once: dict[int, str], number: int) -> None:
    """Send a form until it is answered; it is one form, however often it is sent."""
    page = f"http://127.0.0.1:{shop.web_port}/contact/support"
    if number not in once:
        with urlopen(page, timeout=60) as answer:
            found = _ONCE.search(answer.read().decode())
        require(found is not None, "the form has no number of its own")
        assert found is not None
        once[number] = found[1]
    form = {
        "email": f"form{number}@f{number}.example", "name": "Eva", "sure": "yes",
        "text": f"Is the blue tent back, number {number}?", "once": once[number],
    }  # fmt: skip
    with urlopen(page, urlencode(form).encode(), timeout=60) as answer:
        require(answer.status == 200, f"the form was answered {answer.status}")
        answer.read()


def _kill(shop: Shop, after_s: float) -> None:
    """Serve until it takes mail or forms again, and kill it at a moment after."""
    before = shop.latest_sender()
    process = shop.start("serve", "--quiet")
    try:
        until(lambda: shop.latest_sender() > before, "it sends", within_s=120)
        time.sleep(after_s)
        require(process.poll() is None, f"mailer serve ended: {shop.log()}")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answer(shop: Shop, ticket: int, chance: random.SystemRandom) -> int:
    """Answer a ticket by a command that may be killed; look, and do it again if needed.

    Returns:
        Whether it was killed before it ended.
    """
    body = shop.folder / "answer.txt"
    body.write_text("Please send it in.\n", encoding="utf-8")
    first = shop.start("inbox", "reply", str(ticket), "--body", str(body), "--by", "Kari")
    try:
        first.wait(chance.uniform(0.3, 4))
    except subprocess.TimeoutExpired:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    said = "SELECT count(*) FROM ticket_entry WHERE kind = 'reply' AND ticket_id = ?"
    if not shop.ask(said, ticket)[0][0]:
        shop.mailer("inbox", "reply", str(ticket), "--body", str(body), "--by", "Kari")
    return int(first.returncode < 0)


def _settled(shop: Shop) -> bool:
    return shop.ask(_UNREAD) == [(0,)] and shop.ask(_OPEN) == [(0,)]


def _told(shop: Shop, sink: CountingSink, people: int, answers: int, note: str) -> Figure:
    ((tickets, different),) = shop.ask("SELECT count(*), count(DISTINCT match) FROM ticket")
    kinds = dict(shop.ask("SELECT kind, count(*) FROM delivery GROUP BY kind"))
    states = dict(shop.ask("SELECT state, count(*) FROM delivery GROUP BY state"))
    arrived = sink.seen
    twice = sum(1 for copies in arrived.values() if copies > 1)
    sure, doubts = states.get("accepted", 0), states.get("in_doubt", 0)
    require(sum(states.values()) == sure + doubts, f"letters are {states}")
    require(sure <= len(arrived) <= sure + doubts, f"{len(arrived)} came of {states}")
    holds = (
        (tickets, different) == (people, people)
        and kinds == {"acknowledgement": people, "reply": answers}
        and not twice
    )
    note += f"; {kinds}, {states}, {twice} twice"
    return Figure(
        NAMES[0], tickets, "tickets", people, tickets / people, "all, once", holds, note
    )

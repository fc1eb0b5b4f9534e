"""`ingest-p99`, `kill-9-inbound`: mail comes in while a campaign is sent, and is killed."""

import os
import random
import signal
import smtplib
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Figure, compared, require
from bench.machine import until
from bench.shop import Shop
from bench.sinks import counting_sink
from ports import free_port

from mailer.model.token import TokenBox, TokenKind
from mailer.wiring import open_workspace

NAMES = ("ingest-p99", "kill-9-inbound")
_RATE = 100
_SECONDS = 60
_TARGET_MS = 250.0
_KILLS = 50
_DOMAIN = "shop.example"
_REPORT = """\
From: MAILER-DAEMON@relay.example\r
To: {to}\r
Subject: Undelivered Mail Returned to Sender\r
Message-ID: <{number}@relay.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary=b\r
\r
--b\r
\r
It came back. {filling}\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; relay.example\r
\r
Final-Recipient: rfc822; {to}\r
Action: failed\r
Status: {status}\r
Diagnostic-Code: smtp; {said}\r
\r
--b\r
Content-Type: text/rfc822-headers\r
\r
Message-ID: <{token}@{domain}>\r
To: {to}\r
\r
--b--\r
"""
_FULL = {"status": "5.2.2", "said": "552 5.2.2 Mailbox full"}
_GONE = {"status": "5.1.1", "said": "550 5.1.1 User unknown"}
_FILLING = "\r\n".join(["All that a mail system says about itself, a line of it."] * 40)


def run(folder: Path, scale: float) -> list[Figure]:
    """Measure both."""
    return [_sustained(folder / "ingest", scale), _killed(folder / "inbound", scale)]


@dataclass
class _Bringer(threading.Thread):
    """A mail server's connection: brings each message until it is taken.

    Args:
        due: When each is to be brought; at once when none is given.
    """

    port: int
    raws: Sequence[bytes]
    due: Sequence[float] = ()
    took_s: list[float] = field(default_factory=list[float])
    again: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        line: smtplib.LMTP | None = None
        for number, raw in enumerate(self.raws):
            began = self.due[number] if self.due else time.monotonic()
            time.sleep(max(0.0, began - time.monotonic()))
            while not self.over.is_set():
                try:
                    line = line or smtplib.LMTP("127.0.0.1", self.port, timeout=60)
                    line.sendmail("", [f"bounces@{_DOMAIN}"], raw)
                    break
                except (OSError, smtplib.SMTPException):
                    self.again += 1
                    line = None
                    time.sleep(0.02)
            # From when it was due, so that waiting for the one before counts too.
            self.took_s.append(time.monotonic() - began)


def _shop(folder: Path) -> tuple[Shop, int]:
    port = free_port()
    inbox = {"lmtp_port": port, "domains": [_DOMAIN]}
    return Shop(folder, free_port(), inbox=inbox), port


def _reports(shop: Shop, campaign: int, said: dict[str, str], most: int) -> list[bytes]:
    """Write a report about each letter of a campaign."""
    rows = shop.ask(
        "SELECT id, address FROM delivery WHERE cause_id = ? ORDER BY id LIMIT ?",
        campaign,
        most,
    )
    with ExitStack() as stack:
        tokens = TokenBox(stack.enter_context(open_workspace(str(shop.folder))).ring)
    return [
        _REPORT.format(
            to=address, number=number, token=tokens.for_delivery(TokenKind.MESSAGE, number),
            domain=_DOMAIN, filling=_FILLING, **said,
        ).encode()
        for number, address in rows
    ]  # fmt: skip


def _sustained(folder: Path, scale: float) -> Figure:
    """Bring 100 messages a second while a campaign is being sent."""
    shop, port = _shop(folder)
    messages = max(200, int(_RATE * _SECONDS * scale))
    shop.people("people.csv", max(messages * 2, int(200_000 * scale)))
    campaign = shop.start_campaign()
    raws = _reports(shop, campaign, _FULL, messages)
    with counting_sink(shop.relay_port) as sink, shop.running() as process:
        until(lambda: sink.letters > 0, "it sends", within_s=60)
        before, began = sink.letters, time.monotonic() + 0.5
        lines = 10
        bringers = [
            _Bringer(
                port, raws[line::lines],
                [began + number / _RATE for number in range(line, len(raws), lines)],
            )
            for line in range(lines)
        ]  # fmt: skip
        for one in bringers:
            one.start()
        for one in bringers:
            one.join(_SECONDS * 5)
        took_s = time.monotonic() - began
        sent = sink.letters - before
        require(process.poll() is None, f"mailer serve ended: {shop.log()}")
        ((kept,),) = shop.ask("SELECT count(*) FROM incoming")
    require(kept == len(raws), f"{len(raws)} were acknowledged, and {kept} are kept")
    times = sorted(one for bringer in bringers for one in bringer.took_s)
    p99_ms = times[int(len(times) * 0.99)] * 1000
    again = sum(one.again for one in bringers)
    note = (
        f"{len(raws) / took_s:.0f} messages/s of {len(raws[0]) / 1000:.1f} KB, {again}"
        f" tried again, median {times[len(times) // 2] * 1000:.0f} ms; meanwhile"
        f" {sent:,} letters left ({sent / took_s:.0f}/s); baseline: the target"
    )
    return Figure(
        NAMES[0], p99_ms, "ms to kept", _TARGET_MS, compared(p99_ms, _TARGET_MS),
        f"<= {_TARGET_MS:.0f} ms at {_RATE}/s", p99_ms <= _TARGET_MS, note,
    )  # fmt: skip


def _killed(folder: Path, scale: float) -> Figure:
    """Kill what takes in mail, again and again, and count what was done."""
    shop, port = _shop(folder)
    people = shop.people("people.csv", max(400, int(4_000 * scale)))
    campaign = shop.start_campaign()
    with counting_sink(shop.relay_port), shop.running("--only", "send") as process:
        shop.until_sent(campaign, process, within_s=300)
    raws = _reports(shop, campaign, _GONE, people)
    bringers = [_Bringer(port, raws[line::2]) for line in range(2)]
    chance = random.SystemRandom()
    kills = max(5, int(_KILLS * scale))
    moments = sorted(chance.randrange(int(len(raws) * 0.9)) for _ in range(kills))
    for one in bringers:
        one.start()
    try:
        for moment in moments:
            _kill_after(shop, moment, chance.uniform(0, 0.05))
        with shop.running("--only", "inbox"):
            for one in bringers:
                one.join(300)
            until(lambda: _done(shop) == len(raws), "all are understood", within_s=300)
    finally:
        for one in bringers:
            one.over.set()
    again = sum(one.again for one in bringers)
    return _told(shop, len(raws), kills, again)


def _done(shop: Shop) -> int:
    query = "SELECT count(*) FROM incoming WHERE sorted_at IS NOT NULL"
    return int(shop.ask(query)[0][0])


def _kill_after(shop: Shop, messages: int, jitter_s: float) -> None:
    """Serve until more messages than so many are kept, and kill at a moment after."""
    process = shop.start("serve", "--quiet", "--only", "inbox")
    try:

        def came() -> bool:
            require(process.poll() is None, f"mailer serve ended: {shop.log()}")
            return int(shop.ask("SELECT count(*) FROM incoming")[0][0]) > messages

        until(came, f"{messages} messages are kept", within_s=60, every_s=0.01)
        time.sleep(jitter_s)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _told(shop: Shop, messages: int, kills: int, again: int) -> Figure:
    ((kept,),) = shop.ask("SELECT count(*) FROM incoming")
    ((verdicts, letters),) = shop.ask(
        "SELECT count(*), count(DISTINCT delivery_id) FROM verdict"
    )
    ((noes,),) = shop.ask("SELECT count(*) FROM suppression WHERE reason = 'bounced'")
    lost = (messages - kept) + (messages - letters) + (messages - noes)
    twice = verdicts - letters
    note = (
        f"{kills} kills in {messages:,} messages, {again} brought again: lost {lost},"
        f" acted on twice {twice}; baseline: the messages"
    )
    return Figure(
        NAMES[1], lost + twice, "lost or twice", messages,
        compared(lost + twice, messages), "0", lost + twice == 0, note,
    )  # fmt: skip

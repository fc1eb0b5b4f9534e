"""`acknowledge-p99`: how soon people are acknowledged while a campaign is being sent."""

import smtplib
import time
from pathlib import Path

from bench.figures import Figure, compared, require
from bench.machine import until
from bench.shop import SMALL, Shop
from bench.sinks import CountingSink, counting_sink
from ports import free_port

NAMES = ("acknowledge-p99",)
_TARGET_S = 2.0
_PEOPLE = 100_000
_MESSAGES = 150
"""Fewer than one mailbox acknowledges in an hour."""
_A_SECOND = 10
_DOMAIN = "shop.example"
_MAILBOX = {
    "address": f"Fjell & Fjord <support@{_DOMAIN}>",
    "hours": ["mon-sun 00:00-24:00"],
    "staff": ["Kari"],
}
_TOOK = """
    SELECT (delivery.ended_at - incoming.received_at) / 1e6, delivery.address
    FROM delivery JOIN incoming ON incoming.id = delivery.cause_id
    WHERE delivery.kind = 'acknowledgement' AND delivery.state = 'accepted'
"""


def run(folder: Path, scale: float) -> list[Figure]:
    """Let people write while everybody on the list gets a letter."""
    port = free_port()
    inbox = {"lmtp_port": port, "domains": [_DOMAIN]}
    shop = Shop(
        folder / "acknowledge", free_port(), inbox=inbox, **{"mailboxes.support": _MAILBOX}
    )
    shop.people("people.csv", max(10_000, int(_PEOPLE * scale)))
    campaign = shop.start_campaign(SMALL)
    messages = max(10, int(_MESSAGES * scale))
    with counting_sink(shop.relay_port) as sink, shop.running() as process:
        until(lambda: sink.letters > 0, "it sends", within_s=60)
        before, began = sink.letters, time.monotonic()
        _bring(port, messages)
        took_s = time.monotonic() - began
        sent = sink.letters - before
        require(shop.any_open(campaign), "the campaign was over before the last message")
        require(process.poll() is None, f"mailer serve ended: {shop.log()}")
        until(
            lambda: len(shop.ask(_TOOK)) == messages, "all are acknowledged", within_s=300
        )
        still = shop.any_open(campaign)
        took = _checked(shop, sink, messages)
    p99_s = took[max(0, int(len(took) * 0.99) - 1)]
    return [
        Figure(
            NAMES[0], p99_s, "s", _TARGET_S, compared(p99_s, _TARGET_S),
            f"p99 <= {_TARGET_S:.0f} s", p99_s <= _TARGET_S,
            f"{messages} messages, {messages / took_s:.0f}/s, median"
            f" {took[len(took) // 2]:.2f} s, slowest {took[-1]:.2f} s; meanwhile {sent:,}"
            f" letters left ({sent / took_s:.0f}/s), the campaign was"
            f" {'still running' if still else 'over'} at the last; baseline: the target",
        )
    ]  # fmt: skip


def _bring(port: int, messages: int) -> None:
    """Bring each when it is due, as the mail server before us does."""
    began = time.monotonic()
    with smtplib.LMTP("127.0.0.1", port, timeout=60) as line:
        for number in range(messages):
            time.sleep(max(0.0, began + number / _A_SECOND - time.monotonic()))
            sender = _sender(number)
            line.sendmail(sender, [f"support@{_DOMAIN}"], _message(number, sender))


def _checked(shop: Shop, sink: CountingSink, messages: int) -> list[float]:
    """Return how long each took; what the relay got is what we say that we sent."""
    rows = shop.ask(_TOOK)
    arrived = sink.accepted
    senders = {_sender(number) for number in range(messages)}
    require({address for _, address in rows} == senders, "another was acknowledged")
    copies = {one: arrived.get(one, 0) for one in senders}
    require(set(copies.values()) == {1}, f"the relay got {copies}")
    ((tickets,),) = shop.ask("SELECT count(*) FROM ticket")
    require(tickets == messages, f"{tickets} tickets of {messages} messages")
    return sorted(float(took) for took, _ in rows)


def _sender(number: int) -> str:
    return f"asks{number}@d{number}.example"


def _message(number: int, sender: str) -> bytes:
    return (
        f"From: <{sender}>\r\nTo: support@{_DOMAIN}\r\nSubject: Question {number}\r\n"
        f"Message-ID: <{number}@d{number}.example>\r\n\r\nDo you ship tents to place"
        f" {number}?\r\n"
    ).encode()

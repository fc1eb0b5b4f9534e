"""The front desk of a running program: people are acknowledged and answered, once."""

import random
import re
import smtplib
import socket
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from frontdesks import a_message
from journey.inbound import Bringer
from journey.program import Shop, relay, until
from ports import free_port
from sqlalchemy import text

from mailer.store.database import open_database
from mailer.wire.sink import Received

MAILBOX = {
    "address": "Fjell & Fjord <support@shop.example>",
    "hours": ["mon-sun 00:00-24:00"],
    "staff": ["Kari"],
}
PEOPLE = 30
ONLY = ("--only", "inbox", "--only", "send")


def make(shop: Shop, relay_port: int) -> int:
    """Make a workspace with a mailbox that takes mail by LMTP; return the port."""
    port = free_port()
    inbox = {"lmtp_port": port, "domains": ["shop.example"]}
    shop.make(relay_port, inbox=inbox, **{"mailboxes.support": MAILBOX})
    return port


def bring(port: int, raw: bytes, to: str = "support@shop.example") -> None:
    until(lambda: _listens(port), "the inbox listens")
    with smtplib.LMTP("127.0.0.1", port, timeout=60) as line:
        line.sendmail("ola@example.com", [to], raw)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def came(letters: list[Received], count: int) -> tuple[Received, EmailMessage]:
    until(lambda: len(letters) >= count, f"{count} letters have come")
    received = letters[count - 1]
    parsed: Any = message_from_bytes(received.content, policy=policy.default)
    return received, parsed


def ask(shop: Shop, question: str) -> list[tuple[Any, ...]]:
    database = open_database(f"sqlite:///{shop.folder}/mailer.db")
    try:
        with database.read() as connection:
            return [tuple(row) for row in connection.execute(text(question))]
    finally:
        database.close()


def check_acknowledgement(head: EmailMessage) -> None:
    """Check each field by what another mail server received (RFC 3834 §3)."""
    assert head.keys() == [
        "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To",
        "References", "X-Auto-Response-Suppress", "Auto-Submitted", "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding",
    ]  # fmt: skip
    assert head["From"] == "Fjell & Fjord <support@shop.example>"
    assert head["To"] == "Ola Nordmann <ola@example.com>"
    assert head["Subject"] == "Re: Tents [#1]"
    assert head["Auto-Submitted"] == "auto-replied"
    assert head["X-Auto-Response-Suppress"] == "All"
    assert head["In-Reply-To"] == "<m1.ola@example.com>"
    assert head["References"] == "<a@example.com> <m1.ola@example.com>"
    assert re.fullmatch(r"<[0-9a-f]{46}@shop\.example>", head["Message-ID"])
    assert head["Reply-To"].startswith("support+")
    assert "Its number here is 1." in head.get_content()


def test_a_person_is_acknowledged_answered_and_heard_again(shop: Shop) -> None:
    with relay() as taken:
        port = make(shop, taken.port)
        shop.start()
        raw = a_message(References="<a@example.com>").replace(
            b"Return-Path: <ola@example.com>\n", b""
        )
        bring(port, raw)
        received, head = came(taken.letters, 1)
        assert (received.sender, received.recipient) == ("", "ola@example.com")
        check_acknowledgement(head)
        answer = shop.folder / "answer.txt"
        answer.write_text("Ja, også til Ísland.\n.\nKari\n", encoding="utf-8")
        shop.run("inbox", "reply", "1", "--body", str(answer), "--by", "Kari")
        received, reply = came(taken.letters, 2)
        assert (received.sender, received.recipient) == (
            "support@shop.example", "ola@example.com",
        )  # fmt: skip
        assert reply["Auto-Submitted"] is None
        assert reply["Subject"] == "Re: Tents [#1]"
        assert reply["In-Reply-To"] == "<m1.ola@example.com>"
        assert reply.get_content().splitlines() == ["Ja, også til Ísland.", ".", "Kari"]

        thanks = a_message(
            "Takk!", number=2, subject="Takk", In_Reply_To=reply["Message-ID"]
        )
        bring(port, thanks, reply["Reply-To"])
        until(lambda: ask(shop, "SELECT state FROM ticket") == [("open",)], "it is heard")
        kinds = ask(shop, "SELECT kind FROM ticket_entry ORDER BY id")
        assert kinds == [("came",), ("acknowledgement",), ("reply",), ("came",)]
        assert ask(shop, "SELECT rule FROM acknowledgement ORDER BY incoming_id") == [
            (None,), (12,),
        ]  # fmt: skip
        assert len(taken.letters) == 2


def test_killed_again_and_again_no_ticket_is_lost_or_doubled(shop: Shop) -> None:
    chance = random.Random(11)
    raws = [
        a_message(f"Question {n}?", f"p{n}@d{n}.example", number=n, subject=f"Q {n}")
        for n in range(PEOPLE)
    ]
    with relay() as taken:
        port = make(shop, taken.port)
        sender = "someone@elsewhere.example"
        bringer = Bringer(
            port, raws, pause_s=0.05, sender=sender, to="support@shop.example"
        )
        bringer.start()
        for _ in range(4):
            serve = shop.start(*ONLY, wait=False)
            time.sleep(chance.uniform(0.8, 2.5))
            serve.kill_all()
        shop.start(*ONLY)
        bringer.join(60)
        assert not bringer.is_alive()
        waiting = (
            "SELECT count(*) FROM delivery WHERE state IN ('queued','claimed','sending')"
        )
        until(
            lambda: ask(shop, "SELECT count(*) FROM ticket") == [(PEOPLE,)], "all are there"
        )
        until(lambda: ask(shop, waiting) == [(0,)], "all have left")
        doubts = ask(shop, "SELECT count(*) FROM delivery WHERE state = 'in_doubt'")[0][0]
    assert ask(shop, "SELECT count(*), count(DISTINCT match) FROM ticket") == [
        (PEOPLE, PEOPLE)
    ]
    assert ask(shop, "SELECT count(*) FROM delivery") == [(PEOPLE,)]
    assert max(taken.copies.values()) == 1
    assert len(taken.copies) >= PEOPLE - doubts

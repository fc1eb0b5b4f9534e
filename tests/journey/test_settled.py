"""A letter that a kill left in doubt is settled by what comes back of it, by itself."""

import re
import subprocess
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection

import pytest
from journey.inbound import Bringer, report_of
from journey.program import MAILER, Shop, free_port, relay, until
from signing_hooks import KEYS, of_sendgrid

from mailer.wire.sink import Answer, Mischief, Received, Step

EARLY, GONE, BOUNCED, ANSWERED, TOLD, LEFT, CLICKED, SILENT = DOUBTED = tuple(
    f"{name}@example.com"
    for name in (
        "early", "gone", "bounced", "answered", "told", "left", "clicked", "silent",
    )
)  # fmt: skip
SURE = "sure@example.com"
_LINK = re.compile(
    rb"^List-Unsubscribe:\s*<https?://[^/]+(/[^>]+)>", re.IGNORECASE | re.MULTILINE
)
_ID = re.compile(rb"^Message-ID: (<[^>]+>)", re.IGNORECASE | re.MULTILINE)


def message_id(letter: Received) -> str:
    found = _ID.search(letter.content)
    assert found is not None
    return found[1].decode()


def reply_to(letter: Received) -> bytes:
    """Write what a person answers."""
    return (
        f"From: {letter.recipient}\r\nTo: hello@shop.example\r\nSubject: Re: Sale\r\n"
        f"In-Reply-To: {message_id(letter)}\r\n\r\nHave you a red one?\r\n"
    ).encode()


def pipe(shop: Shop, raw: bytes) -> None:
    """Hand a message in as a mail server does by its aliases."""
    program = [*MAILER, "-w", str(shop.folder), "inbox", "ingest"]
    subprocess.run(program, input=raw, check=True, capture_output=True)


def post_event(shop: Shop, letter: Received, word: str) -> None:
    """Tell of a letter as SendGrid does."""
    event = {
        "event": word, "email": letter.recipient, "smtp-id": message_id(letter),
        "sg_event_id": f"{word}-1",
    }  # fmt: skip
    headers, body = of_sendgrid([event], datetime.now(UTC))
    with closing(HTTPConnection("127.0.0.1", shop.port, timeout=60)) as line:
        line.request("POST", "/hooks/sendgrid", body, headers)
        assert line.getresponse().status == 200


def one_click(shop: Shop, letter: Received) -> None:
    """Leave as a mail program does for its reader (RFC 8058)."""
    found = _LINK.search(letter.content)
    assert found is not None
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    with closing(HTTPConnection("127.0.0.1", shop.port, timeout=60)) as line:
        line.request("POST", found[1].decode(), "List-Unsubscribe=One-Click", headers)
        assert line.getresponse().status == 200


def begin(shop: Shop, database_url: str, relay_port: int) -> int:
    """Send to all of them, each over a line of its own; return LMTP's port."""
    lmtp_port = free_port()
    on_sqlite = database_url.startswith("sqlite")
    shop.make(
        relay_port,
        database="sqlite:///mailer.db" if on_sqlite else database_url,
        relay={
            "connections": len(DOUBTED) + 1,
            "letters_per_connection": 1,
            "timeout_content_s": 600.0,
        },
        inbox={"lmtp_port": lmtp_port, "domains": ["shop.example"]},
        hooks={"sendgrid_key": KEYS.sendgrid},
    )
    shop.import_people([f"{one},Person" for one in (*DOUBTED, SURE)])
    shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
    return lmtp_port


def says(shop: Shop, **expected: int) -> None:
    """What is counted, listed and verified is the same."""
    until(lambda: shop.counts(1) == expected, f"it comes to {expected}")
    told = shop.run("campaign", "status", "1")
    for state, count in expected.items():
        assert re.search(rf"^  {state} +{count}$", told, re.MULTILINE), told
    listed = Counter(one["state"] for one in shop.deliveries(1))
    assert listed == expected
    shop.run("db", "verify")


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_what_comes_back_settles_what_a_kill_left_in_doubt(
    shop: Shop, database_url: str
) -> None:
    held: dict[str, Received] = {}

    def rule(step: Step, received: Received) -> Answer:
        if step is not Step.CONTENT or received.recipient not in DOUBTED:
            return None
        held[received.recipient] = received
        return Mischief.SILENCE

    with relay(rule) as taken:
        lmtp_port = begin(shop, database_url, taken.port)
        serve = shop.start()
        until(lambda: len(held) == len(DOUBTED), "the relay has eight letters")
        until(lambda: taken.of(SURE), "the ninth is out")
        one_click(shop, held[GONE])
        serve.kill_all()
        # It comes back before anybody knows that there is a doubt.
        pipe(shop, report_of(held[EARLY]))
        shop.start()
        shop.until_finished(1)
        says(shop, accepted=3, in_doubt=6)
        told = "settled as accepted: it had come back before"
        assert told in shop.run("explain", EARLY, "1")
        assert told in shop.run("explain", GONE, "1")
        assert "it may or may not have arrived" in shop.run("explain", TOLD, "1")
        Bringer(lmtp_port, [report_of(held[BOUNCED]), reply_to(held[ANSWERED])]).run()
        post_event(shop, held[TOLD], "delivered")
        post_event(shop, held[LEFT], "unsubscribe")
        one_click(shop, held[CLICKED])
        says(shop, accepted=8, in_doubt=1)
    told = "in doubt, settled as accepted: its link was used to leave"
    assert told in shop.run("explain", CLICKED, "1")
    told = "in doubt, settled as accepted: a person has answered it"
    explained = shop.run("explain", ANSWERED, "1")
    assert re.search(rf"accepted on .*: {told}", explained), explained
    # Nobody got two.
    assert set(taken.copies.values()) == {1}

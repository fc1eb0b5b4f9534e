"""Reports about real letters of ours, brought by LMTP as a mail server brings them."""

import re
import smtplib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from journey.program import Shop, until
from ports import free_port
from sqlalchemy import text

from mailer.store.database import open_database
from mailer.wire.sink import Received

_MESSAGE_ID = re.compile(rb"^Message-ID: (<[^>]+>)", re.IGNORECASE | re.MULTILINE)
_REPORT = """\
From: MAILER-DAEMON@relay.example\r
To: {to}\r
Subject: Undelivered Mail Returned to Sender\r
Message-ID: <{number}.{to}>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary=b\r
\r
--b\r
\r
It came back.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; relay.example\r
\r
Final-Recipient: rfc822; {to}\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 <{to}>: User unknown\r
\r
--b\r
Content-Type: text/rfc822-headers\r
\r
Message-ID: {id}\r
To: {to}\r
\r
--b--\r
"""


def report_of(letter: Received, number: int = 0) -> bytes:
    """Write what a mail system says of a letter whose mailbox it does not have."""
    found = _MESSAGE_ID.search(letter.content)
    assert found is not None
    facts = {"to": letter.recipient, "id": found[1].decode(), "number": number}
    return _REPORT.format(**facts).encode()


@dataclass
class Bringer(threading.Thread):
    """Brings each message until it is taken, as a mail server does."""

    port: int
    raws: Sequence[bytes]
    pause_s: float = 0.0
    sender: str = ""
    to: str = "bounces@shop.example"
    took_s: list[float] = field(default_factory=list)
    tries: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        line: smtplib.LMTP | None = None
        for raw in self.raws:
            began = time.monotonic()
            while True:
                self.tries += 1
                try:
                    line = line or smtplib.LMTP("127.0.0.1", self.port, timeout=30)
                    line.sendmail(self.sender, [self.to], raw)
                    break
                except (OSError, smtplib.SMTPException):
                    line = None
                    time.sleep(0.02)
            self.took_s.append(time.monotonic() - began)
            time.sleep(self.pause_s)
        if line is not None:
            line.close()


def make_inbox(shop: Shop, relay_port: int) -> int:
    """Make a workspace that takes in mail; return the port."""
    port = free_port()
    shop.make(relay_port, inbox={"lmtp_port": port, "domains": ["shop.example"]})
    return port


def counts(folder: Path) -> dict[str, int]:
    """Count what was kept, what waits to be understood, and what was done."""
    database = open_database(f"sqlite:///{folder}/mailer.db")
    questions = {
        "kept": "SELECT count(*) FROM incoming",
        "waiting": "SELECT count(*) FROM incoming WHERE sorted_at IS NULL",
        "verdicts": "SELECT count(*) FROM verdict",
        "twice": "SELECT count(*) - count(DISTINCT delivery_id) FROM verdict",
        "suppressed": "SELECT count(*) FROM suppression WHERE reason = 'bounced'",
    }
    try:
        with database.read() as connection:
            return {
                name: int(connection.execute(text(sql)).scalar_one())
                for name, sql in questions.items()
            }
    finally:
        database.close()


def until_done(shop: Shop, messages: int) -> dict[str, int]:
    """Wait until all that came was understood; return the counts."""

    def done() -> bool:
        found = counts(shop.folder)
        return found["kept"] == messages and not found["waiting"]

    until(done, f"{messages} messages are kept and understood")
    return counts(shop.folder)

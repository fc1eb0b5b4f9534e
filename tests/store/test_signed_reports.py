"""A report by mail that has a relay's own id counts where that relay signed it."""

from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from nameserver import name_server
from samples.samples import knowledge
from sending import a_campaign
from sqlalchemy import update

from mailer.compose.dkimrecord import public_half, record_value
from mailer.jobs.incoming import Desk, Handled, handle_all, keep
from mailer.jobs.vouching import Reporters, records_by_dns
from mailer.model.token import TokenBox
from mailer.model.verdict import Effect
from mailer.store import incoming
from mailer.store.suppressions import suppressions_of
from mailer.store.tables import DeliveryRow, table
from mailer.wire.dns import DnsServers

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
RELAY_ID = "0102018f-6105-42a2-a16a-77a8eac79483-000000"
SENDER = "MAILER-DAEMON@eu-west-1.relay.example"
KEY = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
SHORT = rsa.generate_private_key(65537, 1024)
SIGNED = [b"from", b"to", b"subject", b"mime-version", b"content-type", b"message-id"]
DSN = """\
From: Relay <{sender}>
To: bounces@shop.example
Subject: Delivery Status Notification (Failure)
Message-ID: <1@relay.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It came  back.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; {address}
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <x>: User unknown

--b
Content-Type: message/rfc822

Message-ID: <{relay_id}@eu-west-1.relay.example>
To: {address}

--b--

"""


def record(key: rsa.RSAPrivateKey, flags: str = "") -> str:
    strings = record_value(public_half(key)) + flags
    return " ".join(f'"{strings[at : at + 250]}"' for at in range(0, len(strings), 250))


RECORDS = {
    ("k1._domainkey.relay.example", "TXT"): [record(KEY)],
    ("strict._domainkey.relay.example", "TXT"): [record(KEY, "; t=s")],
    ("trial._domainkey.relay.example", "TXT"): [record(KEY, "; t=y")],
    ("gone._domainkey.relay.example", "TXT"): ['"v=DKIM1; k=rsa; p="'],
    ("two._domainkey.relay.example", "TXT"): [record(KEY), record(OTHER)],
    ("web._domainkey.relay.example", "TXT"): [record(KEY, "; s=web")],
    ("short._domainkey.relay.example", "TXT"): [record(SHORT)],
    ("k1._domainkey.evil.example", "TXT"): [record(OTHER)],
    ("k1._domainkey.example", "TXT"): [record(OTHER)],
}


@pytest.fixture(scope="module")
def servers() -> Generator[DnsServers, None, None]:
    with name_server(RECORDS, broken="lame.example") as place:
        yield DnsServers((place,), 30.0)


@pytest.fixture
def desk(database, logbook, ring, servers) -> Desk:
    a_campaign(database, ring, 2)
    rows = table(DeliveryRow)
    with database.write() as connection:
        connection.execute(
            update(rows)
            .where(rows.c.id == 1)
            .values(relay_id=RELAY_ID, relay="bulk", state="accepted")
        )
    named = {
        SENDER.lower(): frozenset({"bulk"}),
        "daemon@lame.example": frozenset({"bulk"}),
    }
    desk = Desk(database, logbook, TokenBox(ring), knowledge())
    return replace(desk, reporters=Reporters(named, records_by_dns(servers)))


def report(**facts: str) -> bytes:
    values = {
        "sender": SENDER, "address": "p1@example.com", "relay_id": RELAY_ID,
        "action": "failed",
    }  # fmt: skip
    return DSN.format(**(values | facts)).replace("\n", "\r\n").encode()


def pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def signed(
    raw: bytes,
    selector: str = "k1",
    key: rsa.RSAPrivateKey = KEY,
    domain: str = "relay.example",
    **more: object,
) -> bytes:
    """Sign as a relay does, by an implementation that is not ours."""
    options = {"include_headers": SIGNED, "canonicalize": (b"relaxed", b"simple")} | more
    return dkim.sign(raw, selector.encode(), domain.encode(), pem(key), **options) + raw


def take(desk: Desk, raw: bytes, now: datetime = NOW) -> Handled:
    keep(desk.database, raw, "lmtp", NOW)
    (done,) = handle_all(desk, now)
    return done


def state(desk: Desk) -> list[object]:
    found: list[object] = []
    with desk.database.read() as connection:
        for person in (1, 2):
            key = desk.logbook.ring.suppression_hash(f"p{person}@example.com")
            found += suppressions_of(connection, key)
        return [*found, *incoming.newest(connection, 10)]


def in_lf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")


def delivered_to_us(raw: bytes) -> bytes:
    return (
        b"Return-Path: <>\r\nDelivered-To: bounces@shop.example\r\nReceived: by us\r\n"
        + raw
    )


GENUINE = {
    "relaxed": lambda: signed(report()),
    "simple": lambda: signed(report(), canonicalize=(b"simple", b"simple")),
    "relaxed body": lambda: signed(report(), canonicalize=(b"simple", b"relaxed")),
    "with what mail servers put on top": lambda: delivered_to_us(signed(report())),
    "from a mailbox that keeps LF": lambda: in_lf(signed(report())),
    "signed by a stranger too": lambda: signed(
        signed(report()), key=OTHER, domain="evil.example"
    ),
}


@pytest.mark.parametrize("name", sorted(GENUINE))
def test_a_report_that_the_relay_signed_counts_by_its_own_id(desk, name):
    done = take(desk, GENUINE[name]())
    assert done.verdict is not None, done.words
    assert done.verdict.effect is Effect.SUPPRESSED


def test_a_queue_id_of_postfix_in_a_signed_report_names_the_letter(desk):
    rows = table(DeliveryRow)
    with desk.database.write() as connection:
        connection.execute(update(rows).where(rows.c.id == 1).values(relay_id="4Z1abc"))
    raw = report(relay_id="x").replace(
        b"Reporting-MTA: dns; relay.example\r\n",
        b"Reporting-MTA: dns; relay.example\r\nX-Postfix-Queue-ID: 4Z1abc\r\n",
    )
    assert take(desk, signed(raw)).verdict.effect is Effect.SUPPRESSED


def test_a_complaint_that_the_relay_signed_counts(desk):
    raw = (
        report()
        .replace(b"report-type=delivery-status", b"report-type=feedback-report")
        .replace(
            b"message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n",
            b"message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: x",
        )
    )
    assert take(desk, signed(raw)).verdict.effect is Effect.COMPLAINED


def tampered(raw: bytes, old: bytes, new: bytes) -> bytes:
    assert old in raw
    return raw.replace(old, new)


def with_b_cut(raw: bytes) -> bytes:
    """Take the first characters of the signature away."""
    place = raw.index(b" b=") + 3
    return raw[:place] + raw[place + 8 :]


FORGED = {
    "not signed": report,
    "signed by a stranger's domain": lambda: signed(
        report(), key=OTHER, domain="evil.example"
    ),
    "signed by a stranger as the relay": lambda: signed(report(), key=OTHER),
    "signed by a domain above all": lambda: signed(report(), key=OTHER, domain="example"),
    "from another address of the same domain": lambda: signed(
        report(sender="anyone@eu-west-1.relay.example")
    ),
    "from two senders": lambda: tampered(
        signed(report()), b"From: ", b"From: p9@evil.example\r\nFrom: "
    ),
    "from an address in the name": lambda: signed(
        report(sender="x@evil.example> <" + SENDER)
    ),
    "the body changed": lambda: tampered(signed(report()), b"came  back", b"came back!"),
    "the address changed": lambda: tampered(
        signed(report(address="p2@example.com")), b"p2@example.com", b"p1@example.com"
    ),
    "a delay made a failure": lambda: tampered(
        signed(report(action="delayed")), b"delayed", b"failed"
    ),
    "a signed field changed": lambda: tampered(
        signed(report()), b"boundary=b", b"boundary=c"
    ),
    "a field added that names somebody": lambda: (
        b"X-Failed-Recipients: p1@example.com\r\n"
        + signed(report(address="p2@example.com", action="delivered"))
    ),
    "another's content type put on top": lambda: (
        b"Content-Type: text/plain\r\n" + signed(report(address="p2@example.com"))
    ),
    "its signature cut": lambda: with_b_cut(signed(report())),
    "a body signed in part": lambda: signed(report(), length=True),
    "SHA-1": lambda: signed(report(), signature_algorithm=b"rsa-sha1"),
    "a key that was taken back": lambda: signed(report(), "gone"),
    "a key that is tried out": lambda: signed(report(), "trial"),
    "a key that is not for mail": lambda: signed(report(), "web"),
    "two keys under one name": lambda: signed(report(), "two"),
    "no key": lambda: signed(report(), "none"),
    "for one below, by a key for its own domain only": lambda: signed(
        report(), "strict", identity=b"@eu-west-1.relay.example"
    ),
    "a relay's id of another letter": lambda: signed(report(relay_id="other")),
    "another's address": lambda: signed(report(address="p2@example.com")),
    "its fields listed twice": lambda: tampered(
        signed(report()), b"; d=relay.example;", b"; d=relay.example; d=relay.example;"
    ),
    "an Authentication-Results that anybody can write": lambda: (
        b"Authentication-Results: mx.shop.example; dkim=pass header.d=relay.example\r\n"
        + report()
    ),
}


@pytest.mark.parametrize("name", sorted(FORGED))
def test_nobodys_state_changes_on_a_report_that_no_relay_signed(desk, name):
    done = take(desk, FORGED[name]())
    assert done.verdict is None, done.words
    assert state(desk) == []
    assert list(desk.logbook.lines()) == []


def test_a_signed_report_speaks_of_letters_of_its_own_relay_only(desk):
    rows = table(DeliveryRow)
    with desk.database.write() as connection:
        connection.execute(update(rows).where(rows.c.id == 1).values(relay="other"))
    assert take(desk, signed(report())).verdict is None
    assert state(desk) == []


def test_without_a_setting_no_signed_report_counts(desk):
    nobody = replace(desk, reporters=Reporters())
    assert take(nobody, signed(report())).verdict is None
    assert state(desk) == []


def test_what_dns_can_not_say_now_is_judged_when_it_can(desk, servers):
    raw = signed(report(sender="daemon@lame.example"), domain="lame.example")
    keep(desk.database, raw, "lmtp", NOW)
    assert list(handle_all(desk, NOW)) == []
    # It keeps none of the others waiting, and waits for a day.
    keep(desk.database, signed(report()), "lmtp", NOW)
    (other,) = handle_all(desk, NOW)
    assert other.verdict is not None
    (done,) = handle_all(desk, NOW + timedelta(days=1))
    assert done.verdict is None
    assert "DNS" in done.words


def test_who_names_no_letter_of_the_relay_makes_us_ask_nobody(desk):
    asked: list[str] = []

    def records(name: str) -> list[str]:
        asked.append(name)
        return []

    watched = replace(desk, reporters=replace(desk.reporters, records=records))
    assert take(watched, signed(report(relay_id="unknown"))).verdict is None
    assert asked == []

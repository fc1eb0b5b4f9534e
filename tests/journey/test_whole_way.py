"""A conversation with a customer, the whole way: Postfix, Dovecot, and the console.

The customer's mail goes through her own Postfix to the shop's, and from there to us: to our
LMTP listener, or into a mailbox of Dovecot's that we read by IMAP. What we write goes back
the same way into her mailbox, and is looked at there as it was received.
"""

import re
import smtplib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import pyotp
import pytest
from consoles import PASSWORD as HER_PASSWORD
from dovecot import PASSWORD, Dovecot, dovecot
from frontdesks import a_message
from imapclient import IMAPClient
from journey.program import Shop, until
from journey.surfing import Browser
from journey.test_front_desk import MAILBOX, ask
from mtas import Mta, Places, postfix
from ports import free_port

US, HERS = "shop.example", "example.com"
SUPPORT, OLA = f"support@{US}", f"ola@{HERS}"
QUESTION = "Do you ship tents to Iceland?"
ANSWER = "Ja, også til Ísland.\n.\nFrom Oslo, twice a week.\n"
THANKS = "Takk! Da tar jeg det grønne."
WAYS = ("LMTP", "IMAP")
ADDED = ("Return-Path", "X-Original-To", "Delivered-To", "Received")
"""What mail servers write above a letter (RFC 5321 §4.4)."""


@contextmanager
def between_two_servers(
    server: Dovecot, lmtp_port: int, way: str
) -> Generator[tuple[Mta, Mta]]:
    """Run the shop's Postfix and the customer's, each handing on to the other."""
    server.put("ola")
    server.put("support")
    ours, hers = free_port(), free_port()
    read_by_us = {US: server.maildir("support")} if way == "IMAP" else {}
    at_the_shop = Places(
        hers, lmtp_port, US, read_by_us, ours, f"relay.{US}", warns_after_s=0
    )
    at_hers = Places(
        ours, lmtp_port, "nobody.example", {HERS: server.maildir("ola")}, hers,
        f"mx.{HERS}", warns_after_s=0,
    )  # fmt: skip
    with postfix(at_the_shop) as relay, postfix(at_hers) as mx:
        yield relay, mx


def make(shop: Shop, relay_port: int, server: Dovecot, lmtp_port: int, way: str) -> None:
    mailbox: dict[str, object] = dict(MAILBOX)
    tables: dict[str, dict[str, object]] = {"mailboxes.support": mailbox}
    if way == "LMTP":
        tables["inbox"] = {"lmtp_port": lmtp_port, "domains": [US]}
    else:
        mailbox |= {
            "imap_host": "127.0.0.1", "imap_port": server.port, "imap_tls": "none",
            "imap_user": "support", "imap_password_file": "password", "poll_s": 2.0,
        }  # fmt: skip
    shop.make(relay_port, **tables)
    (shop.folder / "password").write_text(f"{PASSWORD}\n", encoding="ascii")


def write(mx: Mta, raw: bytes, to: str) -> None:
    """Hand a message in as her mail program does."""
    with smtplib.SMTP("127.0.0.1", mx.port, timeout=120) as line:
        line.sendmail(OLA, [to], raw)


def hers(server: Dovecot) -> list[bytes]:
    """Return what is in her mailbox, the oldest first, byte by byte as it was received."""
    with IMAPClient("127.0.0.1", server.port, ssl=False, timeout=120) as line:
        line.login("ola", PASSWORD)
        line.select_folder("INBOX", readonly=True)
        found = line.fetch(line.search(), ["BODY.PEEK[]"])
    return [bytes(found[uid][b"BODY[]"]) for uid in sorted(found)]


def parsed(raw: bytes) -> EmailMessage:
    found: Any = message_from_bytes(raw, policy=policy.default)
    return found


def fields_of(raw: bytes) -> dict[str, list[str]]:
    """Return the fields as they stand there, unfolded and not decoded."""
    head, _, _ = raw.partition(b"\r\n\r\n")
    lines = re.sub(rb"\r\n(?=[ \t])", b"", head).decode("ascii").split("\r\n")
    found: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        assert colon, line
        found.setdefault(name, []).append(value.strip())
    return found


def check_the_way(fields: Mapping[str, list[str]], return_path: str) -> None:
    """Both servers took it, and the last of them says to whom and from where it came."""
    assert fields["Return-Path"] == [f"<{return_path}>"]
    assert fields["Delivered-To"] == [OLA]
    by = [re.findall(r"\bby (\S+)", one)[0] for one in fields["Received"]]
    assert by == [f"mx.{HERS}", f"relay.{US}"]


def check_acknowledgement(raw: bytes, earliest: datetime) -> None:
    """Check each field of it, as her mail server received it."""
    fields, letter = fields_of(raw), parsed(raw)
    check_the_way(fields, "")  # RFC 3834 §3.3
    # Each once, and nothing else: no Precedence, no list's fields, no wish for receipts.
    assert [name for name in fields if name not in ADDED] == [
        "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To",
        "References", "X-Auto-Response-Suppress", "Auto-Submitted", "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding",
    ]  # fmt: skip
    assert all(len(fields[name]) == 1 for name in fields if name not in ADDED)
    one = {name: values[0] for name, values in fields.items()}
    assert letter["From"].addresses[0].addr_spec == SUPPORT  # RFC 3834 §3.1.1
    assert re.fullmatch(rf"support\+\w+@{re.escape(US)}", one["Reply-To"])  # §3.1.2
    assert one["To"] == f"Ola Nordmann <{OLA}>"  # RFC 3834 §3.1.3
    assert earliest <= letter["Date"].datetime <= datetime.now(UTC)  # RFC 3834 §3.1.4
    assert one["Subject"] == "Re: Tents [#1]"  # RFC 3834 §3.1.5
    assert one["In-Reply-To"] == f"<m1.{OLA}>"  # RFC 3834 §3.1.6
    assert one["References"] == f"<a@{HERS}> <m1.{OLA}>"  # RFC 3834 §3.1.6
    assert one["Auto-Submitted"] == "auto-replied"  # RFC 3834 §3.1.7
    assert "Precedence" not in {name.title() for name in fields}  # RFC 3834 §3.1.8
    assert one["X-Auto-Response-Suppress"] == "All"
    assert re.fullmatch(rf"<[0-9a-f]+@{re.escape(US)}>", one["Message-ID"])
    assert letter.get_content_type() == "text/plain"  # No report (RFC 3834 §3.2.1).
    text = letter.get_content()
    assert "Its number here is 1." in text
    # Whoever forges a sender has nothing brought to people in our name.
    assert QUESTION not in text
    assert max(map(len, raw.split(b"\r\n"))) <= 998  # RFC 5322 §2.1.1


def check_answer(raw: bytes) -> None:
    """Check that the answer of a person is on the conversation, and no machine's."""
    fields, letter = fields_of(raw), parsed(raw)
    check_the_way(fields, SUPPORT)
    assert not {"Auto-Submitted", "Precedence", "X-Auto-Response-Suppress"} & {*fields}
    assert fields["From"] == ["Fjell & Fjord <support@shop.example>"]
    assert fields["To"] == [f"Ola Nordmann <{OLA}>"]
    assert fields["Subject"] == ["Re: Tents [#1]"]
    assert fields["In-Reply-To"] == [f"<m1.{OLA}>"]
    assert fields["References"] == [f"<a@{HERS}> <m1.{OLA}>"]
    assert letter.get_content().splitlines() == ANSWER.splitlines()


def signed_in(shop: Shop) -> Browser:
    """Let Kari choose a password by the link that she was given, and sign in."""
    kari = Browser()
    kari.open(shop.json("staff", "add", "Kari")["link"])
    secret = re.findall(r'<code class="key">(\w+)</code>', kari.page)[0]
    codes = pyotp.TOTP(secret)
    kari.send(
        kari.form(), code=codes.at(datetime.now(UTC)), password=HER_PASSWORD,
        again=HER_PASSWORD,
    )  # fmt: skip
    # A code does once: this is the next one.
    code = codes.at(datetime.now(UTC), counter_offset=1)
    kari.send(kari.form("/sign-in"), name="Kari", password=HER_PASSWORD, code=code)
    assert kari.status == 200, kari.page
    assert kari.address.endswith("/console/"), kari.address
    return kari


def answer(kari: Browser) -> None:
    """Answer ticket 1 by its form; one that does not carry the session's key is nothing."""
    assert "/console/tickets/1" in kari.page, kari.page
    there = "/console/tickets/1"
    assert QUESTION in kari.open(there)
    kari.send(kari.form("/tickets/1/reply"), text="Not hers.", form_key="0" * 64)
    assert kari.status == 403
    kari.open(there)
    kari.send(kari.form("/tickets/1/reply"), text=ANSWER)
    assert kari.status == 200, kari.page
    assert "Take it back" in kari.page


def her_answer(raw: bytes) -> tuple[bytes, str]:
    """Write what her mail program makes of "Reply"; return it with where it goes."""
    fields = fields_of(raw)
    to, own = fields["Reply-To"][0], fields["Message-ID"][0]
    return a_message(
        THANKS, to=to, subject=fields["Subject"][0], number=2, In_Reply_To=own,
        References=f"{fields['References'][0]} {own}",
    ), to  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_conversation_over_real_mail_servers_is_one_ticket(shop: Shop, way: str) -> None:
    lmtp_port = free_port()
    with dovecot() as server, between_two_servers(server, lmtp_port, way) as (relay, mx):
        make(shop, relay.port, server, lmtp_port, way)
        shop.start()

        def letters(count: int) -> list[bytes]:
            try:
                until(
                    lambda: len(hers(server)) >= count,
                    f"{count} are in her mailbox",
                    every_s=0.5,
                )
            except AssertionError as problem:
                logs = f"the shop's: {relay.log}\nhers: {mx.log}"
                raise AssertionError(f"{problem}\n{logs}") from None
            return hers(server)

        began = datetime.now(UTC) - timedelta(seconds=1)
        fields = {"References": f"<a@{HERS}>", "Date": format_datetime(began)}
        write(mx, a_message(QUESTION, **fields), SUPPORT)
        check_acknowledgement(letters(1)[0], began)

        kari = signed_in(shop)
        answer(kari)
        letter = letters(2)[1]
        check_answer(letter)

        write(mx, *her_answer(letter))
        until(lambda: ask(shop, "SELECT count(*) FROM incoming") == [(2,)], "it came")
        until(
            lambda: (
                ask(shop, "SELECT count(*) FROM incoming WHERE sorted_at IS NULL") == [(0,)]
            ),
            "it is heard",
        )
        _holds(shop, kari, server)


def _holds(shop: Shop, kari: Browser, server: Dovecot) -> None:
    assert ask(shop, "SELECT id, state, address FROM ticket") == [(1, "open", OLA)]
    kinds = ask(shop, "SELECT kind FROM ticket_entry WHERE kind <> 'event' ORDER BY id")
    assert kinds == [("came",), ("acknowledgement",), ("reply",), ("came",)]
    # It goes on a ticket, which is rule 12; and nothing else is owed to anybody.
    decided = ask(shop, "SELECT rule FROM acknowledgement ORDER BY incoming_id")
    assert decided == [(None,), (12,)]
    owed = [("acknowledgement", "accepted"), ("reply", "accepted")]
    every = "SELECT kind, state FROM delivery ORDER BY id"
    until(lambda: ask(shop, every) == owed, "both letters are recorded as accepted")
    assert len(hers(server)) == 2
    page = kari.open("/console/tickets/1")
    assert THANKS in page
    assert "Not acknowledged" in page

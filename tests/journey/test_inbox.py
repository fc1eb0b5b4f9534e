"""What comes back to a running program: nothing lost, nothing acted on twice."""

import email
import email.policy
import random
import re
import smtplib
import socket
import time

import pytest
from dovecot import PASSWORD, dovecot
from journey.inbound import Bringer, counts, make_inbox, report_of, until_done
from journey.program import Shop, relay, until

from mailer.wire.sink import Received

PEOPLE = 40


def send(shop: Shop, relay_letters: list) -> None:
    """Send a campaign to all, and stop."""
    shop.import_people([f"p{n}@example.com,Person {n}" for n in range(1, PEOPLE + 1)])
    serve = shop.start()
    shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
    shop.until_finished(1)
    assert len(relay_letters) == PEOPLE
    serve.kill_all()


def lmtp(port: int) -> smtplib.LMTP:
    """Open a line to the listener, once it listens."""
    until(lambda: _listens(port), "the inbox listens")
    return smtplib.LMTP("127.0.0.1", port, timeout=60)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def mailto_of(letter: Received) -> tuple[str, str]:
    """Return the address and the subject of a letter's way to leave by mail."""
    read = email.message_from_bytes(letter.content, policy=email.policy.default)
    found = re.search(r"<mailto:([^?>]+)\?subject=([^>]+)>", read["List-Unsubscribe"])
    assert found is not None, read["List-Unsubscribe"]
    return found[1], found[2]


def forged(address: str) -> str:
    """Change one letter in the middle of an address's token."""
    place = (address.index("+") + address.index("@")) // 2
    other = "a" if address[place] != "a" else "b"
    return f"{address[:place]}{other}{address[place + 1 :]}"


def test_who_writes_to_the_letter_s_address_leaves_and_who_forges_it_does_not(
    shop: Shop,
) -> None:
    with relay() as taken:
        port = make_inbox(shop, taken.port)
        file = shop.folder / "lists" / "newsletter.toml"
        theirs, ours = "unsubscribe@fjellogfjord.example.com", "leave@shop.example"
        assert theirs in file.read_text()
        file.write_text(file.read_text().replace(theirs, ours))
        send(shop, taken.letters)
        serve = shop.start("--only", "inbox")
        people = ("p1@example.com", "p2@example.com")
        ways = {one: mailto_of(taken.of(one)[0]) for one in people}
        with lmtp(port) as line:
            for one, (address, subject) in ways.items():
                to = address if one == people[0] else forged(address)
                words = f"From: {one}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\n"
                assert line.sendmail(one, [to], words.encode()) == {}
        until_done(shop, 2)
        assert "withdrawn newsletter by mailto" in shop.run("explain", people[0])
        assert "withdrawn" not in shop.run("explain", people[1])
        shop.run("db", "verify")
        serve.process.terminate()
        assert serve.ended() == 0, serve.log


def test_killed_again_and_again_it_keeps_each_message_and_acts_on_each_once(
    shop: Shop,
) -> None:
    chance = random.Random(7)
    with relay() as taken:
        port = make_inbox(shop, taken.port)
        send(shop, taken.letters)
        raws = [report_of(letter) for letter in taken.letters]
        bringer = Bringer(port, raws, pause_s=0.05)
        bringer.start()
        for _ in range(4):
            serve = shop.start("--only", "inbox")
            time.sleep(chance.uniform(0.1, 0.8))
            serve.kill_all()
        shop.start("--only", "inbox")
        bringer.join(60)
        assert not bringer.is_alive()
        found = until_done(shop, PEOPLE)
    assert found == {
        "kept": PEOPLE, "waiting": 0, "verdicts": PEOPLE, "twice": 0, "suppressed": PEOPLE,
    }  # fmt: skip


def test_a_full_disk_means_try_later_and_nothing_is_lost(shop: Shop) -> None:
    with relay() as taken:
        port = make_inbox(shop, taken.port)
        size = sum(file.stat().st_size for file in shop.folder.glob("mailer.db*"))
        serve = shop.start("--only", "inbox", largest_file_bytes=size + 200_000)
        big = b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n" * 200_000
        with lmtp(port) as line:
            with pytest.raises(smtplib.SMTPDataError) as later:  # noqa: PT012 - one of them
                for number in range(10):
                    line.sendmail("", ["x@shop.example"], b"X-N: %d\r\n" % number + big)
            assert later.value.smtp_code == 451
        before = counts(shop.folder)["kept"]
        serve.kill_all()
        shop.start("--only", "inbox")
        with lmtp(port) as line:
            line.sendmail("", ["x@shop.example"], b"X-N: 99\r\n" + big)
        until(lambda: counts(shop.folder)["kept"] == before + 1, "it is kept now")
        assert until_done(shop, before + 1)["verdicts"] == 0


def test_a_port_that_is_taken_is_said_in_one_line(shop: Shop) -> None:
    with relay() as taken:
        shop.make(taken.port, inbox={"lmtp_port": taken.port, "domains": ["shop.example"]})
        said = shop.run("serve", "--only", "inbox", status=2)
        assert f"inbox.lmtp_port: 127.0.0.1:{taken.port} can't be listened on" in said
        assert "Traceback" not in said


def test_mailboxes_are_read_to_the_end_however_often_it_is_killed(shop: Shop) -> None:
    chance = random.Random(11)
    with relay() as taken, dovecot() as server:
        server.put("returns")
        boxes = {
            "mailboxes.imap": {
                "imap_host": "127.0.0.1", "imap_port": server.port, "imap_tls": "none",
                "imap_user": "returns", "imap_password_file": "password", "poll_s": 600,
            },
            "mailboxes.maildir": {"maildir": "Maildir", "poll_s": 600},
        }  # fmt: skip
        shop.make(taken.port, **boxes)
        (shop.folder / "password").write_text(f"{PASSWORD}\n")
        tmp, new, cur = (shop.folder / "Maildir" / name for name in ("tmp", "new", "cur"))
        for folder in (tmp, new, cur):
            folder.mkdir(parents=True)
        send(shop, taken.letters)
        raws = [report_of(letter) for letter in taken.letters]
        for number, raw in enumerate(raws):
            if number % 8 == 0:
                serve = shop.start("--only", "inbox")
            if number % 2:
                server.put("returns", raw)
            else:
                # As whoever delivers does: nothing half written is ever in new/.
                (tmp / f"{number:03d}.x").write_bytes(raw)
                (tmp / f"{number:03d}.x").rename(new / f"{number:03d}.x")
            if number % 8 == 7:
                time.sleep(chance.uniform(0.1, 1.0))
                serve.kill_all()
        shop.start("--only", "inbox")
        found = until_done(shop, PEOPLE)
        until(lambda: not [*new.iterdir()], "what is kept was moved to cur/")
    assert found == {
        "kept": PEOPLE, "waiting": 0, "verdicts": PEOPLE, "twice": 0, "suppressed": PEOPLE,
    }  # fmt: skip
    assert len([*cur.iterdir()]) == PEOPLE / 2

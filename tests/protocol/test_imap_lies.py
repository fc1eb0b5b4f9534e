"""IMAP servers that drop the line, claim gigabytes, or say what is not so."""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

import pytest
from reading import kept, look, message, reader

from mailer.errors import MailboxError
from mailer.model.imap import ImapAddress, ImapTls
from mailer.store import alarms
from mailer.store.database import Database
from mailer.wire.imap_box import ImapBox

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Answer = Callable[[str], bytes | None]
"""What a server says to a command (without its tag): lines before the OK; None hangs up."""


def _serve(listening: socket.socket, answer: Answer) -> None:
    while True:
        try:
            line, _ = listening.accept()
        except OSError:
            return
        with line, line.makefile("rb") as file:
            line.sendall(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
            for raw in file:
                tag, _, command = raw.decode().rstrip("\r\n").partition(" ")
                said = answer(command)
                if said is None:
                    break
                try:
                    line.sendall(said + tag.encode() + b" OK done\r\n")
                except OSError:
                    break


@contextmanager
def server(answer: Answer) -> Generator[ImapBox, None, None]:
    """Run a server from a script, and give the box that reads it."""
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(listening, answer), daemon=True).start()
    address = ImapAddress(
        "127.0.0.1", listening.getsockname()[1], "u", "p", ImapTls.NONE, timeout_s=2
    )
    try:
        yield ImapBox(address, 100_000)
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


class Script:
    """A folder of messages, and what is wrong with the server that has it."""

    def __init__(self, *uids: int) -> None:
        self.uids = list(uids)
        self.validity: int | None = 7
        self.hidden: set[int] = set()
        self.claim_bytes = 0
        self.hang_up_after = 0
        self.commands = 0

    def __call__(self, command: str) -> bytes | None:
        self.commands += 1
        if self.hang_up_after and self.commands > self.hang_up_after:
            return None
        if command.startswith("EXAMINE"):
            said = b"* %d EXISTS\r\n" % len(self.uids)
            if self.validity is not None:
                said += b"* OK [UIDVALIDITY %d] x\r\n" % self.validity
            return said
        if command.startswith("UID SEARCH"):
            return b"* SEARCH " + b" ".join(b"%d" % one for one in self.uids) + b"\r\n"
        if command.startswith("UID FETCH"):
            asked = [int(one) for one in command.split()[2].split(",")]
            return self._sizes(asked) if "RFC822.SIZE" in command else self._bodies(asked)
        return b"* CAPABILITY IMAP4rev1\r\n" if command == "CAPABILITY" else b""

    def _sizes(self, asked: list[int]) -> bytes:
        return b"".join(b"* 1 FETCH (UID %d RFC822.SIZE 3)\r\n" % one for one in asked)

    def _bodies(self, asked: list[int]) -> bytes:
        said = b"* 9 FETCH (UID 999 BODY[]<0> {4}\r\nmore)\r\n* 3 EXPUNGE\r\n* 5 EXISTS\r\n"
        for one in asked:
            if one not in self.hidden:
                raw = message(one)
                said += b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n" % (
                    one, self.claim_bytes or len(raw),
                )  # fmt: skip
                said += raw + b")\r\n"
        return said


def test_only_what_was_asked_for_is_kept_whatever_else_is_said(database: Database) -> None:
    # It names UIDs below those that were asked for, and in no order.
    script = Script(5, 3, 4)
    with server(script) as box:
        one = reader(database, box)
        assert look(one) == 3
        assert look(one) == 0
        script.uids += [6, 1]
        assert look(one) == 1
    assert kept(database) == [message(uid) for uid in (3, 4, 5, 6)]


def test_a_claim_of_gigabytes_breaks_the_line_and_not_the_memory(
    database: Database,
) -> None:
    script = Script(1)
    script.claim_bytes = 4_000_000_000
    with server(script) as box:
        with pytest.raises(MailboxError, match="claims 4000000000 bytes"):
            look(reader(database, box))
        script.claim_bytes = 0
        assert look(reader(database, box)) == 1


def test_a_message_that_is_not_handed_out_is_asked_for_again(database: Database) -> None:
    script = Script(1, 2, 3)
    script.hidden = {2}
    with server(script) as box:
        one = reader(database, box)
        assert look(one) == 2
        assert look(one) == 0
        with database.read() as connection:
            (alarm,) = alarms.open_alarms(connection)
        assert "lists message 2 and does not hand it out" in alarm.happened
        script.hidden = set()
        assert look(one) == 1
        assert look(one) == 0
    assert kept(database) == [message(uid) for uid in (1, 3, 2)]


@pytest.mark.parametrize("after", range(1, 8))
def test_a_line_that_ends_anywhere_loses_nothing(database: Database, after: int) -> None:
    script = Script(1, 2)
    script.hang_up_after = after
    with server(script) as box:
        one = reader(database, box)
        with suppress(MailboxError):
            look(one)
        script.hang_up_after = 0
        look(one)
    assert kept(database) == [message(1), message(2)]


def test_a_server_with_another_uidvalidity_each_time_is_read_once_and_to_an_end(
    database: Database,
) -> None:
    script, validities = Script(1, 2), iter(range(1, 100))

    def answer(command: str) -> bytes | None:
        if command.startswith("EXAMINE"):
            script.validity = next(validities)
        return script(command)

    with server(answer) as box:
        one = reader(database, box)
        for _ in range(5):
            look(one)
        # The same UIDs mean other messages under another UIDVALIDITY (RFC 3501 §2.3.1.1).
        script.uids = [2, 3]
        look(one)
    assert sorted(kept(database)) == sorted(message(uid) for uid in (1, 2, 3))


def test_a_server_that_sends_a_person_s_message_under_another_s_uid_loses_none(
    database: Database,
) -> None:
    script = Script(1, 2)

    def answer(command: str) -> bytes | None:
        if command.startswith("UID FETCH") and "SIZE" not in command:
            raw = message(2)
            return b"".join(
                b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n" % (uid, len(raw)) + raw + b")\r\n"
                for uid in (1, 2)
            )
        return script(command)

    with server(answer) as box:
        look(reader(database, box))
    assert kept(database) == [message(2)]


def test_a_folder_without_uidvalidity_is_not_read(database: Database) -> None:
    script = Script(1)
    script.validity = None
    with server(script) as box, pytest.raises(MailboxError, match="UIDVALIDITY"):
        look(reader(database, box))
    assert kept(database) == []


@pytest.mark.parametrize(
    "said",
    [
        b"* 1 FETCH (UID 1 BODY[]<0> {5}\r\n",
        b"* 1 FETCH (UID 1 BODY[]<0> NIL)\r\n",
        b'* 1 FETCH (UID "x" RFC822.SIZE (((\r\n',
        b"\x00\xff\xfe\r\n",
        b"* SEARCH a b c\r\n* x FETCH (\r\n",
    ],
)
def test_an_answer_that_is_none_is_trouble_and_no_bug(
    database: Database, said: bytes
) -> None:
    script = Script(1)

    def answer(command: str) -> bytes | None:
        return said if command.startswith("UID FETCH") else script(command)

    with server(answer) as box:
        one = reader(database, box)
        with suppress(MailboxError):
            look(one)
        assert kept(database) == []
    with server(script) as box:
        assert look(reader(database, box)) == 1

"""Mail comes in by LMTP and SMTP: kept before it is acknowledged, and never lost."""

import asyncio
import re
import smtplib
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from journey.program import until
from protocol.certificates import Authority

from mailer.errors import DatabaseError, RefusedError
from mailer.wire.listener import Listener, Rules
from mailer.wire.servertls import ServerTls

MESSAGE = b"From: a@example.com\r\nSubject: hello\r\n\r\nhello\r\n"


class Shelf:
    """Keeps messages in memory; says no while it is full."""

    def __init__(self) -> None:
        self.kept: list[tuple[bytes, str]] = []
        self.problem: Exception | None = None
        self.slow_s = 0.0

    async def keep(self, raw: bytes, channel: str) -> None:
        await asyncio.sleep(self.slow_s)
        if self.problem is not None:
            raise self.problem
        self.kept.append((raw, channel))


class Client:
    """Speaks a dialogue, one line at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def answer(self) -> str:
        lines = []
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 10)).decode()
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(lines)

    async def say(self, line: str | bytes) -> str:
        raw = line if isinstance(line, bytes) else line.encode()
        self.writer.write(raw + b"\r\n")
        await self.writer.drain()
        return await self.answer()


def talk(
    dialogue: Callable[[Client, Shelf, Listener], Coroutine[Any, Any, None]],
    *,
    lmtp: bool = True,
    shelf: Shelf | None = None,
    **rules: Any,
) -> Shelf:
    shelf = shelf or Shelf()

    async def run() -> None:
        facts = {
            "takes": lambda address: address.endswith("@shop.example"),
            "size_bytes": 2_000_000,
            "memory_bytes": 4_000_000,
            "connections": 10,
            "hostname": "mx.shop.example",
        }
        listener = Listener(Rules(**{**facts, **rules}), shelf.keep)
        port = await listener.listen("127.0.0.1", 0, lmtp=lmtp)
        client = Client(*await asyncio.open_connection("127.0.0.1", port))
        try:
            assert (await client.answer()).startswith("220 mx.shop.example")
            await dialogue(client, shelf, listener)
        finally:
            client.writer.close()
            await listener.stop()
            await asyncio.sleep(0.05)

    asyncio.run(run())
    return shelf


async def envelope(client: Client, *recipients: str, hello: str = "LHLO") -> None:
    assert (await client.say(f"{hello} client.example")).startswith("250")
    assert (await client.say("MAIL FROM:<>")).startswith("250")
    for one in recipients or ("b+1@shop.example",):
        assert (await client.say(f"RCPT TO:<{one}>")).startswith("250")
    assert (await client.say("DATA")).startswith("354")


def test_it_offers_what_mail_systems_use():
    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        said = await client.say("LHLO client.example")
        for one in ("SIZE 2000000", "8BITMIME", "SMTPUTF8", "PIPELINING"):
            assert re.search(rf"^250[- ]{one}$", said, re.MULTILINE), said

    talk(dialogue)


def test_each_recipient_gets_an_answer_by_lmtp_and_all_are_on_record():
    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        await envelope(client, "one@shop.example", "two@shop.example")
        assert (await client.say(MESSAGE + b".")).startswith("250 2.0.0")
        assert (await client.answer()).startswith("250 2.0.0")
        assert (await client.say("NOOP")).startswith("250")

    (raw, channel) = talk(dialogue).kept[0]
    assert channel == "lmtp"
    trace = (
        b"Return-Path: <>\r\n"
        b"Delivered-To: one@shop.example\r\nDelivered-To: two@shop.example\r\n"
    )
    assert raw == trace + MESSAGE


def test_smtp_gives_one_answer():
    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        await envelope(client, "one@shop.example", "two@shop.example", hello="EHLO")
        assert (await client.say(MESSAGE + b".")).startswith("250 2.0.0")
        assert (await client.say("QUIT")).startswith("221")

    assert talk(dialogue, lmtp=False).kept[0][1] == "smtp"


def test_mail_for_others_is_refused():
    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        await client.say("LHLO client.example")
        await client.say("MAIL FROM:<a@example.com>")
        assert (await client.say("RCPT TO:<b@elsewhere.example>")).startswith("550 5.1.1")
        assert (await client.say("DATA")).startswith("503")

    assert talk(dialogue).kept == []


def test_dots_eight_bits_and_long_lines_come_through_as_they_are():
    body = b".one\r\n..\r\nbl\xe5b\xe6r \xff\x00\n.\nno end\r\n" + b"x" * 300_000 + b"\r\n"

    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        await envelope(client)
        stuffed = re.sub(rb"(^|(?<=\r\n))\.", b"..", body)
        assert (await client.say(stuffed + b".")).startswith("250")

    assert talk(dialogue).kept[0][0].endswith(b"shop.example\r\n" + body)


def test_an_address_with_other_letters_is_taken():
    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        await client.say("LHLO client.example")
        assert (await client.say("MAIL FROM:<blåbær@example.com> SMTPUTF8")).startswith(
            "250"
        )
        assert (await client.say("RCPT TO:<støtte@shop.example>")).startswith("250")
        await client.say("DATA")
        assert (await client.say(MESSAGE + b".")).startswith("250")

    raw = talk(dialogue).kept[0][0]
    assert raw.startswith("Return-Path: <blåbær@example.com>\r\n".encode())


def test_what_is_too_long_is_refused_for_ever_and_the_line_goes_on():
    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        said = await client.say("LHLO client.example")
        said = await client.say("MAIL FROM:<> SIZE=3000000")
        assert said.startswith("552"), said
        await envelope(client, "one@shop.example", "two@shop.example")
        said = await client.say(b"x: y\r\n" * 400_000 + b".")
        assert said == "552 5.3.4 It is longer than 2 MB, which is the limit"
        assert await client.answer() == said
        await envelope(client)
        assert (await client.say(MESSAGE + b".")).startswith("250")

    assert len(talk(dialogue).kept) == 1


def test_what_all_connections_receive_together_is_limited():
    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        await envelope(client)
        assert (await client.say(b"x: y\r\n" * 300_000 + b".")).startswith("452 4.3.1")
        await envelope(client)
        assert (await client.say(MESSAGE + b".")).startswith("250")

    assert len(talk(dialogue, memory_bytes=1_000_000).kept) == 1


def test_too_many_connections_are_asked_to_come_later():
    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        port = listener._servers[0].sockets[0].getsockname()[1]
        other = Client(*await asyncio.open_connection("127.0.0.1", port))
        assert (await other.answer()).startswith("421 4.3.2")
        other.writer.close()
        assert (await client.say("NOOP")).startswith("250")

    talk(dialogue, connections=1)


@pytest.mark.parametrize("problem", [DatabaseError("no room"), ValueError("a bug")])
def test_what_can_not_be_kept_now_is_left_to_the_sender(problem, caplog):
    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        shelf.problem = problem
        await envelope(client, "one@shop.example", "two@shop.example")
        assert (await client.say(MESSAGE + b".")).startswith("451 4.3.0")
        assert (await client.answer()).startswith("451 4.3.0")
        shelf.problem = None
        await envelope(client)
        assert (await client.say(MESSAGE + b".")).startswith("250")

    assert len(talk(dialogue).kept) == 1


def test_nothing_is_acknowledged_before_it_is_kept():
    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        shelf.slow_s = 0.3
        await envelope(client)
        client.writer.write(MESSAGE + b".\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.readline(), 0.1)
        assert shelf.kept == []
        assert (await client.answer()).startswith("250")
        assert len(shelf.kept) == 1

    talk(dialogue)


def test_a_client_that_hangs_up_in_the_middle_leaves_nothing_behind():
    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        await envelope(client)
        client.writer.write(b"half a mess")
        await client.writer.drain()
        client.writer.close()
        await asyncio.sleep(0.1)
        assert listener._room.held_bytes == 0
        assert listener._room.connections == 0

    assert talk(dialogue).kept == []


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path)
    made.server()
    return made


def certificate(authority: Authority) -> str:
    (file,) = authority.folder.glob("* 127.0.0.1 *.pem")
    return str(file)


def serial(line: smtplib.SMTP) -> object:
    return line.sock.getpeercert()["serialNumber"]  # type: ignore[union-attr]


@pytest.mark.parametrize("lmtp", [True, False])
def test_a_message_comes_over_tls_and_a_renewed_certificate_is_shown(
    authority: Authority, *, lmtp: bool
) -> None:
    tls = ServerTls(certificate(authority))
    trusting = ssl.create_default_context(cafile=str(authority.file))
    shelf = Shelf()

    def bring(port: int) -> object:
        with (smtplib.LMTP if lmtp else smtplib.SMTP)(
            "127.0.0.1", port, timeout=60
        ) as line:
            line.ehlo_or_helo_if_needed()
            assert line.has_extn("starttls")
            line.starttls(context=trusting)
            line.ehlo_or_helo_if_needed()
            assert not line.has_extn("starttls")
            shown = serial(line)
            line.sendmail("", ["b+1@shop.example"], MESSAGE)
        return shown

    async def run() -> None:
        rules = Rules(lambda _: True, 2_000_000, 4_000_000, 1, "mx.shop.example", tls=tls)
        listener = Listener(rules, shelf.keep)
        port = await listener.listen("127.0.0.1", 0, lmtp=lmtp)
        first = await asyncio.to_thread(bring, port)
        authority.server()
        tls.renew()
        # Only one may be connected: each was counted once, and let go.
        await asyncio.to_thread(
            until, lambda: listener._room.connections == 0, "nobody is connected"
        )
        assert await asyncio.to_thread(bring, port) != first
        await listener.stop()

    asyncio.run(run())
    assert [raw.endswith(MESSAGE) for raw, _ in shelf.kept] == [True, True]


def test_nothing_is_taken_before_tls_where_it_is_required(authority: Authority) -> None:
    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        assert "250-STARTTLS" in await client.say("LHLO client.example")
        assert (await client.say("MAIL FROM:<>")).startswith("530")

    talk(dialogue, tls=ServerTls(certificate(authority), required=True))


def test_what_is_said_before_tls_counts_for_nothing_after_it(authority: Authority) -> None:
    trusting = ssl.create_default_context(cafile=str(authority.file))

    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        await client.say("LHLO client.example")
        # Somebody in between puts a command of theirs behind STARTTLS (RFC 3207 §4.2).
        answer = await client.say(b"STARTTLS\r\nMAIL FROM:<evil@example.com>")
        assert answer.startswith("220")
        await client.writer.start_tls(trusting, server_hostname="127.0.0.1")
        assert (await client.say("RCPT TO:<b+1@shop.example>")).startswith("50")

    assert talk(dialogue, tls=ServerTls(certificate(authority))).kept == []


def test_a_line_that_does_not_come_to_tls_leaves_nothing_behind(
    authority: Authority,
) -> None:
    async def dialogue(client: Client, shelf: Shelf, listener: Listener) -> None:
        await client.say("LHLO client.example")
        assert (await client.say("STARTTLS")).startswith("220")
        client.writer.write(b"this is no TLS at all\r\n" * 20)
        await asyncio.to_thread(
            until, lambda: listener._room.connections == 0, "nobody is connected"
        )

    assert talk(dialogue, tls=ServerTls(certificate(authority))).kept == []


def test_a_certificate_that_can_not_be_used_is_told(authority: Authority) -> None:
    file = Path(certificate(authority))
    with pytest.raises(RefusedError, match=r"inbox\.certificate_file: .*can't be used"):
        ServerTls(str(file.with_name("none.pem")))
    tls = ServerTls(str(file))
    file.write_text("nonsense")
    with pytest.raises(RefusedError, match="can't be used"):
        tls.renew()

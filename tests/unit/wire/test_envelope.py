"""The commands of an envelope, and what we refuse before a byte is written."""

import pytest

from mailer.model.letter import Letter
from mailer.model.outcome import Refused
from mailer.wire.envelope import Features, envelope, stuffed, xtext

EVERYTHING = Features(
    pipelining=True, sizes=True, size_bytes=1000, eight_bit=True, smtputf8=True, dsn=True
)


def letter(recipient: str = "a@example.com", content: bytes = b"x\r\n") -> Letter:
    return Letter("b+1@example.com", recipient, content, "id=1")


def test_a_plain_relay_gets_plain_commands() -> None:
    assert envelope(letter(), Features()) == (
        b"MAIL FROM:<b+1@example.com>\r\n",
        b"RCPT TO:<a@example.com>\r\n",
    )


def test_extensions_are_used_where_they_are_offered() -> None:
    assert envelope(letter("é@example.com", b"\xff\r\n"), EVERYTHING) == (
        (
            b"MAIL FROM:<b+1@example.com> SIZE=3 BODY=8BITMIME SMTPUTF8"
            b" RET=HDRS ENVID=id+3D1\r\n"
        ),
        "RCPT TO:<é@example.com> NOTIFY=FAILURE ORCPT=utf-8;é@example.com\r\n".encode(),
    )


@pytest.mark.parametrize(
    ("one", "features", "status"),
    [
        (letter("é@example.com"), Features(), "5.6.7"),
        (letter(content=b"x" * 1001), EVERYTHING, "5.3.4"),
        (letter(content=b"\xff\r\n"), Features(), "5.6.3"),
        (letter("a@example.com>\r\nRCPT TO:<b@example.com"), EVERYTHING, "5.1.3"),
        (letter("a b@example.com"), EVERYTHING, "5.1.3"),
        (letter("example.com"), EVERYTHING, "5.1.3"),
        (letter("a@"), EVERYTHING, "5.1.3"),
        (letter(""), EVERYTHING, "5.1.3"),
        (letter("x" * 65 + "@example.com"), EVERYTHING, "5.1.3"),
    ],
)
def test_what_the_relay_could_not_take_is_refused_by_us(
    one: Letter, features: Features, status: str
) -> None:
    refused = envelope(one, features)
    assert isinstance(refused, Refused)
    assert refused.reply.enhanced == status
    assert refused.reply.code == 0


@pytest.mark.parametrize(
    ("content", "wire"),
    [
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b"a\r\n.b\r\n..\r\n", b"a\r\n..b\r\n...\r\n.\r\n"),
        (b"", b"\r\n.\r\n"),
    ],
)
def test_content_is_stuffed_and_ended(content: bytes, wire: bytes) -> None:
    assert b"".join(stuffed(letter(content=content))) == wire


def test_xtext_hides_what_a_command_may_not_hold() -> None:
    assert xtext("a+b=c d@é") == "a+2Bb+3Dc+20d@é"

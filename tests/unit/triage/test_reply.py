"""What a mail server's answers mean."""

from datetime import timedelta

import pytest

from mailer.model.outcome import (
    Accepted,
    Deferred,
    InDoubt,
    Outcome,
    Refused,
    Released,
    Reply,
)
from mailer.triage import reply


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([b"250 ok"], Reply(250, "", "ok")),
        ([b"250"], Reply(250, "", "")),
        ([b"550 5.1.1 no such user"], Reply(550, "5.1.1", "no such user")),
        (
            [b"550-5.7.1 first", b"550 5.7.1 second"],
            Reply(550, "5.7.1", "first second"),
        ),
        ([b"421 4.7.28\tslow"], Reply(421, "4.7.28", "slow")),
        ([b"250 5.1.1x not a status"], Reply(250, "", "5.1.1x not a status")),
        ([b"550 caf\xe9 \x1b[31m"], Reply(550, "", "caf\ufffd ?[31m")),
    ],
)
def test_a_reply_is_read(lines: list[bytes], expected: Reply) -> None:
    assert reply.parse(lines) == expected


@pytest.mark.parametrize(
    "lines",
    [[], [b""], [b"25 ok"], [b"950 ok"], [b"250ok"], [b"\xff\xfe"], [b"250-a", b"550 b"]],
)
def test_what_is_no_reply_is_none(lines: list[bytes]) -> None:
    assert reply.parse(lines) is None


def test_long_words_are_cut() -> None:
    parsed = reply.parse([b"550 " + b"x" * 5000])
    assert parsed is not None
    assert len(parsed.text) == 1000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ok: queued as 4XyZ1a2b3c", "4XyZ1a2b3c"),
        ("OK id=1tAbCd-000000001Xy-2abc", "1tAbCd-000000001Xy-2abc"),
        ("<0100019a.b-c@eu-west-1.example.com> Queued mail for delivery",
         "0100019a.b-c@eu-west-1.example.com"),
        ("Ok 0102019aabcdef12-34567890-0000", "0102019aabcdef12-34567890-0000"),
        ("4A1B2C3D012345 Message accepted for delivery", "4A1B2C3D012345"),
        ("ok", ""),
        ("thank you", ""),
    ],
)  # fmt: skip
def test_the_relays_own_id_is_found(text: str, expected: str) -> None:
    assert reply.relay_id(Reply(250, "2.0.0", text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("greylisted, try again in 5 minutes", timedelta(minutes=5)),
        ("Please retry after 300 seconds", timedelta(seconds=300)),
        ("try again in 2 hours", None),
        ("try again in 90 minutes", None),
        ("mailbox full", None),
    ],
)
def test_a_wait_that_is_asked_for_is_heard(text: str, expected: timedelta | None) -> None:
    assert reply.wait_hint(Reply(451, "", text)) == expected


def kinds(*answers: Outcome | None) -> list[type | None]:
    return [None if answer is None else type(answer) for answer in answers]


def test_each_step_judges_by_its_own_rule() -> None:
    steps = (
        reply.about_sender,
        reply.about_recipient,
        reply.about_data,
        reply.about_content,
    )
    table = {
        250: [None, None, Released, Accepted],
        354: [Released, Released, None, InDoubt],
        421: [Released, Released, Released, Released],
        450: [Released, Deferred, Deferred, Deferred],
        530: [Released, Released, Released, Released],
        550: [Released, Refused, Refused, Refused],
        552: [Refused, Refused, Refused, Refused],
    }
    for code, expected in table.items():
        assert kinds(*(step(Reply(code, "", "")) for step in steps)) == expected, code


def test_only_a_permanent_answer_says_that_a_letter_is_too_large() -> None:
    assert isinstance(reply.about_sender(Reply(550, "5.3.4", "")), Refused)
    for code in (450, 452):
        assert isinstance(reply.about_sender(Reply(code, "4.3.4", "")), Released)

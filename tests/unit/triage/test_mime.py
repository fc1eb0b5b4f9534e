"""Where a message's fields begin, and how old ones are written."""

import pytest

from mailer.triage.message import open_message

REST = b"To: us@example.org\nSubject: Hello\n\nHi.\n"


@pytest.mark.parametrize(
    "first",
    [
        b"From: Anna <anna@example.com>",
        b"From : Anna <anna@example.com>",
        b"From  \t: anna@example.com",
        b"From anna@example.com Sat Nov 28 18:04:47 2026\nFrom: anna@example.com",
        b">From anna@example.com Sat Nov 28 18:04:47 2026\nFrom : anna@example.com",
    ],
)
def test_who_wrote_stands_in_from_however_it_is_written(first: bytes):
    message = open_message(first + b"\n" + REST)
    assert (message.sender, message.daemon) == ("anna@example.com", False)
    assert (message.subject, message.said.strip()) == ("Hello", "Hi.")

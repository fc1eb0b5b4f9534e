"""Nobody can keep the others' mail waiting: each message is read in a moment."""

import pytest
from samples.samples import knowledge

from mailer.model.notice import Bounce, Human
from mailer.triage.sort import sort

HEAD = "Return-Path: <>\nFrom: MAILER-DAEMON@example.com\nSubject: Undelivered Mail\n"
PERSON = "From: anna@example.com\nTo: us@example.org\nSubject: hello\n\n"


def report(text: str, *groups: str) -> bytes:
    """Write a delivery status report of several parts."""
    parts = [f"\n{text}\n"]
    parts += [f"Content-Type: message/delivery-status\n\n{one}\n" for one in groups]
    body = "".join(f"--b\n{one}" for one in parts)
    return f"{HEAD}Content-Type: multipart/report; boundary=b\n\n{body}--b--\n".encode()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("line", ["*", "> *", ">*", "**"])
def test_a_line_of_one_sign(line: str):
    said = line * (90_000 // len(line))
    assert isinstance(sort(f"{PERSON}{said}\n".encode(), knowledge()), Human)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "group",
    [
        "Final-Recipient: rfc822; |program\n\n",
        "Final-Recipient: rfc822; kari@example.com\n\n",
    ],
)
def test_many_recipients_in_a_long_report(group: str):
    parts = [group * (250_000 // len(group))] * 7
    assert isinstance(sort(report("x@y.example " * 8000, *parts), knowledge()), Bounce)


@pytest.mark.parametrize("mark", ["*", "***", "*** ", "> * ", "\t** "])
def test_stars_before_what_is_brought_back(mark: str):
    text = f"x@y.example\n{mark}Original message follows\nMessage-ID: <a@b.example>\n"
    notice = sort(f"{HEAD}\n{text}".encode(), knowledge())
    assert notice.clues.message_ids == ("a@b.example",)

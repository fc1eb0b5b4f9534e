"""Rules rest on what a report means: not on a sample's wording, names or line ends."""

import base64
import re
from collections.abc import Callable

import pytest
from samples.mtas import REPORTS, WHO
from samples.samples import expected, knowledge, line_ends, sample

from mailer.model.notice import KINDS, Bounce, Complaint, Notice, Report
from mailer.triage.sort import sort

Facts = list[tuple[str, bool, str]]


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_a_report_of_a_system_without_a_sample_is_understood(name: str):
    made = REPORTS[name]
    for raw in line_ends(made.raw):
        notice = sort(raw, knowledge())
        assert KINDS[type(notice)] == made.kind, notice
        (one,) = notice.recipients
        assert (one.address, one.hard) == (WHO, made.hard), notice
        assert not made.reasons or one.reason in made.reasons, notice


def facts(notice: Notice) -> Facts:
    return [(one.address.lower(), one.hard, one.reason.value) for one in notice.recipients]


def renamed(raw: bytes) -> bytes:
    """Give other people other names."""
    for old, new in ((b"kijitora", b"gudrun.x"), (b"mikeneko", b"otto-the"),
                     (b"sironeko", b"someones")):  # fmt: skip
        raw = re.sub(old, new, raw, flags=re.IGNORECASE)
    return raw


def without_trace(raw: bytes) -> bytes:
    """Take away what mail servers put on top."""
    head, blank, body = raw.partition(b"\n\n")
    lines = re.split(rb"\n(?![ \t])", head)
    dull = (b"received:", b"x-spam", b"authentication-results:", b"dkim-signature:")
    kept = [one for one in lines if not one.lower().startswith(dull)]
    return b"\n".join(kept) + blank + body


def with_more_on_top(raw: bytes) -> bytes:
    """Put on top what servers put there on the way."""
    return (
        b"Received: from mx.shop.example by shop.example with LMTP\n\tid 1; Thu, 26 Nov"
        b" 2026 12:00:00 +0000\nX-Spam-Status: No, score=0.1\nX-Virus-Scanned: by us\n"
        + raw
    )


def in_base64(raw: bytes) -> bytes:
    """Encode the body of what has no parts, as some servers do to 8-bit text."""
    head, _, body = raw.partition(b"\n\n")
    known = re.search(
        rb"^content-(type: *(multipart|message)|transfer)",
        head,
        re.IGNORECASE | re.MULTILINE,
    )
    if known:
        return raw
    return head + b"\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(body)


def folded(raw: bytes) -> bytes:
    """Fold the subject in its middle."""
    return re.sub(
        rb"^(Subject: \S+) (\S)",
        rb"\1\n \2",
        raw,
        count=1,
        flags=re.IGNORECASE | re.MULTILINE,
    )


def shouted(raw: bytes) -> bytes:
    """Write the field names of the head in capitals."""
    head, blank, body = raw.partition(b"\n\n")
    return (
        re.sub(rb"^[A-Za-z-]+:", lambda one: one[0].upper(), head, flags=re.MULTILINE)
        + blank
        + body
    )


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    one.__name__: one
    for one in (renamed, without_trace, with_more_on_top, in_base64, folded, shouted)
}


@pytest.mark.parametrize("change", sorted(CHANGES))
@pytest.mark.parametrize("name", sorted(expected()))
def test_what_says_nothing_changes_nothing(name: str, change: str):
    raw = line_ends(sample(name))[0].lstrip(b"\n")
    before = sort(raw, knowledge())
    after = sort(CHANGES[change](raw), knowledge())
    assert type(after) is type(before)
    if change == "renamed":
        assert [one[1:] for one in facts(after)] == [one[1:] for one in facts(before)]
    else:
        assert facts(after) == facts(before)


PERSON = (
    "From: Ola Nordmann <ola@example.com>\nReturn-Path: <ola@example.com>\n"
    "To: support@shop.example\nMessage-ID: <q@example.com>\n"
)


def quoted(raw: bytes) -> bytes:
    """Let a person ask what this is, with the report quoted below."""
    body = b"\n".join(b"> " + line for line in raw.split(b"\n")[:200])
    return PERSON.encode() + b"Subject: What is this?\n\nI got this. Why?\n\n" + body


def forwarded(raw: bytes) -> bytes:
    """Let a person forward it in the text."""
    subject = re.search(rb"^subject:[ \t]*([^\n]*)", raw, re.IGNORECASE | re.MULTILINE)
    words = subject[1] if subject else b""
    return (
        PERSON.encode()
        + b"Subject: Fwd: "
        + words
        + b"\n\nHello, can you help me with this?\n"
        b"\n---------- Forwarded message ---------\n" + raw
    )


def answered(raw: bytes) -> bytes:
    """Let a person answer to it."""
    subject = re.search(rb"^subject:[ \t]*([^\n]*)", raw, re.IGNORECASE | re.MULTILINE)
    words = subject[1] if subject else b""
    return (
        PERSON.encode() + b"Subject: Re: " + words + b"\nIn-Reply-To: <x@example.jp>\n\n"
        b"The address was wrong, sorry.\n\nOn Thursday they wrote:\n"
        + b"\n".join(b"> " + line for line in raw.partition(b"\n\n")[2].split(b"\n")[:80])
    )


def attached(raw: bytes) -> bytes:
    """Let a person attach it."""
    return (
        PERSON.encode() + b"Subject: Please look at this\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="mine"\n\n--mine\n'
        b"Content-Type: text/plain\n\nThis came back to me.\n\n--mine\n"
        b"Content-Type: message/rfc822\n\n" + raw + b"\n--mine--\n"
    )


HUMAN = {one.__name__: one for one in (quoted, forwarded, answered, attached)}
EVERY = {name: sample(name) for name in expected()} | {
    name: one.raw for name, one in REPORTS.items()
}


@pytest.mark.parametrize("way", sorted(HUMAN))
@pytest.mark.parametrize("name", sorted(EVERY))
def test_a_person_who_shows_us_a_report_is_a_person(name: str, way: str):
    raw = line_ends(EVERY[name])[0].lstrip(b"\n")
    notice = sort(HUMAN[way](raw), knowledge())
    assert not isinstance(notice, Bounce | Complaint | Report), notice

"""No bytes stop the understanding of incoming mail, and none are an error."""

import tracemalloc
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.samples import expected, knowledge, sample

from mailer.model.notice import OwnLetter
from mailer.triage.sort import sort

SAMPLES = sorted(expected())
FIELDS = st.sampled_from(
    [
        b"Content-Type: multipart/report; boundary=b",
        b'Content-Type: multipart/mixed; boundary="b',
        b"Content-Type: message/rfc822",
        b"Content-Type: text/plain; charset=zlib",
        b'Content-Type: text/html; charset="utf-99"',
        b"Content-Type: message/delivery-status",
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: quoted-printable",
        b"Content-Length: 99999999999999",
        b"Date: Thu, 99 Foo 99999 99:99:99 +9999",
        b"Message-ID: <<<>>>@@",
        b"From: =?utf-8?B?////?= <>",
        b"From: MAILER-DAEMON@example.com",
        b"Return-Path: <>",
        b"Subject: =?iso-2022-jp?B?GyRC?=",
        b"Auto-Submitted: auto-replied",
        b"X-Failed-Recipients: a@b,,,<c@d",
        b"Feedback-Type: abuse",
        b"\x00: \x00",
        b" folded",
    ]
)
LINES = st.sampled_from(
    [
        b"",
        b"--b",
        b"--b--",
        b"Final-Recipient: rfc822; a@b",
        b"Action: failed",
        b"Status: 5.1.1",
        b"Original-Recipient: utf-8; \\x{110000}@b",
        b"550 5.1.1 <a@b>... User unknown",
        b"<a@b>:",
        b"------ This is a copy of the message",
        b"Feedback-Type: abuse",
        b"\x1b$B\xff",
        b'{"notificationType":"Bounce","bounce":[[[[',
        b"until 99 Foo 0000",
        b"=" * 80,
        b"\x00",
    ]
)
DEEP = 1000


@given(st.binary(max_size=4000))
def test_any_bytes_are_some_message(raw: bytes):
    sort(raw, knowledge())


@given(st.lists(FIELDS, max_size=20), st.lists(LINES | st.binary(max_size=60), max_size=40))
def test_any_mixture_of_what_mail_is_made_of_is_some_message(
    fields: list[bytes], lines: list[bytes]
):
    sort(b"\n".join([*fields, b"", *lines]), knowledge())


@settings(deadline=timedelta(seconds=5))
@given(
    st.sampled_from(SAMPLES),
    st.integers(0, 1 << 16),
    st.integers(0, 200),
    st.binary(max_size=40),
)
def test_a_damaged_report_is_some_message(name: str, place: int, length: int, put: bytes):
    raw = sample(name)
    place %= len(raw)
    sort(raw[:place] + put + raw[place + length :], knowledge())
    sort(raw[:place], knowledge())


def nested(kind: bytes) -> bytes:
    """Nest a thousand parts in each other."""
    raw = b"the end"
    for level in range(DEEP):
        boundary = b"b%d" % level
        if kind == b"multipart":
            raw = b"Content-Type: multipart/mixed; boundary=%s\n\n--%s\n%s\n--%s--\n" % (
                boundary,
                boundary,
                raw,
                boundary,
            )
        else:
            raw = b"Content-Type: message/rfc822\n\n" + raw
    return raw


BOMBS = {
    "multiparts a thousand deep": nested(b"multipart"),
    "messages a thousand deep": nested(b"message"),
    "a million parts": b"Content-Type: multipart/mixed; boundary=b\n\n"
    + b"--b\n\nx\n" * 200_000,
    "a hundred thousand fields": b"".join(b"X-%d: y\n" % n for n in range(100_000))
    + b"\nx",
    "a field of two megabytes": b"Subject: " + b"a " * (1 << 20) + b"\n\nx",
    "a folded field without end": b"Subject: a\n" + b" b\n" * 500_000,
    "encoded words without end": b"Subject: " + b"=?utf-8?Q?a" * 200_000 + b"\n\nx",
    "addresses without an at": b"From: MAILER-DAEMON\nSubject: failure notice\n\n"
    + b"a" * 1_000_000,
    "addresses only": b"From: MAILER-DAEMON\nSubject: failure notice\n\n"
    + b"<a@b.example>:\n" * 60_000,
    "keywords only": b"From: MAILER-DAEMON\nSubject: failure notice\n\n"
    + (b"to an address " * 60 + b"@\n") * 1000,
    "quotes and at signs": b"From: MAILER-DAEMON\nSubject: failure notice\n\n"
    + (b"'" * 900 + b"@" + b'"' * 50 + b"\n") * 1000,
    "spaces and dashes": b"From: MAILER-DAEMON\nSubject: failure notice\n\n"
    + b" \t" * 100_000
    + b"\n"
    + b"-" * 200_000,
    "styles without end": b"Content-Type: text/html\n\n" + b"<style>" * 30_000,
    "tags without end": b"Content-Type: text/html\n\n" + b"<" * 200_000,
    "brackets in addresses": b"To: " + b"<" * 10_000 + b"(" * 10_000 + b"\n\nx",
    "json without end": b"\n" + b'{"notificationType":' * 100_000,
    "open json lists": b"\n" + b'{"notificationType":"Bounce","bounce":' + b"[" * 100_000,
    "a delivery status of one recipient many times": b"Content-Type: message/delivery-status\n\n"
    + b"Final-Recipient: rfc822; a@b\nAction: failed\n\n" * 20_000,
    "boundaries that begin alike": b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
    + b"\n--bx\n" * 200_000,
    "unfinished dates": b"Auto-Submitted: auto-replied\n\n"
    + b"until until until " * 20_000,
}


IDS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["<>", "<@>", "<a@b", "a@b>", "<<a@b>>", "<a\x00@b>", "<a b@c>", "<" + "a" * 9999 + ">",
         "<a@b><c@d>", "(c)<a@b>", "<a@b>\n <c@d>", "\u202e<a@b>", "<0@b>", "<" + "0" * 46 + "@x>"]
    ),
)  # fmt: skip
DATES = st.one_of(
    st.text(max_size=60),
    st.datetimes().map(str),
    st.sampled_from(
        ["Thu, 99 Foo 99999 99:99:99 +9999", "1 Jan 0000", "31 Feb 2026", "29.02.2027",
         "until 2026-13-45", "back on 99/99/9999", "0", "-1", "1 يناير 2026", "1e999"]
    ),
)  # fmt: skip


@given(IDS, IDS, DATES, st.booleans())
def test_malformed_ids_and_dates_are_no_error(own: str, other: str, day: str, ours: bool):  # noqa: FBT001
    raw = (
        f"Message-ID: {own}\nIn-Reply-To: {other}\nReferences: {other} {own}\nDate: {day}\n"
        f"From: ola@example.com\nAuto-Submitted: auto-replied\n\nI am away until {day}.\n"
    )
    sort(raw.encode("utf-8", "replace"), knowledge(), lambda _: ours)


@pytest.mark.parametrize("name", sorted(expected()))
def test_our_own_letter_that_comes_to_ourselves_is_our_own_and_no_report(name: str):
    raw = b"Message-ID: <signed@shop.example>\n" + sample(name).lstrip(b"\r\n")
    notice = sort(raw, knowledge(), lambda one: one == "signed@shop.example")
    assert isinstance(notice, OwnLetter)


CLAIMS = {
    "a body": b"Content-Length: 9999999999999\nLines: 999999999\n\nx",
    "a part of many": b"Content-Type: message/partial; number=1; total=999999999; id=x\n\nx",
    "base64": b"Content-Transfer-Encoding: base64\nContent-Length: 99999999999\n\nAAAA",
    "elsewhere": b"Content-Type: message/external-body; access-type=ftp; size=99999999999"
    b"\n\nContent-Type: text/plain\n\n",
    "a name": b'Content-Disposition: attachment; size=99999999999; filename="x"\n\nx',
    "a parameter": b"Content-Type: text/plain; name*999999999=x; name*0=y\n\nx",
    "many recipients": b"From: MAILER-DAEMON@a.example\nContent-Type: message/delivery-status"
    b"\n\nReporting-MTA: dns; a\n\n" + b"Final-Recipient: rfc822; a@b\n\n" * 50_000,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_what_a_message_claims_of_its_size_takes_no_memory(name: str):
    tracemalloc.start()
    try:
        sort(CLAIMS[name], knowledge())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 << 20


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", sorted(BOMBS))
def test_no_message_stalls_it(name: str):
    """What grows with the square of its size takes minutes here, all else a second."""
    sort(BOMBS[name], knowledge())

"""What a sender signed of a message, and when a signature is none."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mailer.compose.dkimrecord import public_half, record_value
from mailer.triage.signature import is_proven, sender_of, signatures

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
KEY = rsa.generate_private_key(65537, 1024)
RECORDS = [record_value(public_half(KEY))]
HEAD = "From: Relay <daemon@relay.example>\r\nSubject: x\r\n"
# RFC 8463, appendix A.
FOOTBALL = """\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
"""
BRISBANE = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def signed(tags: str, body: bytes = b"hello\r\n", head: str = HEAD) -> bytes:
    """Sign by hand, both in the simple form."""
    bh = base64.b64encode(hashlib.sha256(body).digest()).decode()
    own = f"DKIM-Signature: {tags}; bh={bh}; b="
    names = [one.split(":")[0].lower() for one in head.split("\r\n") if one]
    asked = tags.partition("h=")[2].partition(";")[0].split(":")
    lines = [head.split("\r\n")[names.index(one)] for one in asked if one in names]
    covered = "\r\n".join([*lines, own]).encode()
    value = base64.b64encode(KEY.sign(covered, padding.PKCS1v15(), hashes.SHA256()))
    return own.encode() + value + b"\r\n" + head.encode() + b"\r\n" + body


def proven(raw: bytes, records: list[str] = RECORDS) -> list[bytes]:
    found = signatures(raw, sender_of(raw), NOW)
    return [one.part for one in found if is_proven(one, records)]


TAGS = "v=1; a=rsa-sha256; d=relay.example; s=k1; h=from:subject"


def test_the_standard_s_own_example_of_ed25519_holds():
    raw = FOOTBALL.encode()
    (one,) = signatures(raw, sender_of(raw), NOW)
    assert one.key_name == "brisbane._domainkey.football.example.com"
    assert is_proven(one, [BRISBANE])
    assert not is_proven(one, [BRISBANE.replace("11q", "12q")])
    assert signatures(raw.replace(b"lost", b"won"), sender_of(raw), NOW) == []


def test_the_signed_part_has_what_is_signed_and_nothing_else():
    raw = signed(TAGS, head=HEAD + "X-Failed-Recipients: a@b.example\r\n")
    part = b"From: Relay <daemon@relay.example>\r\nSubject: x\r\n\r\nhello\r\n"
    assert proven(raw) == [part]


@pytest.mark.parametrize(
    "tags",
    [
        TAGS,
        TAGS + "; x=4000000000",
        TAGS + "; q=dns/txt",
        TAGS + "; i=@below.relay.example",
        TAGS.replace("h=from:subject", "h=from:subject:reply-to"),
    ],
)
def test_signatures_that_hold(tags: str):
    assert len(proven(signed(tags))) == 1


@pytest.mark.parametrize(
    "tags",
    [
        TAGS + "; x=1000000000",
        TAGS + "; x=soon",
        TAGS + "; x=\u0664000000000",
        TAGS + "; x=" + "9" * 5000,
        TAGS + "; l=5",
        TAGS + "; l=0",
        TAGS + "; q=http",
        TAGS + "; i=@evil.example",
        TAGS + "; v=1",
        TAGS + "; nonsense",
        TAGS.replace("v=1", "v=2"),
        TAGS.replace("h=from:subject", "h=subject"),
        TAGS.replace("rsa-sha256", "rsa-sha1"),
        TAGS.replace("rsa-sha256", "none"),
        TAGS.replace("d=relay.example", "d=evil.example"),
        TAGS.replace("d=relay.example", "d=example"),
        TAGS.replace("d=relay.example", "d=y.example"),
        TAGS.replace("s=k1", "s=../x"),
        TAGS.replace("s=k1", "s="),
    ],
)
def test_signatures_that_are_none(tags: str):
    assert proven(signed(tags)) == []


@pytest.mark.parametrize(
    "record",
    [
        "",
        "v=DKIM1",
        "v=DKIM1; p=",
        "v=DKIM2; " + RECORDS[0].partition(";")[2],
        RECORDS[0] + "; t=y",
        RECORDS[0] + "; s=web",
        RECORDS[0] + "; h=sha1",
        RECORDS[0].replace("k=rsa", "k=ed25519"),
        "v=DKIM1; k=rsa; p=!!!!",
        "v=DKIM1; k=rsa; p=AAAA",
        record_value(public_half(rsa.generate_private_key(65537, 1024))),
    ],
)
def test_keys_that_prove_nothing(record: str):
    raw = signed(TAGS)
    assert proven(raw, [record]) == []
    assert proven(raw, [*RECORDS, record]) == []
    assert proven(raw, []) == []


@pytest.mark.parametrize(
    "head",
    [
        "Subject: x\r\n",
        "From: a@relay.example, b@evil.example\r\n",
        "From: a@relay.example\r\nFrom: b@evil.example\r\n",
        'From: "b@evil.example" <a@relay.example>\r\n',
        "From: undisclosed\r\n",
    ],
)
def test_a_message_without_one_sender_has_none(head: str):
    assert sender_of(head.encode() + b"\r\nx") == ""


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"\x00\xff",
        b"DKIM-Signature: " + b";=" * 10_000 + b"\r\n\r\n",
        b"DKIM-Signature: v=1; b=" + b"A" * 300_000 + b"\r\n\r\nx",
        b"From: a@b.example\r\nDKIM-Signature: v=1; d=b.example; s=\xff; h=from\r\n\r\nx",
        b"From: a@b.example\r\n" + b"DKIM-Signature: v=1\r\n" * 100_000 + b"\r\nx",
    ],
)
def test_no_bytes_are_an_error(raw: bytes):
    assert proven(raw) == []

"""The seals of the ledger: the format that must verify for ever."""

import hashlib
import hmac
from dataclasses import replace

from mailer.model.chain import (
    FIRST_MAC,
    Common,
    canonical,
    common_bytes,
    digest,
    personal_bytes,
    seal,
    who_bytes,
    words_digest,
)
from mailer.model.mac import keyed

COMMON = Common(
    list_id="news",
    wording=1,
    words_digest=words_digest("Yes, write to me."),
    act="granted",
    at=1_777_636_800_000_000,
    how="import",
    basis="express",
    source="stall",
    batch_id=None,
    expires_at=None,
)


def test_the_format_of_the_first_version_never_changes():
    who = digest(b"s" * 16, "kari@example.com")
    text = canonical(7, 2, common_bytes(COMMON), personal_bytes(who))
    assert text[:19] == bytes.fromhex("01010000000000000007010000000000000002")
    assert text[19:28] == bytes.fromhex("0100000004") + b"news"
    assert len(text) == 19 + 9 + 9 + 37 + 12 + 9 + 11 + 12 + 10 + 1 + 1 + 37 + 3
    sealed = seal(b"l" * 32, FIRST_MAC, 1, text)
    assert sealed == hmac.digest(b"l" * 32, bytes(32) + b"\0" * 7 + b"\1" + text, "sha256")
    assert (
        sealed.hex() == "c2504f4d1c960575ec96ddcb0a11750d83b122e74f895039e98b754ef9c09c23"
    )


def test_the_format_of_the_second_version_never_changes():
    with_evidence = replace(
        COMMON, evidence="row", consent_at=1_700_000_000_000_000, purchase_at=None
    )
    assert (COMMON.version, with_evidence.version) == (1, 2)
    who = digest(b"s" * 16, "kari@example.com")
    text = canonical(7, 2, common_bytes(with_evidence), personal_bytes(who), 2)
    first = canonical(7, 2, common_bytes(COMMON), personal_bytes(who))
    more = b"\1\0\0\0\3row" + b"\1" + (1_700_000_000_000_000).to_bytes(8) + b"\0\0"
    assert text == b"\2" + first[1:-40] + more + first[-40:]
    sealed = seal(b"l" * 32, FIRST_MAC, 1, text)
    assert sealed == hmac.digest(b"l" * 32, bytes(32) + b"\0" * 7 + b"\1" + text, "sha256")


def test_a_personal_value_is_sealed_as_a_salted_digest():
    want = hashlib.sha256(b"s" * 16 + "kåre@example.com".encode()).digest()
    assert digest(b"s" * 16, "kåre@example.com") == want


def test_who_alone_is_written_as_with_nothing_beside():
    assert who_bytes(b"w" * 32) == personal_bytes(b"w" * 32)


def test_the_quick_hmac_is_the_standard_one():
    for size in (0, 1, 32, 63, 64, 65, 200):
        secret = b"k" * size
        want = hmac.digest(secret, b"message", "sha256")
        assert keyed(secret)(b"message") == want

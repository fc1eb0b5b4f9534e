"""Letters are signed so that an independent verifier agrees, and no change goes unseen."""

import re
from datetime import timedelta

import pytest
from letters import DATE, NEWS, owed, person, ready, source
from signatures import KEY, SIGNER, ZONE, Zone, signed_names

from mailer.compose.dkimrecord import (
    in_strings,
    problem_with,
    public_half,
    record_name,
    record_value,
    zone_line,
)
from mailer.compose.sign import Signer, relaxed_body, sign, signer_for
from mailer.errors import CannotComposeError
from mailer.model.kind import Kind
from mailer.model.letter import Letter


def letter_of(kind: Kind = Kind.MARKETING, subject: str = "News", **who: object) -> Letter:
    template = source(
        f"<p>Hi  {{{{ name|default('x') }}}}</p>{owed(kind)}", kind=kind, subject=subject
    )
    return ready(template, mailing_list=NEWS).compose(person(**who), 9, 5, DATE)


def signed(letter: Letter) -> bytes:
    return sign(letter, SIGNER, DATE).content


def plain(body: bytes, head: bytes = b"From: a@example.com\r\n") -> Letter:
    return Letter("", "x@example.net", head + b"\r\n" + body, "id")


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TEST])
def test_letters_of_every_kind_verify(kind: Kind) -> None:
    content = signed(letter_of(kind))
    assert ZONE.verifies(content)
    assert max(map(len, content.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "subject",
    [
        "x" * 70, "word " * 60 + "end", "Ærlig talt: blåbærsyltetøy 😀 " * 9 + "slutt",
        "a  b   c", "=?utf-8?q?no?=", "semi; colon: = b=abc; h=from", ".", "'\"\\",
    ],
)  # fmt: skip
def test_odd_and_long_subjects_verify(subject: str) -> None:
    assert ZONE.verifies(signed(letter_of(subject=subject)))


def test_one_click_is_signed_and_nobody_can_add_a_second_one() -> None:
    """RFC 8058 §4: both fields must be covered by a signature."""
    names = signed_names(signed(letter_of()))
    for name in ("list-unsubscribe", "list-unsubscribe-post", "from", "subject", "to"):
        assert names.count(name) == 2, name
    assert names.count("reply-to") == 2
    assert names.count("cc") == 1
    assert names.count("message-id") == names.count("feedback-id") == 1
    assert "x-auto-response-suppress" not in names


@pytest.mark.parametrize(
    "added",
    [
        b"From: other@example.net\r\n", b"Subject: another\r\n", b"Cc: all@example.net\r\n",
        b"List-Unsubscribe: <https://example.net/>\r\n", b"Reply-To: me@example.net\r\n",
        b"Content-Type: text/html\r\n",
    ],
)  # fmt: skip
def test_a_field_that_somebody_adds_breaks_the_signature(added: bytes) -> None:
    content = signed(letter_of())
    assert not ZONE.verifies(added + content)
    assert not ZONE.verifies(content.replace(b"\r\n\r\n", b"\r\n" + added + b"\r\n", 1))


def test_what_is_changed_breaks_the_signature() -> None:
    content = signed(letter_of())
    assert not ZONE.verifies(content.replace(b"Subject: News", b"Subject: Mews"))
    assert not ZONE.verifies(content.replace(b"Hi", b"Ha"))
    assert not ZONE.verifies(content + b"more\r\n")


def test_what_relays_do_to_white_space_breaks_nothing() -> None:
    content = signed(letter_of())
    assert b"\r\n <mailto" in content
    changed = content.replace(b"\r\n <mailto", b"\r\n\t  <mailto")
    changed = changed.replace(b"Subject: News", b"SUBJECT:   News ") + b"\r\n\r\n"
    assert changed != content
    assert ZONE.verifies(b"Received: from x by y\r\n" + changed)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\r\n", b"\r\n\r\n\r\n", b"x", b"x\r\n", b"x\r\n\r\n", b"x \r\n", b" x\t\r\n",
        b"a  b\t\tc \t\r\n \r\n\t\r\n", b"a\r\n\r\nb", b"x ", b"x\t", b"\t", b" \r\n",
        b".\r\n..\r\n", b"a=20\r\n", b"\x80\xff\r\n",
    ],
)  # fmt: skip
def test_bodies_of_every_shape_verify(body: bytes) -> None:
    assert ZONE.verifies(signed(plain(body)))
    assert relaxed_body(body) == relaxed_body(relaxed_body(body))


def test_the_same_letter_is_signed_in_the_same_bytes_whenever_it_is_tried() -> None:
    assert signed(letter_of()) == signed(letter_of())
    later = sign(letter_of(), SIGNER, DATE + timedelta(seconds=1)).content
    assert later != signed(letter_of())


def test_the_signature_stands_on_top_and_changes_nothing_below_it() -> None:
    letter = letter_of()
    content = signed(letter)
    assert content.startswith(b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;")
    assert content.endswith(letter.content)
    field = content.removesuffix(letter.content)
    assert max(map(len, field.split(b"\r\n"))) <= 78
    assert re.search(rb"d=example\.com;\r\n s=mailer-2026-11; t=\d+;", field)


@pytest.mark.parametrize(
    "head", [b"To: a@example.com\r\n", b"From: a@x\r\nFrom: b@x\r\n", b""]
)
def test_what_has_not_one_from_is_not_signed(head: bytes) -> None:
    with pytest.raises(CannotComposeError, match="cannot be signed"):
        sign(plain(b"x", head), SIGNER, DATE)


def test_an_address_with_other_letters_is_signed_as_it_stands() -> None:
    """RFC 8616 §4: a header in UTF-8 is signed as UTF-8."""
    assert ZONE.verifies(signed(letter_of(address="bjørn@example.org")))


def test_the_nearest_domain_above_signs() -> None:
    own = Signer("news.example.com", "own", KEY)
    signers = {"example.com": SIGNER, "news.example.com": own}
    assert signer_for(signers, "example.com") is SIGNER
    assert signer_for(signers, "shop.example.com") is SIGNER
    assert signer_for(signers, "news.example.com") is own
    assert signer_for(signers, "a.news.example.com") is own
    assert signer_for(signers, "notexample.com") is None
    assert signer_for(signers, "com") is None
    assert signer_for(signers, "") is None


def test_a_letter_verifies_only_by_the_key_of_its_selector() -> None:
    zone = Zone()
    zone.publish(Signer("example.com", "mailer-2026-11-2", KEY))
    with pytest.raises(KeyError):
        zone.verifies(signed(letter_of()))


def test_a_record_is_published_in_strings_that_fit() -> None:
    value = "v=DKIM1; k=rsa; p=" + "A" * 392
    assert "".join(in_strings(value)) == value
    assert [len(one) for one in in_strings(value)] == [255, 155]
    line = zone_line("m._domainkey.example.com", value)
    assert line.startswith('m._domainkey.example.com. 3600 IN TXT ( "v=DKIM1; k=rsa; p=A')
    assert line.count('"') == 4


PUBLIC = public_half(KEY)
RECORD = record_value(PUBLIC)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (RECORD, ""),
        (RECORD.replace("; ", ";"), ""),
        (RECORD[:60] + " " + RECORD[60:], ""),
        (RECORD.removeprefix("v=DKIM1; "), ""),
        (f"{RECORD}; t=s; n=ours", ""),
        (RECORD[:-40], "damaged|another key"),
        (RECORD.replace("p=M", "p=N"), "another key"),
        ("v=DKIM1; p=", "revoked"),
        (f"{RECORD}; t=y", "test"),
        (RECORD.replace("k=rsa", "k=ed25519"), "k= is ed25519"),
        (f"{RECORD}; h=sha1", "sha256"),
        (f"{RECORD}; s=tlsrpt", "email"),
        (RECORD.replace("DKIM1", "DKIM2"), "v=DKIM2"),
        (f"{RECORD};", ""),
        (f" v = DKIM1 ; k =rsa; h = sha1 : sha256;\tp= {RECORD[18:]} ", ""),
        (f"{RECORD}; x=y; s=email : tlsrpt", ""),
        (f"k=rsa; v=DKIM1; {RECORD[16:]}", "must be the first"),
        (f"{RECORD}; {RECORD[16:]}", "says p= more than once"),
        (f"v=DKIM1; k=ed25519; {RECORD}", "says v= more than once"),
        (f"{RECORD}; our key", "'our key' in it is no tag=value"),
        (f"v=DKIM1;; {RECORD[9:]}", "'' in it is no tag=value"),
        (f'"{RECORD}', "no tag=value"),
        ("site-verification=1a2b", "no key in it|no tag=value"),
        ("v=DKIM1; k=rsa", "no key in it"),
        ("", "no tag=value"),
        (f"{RECORD[:60]}\u00a0{RECORD[60:]}", "damaged"),
        (f"{RECORD[:60]}\ufffd{RECORD[60:]}", "damaged"),
    ],
)  # fmt: skip
def test_a_published_record_is_right_or_it_is_said_why_not(value: str, words: str) -> None:
    found = problem_with(value, PUBLIC)
    assert bool(found) is bool(words)
    assert re.search(words, found)


@pytest.mark.parametrize(
    "value",
    [
        f" v = DKIM1 ; k =rsa; h = sha1 : sha256;\tp= {RECORD[18:]} ",
        f"{RECORD}; x=y; s=email; t=s",
        RECORD[:60] + " " + RECORD[60:],
        f"{RECORD}; {RECORD[16:]}",
        f"{RECORD}; our key",
        f"v=DKIM1;; {RECORD[9:]}",
        "v=DKIM1; k=rsa",
        "v=DKIM1; p=",
    ],
)
def test_a_record_is_judged_as_an_independent_verifier_does(value: str) -> None:
    zone = Zone()
    zone.records[record_name(SIGNER.domain, SIGNER.selector)] = value
    content = signed(letter_of())
    assert zone.verifies(content) is (problem_with(value, PUBLIC) == "")


def test_what_is_not_printed_stands_in_a_zone_as_the_numbers_of_its_bytes():
    line = zone_line("_dmarc.example.com", 'v=DMARC1; x="\\\x1b[2J\nå')
    assert line.endswith(r'IN TXT ( "v=DMARC1; x=\"\\\027[2J\010\195\165" )')

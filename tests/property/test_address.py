"""The quick way to read an address gives the validator's answer; match forms hold."""

import re
import string

from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.errors import AddressError
from mailer.model.address import match_form, parse_address

_PIECES = st.sampled_from(
    [
        *string.ascii_letters,
        *string.digits,
        *"-_.+@'é",
        "xn--",
        "--",
        ".com",
        ".local",
        ".test",
    ]
)
_PLAIN = st.lists(_PIECES, max_size=20).map("".join)
_TEXTS = st.one_of(_PLAIN, st.text(max_size=30))


@given(_TEXTS, _TEXTS)
@example("a", "b--c.com")
@example("a", "example.1")
@example("a", "\u212a.com")
@example("x" * 64, "y.com")
@example("x" * 65, "y.com")
@example("a", ".".join(["a" * 63] * 3) + "." + "b" * 57 + ".com")
def test_an_address_is_one_exactly_when_the_validator_says_so(local, domain):
    text = f"{local}@{domain}".strip()
    try:
        valid = validate_email(
            text, check_deliverability=False, strict=True, allow_smtputf8=True
        )
    except (EmailNotValidError, UnicodeError):
        valid = None
    try:
        address = parse_address(text)
    except AddressError as problem:
        ours = "64 bytes" in str(problem) or "stand for others" in str(problem)
        assert valid is None or ours
        return
    assert valid is not None
    assert address.domain == valid.ascii_domain
    assert address.given == text


@given(st.text(min_size=1))
def test_a_match_form_never_changes_again(local):
    once = match_form(local, "example.com")
    assert match_form(once.rpartition("@")[0], "example.com") == once


@given(_TEXTS, _TEXTS)
def test_the_match_form_of_an_address_is_that_of_the_person(local, domain):
    try:
        address = parse_address(f"{local}@{domain}")
    except AddressError:
        return
    again, _, name = address.match.rpartition("@")
    assert match_form(again, name) == address.match
    assert match_form(address.local, address.domain) == address.match
    assert re.search(r"[\s@\0]", again) is None

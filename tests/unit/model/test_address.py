"""What an address is, and when two of them are one person."""

import pytest

from mailer.errors import AddressError
from mailer.model.address import Role, match_form, parse_address, role_of


@pytest.mark.parametrize(
    ("given", "match", "wire"),
    [
        ("Kari@Example.COM", "kari@example.com", "Kari@example.com"),
        ("  a@example.com\t", "a@example.com", "a@example.com"),
        ("o'neil+news@example.com", "o'neil+news@example.com", "o'neil+news@example.com"),
        ("post@blåbær.no", "post@xn--blbr-roah.no", "post@xn--blbr-roah.no"),
        ("Kåre@BLÅBÆR.no", "kåre@xn--blbr-roah.no", "Kåre@xn--blbr-roah.no"),
        ("STRASSE@example.com", "strasse@example.com", "STRASSE@example.com"),
        ("straße@example.com", "strasse@example.com", "straße@example.com"),
        ("\uff41b@example.com", "ab@example.com", "\uff41b@example.com"),
        ("e\u0301va@example.com", "éva@example.com", "e\u0301va@example.com"),
    ],
)
def test_mail_goes_to_the_address_as_given_and_people_are_told_apart_by_its_match_form(
    given, match, wire
):
    address = parse_address(given)
    assert (address.given, address.match, address.wire) == (given.strip(), match, wire)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "@-sign"),
        ("anne", "@-sign"),
        ("@example.com", "before the @-sign"),
        ("a@", "after the @-sign"),
        ("a@example", "period"),
        ("a b@example.com", "before the @-sign"),
        ("a..b@example.com", "two periods in a row"),
        (".a@example.com", "cannot start with a period"),
        ("a@example.com.", "cannot end with a period"),
        ("a@-example.com", "hyphen"),
        ("a@exa--mple.com.ab--c.de", "two letters followed by two dashes"),
        ("a@xn--zzzzzz.com", "IDNA"),
        ("a@example.test", "special-use"),
        ("a@mailer.local", "special-use"),
        ("a@[192.0.2.1]", "bracketed IP address"),
        ("Anne <a@example.com>", "display name"),
        ('"a b"@example.com', "Quoting"),
        ("a@example.com\r\nBcc: b@example.com", "invalid characters"),
        ("a\0@example.com", "U+0000"),
        ("a\u202eb@example.com", "unsafe"),
        (f"{'a' * 65}@example.com", "too long"),
        (f"{'å' * 33}@example.com", "64 bytes"),
        (f"a@{'a' * 64}.com", "so many characters"),
        (f"{'a' * 60}@{'b.' * 110}com", "too long"),
        ("a\uff20b@example.com", "stand for others"),
        ("a\u00a8b@example.com", "stand for others"),
    ],
)
def test_what_is_no_address_is_refused_in_words(text, words):
    with pytest.raises(AddressError, match="is no email address") as caught:
        parse_address(text)
    assert words in str(caught.value)


def test_a_long_or_unprintable_text_is_shown_short_and_harmless():
    with pytest.raises(AddressError) as caught:
        parse_address("\x1b[31m" + "x" * 10_000)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


def test_the_same_domain_is_wrong_each_time():
    for _ in range(2):
        with pytest.raises(AddressError, match="period"):
            parse_address("a@example")


@pytest.mark.parametrize("local", ["\u017f", "ẞ", "Ǆ", "İ", "ﬁ", "ª", "Σς", "ϓ", "ᾳ"])
def test_a_match_form_is_its_own_match_form(local):
    once = match_form(local, "example.com")
    assert match_form(once.rpartition("@")[0], "example.com") == once


@pytest.mark.parametrize(
    ("given", "role"),
    [
        ("abuse@example.com", Role.REFUSED),
        ("Postmaster@example.com", Role.REFUSED),
        ("MAILER-DAEMON@example.com", Role.REFUSED),
        ("no-reply@example.com", Role.REFUSED),
        ("news-request@example.com", Role.REFUSED),
        ("abuse+shop@example.com", Role.REFUSED),
        ("info@example.com", Role.SHARED),
        ("Sales@example.com", Role.SHARED),
        ("abuser@example.com", Role.NONE),
        ("kari.info@example.com", Role.NONE),
    ],
)
def test_an_offices_address_is_known(given, role):
    assert role_of(parse_address(given)) is role

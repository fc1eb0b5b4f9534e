"""A whole letter: what a mail program reads out of it, and what a mail server sees."""

# ruff: noqa: E501 - templates and tables are read line by line

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import letters
import pytest
from letters import DATE, FOOT, NEWS, TOKENS, person, read, ready, source

from mailer.compose.links import Site
from mailer.compose.template import TemplateSource
from mailer.errors import CannotComposeError, ConfigError, TemplateError
from mailer.model.kind import Kind
from mailer.model.person import Person
from mailer.model.token import Reader, TokenKind

MARKETING = source(
    "<p>Hello {{ name|default('friend') }}</p>" + FOOT,
    subject="Autumn for {{ name|default('you') }}",
    kind=Kind.MARKETING,
)


def test_a_letter_reads_back_as_html_and_text() -> None:
    one = letters.letter(MARKETING, name="Åse <3")
    message = read(one)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]
    assert message["Subject"] == "Autumn for Åse <3"
    assert "<p>Hello Åse &lt;3</p>" in letters.html_of(one)
    assert "Hello Åse <3\n" in letters.text_of(one)


def test_every_line_ends_with_crlf_and_fits() -> None:
    long = "x" * 3000 + "é" * 3000
    one = letters.letter(MARKETING, name=long)
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", one.content)
    head, _, body = one.content.partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert max(map(len, head.split(b"\r\n"))) <= 998


def test_no_field_is_there_twice() -> None:
    names = [name.lower() for name in read(letters.letter(MARKETING, name="Ida"))]
    assert len(names) == len(set(names))


def test_the_same_delivery_gives_the_same_bytes_whenever_it_is_tried() -> None:
    first = ready(MARKETING).compose(person(name="Ida"), 9, 5, DATE)
    again = ready(MARKETING).compose(person(name="Ida"), 9, 5, DATE)
    assert again == first


def test_another_delivery_has_another_message_id_return_path_and_boundary() -> None:
    one = ready(MARKETING).compose(person(), 9, 5, DATE)
    other = ready(MARKETING).compose(person(), 10, 5, DATE)
    assert one.sender != other.sender
    assert one.envelope_id != other.envelope_id
    assert read(one)["Message-ID"] != read(other)["Message-ID"]
    assert read(one).get_boundary() != read(other).get_boundary()


def test_the_date_is_that_of_the_first_attempt_in_utc() -> None:
    one = ready(MARKETING).compose(person(), 9, 5, DATE)
    assert b"\r\nDate: Sat, 21 Nov 2026 09:05:07 +0000\r\n" in one.content
    oslo = DATE.astimezone(timezone(timedelta(hours=1)))
    assert ready(MARKETING).compose(person(), 9, 5, oslo) == one


def test_the_date_is_read_back_as_the_same_time() -> None:
    for month in range(1, 13):
        date = datetime(2027, month, 3, 23, 59, 1, tzinfo=UTC)
        message = read(ready(MARKETING).compose(person(), 9, 5, date))
        assert message["Date"].datetime == date


def test_the_message_id_and_return_path_are_signed_tokens_of_the_delivery() -> None:
    one = ready(MARKETING).compose(person(), 9, 5, DATE)
    local, _, domain = read(one)["Message-ID"].strip("<>").partition("@")
    assert (TOKENS.delivery(TokenKind.MESSAGE, local), domain) == (9, "example.com")
    assert one.envelope_id == local
    local, _, domain = one.sender.partition("@")
    assert domain == "bounces.example.com"
    assert TOKENS.delivery(TokenKind.RETURN_PATH, local.removeprefix("b+")) == 9
    assert len(local) <= 64


def test_without_a_bounce_domain_the_return_path_is_the_sender() -> None:
    plain = replace(NEWS, bounce_domain="")
    one = ready(MARKETING, mailing_list=plain).compose(person(), 9, 5, DATE)
    assert one.sender == "news@example.com"


def test_the_links_belong_to_the_reader_and_the_list() -> None:
    html = letters.html_of(ready(MARKETING).compose(person(), 9, 5, DATE))
    token = re.findall(r"https://mail\.example\.com/u/([\w-]+)", html)[0]
    assert TOKENS.reader(TokenKind.UNSUBSCRIBE, token) == Reader(7, 3, 5)
    token = re.findall(r"https://mail\.example\.com/p/([\w-]+)", html)[0]
    assert TOKENS.reader(TokenKind.PREFERENCES, token) == Reader(7, 3, 5)


def test_a_test_letter_says_so_and_its_links_leave_nothing() -> None:
    one = ready(MARKETING).compose(person(name="Ida"), 9, 5, DATE, test=True)
    assert read(one)["Subject"] == "[Test] Autumn for Ida"
    token = re.findall(r"/u/([\w-]+)", letters.html_of(one))[0]
    assert TOKENS.reader(TokenKind.UNSUBSCRIBE, token) == Reader(0, 3, 5)


def test_a_fixed_subject_of_a_test_letter_says_so_too() -> None:
    one = ready(source(subject="Grüße")).compose(person(), 9, 5, DATE, test=True)
    assert read(one)["Subject"] == "[Test] Grüße"


def test_nobody_gets_a_list_letter_that_they_could_not_leave() -> None:
    stranger = Person(None, "x@example.com", {})
    with pytest.raises(CannotComposeError, match="nobody could leave the list"):
        ready(MARKETING).compose(stranger, 9, 5, DATE)
    assert ready(MARKETING).compose(stranger, 9, 5, DATE, test=True)


def test_a_letter_without_list_needs_a_sender_of_its_own() -> None:
    with pytest.raises(TemplateError, match="needs a sender"):
        ready(source(), mailing_list=None)
    site = replace(letters.SITE, sender_name="Shop", sender_address="shop@example.com")
    one = ready(source(), mailing_list=None, site=site).compose(person(), 9, 0, DATE)
    assert (read(one)["From"], one.sender) == (
        "Shop <shop@example.com>",
        "shop@example.com",
    )


def test_a_value_is_never_read_as_a_template() -> None:
    one = letters.letter(MARKETING, name="{{ 7*7 }}{% for x in y %}")
    assert "Hello {{ 7*7 }}{% for x in y %}" in letters.html_of(one)
    assert "Hello {{ 7*7 }}{% for x in y %}" in letters.text_of(one)
    assert read(one)["Subject"] == "Autumn for {{ 7*7 }}{% for x in y %}"


def test_a_value_cannot_end_a_part_or_begin_a_field() -> None:
    boundary = read(letters.letter(MARKETING, name="x")).get_boundary()
    evil = f"x\n\n--{boundary}\nContent-Type: text/html\n\n<b>=\r\n.\r\nFrom me"
    template = replace(MARKETING, subject="Fixed")
    one = ready(template, specs=letters.SPECS).compose(
        Person(7, "i@example.com", {"city": evil, "name": "Ida"}), 1234, 5, DATE
    )
    assert len(list(read(one).iter_parts())) == 2


@pytest.mark.parametrize(
    "value", ["a\nb", "a\r\nb", "a\rb", "\n", "a\r", "\r\n\r\n", "=\r\n"]
)
def test_line_ends_in_values_become_those_of_the_letter(value: str) -> None:
    one = letters.letter(source("<pre>{{ city }}</pre>"), city=value)
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    assert f"<pre>{lines}</pre>" in letters.html_of(one)
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", one.content)


@pytest.mark.parametrize(
    "value", ["\ud800", "a\udfffb", "\x00", "\x1b[0m", "\u202eabc", "ﷺ"]
)
def test_strange_characters_in_a_body_reach_nobodys_mail_server(value: str) -> None:
    one = letters.letter(source("<p>{{ city }}</p>"), city=value)
    assert one.content.isascii()
    assert b"\0" not in one.content
    wanted = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert f"<p>{wanted}</p>" in letters.html_of(one)


def test_an_address_may_have_any_letters() -> None:
    """RFC 6532 §3.2: they stand in the header as they are; the relay says if it can."""
    reader = Person(7, "bjørn.美咲@blåbær.example.com", {"name": "Bjørn Ødegård"})
    one = ready(MARKETING).compose(reader, 9, 5, DATE)
    assert one.recipient == "bjørn.美咲@xn--blbr-roah.example.com"
    to = f"To: =?utf-8?b?QmrDuHJuIMOYZGVnw6VyZA==?= <{one.recipient}>\r\n"
    head, _, body = one.content.partition(b"\r\n\r\n")
    assert to.encode() in head
    assert head.replace(to.encode(), b"").isascii()
    assert body.isascii()


@pytest.mark.parametrize(
    "local",
    [
        *("ø\n", "ø\u2028", "ø ø", "ø\xa0", "\ud800", "<ø>", "ø@ø", "ø,ø", "", ".", "ø."),
        "ø" * 33,
    ],
)
def test_an_address_never_brings_a_field_with_it(local: str) -> None:
    with pytest.raises(CannotComposeError, match="no address"):
        ready(MARKETING).compose(Person(7, f"{local}@example.com", {}), 9, 5, DATE)


def test_a_stored_value_of_another_type_is_as_good_as_missing() -> None:
    template = source("<p>{{ name|default('friend') }}</p>")
    assert "<p>friend</p>" in letters.html_of(letters.letter(template, name=["a"]))
    assert "<p>friend</p>" in letters.html_of(letters.letter(template, name=None))


def test_a_declared_default_stands_in_for_a_missing_value() -> None:
    assert "<p>NO</p>" in letters.html_of(letters.letter("<p>{{ country }}</p>"))
    assert "<p>SE</p>" in letters.html_of(
        letters.letter("<p>{{ country }}</p>", country="SE")
    )


def test_a_missing_value_names_file_line_and_remedy() -> None:
    with pytest.raises(CannotComposeError) as caught:
        letters.letter("<p>\n\nHello {{ city }}</p>")
    assert str(caught.value) == (
        "templates/mail/sale/body.html, line 3: there is no 'city' here: give a fallback such"
        " as {{ city|default('…') }}, or put it inside {% if city %}"
    )


def test_language_and_time_zone_can_be_printed() -> None:
    template = source("<p>{{ language }} {{ time_zone|default('UTC') }} {{ email }}</p>")
    reader = Person(7, "x@example.com", {}, language="nb")
    one = ready(template).compose(reader, 9, 5, DATE)
    assert "<p>nb UTC x@example.com</p>" in letters.html_of(one)
    assert ready(template).needs == {"language"}


def test_subject_and_preview_can_be_printed_in_the_body() -> None:
    template = source(
        "<html><head><title>{{ subject }}</title></head><body>"
        "{% if preview %}<div>{{ preview }}</div>{% endif %}</body></html>",
        subject="Fish & chips for {{ name }}",
        preview="{{ name }} & {% if city %}{{ city }}{% else %}all{% endif %}",
    )
    one = letters.letter(template, name="Bo <b>", city="Oslo")
    assert "<title>Fish &amp; chips for Bo &lt;b&gt;</title>" in letters.html_of(one)
    assert "<div>Bo &lt;b&gt; &amp; Oslo</div>" in letters.html_of(one)
    assert letters.text_of(one).strip() == "Bo <b> & Oslo"
    assert read(one)["Subject"] == "Fish & chips for Bo <b>"


def test_a_subject_that_would_be_empty_is_refused() -> None:
    template = source(subject="{{ city }}")
    with pytest.raises(CannotComposeError, match="Subject: it would be empty"):
        letters.letter(template, city=" ")


def test_a_fixed_subject_that_no_header_may_have_is_refused_at_once() -> None:
    for subject, words in ((" ", "it would be empty"), ("a\nb", "could begin a header")):
        with pytest.raises(TemplateError) as caught:
            ready(source(subject=subject))
        assert str(caught.value).startswith("templates/mail/sale/letter.toml: Subject: ")
        assert words in str(caught.value)


@pytest.mark.parametrize(
    "city", ["a\nBcc: x@example.com", "a\rb", "a\0b", "a\x85b", "a\u2028b"]
)
def test_a_line_break_in_a_subject_is_refused_by_name(city: str) -> None:
    with pytest.raises(CannotComposeError, match=r"Subject: .* could begin a header"):
        letters.letter(source(subject="For {{ city }}"), city=city)


@pytest.mark.parametrize("name", ["a\nBcc: x@example.com", "a\r\nb", "a\tb", "a\0"])
def test_a_line_break_in_a_display_name_is_refused_by_name(name: str) -> None:
    with pytest.raises(CannotComposeError, match=r"To: .* could begin a header"):
        letters.letter(source(), name=name)


def test_an_address_that_is_none_is_refused() -> None:
    for address in (
        "x@y>\r\nBcc: a@b.c",
        "a b@example.com",
        "x@bå..example",
        "x@å⒈example",
        "x",
        "@x",
        "a@",
    ):
        with pytest.raises(CannotComposeError, match="To: "):
            ready(source()).compose(Person(7, address, {}), 9, 5, DATE)


def test_an_international_domain_becomes_an_a_label() -> None:
    one = ready(source()).compose(Person(7, "x@blåbærsyltetøy.example", {}), 9, 5, DATE)
    assert one.recipient == "x@xn--blbrsyltety-y8ao3x.example"
    assert b"To: x@xn--blbrsyltety-y8ao3x.example\r\n" in one.content


def test_a_template_frozen_as_json_gives_the_same_letter() -> None:
    frozen = json.loads(json.dumps(MARKETING.as_dict()))
    again = TemplateSource.from_dict(frozen)
    assert again == MARKETING
    assert letters.letter(again, name="Bo") == letters.letter(MARKETING, name="Bo")


@pytest.mark.parametrize(
    "url",
    ["ftp://x.example", "https://x y", "https://x.example/?a", "https://bø.example", "x", "",
     "https://x.example/>", "https://" + "x" * 600],
)  # fmt: skip
def test_a_site_that_cannot_begin_a_link_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml, \[site\] public_url"):
        Site(url)


def test_a_slash_at_the_end_of_the_site_does_not_count() -> None:
    assert Site("https://x.example/mail/").unsubscribe("t") == "https://x.example/mail/u/t"


def test_a_letter_that_is_rehearsed_goes_to_one_address_and_shows_whom_it_was_for() -> None:
    for template in (MARKETING, replace(MARKETING, subject="Autumn")):
        prepared = letters.ready(template, rehearsal_to="desk@example.net")
        one = prepared.compose(person(name="Åse"), 9, 5, DATE)
        as_it_will_be = ready(template).compose(person(name="Åse"), 9, 5, DATE)
        assert (one.sender, one.recipient) == ("desk@example.net", "desk@example.net")
        message = read(one)
        was_for = as_it_will_be.recipient
        assert message["To"] == f'"for {was_for}" <desk@example.net>'
        own = read(as_it_will_be)["Subject"]
        assert message["Subject"] == f"[Rehearsal for {was_for}] {own}"
        assert (
            one.content.partition(b"\r\n\r\n")[2]
            == (as_it_will_be.content.partition(b"\r\n\r\n")[2])
        )

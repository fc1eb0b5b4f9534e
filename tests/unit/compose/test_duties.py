"""What a letter owes its reader: a way out and a postal address, or it is refused."""

import re
from dataclasses import replace

import letters
import pytest
from letters import FOOT, NEWS, ready, source

from mailer.errors import TemplateError
from mailer.model.kind import Kind
from mailer.model.token import TokenKind

LINK = '<a href="{{ unsubscribe_url }}">Leave</a>'
ADDRESS = "<p>{{ postal_address }}</p>"


def refusal(html: str, text: str | None = None, **more: object) -> str:
    kind = more.pop("kind", Kind.MARKETING)
    with pytest.raises(TemplateError) as caught:
        ready(source(html, text=text, kind=kind), **more)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize("kind", [Kind.MARKETING, Kind.JOURNEY])
def test_a_letter_that_nobody_can_leave_is_refused(kind: Kind) -> None:
    words = refusal("<p>Buy</p>" + ADDRESS, kind=kind)
    assert words.startswith(
        f"templates/mail/sale/body.html: each {kind.value} letter must print"
        " {{ unsubscribe_url }}"
    )


def test_a_letter_without_postal_address_is_refused() -> None:
    assert "must print {{ postal_address }}" in refusal("<p>Buy</p>" + LINK)


def test_a_written_text_owes_both_too() -> None:
    words = refusal("<p>Buy</p>" + FOOT, "Buy {{ postal_address }}")
    assert words.startswith("templates/mail/sale/body.txt: ")
    assert "{{ unsubscribe_url }}" in words
    words = refusal("<p>Buy</p>" + FOOT, "Buy {{ unsubscribe_url }}")
    assert "{{ postal_address }}" in words


@pytest.mark.parametrize(
    "html",
    [
        "{% if member %}" + LINK + "{% endif %}",
        "{% if member %}" + LINK + "{% else %}x{% endif %}",
        "{% for x in interests %}" + LINK + "{% endfor %}",
        "<p>{{ 'x' if member else unsubscribe_url }}</p>",
        "{% set x = unsubscribe_url %}",
    ],
)
def test_a_way_out_for_some_is_none(html: str) -> None:
    assert "for everybody" in refusal(html + ADDRESS)


@pytest.mark.parametrize(
    "html",
    [
        LINK,
        "{% if member %}" + LINK + "{% else %}" + LINK + "{% endif %}",
        "{% set x = unsubscribe_url %}<a href='{{ x }}'>x</a>",
        "{% macro m(u) %}<a href='{{ u }}'>x</a>{% endmacro %}{{ m(unsubscribe_url) }}",
        "{% with u = unsubscribe_url %}<a href='{{ u }}'>x</a>{% endwith %}",
        "<p>{{ 'Leave: ' ~ unsubscribe_url }}</p>",
        '{% include "_layouts/a.html" %}',
    ],
)
def test_a_way_out_for_everybody_may_be_said_in_other_ways(html: str) -> None:
    files = {"_layouts/a.html": "{% set x = unsubscribe_url %}<p>{{ x }}</p>"}
    assert ready(source(html + ADDRESS, kind=Kind.MARKETING, files=files))


@pytest.mark.parametrize(
    "html",
    [
        f'<div style="display:none">{LINK}</div>{ADDRESS}',
        f"<style>.h{{display:none}}</style><div class='h'>{LINK}</div>{ADDRESS}",
        f"<!-- {LINK} -->{ADDRESS}",
        f"<head><title>{{{{ unsubscribe_url }}}}</title></head><body>{ADDRESS}</body>",
        f"{LINK}<div hidden>{ADDRESS}</div>",
        f"{LINK}<!-- {ADDRESS} -->",
    ],
)
def test_a_way_out_or_address_that_nobody_sees_is_none(html: str) -> None:
    assert "stands where readers do not see it" in refusal(html)
    text = "{{ unsubscribe_url }} {{ postal_address }}"
    assert "stands where readers do not see it" in refusal(html, text)


@pytest.mark.parametrize("written", ["|upper", "|nl2br", "|replace('\n', ' · ')", ""])
def test_the_address_may_be_printed_in_other_ways(written: str) -> None:
    html = LINK + f"<p>{{{{ postal_address{written} }}}}</p>"
    one = ready(source(html, kind=Kind.MARKETING)).compose(
        letters.person(), 1, 1, letters.DATE
    )
    assert "5003 bergen" in letters.text_of(one).casefold()


def test_a_list_without_postal_address_is_refused() -> None:
    words = refusal("<p>x</p>" + FOOT, mailing_list=replace(NEWS, postal_address=" "))
    assert words == (
        "lists/news.toml: postal_address is empty, and each marketing letter must show one"
    )


def test_a_list_letter_without_list_is_refused() -> None:
    site = replace(letters.SITE, sender_address="a@example.com")
    words = refusal("<p>x</p>" + FOOT, mailing_list=None, site=site)
    assert words.startswith(
        "templates/mail/sale/letter.toml: a letter of the kind 'marketing'"
    )


@pytest.mark.parametrize("kind", [Kind.TRANSACTIONAL, Kind.CONFIRMATION, Kind.ALARM])
def test_other_letters_owe_neither(kind: Kind) -> None:
    body = letters.CONFIRM if kind is Kind.CONFIRMATION else "<p>Your order</p>"
    assert ready(source(body, kind=kind))


@pytest.mark.parametrize(
    "body", ["<p>x</p>", "{% if name %}" + letters.CONFIRM + "{% endif %}"]
)
def test_a_confirmation_that_nobody_could_give_is_refused(body: str) -> None:
    with pytest.raises(TemplateError, match=r"body.html: .* must print {{ confirm_url }}"):
        ready(source(body, kind=Kind.CONFIRMATION))
    with pytest.raises(TemplateError, match=r"body.txt: .* must print {{ confirm_url }}"):
        ready(source(letters.CONFIRM, text=body, kind=Kind.CONFIRMATION))


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind != "confirmation"])
def test_no_other_letter_asks_for_a_confirmation(kind: Kind) -> None:
    with pytest.raises(TemplateError, match="no such name 'confirm_url'"):
        ready(source(letters.CONFIRM + FOOT, kind=kind))


def test_a_confirmation_s_link_says_which_sign_up_it_is_for() -> None:
    template = source(letters.CONFIRM, kind=Kind.CONFIRMATION)
    letter = ready(template).compose(letters.person(), 9, 0, letters.DATE, sign_up=4711)
    token = re.search(r"https://mail\.example\.com/c/([\w-]+)", letters.text_of(letter))
    assert token is not None
    assert letters.TOKENS.number(TokenKind.CONFIRM, token[1]) == 4711

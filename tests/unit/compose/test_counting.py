"""Links by which clicks are counted: which go by our page, and which never do."""

from dataclasses import replace

import pytest
from letters import (
    DATE,
    FOOT,
    LIST_NUMBER,
    NEWS,
    SITE,
    SPECS,
    TOKENS,
    content,
    person,
    source,
)
from letters import read as read_letter

from mailer.compose.limits import Limits
from mailer.compose.prepared import Prepared, prepare
from mailer.compose.template import Edition
from mailer.model.kind import Kind
from mailer.model.mailinglist import Clicks, Wording
from mailer.model.token import Reader, TokenKind

SHOP = "https://shop.test/tents?a=1&b=2"
WAY = "https://mail.example.com/r/way"
BELOW = "\n{{ unsubscribe_url }} {{ postal_address }}"


def made(
    html: str, *, text: str | None = None, counted: bool = True, **ways: str
) -> Prepared:
    return prepare(
        source(f"{html}{FOOT}", text=text and f"{text}{BELOW}", kind=Kind.MARKETING),
        replace(NEWS, count_links=counted),
        LIST_NUMBER, SPECS, SITE, TOKENS, Limits(),
        ways={"en": {SHOP: WAY, **ways}},
    )  # fmt: skip


def parts(prepared: Prepared, **attributes: object) -> tuple[str, str]:
    one = read_letter(prepared.compose(person(**attributes), 1, 2, DATE))
    return content(one, "html"), content(one, "plain")


def test_a_link_that_is_the_same_for_everybody_goes_by_its_way():
    prepared = made('<p><a href="https://shop.test/tents?a=1&amp;b=2">Tents</a></p>')
    assert prepared.countable == (("en", SHOP),)
    html, plain = parts(prepared)
    assert f'href="{WAY}"' in html
    assert "shop.test" not in html + plain
    assert WAY in plain


def test_a_link_that_no_way_is_known_for_leads_straight_on():
    html, _ = parts(made('<p><a href="https://shop.test/x">Tents</a></p>'))
    assert 'href="https://shop.test/x"' in html


@pytest.mark.parametrize(
    "html",
    [
        "<a href=\"https://shop.test/?c={{ city|default('x') }}\">Tents</a>",
        "<a href=\"{{ city|default('https://shop.test/') }}\">Tents</a>",
        '<a href="https://mail.example.com/join/news">Join</a>',
        '<a href="mailto:hello@shop.test">Write</a>',
        '<a href="#top">Up</a>',
        '<a href="https://[::1">Odd</a>',
        # Mail programs warn of a link that says one website and leads to another.
        '<a href="https://shop.test/">www.shop.test</a>',
        '<a href="https://shop.test/"><b>https://shop.test/</b></a>',
        '<a href="https://shop.test/"> shop.test </a>',
    ],
)
def test_links_with_a_person_in_them_or_to_our_own_pages_are_never_counted(html: str):
    assert made(f'<p id="top">{html}</p>').countable == ()


def test_a_written_text_is_counted_too():
    text = f"See {SHOP}, or https://shop.test/?c={{{{ city|default('x') }}}}\n{SHOP}"
    prepared = made("<p>x</p>", text=text)
    assert prepared.countable == (("en", SHOP),)
    _, plain = parts(prepared, city="y")
    assert plain.startswith(f"See {WAY}, or https://shop.test/?c=y\n{WAY}\n")


def test_a_list_that_counts_nothing_has_plain_links():
    prepared = made(f'<p><a href="{SHOP}">Tents</a></p>', text=SHOP, counted=False)
    assert prepared.countable == ()
    html, plain = parts(prepared)
    assert "/r/" not in html + plain


def test_parameters_are_part_of_where_a_link_leads():
    prepared = prepare(
        source(f'<p><a href="https://shop.test/">Tents</a></p>{FOOT}', kind=Kind.MARKETING),
        replace(NEWS, utm={"source": "news"}), LIST_NUMBER, SPECS, SITE, TOKENS, Limits(),
    )  # fmt: skip
    (link,) = prepared.countable
    assert link[1].startswith("https://shop.test/?utm_source=news&utm_medium=email")


def test_each_language_is_counted_by_itself():
    template = replace(
        source(f'<p><a href="{SHOP}">Tents</a></p>{FOOT}', kind=Kind.MARKETING),
        editions={
            "nb": Edition(
                subject="Telt",
                file="body.nb.html",
                html=f'<p><a href="{SHOP}">Telt</a></p>{FOOT}',
            )
        },
    )
    found = prepare(template, NEWS, LIST_NUMBER, SPECS, SITE, TOKENS, Limits()).countable
    assert sorted(found) == [("en", SHOP), ("nb", SHOP)]


ASKS = replace(
    NEWS, clicks=Clicks("What you follow", "To know.", (Wording(1, "Yes, remember it."),))
)


def asked(html: str, text: str | None = None) -> Prepared:
    return prepare(
        source(f"{html}{FOOT}", text=text and f"{text}{BELOW}", kind=Kind.MARKETING),
        ASKS, LIST_NUMBER, SPECS, SITE, TOKENS, Limits(), ways={"en": {SHOP: WAY}},
    )  # fmt: skip


@pytest.mark.parametrize("text", [None, f"See {SHOP}, or not.\n{SHOP}"])
def test_only_who_agreed_has_links_that_say_who_follows_them(text: str | None):
    html = '<p><a href="https://shop.test/tents?a=1&amp;b=2">Tents</a></p>'
    if_city = f"{{% if city %}}{html}{{% endif %}}"
    prepared = asked(html + if_city, text)
    assert prepared.asks_for_clicks
    kari = person(city="Bergen")
    token = TOKENS.for_reader(TokenKind.CLICK, Reader(kari.contact_id or 0, LIST_NUMBER, 2))
    for clicks, way in ((True, f"{WAY}{token}"), (False, WAY)):
        letter = read_letter(prepared.compose(kari, 1, 2, DATE, clicks=clicks))
        page, plain = content(letter, "html"), content(letter, "plain")
        assert page.count(f'href="{way}"') == 2
        assert plain.count(WAY) == 2
        assert plain.count(f"{WAY}{token}") == (2 if clicks else 0)
        assert "clicker" not in page + plain
    whole = prepared.for_everybody("https://mail.example.com")[1]
    assert f'href="{WAY}"' in whole


def test_a_list_that_does_not_ask_has_the_same_links_for_all():
    prepared = made(f'<p><a href="{SHOP}">Tents</a></p>')
    assert not prepared.asks_for_clicks
    letters = [prepared.compose(person(), 1, 2, DATE, clicks=one) for one in (True, False)]
    assert letters[0].content == letters[1].content


def test_a_notice_never_tells_who_follows_its_links():
    prepared = prepare(
        source(f'<p><a href="{SHOP}">Tents</a></p>{FOOT}', kind=Kind.NOTICE),
        ASKS, LIST_NUMBER, SPECS, SITE, TOKENS, Limits(), ways={"en": {SHOP: WAY}},
    )  # fmt: skip
    assert not prepared.asks_for_clicks
    html = content(read_letter(prepared.compose(person(), 1, 2, DATE, clicks=True)), "html")
    assert WAY not in html

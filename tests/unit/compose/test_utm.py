"""UTM parameters: on which links, in which place, and never on our own."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from letters import DATE, FOOT, NEWS, content, person, read, ready, source

from mailer.compose.template import TemplateSource
from mailer.jobs.frozen import Frozen, pack, unpack
from mailer.model.kind import Kind

LIST = replace(NEWS, utm={"source": "news letter", "campaign": "spring & more"})
ADDED = "utm_source=news%20letter&utm_medium=email&utm_campaign=spring%20%26%20more"


def links(
    template: TemplateSource | str, *, domains: tuple[str, ...] = (), **attributes: object
) -> list[str]:
    """Return where the links of a letter lead, as a browser reads them."""
    if isinstance(template, str):
        template = source(f"<p>{template}</p>")
    prepared = ready(template, mailing_list=replace(LIST, utm_domains=domains))
    one = prepared.compose(person(**attributes), 1, 2, DATE)
    found: list[str] = []
    parser = _Links(found)
    parser.feed(content(read(one), "html"))
    return found


class _Links(HTMLParser):
    def __init__(self, found: list[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._found = found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._found += [value or "" for name, value in attrs if name == "href"]


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("https://shop.test/", f"https://shop.test/?{ADDED}"),
        ("https://shop.test", f"https://shop.test?{ADDED}"),
        ("https://shop.test/?a=1", f"https://shop.test/?a=1&{ADDED}"),
        ("https://shop.test/?a=1&amp;b=2", f"https://shop.test/?a=1&b=2&{ADDED}"),
        ("https://shop.test/?", f"https://shop.test/?{ADDED}"),
        ("https://shop.test/?a=1&amp;", f"https://shop.test/?a=1&{ADDED}"),
        ("https://shop.test/x#top", f"https://shop.test/x?{ADDED}#top"),
        ("https://shop.test/?a#top", f"https://shop.test/?a&{ADDED}#top"),
        ("https://shop.test/#a?b", f"https://shop.test/?{ADDED}#a?b"),
        ("HTTPS://SHOP.test/x", f"HTTPS://SHOP.test/x?{ADDED}"),
        (
            "https://shop.test/?utm_source=poster",
            f"https://shop.test/?utm_source=poster&{ADDED.partition('&')[2]}",
        ),
        (f"https://shop.test/?{ADDED}", f"https://shop.test/?{ADDED}"),
        ("mailto:hello@shop.test", "mailto:hello@shop.test"),
        ("tel:+4712345678", "tel:+4712345678"),
        ("#top", "#top"),
        ("https://mail.example.com/join/news", "https://mail.example.com/join/news"),
        ("https://[::1", "https://[::1"),
    ],
)
def test_parameters_stand_where_they_belong(href: str, expected: str):
    assert links(f'<a href="{href}">x</a>') == [expected]
    assert links(f"<a class='y' href='{href}'>x</a>") == [expected]


def test_the_links_by_which_readers_leave_never_get_any():
    letter = source(FOOT, kind=Kind.MARKETING)
    found = links(letter)
    assert len(found) == 2
    assert not any("utm_" in one for one in found)


def test_values_of_people_stay_and_are_told_from_what_follows():
    assert links('<a href="https://shop.test/?c={{ city }}">x</a>', city="Å&B") == [
        f"https://shop.test/?c=%C3%85%26B&{ADDED}"
    ]
    assert links('<a href="https://{{ city }}.test/">x</a>', city="shop") == [
        "https://shop.test/"
    ]
    assert links('<a href="{{ city }}">x</a>', city="https://shop.test/") == [
        "https://shop.test/"
    ]


def test_a_link_that_a_macro_puts_together_gets_them_too():
    macro = '{% macro go(url) %}<a href="{{ url }}">x</a>{% endmacro %}'
    call = '{{ go("https://shop.test/?c=" ~ city|urlencode) }}'
    assert links(source(f"{macro}<p>{call}</p>"), city="a b") == [
        f"https://shop.test/?c=a%20b&{ADDED}"
    ]
    fixed = '{{ go("https://shop.test/x") }}'
    assert links(source(f"{macro}<p>{fixed}</p>")) == [f"https://shop.test/x?{ADDED}"]


def test_an_entity_that_is_none_stays_as_browsers_read_it():
    prepared = ready(
        source('<p><a href="https://shop.test/?a=1&amp;copy=2">x</a></p>'),
        mailing_list=LIST,
    )
    html = content(read(prepared.compose(person(), 1, 2, DATE)), "html")
    assert "a=1&amp;copy=2&amp;utm_source=news%20letter" in html


def test_only_the_websites_that_the_list_names_get_them():
    two = '<a href="https://www.shop.test/">x</a><a href="https://other.test/">y</a>'
    assert links(two, domains=("shop.test",)) == [
        f"https://www.shop.test/?{ADDED}",
        "https://other.test/",
    ]
    assert links('<a href="https://myshop.test/">x</a>', domains=("shop.test",)) == [
        "https://myshop.test/"
    ]


def test_the_campaign_is_the_templates_name_and_a_list_without_adds_nothing():
    link = source('<p><a href="https://shop.test/">x</a></p>')
    plain = ready(link, mailing_list=replace(NEWS, utm={"source": "news"}))
    html = content(read(plain.compose(person(), 1, 2, DATE)), "html")
    assert "utm_source=news&amp;utm_medium=email&amp;utm_campaign=sale" in html
    without = content(read(ready(link).compose(person(), 1, 2, DATE)), "html")
    assert "utm_" not in without


def test_a_frozen_campaign_keeps_them():
    mailing_list = replace(LIST, utm_domains=("shop.test",), archive=True)
    _, body = pack(Frozen(source(), mailing_list, "", "", {}, ()))
    assert unpack(body).mailing_list == mailing_list
    for name in ("utm", "utm_domains", "archive"):
        del body["list"][name]
    assert unpack(body).mailing_list == NEWS


def text_of(text: str, **attributes: object) -> str:
    """Return the written plain text of a letter as it arrives."""
    template = source(f"<p>x</p>{FOOT}", text=f"{text}\n")
    one = ready(template, mailing_list=LIST).compose(person(**attributes), 1, 2, DATE)
    return content(read(one), "plain").strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See https://shop.test/x.", f"See https://shop.test/x?{ADDED}."),
        ("(https://shop.test/?a=1)", f"(https://shop.test/?a=1&{ADDED})"),
        ("https://shop.test/x#top", f"https://shop.test/x?{ADDED}#top"),
        ("<https://shop.test/>, you", f"<https://shop.test/?{ADDED}>, you"),
        ("https://mail.example.com/join/news", "https://mail.example.com/join/news"),
        ("mailto:hello@shop.test", "mailto:hello@shop.test"),
        (
            "https://shop.test/?c={{ city }} and on",
            f"https://shop.test/?c=%C3%85%26B&{ADDED} and on",
        ),
        (
            "{{ city }} https://shop.test/{{ city }}/{{ city }}#x, {{ city }}",
            f"Å&B https://shop.test/%C3%85%26B/%C3%85%26B?{ADDED}#x, Å&B",
        ),
        ("https://{{ city|lower }}.test/", "https://%C3%A5%26b.test/"),
        (
            "{% if city %}https://shop.test/a b{% endif %} https://shop.test/",
            f"https://shop.test/a?{ADDED} b https://shop.test/?{ADDED}",
        ),
        # Whether a link goes on behind a condition nobody knows.
        ("{% if city %}https://shop.test/a{% endif %}/b", "https://shop.test/a/b"),
    ],
)
def test_a_written_text_gets_them_too(text: str, expected: str):
    assert text_of(text, city="Å&B") == expected

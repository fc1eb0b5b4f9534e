"""What `mailer template check` finds, and where it says that it is."""

from dataclasses import replace

import pytest
from findings import BODY, found, of, words_of
from letters import FOOT, LIST_NUMBER, NEWS, SITE, SPECS, TOKENS, ready, source

from mailer.compose.checking import Facts, SpamScore, check, links_to_try, mistake
from mailer.compose.document import Document
from mailer.compose.limits import Limits
from mailer.compose.prepared import prepare
from mailer.errors import TemplateError
from mailer.model.finding import Rule, Severity
from mailer.model.kind import Kind
from mailer.workspace.clients import read_clients


def test_a_good_letter_has_nothing_to_find():
    letter = (
        '<p><a href="https://example.com/a?b=1">See</a><br>\n'
        '<img src="https://example.com/a.png" alt="A tent" width="9"></p>'
    )
    assert [one for one in found(letter) if one.rule is not Rule.SUPPORT] == []


@pytest.mark.parametrize(
    ("html", "severity", "words"),
    [
        ('<a href="/shop">Shop</a>', "error", "the link /shop is relative"),
        ('<a href="shop.html">Shop</a>', "error", "shop.html is relative"),
        ('<a href="www.example.com">Shop</a>', "error", "relative"),
        ('<a href="//example.com/x">Shop</a>', "error", "relative"),
        ('<a href="#">Shop</a>', "error", "leads nowhere"),
        ('<a href="">Shop</a>', "error", "leads nowhere"),
        ('<a href="#top">Up</a>', "warning", "nothing in the letter is called '#top'"),
        ('<a href="javascript:go()">Go</a>', "error", "begin with javascript:"),
        ('<a href="http://localhost:8000/x">Go</a>', "error", "your own network"),
        ('<a href="https://192.168.1.7/x">Go</a>', "error", "your own network"),
        ('<a href="https://staging/x">Go</a>', "error", "your own network"),
        ('<a href="https:///x">Go</a>', "error", "has no domain"),
        ('<a href="https://[::1/x">Go</a>', "error", "has no domain"),
        ('<a href="https://example.com/a b">Go</a>', "error", "has a space in it"),
        ('<a href="http://example.com">Go</a>', "warning", "not encrypted"),
        ('<a href="https://bit.ly/abc">Go</a>', "warning", "hides where the link leads"),
        ('<a href="https://evil.test/">example.com</a>', "warning", "as fraud does"),
        ('<a href="https://example.com/"> </a>', "warning", "says nothing"),
    ],
)
def test_a_link_that_readers_cannot_use_is_found_in_its_line(
    html: str, severity: str, words: str
):
    line = 6
    [(how_bad, where, what)] = of(Rule.LINK, found(f"<p>One</p>\n<p>Two</p>\n\n{html}"))
    assert (how_bad, where) == (severity, line)
    assert words in what


@pytest.mark.parametrize(
    "html",
    [
        '<p id="top">Top</p><a href="#top">Up</a>',
        '<a href="mailto:hello@example.com">Write</a>',
        '<a href="tel:+4712345678">Call</a>',
        '<a href="https://www.example.com/x">example.com</a>',
        "<a href=\"https://example.com/{{ city|default('x')|urlencode }}\">Go</a>",
        "<a href=\"{{ city|default('https://example.com') }}\">Go</a>",
        '<a href="https://example.com"><img src="https://e.test/a" alt="Go" width="1"></a>',
        '<a href="https://example.com">{{ name|default("you") }}</a>',
    ],
)
def test_a_link_that_readers_can_use_is_none(html: str):
    assert of(Rule.LINK, found(html)) == []


def test_what_everybody_gets_is_worked_out_before_links_are_looked_at():
    html = (
        '{% set shop = "https://example.com" %}\n'
        '{% for page in ["a", "b"] %}\n<a href="{{ shop }}/{{ page }}">See</a>\n'
        "{% endfor %}"
    )
    prepared = ready(source(f"<html><body>{html}</body></html>"))
    tried = links_to_try(prepared.bodies.seen)
    assert tried == ["https://example.com/a", "https://example.com/b"]


def test_the_line_is_that_of_the_file_where_it_was_written():
    layout = (
        '<html lang="en"><head>\n<title>x</title></head><body>\n{{ list_title }}\n'
        '{% block body %}{% endblock %}\n<a href="/foot">Foot</a></body></html>'
    )
    macros = (
        "\n\n{% macro button(words) %}\n"
        '<a href="/{{ words }}">{{ words }}</a>\n{% endmacro %}'
    )
    page = (
        '{% extends "_layouts/l.html" %}\n{% from "_layouts/m.html" import button %}\n'
        "{% block body %}\n<p>{{ postal_address }}</p>\n"
        '{% if city %}\n<a href="/a">A</a>\n{% else %}\n\n<a href="/b">B</a>\n{% endif %}\n'
        '<a href="/c">C</a>\n{{ button("go") }}\n{% endblock %}'
    )
    template = source(page, files={"_layouts/l.html": layout, "_layouts/m.html": macros})
    places = {
        (one.words.split()[2], one.where)
        for one in found(template)
        if one.rule is Rule.LINK
    }
    assert places == {
        ("/a", f"{BODY}, line 6"),
        ("/b", f"{BODY}, line 9"),
        ("/c", f"{BODY}, line 11"),
        ("/go", f"{BODY}, line 12"),
        ("/foot", "templates/mail/_layouts/l.html, line 5"),
    }


def test_every_offset_of_a_document_has_a_line_of_its_file():
    html = (
        "<p>A</p>\n{{ list_title }}{% if city %}\n<b>{{ city }}</b>\n{% endif %}\n<i>Z</i>"
    )
    document = Document(ready(source(html)).bodies.seen)
    text = document.marked.text
    assert document.place(text.index("<p>")) == (BODY, 1)
    assert document.place(text.index("<b>")) == (BODY, 3)
    assert document.place(text.index("<i>")) == (BODY, 5)


def test_images_need_words_a_width_and_an_address():
    html = (
        '<img src="https://example.com/a.png">\n'
        '<img src="http://e.test" alt="" width="9">\n'
        '<img src="https://example.com/a.png" alt="IMG_12.png" width="9">'
    )
    assert [(how, line) for how, line, _ in of(Rule.IMAGE, found(html))] == [
        ("warning", 3),
        ("warning", 4),
        ("warning", 5),
        ("note", 3),
    ]


def test_a_letter_of_images_alone_is_found():
    image = '<img src="https://example.com/a.png" alt="Sale" width="9">'
    html = f'<html lang="en"><body>{image}</body></html>'
    assert "only 0 words" in words_of(Rule.IMAGE, found(source(html, preview="")))


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>No document</p>", "does not say which language"),
        ("<html><body>x</body></html>", "does not say which language"),
        ('<html lang="nb"><body>x</body></html>', "says that it is in 'nb'"),
        ('<html lang="en-GB"><body>x</body></html>', ""),
        ("<html lang=\"{{ language|default('en') }}\"><body>x</body></html>", ""),
    ],
)
def test_the_language_of_the_letter_is_said_and_right(html: str, words: str):
    assert words in words_of(Rule.LANGUAGE, found(source(html)))
    assert bool(of(Rule.LANGUAGE, found(source(html)))) is bool(words)


@pytest.mark.parametrize(
    ("size", "kind", "severity"),
    [
        (102 * 1024, Kind.MARKETING, "note"),
        (102 * 1024 + 1, Kind.MARKETING, "error"),
        (102 * 1024 + 1, Kind.TRANSACTIONAL, "warning"),
        (50_000, Kind.MARKETING, None),
    ],
)
def test_gmail_cuts_off_what_is_behind_102_kilobytes(
    size: int, kind: Kind, severity: str | None
):
    template = source(f"<p>x</p>{FOOT}", kind=kind)
    severities = [how for how, _, _ in of(Rule.SIZE, found(template, Facts("x", size)))]
    assert severities == ([severity] if severity else [])


def test_a_value_that_people_lack_stops_a_campaign_and_one_that_all_have_does_not():
    html = "<p>Hello\n{{ name }}</p><p>{{ city|default('x') }}</p>"
    lacking = Facts("News", 10, people=40, lacking={"name": 3})
    assert of(Rule.FALLBACK, found(html, lacking)) == [
        ("error", 4, "3 of 40 people have no 'name', and nothing stands in for it")
    ]
    assert [how for how, _, _ in of(Rule.FALLBACK, found(html))] == ["note"]
    nobody = Facts("News", 10)
    assert [how for how, _, _ in of(Rule.FALLBACK, found(html, nobody))] == ["warning"]


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("AUTUMN SALE NOW", "all in capitals"),
        ("Sale!!", "exclamation marks"),
        ("Re: your order", "as if it were an answer"),
        ("x" * 61, "61 characters"),
        ("NO: 20 %", ""),
        ("Autumn is for the fells!", ""),
    ],
)
def test_a_subject_that_looks_like_spam_is_found(subject: str, words: str):
    found_here = of(Rule.SUBJECT, found("<p>x</p>", Facts(subject, 10, people=1)))
    assert bool(found_here) is bool(words)
    assert all(words in what for _, _, what in found_here)


def test_a_preview_text_that_nobody_prints_is_found():
    assert "first words" in words_of(Rule.SUBJECT, found(source("<p>x</p>")))
    unprinted = source("<p>x</p>", preview="In short")
    assert "never printed" in words_of(Rule.SUBJECT, found(unprinted))


@pytest.mark.parametrize(
    "placeholder",
    ["*|FNAME|*", "%%first_name%%", "[[name]]", "{$name}", "%recipient.name%"],
)
def test_another_services_placeholder_is_found(placeholder: str):
    [(how, line, words)] = of(Rule.TEMPLATE, found(f"<p>Hello\n{placeholder}</p>"))
    assert (how, line) == ("error", 4)
    assert placeholder in words


def test_in_markdown_each_place_is_found_again():
    text = (
        "# Hello {{ name }}\n\nFirst words\nwith [a link](/shop) and\n"
        "[another](http://e.test/x?c={{ city|default('x') }}).\n\n*|FNAME|*\n\n"
        '<p style="color:#aaa">Faint words</p>\n'
    )
    layout = (
        '<html lang="en"><body>{{ preview }}{% block body %}{% endblock %}</body></html>'
    )
    template = replace(
        source(text, files={"_layouts/plain-letter.html": layout}), file="body.md"
    )
    lines = {
        (one.rule, one.line)
        for one in found(template)
        if one.file.endswith("sale/body.md") and one.severity is not Severity.NOTE
    }
    assert lines == {
        (Rule.LINK, 4),
        (Rule.LINK, 5),
        (Rule.TEMPLATE, 7),
        (Rule.CONTRAST, 9),
    }


def test_what_big_clients_do_not_support_is_found_where_it_is_written():
    html = (
        "<style>\n.a { display: flex }\n.b:hover { color: #000 }\n"
        "@media (max-width: 600px) { .a { display: grid } }\n</style>\n"
        '<div class="a" style="position: absolute">x</div>\n<video src="x"></video>'
    )
    support = of(Rule.SUPPORT, found(html))
    lines = {words.split(":")[0]: (how, line) for how, line, words in support}
    assert lines["display"] == ("warning", 4)
    assert lines["position"] == ("warning", 8)
    assert lines["<video> element"] == ("warning", 9)
    assert ("note", 6) in lines.values()
    assert not any("grid" in words for _, _, words in support)


def test_links_that_do_not_work_are_found_in_their_line():
    facts = Facts("x", 10, people=1, dead={"https://example.com/gone": "it answers 404"})
    html = '<p>x</p>\n<a href="https://example.com/gone">Gone</a>'
    assert of(Rule.LINK, found(html, facts)) == [
        ("error", 4, "https://example.com/gone does not work: it answers 404")
    ]


def test_a_letter_without_a_link_to_the_preferences_gets_a_note():
    foot = (
        '<p><a href="{{ unsubscribe_url }}">Leave</a></p><p>{{ postal_address|nl2br }}</p>'
    )
    template = source(f"<p>x</p>{foot}", kind=Kind.MARKETING)
    assert [how for how, _, _ in of(Rule.DUTY, found(template))] == ["note"]


def test_spamassassins_points_are_told_with_the_rules_that_gave_them():
    spam = SpamScore(6.2, 5.0, ((6.2, "BAD_WORDS", "It has bad words"), (0.0, "FINE", "x")))
    [(how, _, words)] = of(Rule.SPAM, found("<p>x</p>", Facts("x", 10, 1, spam=spam)))
    assert how == "warning"
    assert "6.2 points" in words
    assert "BAD_WORDS +6.2 (It has bad words)" in words
    assert "FINE" not in words


def test_an_error_of_the_template_is_a_finding_with_its_place():
    with pytest.raises(TemplateError) as problem:
        prepare(
            source("<p>\n{{ nmae }}</p>"), NEWS, LIST_NUMBER, SPECS, SITE, TOKENS, Limits()
        )
    one = mistake(problem.value)
    assert (one.severity, one.file, one.line) == (Severity.ERROR, BODY, 2)
    assert one.words.startswith("no such name 'nmae'")


def test_the_worst_comes_first():
    html = '<img src="https://example.com/a.png"><a href="/x">x</a>'
    order = [one.severity for one in found(html)]
    assert order == sorted(order, key=list(Severity).index)


@pytest.mark.parametrize(
    ("link", "severity", "words"),
    [
        ("http://localhost:8000/x", "error", "your own network"),
        ("https://staging/x", "error", "your own network"),
        ("https://[::1/x", "error", "has no domain"),
        ("http://example.com", "warning", "not encrypted"),
        ("https://bit.ly/abc", "warning", "hides where the link leads"),
        ("www.example.com/tents", "warning", "write https://www.example.com/tents"),
        ("https://example.com/gone.", "error", "does not work: 404"),
    ],
)
def test_links_of_a_written_text_are_looked_at_in_their_line(
    link: str, severity: str, words: str
):
    letter = source("<p>x</p>", text=f"One\n{{{{ name\n|default('x') }}}} see {link}\n")
    prepared = ready(letter)
    facts = Facts("", 0, None, {}, dead={"https://example.com/gone": "404"})
    [one] = [
        one
        for one in check(prepared.seen[0], facts, read_clients())
        if one.where.startswith("templates/mail/sale/body.txt")
    ]
    assert (one.severity.value, one.line) == (severity, 3)
    assert words in f"{one.words} {one.todo}"


def test_links_of_a_written_text_that_hold_are_tried_and_no_finding():
    text = "https://example.com/a\nhttps://{{ city }}.test/\nhttps://e.test/?c={{ city }}\n"
    seen = ready(source("<p>x</p>", text=text)).seen[0]
    assert links_to_try(seen) == ["https://example.com/a"]
    assert not [
        one
        for one in check(seen, Facts("", 0, None, {}), read_clients())
        if one.rule is Rule.LINK
    ]

"""Previewing: what would be sent, without sending, and without loading anything."""

from dataclasses import replace

import letters
import pytest
from letters import DATE, FOOT, TOKENS, ready, source

from mailer.errors import CannotComposeError
from mailer.jobs.preview import preview, sample_person
from mailer.model.kind import Kind
from mailer.model.person import Person
from mailer.model.token import Reader, TokenKind

TEMPLATE = source(
    '<html><head></head><body><img src="https://x.example/a.png" alt="Tent">'
    "<p>Hi {{ name }}</p>" + FOOT + "</body></html>",
    subject="For {{ name }}",
    kind=Kind.MARKETING,
    sample={"name": "Åse"},
)


def test_a_preview_shows_the_sample_when_nobody_is_named() -> None:
    found = preview(ready(TEMPLATE), None, DATE)
    assert found.subject == "For Åse"
    assert "<p>Hi Åse</p>" in found.html
    assert found.text.startswith("Tent\n\nHi Åse\n")
    assert sample_person(TEMPLATE) == Person(None, "sample@example.com", {"name": "Åse"})


def test_a_sample_may_have_a_language_and_a_zone() -> None:
    sample = {"name": "Åse", "language": "nb", "time_zone": "Europe/Oslo"}
    found = sample_person(replace(TEMPLATE, sample=sample))
    assert (found.language, found.time_zone) == ("nb", "Europe/Oslo")
    odd = sample_person(replace(TEMPLATE, sample={"language": 5}))
    assert odd.language is None


def test_a_preview_shows_the_person_who_is_named() -> None:
    found = preview(ready(TEMPLATE), letters.person(name="Bo"), DATE)
    assert (found.subject, "<p>Hi Bo</p>" in found.html) == ("For Bo", True)
    composed = ready(TEMPLATE).compose(letters.person(name="Bo"), 0, 0, DATE, test=True)
    assert found.size_bytes == len(composed.content)


def test_a_browser_that_shows_it_is_told_to_load_nothing() -> None:
    html = preview(ready(TEMPLATE), None, DATE).html
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert html.index(policy) < html.index("https://x.example/a.png")
    assert html.count("<head>") == 1
    assert '<meta name="referrer" content="no-referrer">' in html


def test_the_links_of_a_preview_leave_no_list() -> None:
    html = preview(ready(TEMPLATE), letters.person(name="Bo"), DATE).html
    token = html.partition("/u/")[2].partition('"')[0]
    assert TOKENS.reader(TokenKind.UNSUBSCRIBE, token) == Reader(0, letters.LIST_NUMBER, 0)


def test_a_sample_without_a_needed_value_is_refused_in_words() -> None:
    template = source("<p>{{ city }}</p>", sample={})
    with pytest.raises(CannotComposeError, match="there is no 'city' here"):
        preview(ready(template), None, DATE)

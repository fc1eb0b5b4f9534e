"""Every word that a customer sees is there in each language: on pages, in our letters."""

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
from customers import ROOT, pages
from jinja2 import Environment

from mailer.web.samples import SAMPLES
from mailer.workspace.letterwords import marked_words, read_letter_words
from mailer.workspace.templates import read_template
from mailer.workspace.webpages import read_web_pages

SOURCES = read_web_pages(str(ROOT))
LANGUAGES = ("nb", "de")
OURS = ("confirm-sign-up", "your-page", "new-address", "address-changed", "welcome")
"""The letters that we bring along and that customers get without anybody writing them."""

_READ_ALOUD = ("alt", "aria-label", "aria-description", "placeholder", "title")
_WORD = re.compile(r"[^\W\d_]{2,}")
_ATTRIBUTES = re.compile(r'(?:[\w-]+="[^"]*"|required|·|\s)+')
_SAME = frozenset({"JSON", "HTML", "Atom", "UTC", "English", "Name", "Send"})
"""What is the same in English and in Norwegian or German."""


class _Words(HTMLParser):
    """Reads what people see of a page, or hear."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._skipping = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"style", "script"}:
            self._skipping = tag
        self.found += [value for name, value in attrs if name in _READ_ALOUD and value]
        if tag == "input" and ("type", "submit") in attrs:
            self.found += [value or "" for name, value in attrs if name == "value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == self._skipping:
            self._skipping = ""

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.found.append(data)


def words_of(html: str) -> list[str]:
    reading = _Words()
    reading.feed(html)
    reading.close()
    found = (" ".join(one.split()) for one in reading.found if _WORD.search(one))
    # A macro may give the attributes of an element.
    return [one for one in found if not _ATTRIBUTES.fullmatch(one)]


def written(source: str) -> str:
    """Return a template's own text: each value is a mark without words."""
    kept = {"data": lambda text: text, "variable_begin": lambda _: "·"}
    tokens = Environment(autoescape=True).lex(source)
    return "".join(kept[kind](text) for _, kind, text in tokens if kind in kept)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_no_page_has_words_of_its_own(name: str):
    assert words_of(written(SOURCES[name])) == []


def test_words_of_a_page_s_own_would_be_found():
    for source in (
        "<p>Leave {{ title }}</p>",
        '<input placeholder="Your name">',
        "{% if x %}<p>Or not</p>{% endif %}",
        '{% macro a() %}<b title="Go on">{{ _("Go") }}</b>{% endmacro %}',
    ):
        assert words_of(written(source)), source
    assert (
        words_of(written('<style>p { color: red }</style><p class="a">{{ _("Go") }}</p>'))
        == []
    )


def _values(value: object) -> Iterator[str]:
    match value:
        case str():
            yield " ".join(value.split())
            yield from words_of(value)
            # A postal address is shown in one line or in several.
            yield ", ".join(value.splitlines())
            yield from value.splitlines()
        case Mapping():
            for one in value.values():
                yield from _values(one)
        case list() | tuple():
            for one in value:
                yield from _values(one)
        case _:
            pass


def _sentences(name: str, values: Mapping[str, object], language: str) -> set[str]:
    """Return what is said on a page, without the values that were given."""
    body = bytes(pages("").page(name, values, language=language).body).decode()
    given = sorted({*_values(values), *_SAME}, key=len, reverse=True)
    anything = re.compile(
        "|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in given if one)
    )
    found = (anything.sub("·", one) for one in words_of(body))
    return {one for one in found if _WORD.search(one)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_no_page_has_english_words_in_another_language(name: str, language: str):
    for values in SAMPLES[name]:
        said = _sentences(name, values, language)
        assert said & _sentences(name, values, "en") == set()


_CODE = re.compile(r"\w+_\w+|bounce|complaint|accepted|refused|withheld|queued|expired")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["own", "own-data"])
def test_what_became_of_letters_is_told_in_words(name: str, language: str):
    for values in SAMPLES[name]:
        said = _sentences(name, values, language)
        assert [
            one for one in said if set(_WORD.findall(one)) & {*_CODE.findall(one)}
        ] == []


@pytest.mark.parametrize("name", OURS)
def test_our_own_letters_are_there_in_each_language(name: str):
    source = read_template(str(ROOT), name)
    assert source.language == "en"
    for language in LANGUAGES:
        edition = source.editions[language]
        assert edition.subject not in {None, source.subject}
        assert edition.preview not in {None, source.preview}
        said, there = (
            set(words_of(written(source.html))),
            set(words_of(written(edition.html))),
        )
        assert said
        assert there
        assert said & there == set(), language


def _marked() -> set[str]:
    """Return all words that letters, layouts and acknowledgements of the example mark."""
    folder = Path(ROOT) / "templates"
    files = [*(folder / "mail").rglob("*"), *(folder / "acknowledgements").iterdir()]
    texts = [
        one.read_text(encoding="utf-8")
        for one in files
        if one.suffix in {".html", ".md", ".mjml", ".txt", ".toml"}
    ]
    return {words for text in texts for words in marked_words(text)}


def test_each_catalogue_has_the_words_of_letters_and_no_others():
    spoken = {one.language: set(one.said) for one in read_letter_words(str(ROOT))}
    assert {*LANGUAGES} < spoken.keys()
    marked = _marked()
    footer = Path(ROOT) / "templates/mail/_layouts/footer.html"
    below = set(marked_words(footer.read_text(encoding="utf-8")))
    for language, said in spoken.items():
        assert said == (marked if language in LANGUAGES else below), language


def test_answers_and_ready_texts_are_there_in_each_language():
    for folder in ("answers", "canned"):
        files = {one.name for one in (Path(ROOT) / "templates" / folder).iterdir()}
        english = {one for one in files if one.count(".") == 1}
        assert english
        for one in english:
            stem, _, kind = one.partition(".")
            assert {f"{stem}.{language}.{kind}" for language in LANGUAGES} <= files

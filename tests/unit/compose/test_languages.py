"""Who gets a letter in which language, and what is said about a gap."""

from dataclasses import replace

import letters
import pytest
from letters import DATE, NEWS, ready, source

from mailer.compose.languages import choose, written
from mailer.compose.template import Edition, TemplateSource
from mailer.errors import TemplateError
from mailer.model.mailinglist import MailingList
from mailer.model.person import Person


def in_languages(**editions: Edition) -> TemplateSource:
    return replace(
        source("<p>Hello {{ name|default('you') }}</p>", subject="Hello"),
        editions={tag.replace("_", "-"): one for tag, one in editions.items()},
    )


NORWEGIAN = Edition("Hei", None, "<p>Hei {{ city|default('der') }}</p>", "body.nb.html")
GERMAN = Edition("Hallo", None, "<p>Hallo</p>", "body.de.html", "Hallo, nur Text")


def someone(language: str | None) -> Person:
    return Person(7, "ida@example.com", {"city": "Oslo", "name": "Ida"}, language)


@pytest.mark.parametrize(
    ("language", "subject", "body", "text"),
    [
        (None, "Hello", "<p>Hello Ida</p>", "Hello Ida\n"),
        ("en-GB", "Hello", "<p>Hello Ida</p>", "Hello Ida\n"),
        ("nb", "Hei", "<p>Hei Oslo</p>", "Hei Oslo\n"),
        ("NB-no", "Hei", "<p>Hei Oslo</p>", "Hei Oslo\n"),
        ("nn", "Hei", "<p>Hei Oslo</p>", "Hei Oslo\n"),
        ("de_AT", "Hallo", "<p>Hallo</p>", "Hallo, nur Text\n"),
        ("fr", "Hello", "<p>Hello Ida</p>", "Hello Ida\n"),
        ("no such", "Hello", "<p>Hello Ida</p>", "Hello Ida\n"),
    ],
)
def test_each_gets_the_letter_in_their_language(
    language: str | None, subject: str, body: str, text: str
) -> None:
    prepared = ready(in_languages(nb=NORWEGIAN, de=GERMAN))
    assert prepared.languages == ("en", "de", "nb")
    one = prepared.compose(someone(language), 1, 1, DATE)
    assert letters.read(one)["Subject"] == subject
    assert letters.body_of(one).strip() == body
    assert letters.text_of(one) == text


def test_a_letter_knows_its_own_language() -> None:
    template = replace(source('<p lang="{{ letter_language }}">x</p>'), language="pt-br")
    assert 'lang="pt-BR"' in letters.body_of(letters.letter(template))


def test_a_tag_may_be_written_with_a_low_line() -> None:
    template = replace(source("<p>{{ letter_language }}</p>"), language="pt_BR")
    prepared = ready(template)
    assert prepared.languages == ("pt-BR",)
    assert ">pt-BR<" in letters.html_of(prepared.compose(someone("pt-br"), 1, 1, DATE))


def test_what_one_language_needs_is_needed() -> None:
    needing = replace(NORWEGIAN, html="<p>{{ city }}</p>")
    assert ready(in_languages(nb=needing)).needs == {"city"}


@pytest.mark.parametrize(
    ("wanted", "spoken", "found"),
    [
        ("pt-BR", ["pt", "pt-br"], "pt-br"),
        ("pt-PT", ["pt", "pt-br"], "pt"),
        ("pt", ["pt-br"], "pt-br"),
        ("zh-Hant-TW", ["zh", "zh-hant"], "zh-hant"),
        ("no", ["en", "nb"], "nb"),
        ("nb", ["en", "no"], "no"),
        ("nn", ["nb", "no"], "no"),
        ("", ["nb"], "en"),
    ],
)
def test_the_nearest_language_is_chosen(wanted: str, spoken: list[str], found: str) -> None:
    assert choose(wanted, spoken, "en") == found


def test_tags_are_written_as_people_write_them() -> None:
    assert [written(one) for one in ("PT-br", "zh-hant-tw", "NB")] == [
        "pt-BR",
        "zh-Hant-TW",
        "nb",
    ]


def refusal(template: TemplateSource, mailing_list: MailingList | None = NEWS) -> str:
    with pytest.raises(TemplateError) as caught:
        ready(template, mailing_list=mailing_list)
    return str(caught.value)


def test_a_language_without_a_fallback_is_refused_and_the_way_out_named() -> None:
    template = replace(in_languages(nb=NORWEGIAN, de=GERMAN), html="", subject="")
    words = refusal(template)
    assert "written in de, nb and not in en, the language of lists/news.toml" in words
    assert "write body.en.html" in words
    assert "language = 'de'" in words
    assert ready(replace(template, language="nb")).languages == ("nb", "de")
    assert "which letter.toml names" in refusal(replace(template, language="fr"))
    norwegian = replace(NEWS, language="nb")
    assert ready(template, mailing_list=norwegian).languages == ("nb", "de")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (in_languages(nb=replace(NORWEGIAN, subject=None)),
         "letter.toml: body.nb.html has no subject in its language: write subject.nb"),
        (in_languages(nb=Edition("Hei")),
         "there is a subject in nb and no letter: write body.nb.html or body.nb.md"),
        (in_languages(nb=Edition(text="Hei")), "there is a plain text in nb and no letter"),
        (in_languages(en=Edition("Hello", None, "<p>x</p>", "body.en.html")),
         "both body.html and body.en.html are the letter in en: remove one"),
        (in_languages(nb=replace(NORWEGIAN, preview="Se her")),
         "there is a preview in other languages and none in en: write preview.en"),
        (in_languages(old=replace(NORWEGIAN, file="body.old.html")),
         "body.old.html: 'old' is no language that is known"),
        (replace(source("x"), language="english"),
         "letter.toml: 'english' is no language that is known"),
    ],
)  # fmt: skip
def test_a_gap_is_named_with_what_to_write(template: TemplateSource, words: str) -> None:
    assert words in refusal(template)


def test_a_mistake_in_one_language_is_named_with_its_file() -> None:
    wrong = replace(NORWEGIAN, html="<p>{{ nmae }}</p>")
    assert "body.nb.html, line 1: no such name 'nmae'" in refusal(in_languages(nb=wrong))


def test_a_template_comes_back_from_what_was_frozen() -> None:
    template = replace(in_languages(nb=NORWEGIAN, de=GERMAN), language="en", layout="x")
    assert TemplateSource.from_dict(template.as_dict()) == template


def test_what_was_frozen_before_there_were_languages_comes_back() -> None:
    old = {
        name: value
        for name, value in source("<p>x</p>").as_dict().items()
        if name not in {"file", "text_file", "language", "layout", "editions"}
    }
    assert TemplateSource.from_dict(old) == source("<p>x</p>")

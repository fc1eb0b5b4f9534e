"""The example template that every workspace begins with."""

from pathlib import Path

import letters
import pytest
from letters import NEWS, person, ready

from mailer.compose.prepared import Prepared
from mailer.workspace.acknowledgements import read_acknowledgements
from mailer.workspace.templates import read_template

ROOT = Path(__file__).parents[3]


def autumn_sale() -> Prepared:
    return ready(read_template(str(ROOT), "autumn-sale"), mailing_list=NEWS)


def test_the_example_needs_nothing_that_somebody_could_lack() -> None:
    prepared = autumn_sale()
    assert prepared.needs == frozenset()
    assert prepared.compose(person(), 1, 1, letters.DATE)


def test_the_example_greets_by_name_and_lists_interests() -> None:
    one = autumn_sale().compose(
        person(name="Ingrid", interests=["tents", "ice axes"], points=620, member=True),
        1,
        1,
        letters.DATE,
    )
    text = letters.text_of(one)
    assert "Dear Ingrid,\n" in text
    assert "- Ice Axes <https://fjellogfjord.example.com/shop/ice%20axes>\n" in text
    assert "You have 620 points: they are worth 62 kr" in text
    assert letters.read(one)["Subject"] == "Ingrid, autumn is for the fells"


def test_the_example_is_right_for_a_stranger_too() -> None:
    text = letters.text_of(autumn_sale().compose(person(), 1, 1, letters.DATE))
    assert "Dear friend of the fells,\n" in text
    assert "Not a member yet?" in text
    assert "Because you told us" not in text


def test_the_example_has_rules_for_dark_mode_and_no_value_in_its_sheet() -> None:
    html = letters.html_of(autumn_sale().compose(person(), 1, 1, letters.DATE))
    assert "prefers-color-scheme: dark" in html
    assert 'class="text" style="padding: 24px 32px 16px 32px;' in html


def test_the_sample_of_the_example_can_be_composed() -> None:
    prepared = autumn_sale()
    attributes = dict(prepared.source.sample)
    assert set(attributes) <= set(letters.SPECS)
    assert prepared.compose(person(**attributes), 1, 1, letters.DATE)


@pytest.mark.parametrize(
    ("language", "hello"), [("en", "Hello"), ("nb", "Hei"), ("de", "Guten Tag")]
)
def test_the_welcome_is_right_for_who_said_nothing_but_an_address(
    language: str, hello: str
) -> None:
    prepared = ready(read_template(str(ROOT), "welcome"), mailing_list=NEWS)
    assert prepared.needs == frozenset()
    reader = person()._replace(language=language)
    text = letters.text_of(prepared.compose(reader, 1, 0, letters.DATE))
    assert text.startswith(f"{hello},\n")
    assert NEWS.wording.text in text


OWN_LETTERS = ("confirm-sign-up", "your-page", "new-address", "address-changed", "welcome")
"""All letters that we write to people of our own accord."""


@pytest.mark.parametrize("name", OWN_LETTERS)
def test_our_own_letters_have_all_their_words_in_three_languages(name: str) -> None:
    """Each language has a catalogue of its own, so that a letter is written as a whole."""
    prepared = ready(read_template(str(ROOT), name), mailing_list=NEWS)
    assert set(prepared.languages) == {"en", "nb", "de"}
    source = prepared.source
    for said in ("subject", "preview", "html"):
        # What a language lacks is English, which is no second time its own.
        words = {
            getattr(source.editions.get(one), said, None) or getattr(source, said)
            for one in ("en", "nb", "de")
        }
        assert len(words - {""}) == 3, said


def test_acknowledgements_have_all_their_words_in_three_languages() -> None:
    texts = read_acknowledgements(str(ROOT))
    assert set(texts) == {
        f"{name}{language}.txt"
        for name in ("received", "helped")
        for language in ("", ".nb", ".de")
    }
    assert len(set(texts.values())) == 6

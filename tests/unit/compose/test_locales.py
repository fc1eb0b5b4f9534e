"""Days, times, numbers and money as the letter's language writes them."""

import html
from dataclasses import replace

import letters
import pytest
from letters import DATE, ready, source

from mailer.errors import CannotComposeError, TemplateError
from mailer.model.person import Person

CHRISTMAS = "'2026-12-24T23:30+01:00'"


def shown(
    expression: str, language: str = "en", zone: str | None = None, **known: object
) -> str:
    template = replace(source(f"<p>{{{{ {expression} }}}}</p>"), language=language)
    reader = Person(7, "ida@example.com", known, None, zone)
    one = ready(template).compose(reader, 1, 1, DATE)
    found = letters.body_of(one).strip().removeprefix("<p>").removesuffix("</p>")
    # The spaces of CLDR do not break; which of them is no matter here.
    return html.unescape(found).replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.parametrize(
    ("expression", "language", "wanted"),
    [
        ("'2026-12-24'|date", "en", "December 24, 2026"),
        ("'2026-12-24'|date", "en-GB", "24 December 2026"),
        ("'2026-12-24'|date", "nb", "24. desember 2026"),
        ("'2026-12-24'|date('short')", "de", "24.12.26"),
        ("birthday|date('d. MMMM')", "nb", "29. februar"),
        ("birthday|date('EEEE')", "en", "Tuesday"),
        ("birthday|date(\"d. 'day of' MMMM\")", "en", "29. day of February"),
        ("birthday|date(format='full')", "de", "Dienstag, 29. Februar 2000"),
        ("points|number", "nb", "1 234,5"),
        ("points|number(2)", "en", "1,234.50"),
        ("points|number(decimals=0)", "en", "1,235"),
        ("3990|money('NOK')", "nb", "3 990 kr"),
        ("3990|money('NOK')", "en", "NOK 3,990"),
        ("(0 - 5.5)|money('USD')", "en", "-$5.50"),
        ("19.9|money('EUR')", "de", "19,90 €"),
        ("20|money('EUR', 2)", "en", "€20.00"),
        ("points|money('EUR')", "nb", "1 234,50 €"),
        ("0.125|money('EUR')", "en", "€0.13"),
        ("5|money('JPY')", "ja", "￥5"),
    ],
)
def test_a_value_is_written_as_the_letters_language_does(
    expression: str, language: str, wanted: str
) -> None:
    assert shown(expression, language, birthday="2000-02-29", points=1234.5) == wanted


@pytest.mark.parametrize(
    ("zone", "day", "time"),
    [
        (None, "December 24, 2026", "11:30 PM"),
        ("Europe/Helsinki", "December 25, 2026", "12:30 AM"),
        ("America/New_York", "December 24, 2026", "5:30 PM"),
        ("No/Such", "December 24, 2026", "11:30 PM"),
    ],
)
def test_a_moment_is_shown_as_the_persons_clock_shows_it(
    zone: str | None, day: str, time: str
) -> None:
    assert shown(f"{CHRISTMAS}|date", zone=zone) == day
    assert shown(f"{CHRISTMAS}|time", zone=zone) == time
    assert shown("city|time", zone=zone, city=CHRISTMAS.strip("'")) == time


def test_a_day_is_the_same_day_everywhere() -> None:
    assert shown("birthday|date", zone="Asia/Tokyo", birthday="2000-02-29") == (
        "February 29, 2000"
    )


def test_what_is_the_same_for_everybody_is_worked_out_once() -> None:
    template = source("<p>{{ 3990|money('NOK') }} {{ '2026-12-24'|date }}</p>")
    assert ready(template).bodies.used == frozenset()
    moment = source(f"<p>{{{{ {CHRISTMAS}|time }}}}</p>")
    assert ready(moment).bodies.used == {"time_zone"}
    assert ready(moment).needs == frozenset()


def test_the_subject_and_the_plain_text_are_written_so_too() -> None:
    template = replace(
        source("<p>x</p>", subject="For {{ 5|money('EUR') }}", text="{{ points|number }}"),
        language="de",
    )
    one = letters.letter(template, points=1234)
    assert letters.read(one)["Subject"] == "For 5\xa0€"
    assert letters.text_of(one) == "1.234\n"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("3|money('kr')", "'kr' is no currency: write its code, such as EUR or NOK"),
        ("3|money", "missing 1 required positional argument: 'currency'"),
        ("'Thursday'|date", "'Thursday' is no day: write it like 2026-12-24"),
        ("'2026-02-30'|date", "'2026-02-30' is no day"),
        ("'2026-12-24'|time", "has no time of day"),
        ("'2026-12-24'|date('nice')", "'nice' is no way to write a date"),
        ("'much'|number", "'much' is no number"),
        ("true|number", "is no number"),
        ("1|number(99)", "decimals go from 0 to 9"),
        ("(9 ** 30)|number", "no number that anybody could read"),
    ],
)
def test_what_cannot_be_written_so_is_refused_with_its_place(
    expression: str, words: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        ready(source(f"<p>{{{{ {expression} }}}}</p>"))
    assert words in str(caught.value)
    assert "body.html, line 1" in str(caught.value)


def test_a_missing_value_is_missing_here_too() -> None:
    template = source("<p>{{ birthday|date }}{{ points|number }}</p>")
    assert ready(template).needs == {"birthday", "points"}
    with pytest.raises(CannotComposeError) as caught:
        letters.letter(template)
    assert "there is no 'birthday' here: give a fallback" in str(caught.value)

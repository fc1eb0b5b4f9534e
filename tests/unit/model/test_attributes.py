import re

import pytest

from mailer.compose.making import BUILT_IN_NAMES
from mailer.model.attributes import (
    NUMBER_LIMIT,
    RESERVED_NAMES,
    AttributeSpec,
    AttributeType,
    coerce,
    is_date,
    plain_text,
    read,
)

T = AttributeType


def of(type: AttributeType) -> AttributeSpec:
    return AttributeSpec("thing", type)


@pytest.mark.parametrize(
    ("type", "cell", "want"),
    [
        (T.TEXT, "  Kari Nordmann ", "Kari Nordmann"),
        (T.TEXT, "A\u030alesund", "\u00c5lesund"),
        (T.TEXT, "007", "007"),
        (T.NUMBER, "5", 5),
        (T.NUMBER, "-3", -3),
        (T.NUMBER, "0", 0),
        (T.NUMBER, "1.5", 1.5),
        (T.NUMBER, "-0.25", -0.25),
        (T.NUMBER, "999999999999999", 999999999999999),
        (T.BOOLEAN, "yes", True),
        (T.BOOLEAN, "TRUE", True),
        (T.BOOLEAN, "1", True),
        (T.BOOLEAN, "no", False),
        (T.BOOLEAN, "False", False),
        (T.BOOLEAN, "0", False),
        (T.DATE, " 2024-02-29 ", "2024-02-29"),
        (T.TEXTS, "tents; boots, leather ;; tents", ["tents", "boots, leather"]),
        (T.TEXTS, "tents, boots,,", ["tents", "boots"]),
        (T.TEXTS, "tents", ["tents"]),
    ],
)
def test_a_cell_becomes_a_value_of_its_type(
    type: AttributeType, cell: str, want: object
) -> None:
    got = coerce(of(type), cell)
    assert got == want
    assert got.__class__ is want.__class__
    assert read(type, got) == want


@pytest.mark.parametrize(
    ("type", "cell", "words"),
    [
        (T.NUMBER, "1,5", "'1,5' is not a number: write it like 1234.5"),
        (T.NUMBER, "1 000", "is not a number"),
        (T.NUMBER, "1.000,50", "is not a number"),
        (T.NUMBER, "0150", "no zero before it"),
        (T.NUMBER, "+5", "is not a number"),
        (T.NUMBER, "1e5", "is not a number"),
        (T.NUMBER, "nan", "is not a number"),
        (T.NUMBER, "inf", "is not a number"),
        (T.NUMBER, "٣", "is not a number"),
        (T.NUMBER, "5.", "is not a number"),
        (T.NUMBER, "1234567890123456", "has more than 15 digits"),
        (T.NUMBER, "0.1234567890123456", "has more than 15 digits"),
        (T.BOOLEAN, "ja", "'ja' is neither yes nor no"),
        (T.BOOLEAN, "2", "is neither yes nor no"),
        (T.DATE, "24.12.1980", "'24.12.1980' is not a date: write it like 2026-12-24"),
        (T.DATE, "2026-02-30", "is not a date"),
        (T.DATE, "20260228", "is not a date"),
        (T.DATE, "2026-W09-6", "is not a date"),
        (T.DATE, "2026-02-28T00:00:00", "is not a date"),
        (T.DATE, "0000-00-00", "is not a date"),
        (T.TEXTS, " ; ; ", "holds no text"),
        (T.TEXTS, ";".join(str(one) for one in range(501)), "holds more than 500 texts"),
        (T.TEXT, "a\x00b", "U+0000, place 2"),
        (T.TEXT, "a\nb", "U+000A, place 2"),
        (T.TEXT, "a\x1bb", "U+001B"),
        (T.TEXT, "a\u2028b", "U+2028"),
        (T.TEXT, "a\ud800b", "U+D800"),
        (T.TEXTS, "tents;bo\x00ots", "U+0000"),
        (T.TEXT, "x" * 4_001, "longer than 4000"),
        (T.TEXT, "   ", "is empty"),
    ],
)
def test_a_cell_that_is_none_is_refused_in_words(
    type: AttributeType, cell: str, words: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        coerce(of(type), cell)


def test_a_long_number_is_not_repeated_at_length() -> None:
    with pytest.raises(ValueError, match="15 digits") as refused:
        coerce(of(T.NUMBER), "9" * 3_000)
    assert len(str(refused.value)) < 100


def test_text_keeps_what_people_write() -> None:
    kept = "Jürgen O'Brien 👩\u200d👩\u200d👧 سلام \u00a0%_\\\"<b>"
    assert plain_text(kept) == kept


@pytest.mark.parametrize(
    ("type", "value"),
    [
        (T.TEXT, 5),
        (T.TEXT, None),
        (T.TEXT, ["a"]),
        (T.NUMBER, True),
        (T.NUMBER, "5"),
        (T.NUMBER, NUMBER_LIMIT + 1),
        (T.NUMBER, -NUMBER_LIMIT - 1),
        (T.NUMBER, float("nan")),
        (T.NUMBER, float("inf")),
        (T.BOOLEAN, 1),
        (T.BOOLEAN, "true"),
        (T.DATE, "2026-1-1"),
        (T.DATE, "2026-01-01\n"),
        (T.DATE, 20260101),
        (T.TEXTS, "tents"),
        (T.TEXTS, {"tents": 1}),
    ],
)
def test_a_value_of_another_type_counts_as_none(type: AttributeType, value: object) -> None:
    assert read(type, value) is None


@pytest.mark.parametrize("name", ["", "First", "a-b", "1st", "_x", "år", "a b", "x" * 64])
def test_a_name_that_could_not_be_written_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="small letters"):
        AttributeSpec(name, T.TEXT)


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_a_name_that_the_program_uses_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="used by the program"):
        AttributeSpec(name, T.TEXT)


@pytest.mark.parametrize(
    ("type", "default"),
    [
        (T.TEXT, 5),
        (T.NUMBER, "5"),
        (T.NUMBER, True),
        (T.BOOLEAN, 1),
        (T.DATE, "2026-02-30"),
        (T.DATE, "24.12.1980"),
        (T.TEXTS, "tents"),
        (T.TEXTS, ["tents", 5]),
    ],
)
def test_a_default_of_another_type_is_refused(type: AttributeType, default: object) -> None:
    with pytest.raises(ValueError, match="is not of type"):
        AttributeSpec("thing", type, default)


@pytest.mark.parametrize(
    ("type", "default"),
    [
        (T.TEXT, ""),
        (T.NUMBER, 0),
        (T.BOOLEAN, False),
        (T.DATE, "2026-01-01"),
        (T.TEXTS, []),
    ],
)
def test_a_default_may_be_empty(type: AttributeType, default: object) -> None:
    assert AttributeSpec("thing", type, default).default == default


def test_a_leap_day_is_a_date_in_leap_years_only() -> None:
    assert is_date("2024-02-29")
    assert not is_date("2026-02-29")


def test_no_attribute_can_hide_what_letters_have_by_themselves() -> None:
    assert BUILT_IN_NAMES <= RESERVED_NAMES

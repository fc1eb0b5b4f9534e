"""Quiet hours and sending days, as files say them."""

import pytest

from mailer.model.quiet import QuietRule, ever_opens, quiet_of, read_quiet

WORKDAYS = ["mon", "tue", "wed", "thu", "fri"]


def read(begins: str, ends: str, days: list[str]) -> QuietRule:
    found = read_quiet(begins, ends, days)
    assert found is not None
    return found


def test_quiet_hours_may_go_over_midnight() -> None:
    night = read("21:00", "08:00", [])
    assert [night.open_at(0, minute) for minute in (0, 479, 480, 1259, 1260)] == [
        False, False, True, True, False,
    ]  # fmt: skip
    lunch = read("12:00", "13:00", [])
    assert [lunch.open_at(0, minute) for minute in (719, 720, 779, 780)] == [
        True, False, False, True,
    ]  # fmt: skip


def test_on_other_days_than_the_sending_days_nothing_leaves() -> None:
    rule = read("", "", WORKDAYS)
    assert [rule.open_at(day, 600) for day in range(7)] == [True] * 5 + [False] * 2
    assert str(rule) == "sending days mon, tue, wed, thu, fri"


@pytest.mark.parametrize("rule", [read("21:00", "08:00", WORKDAYS), read("", "", ["sun"])])
def test_a_rule_comes_back_from_its_json_values(rule: QuietRule) -> None:
    assert quiet_of(rule.as_dict()) == rule


def test_what_says_nothing_is_no_rule() -> None:
    assert read_quiet("", "", []) is None
    assert read_quiet("", "", [*WORKDAYS, "sat", "sun"]) is None
    assert quiet_of(None) is None


@pytest.mark.parametrize(
    ("begins", "ends", "days", "words"),
    [
        ("21:00", "", [], "both begins and ends"),
        ("9:00", "10:00", [], "'9:00' is no time of day"),
        ("24:00", "08:00", [], "'24:00' is no time of day"),
        ("08:00", "08:00", [], "would be none, or all day"),
        ("", "", ["monday"], "there is no day 'monday'"),
    ],
)
def test_what_cannot_be_read_is_told(
    begins: str, ends: str, days: list[str], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        read_quiet(begins, ends, days)


def test_rules_that_leave_no_minute_are_found() -> None:
    night, day = read("20:00", "08:00", []), read("08:00", "20:00", [])
    assert not ever_opens([night, day])
    assert ever_opens([night, read("08:00", "19:59", [])])
    assert not ever_opens([read("", "", ["sat"]), read("", "", WORKDAYS)])

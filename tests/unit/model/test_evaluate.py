from datetime import UTC, date, datetime, timedelta

import pytest

from mailer.model.attributes import AttributeType
from mailer.model.evaluate import Clause, Facts, deciding, holds, month_days, values
from mailer.model.expression import parse
from mailer.model.person import Person
from mailer.model.rule import Rule
from mailer.model.ruletext import unparse

T = AttributeType
KNOWN = {
    "country": T.TEXT,
    "points": T.NUMBER,
    "birthday": T.DATE,
    "loyal": T.BOOLEAN,
    "interests": T.TEXTS,
}
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def rule(text: str) -> Rule:
    return parse(text, KNOWN, "here")


def facts(
    now: datetime = NOW,
    time_zone: str | None = None,
    created: datetime = NOW,
    zone: str = "UTC",
    **attributes: object,
) -> Facts:
    return Facts(
        Person(1, "kari@example.com", attributes, "nb", time_zone),
        created,
        now,
        {"news": NOW - timedelta(days=14)},
        {"spring": NOW - timedelta(days=14)},
        zone,
    )


@pytest.mark.parametrize(
    ("text", "attributes", "want"),
    [
        ("country == 'NO'", {"country": "NO"}, True),
        ("country == 'NO'", {"country": "no"}, False),
        ("country == 'NO'", {}, False),
        ("country == 'NO'", {"country": None}, False),
        ("country == 'NO'", {"country": 5}, False),
        ("country == 'NO'", {"country": ["NO"]}, False),
        ("country != 'NO'", {}, False),
        ("not country == 'NO'", {}, True),
        ("not country != 'NO'", {}, True),
        ("country not in ['NO']", {}, True),
        ("country < 'b'", {"country": "a"}, True),
        ("country < 'Z'", {"country": "a"}, False),
        ("country < '\U00010000'", {"country": "\uffff"}, True),
        ("country == '%'", {"country": "NO"}, False),
        ("points > 5", {"points": 6}, True),
        ("points > 5", {"points": "6"}, False),
        ("points == 1", {"points": True}, False),
        ("points == 1", {"points": 1.0}, True),
        ("points == 0", {"points": -0.0}, True),
        ("points > 0", {"points": 2**53}, True),
        ("points > 0", {"points": 2**53 + 1}, False),
        ("points != 5", {"points": float("nan")}, False),
        ("loyal", {"loyal": True}, True),
        ("loyal", {"loyal": 1}, False),
        ("loyal != true", {"loyal": False}, True),
        ("country", {"country": ""}, False),
        ("points", {"points": 0}, False),
        ("birthday", {"birthday": "1980-01-01"}, True),
        ("birthday", {"birthday": "soon"}, False),
        ("interests", {"interests": []}, False),
        ("interests", {"interests": [None]}, True),
        ("'tents' in interests", {"interests": ["tents"]}, True),
        ("'tents' in interests", {"interests": "tents"}, False),
        ("'tents' in interests", {"interests": {"tents": 1}}, False),
        ("'1' in interests", {"interests": [1]}, False),
        ("'tents' not in interests", {}, True),
        ("country in interests", {"interests": ["NO"], "country": "NO"}, True),
        ("'%' in country", {"country": "NO"}, False),
        ("'' in country", {"country": "NO"}, True),
        ("'' in country", {}, False),
        ("interests|length == 2", {"interests": ["a", None]}, True),
        ("country|length == 1", {"country": "😀"}, True),
        ("country|length == 0", {}, False),
        ("birthday < '1990-01-01'", {"birthday": "1980-02-30"}, True),
        ("birthday is none", {"birthday": "1980-1-1"}, True),
        ("language == 'nb' and time_zone is none", {}, True),
        ("true", {}, True),
        ("not true", {}, False),
    ],
)
def test_a_rule_is_true_or_false_and_never_anything_third(
    text: str, attributes: dict[str, object], *, want: bool
) -> None:
    asked = facts(**attributes)
    assert holds(rule(text), asked) is want
    assert holds(rule(f"not ({text})"), asked) is not want


@pytest.mark.parametrize(
    ("zone", "want"),
    [
        ("Pacific/Kiritimati", "2026-03-30"),
        ("Europe/Oslo", "2026-03-29"),
        ("Etc/GMT+12", "2026-03-28"),
        ("Mars/Olympus", "2026-03-29"),
        (None, "2026-03-29"),
    ],
)
def test_today_is_the_contacts_own_day(zone: str | None, want: str) -> None:
    asked = facts(datetime(2026, 3, 29, 11, 30, tzinfo=UTC), zone)
    assert holds(rule(f"today == '{want}'"), asked)
    assert holds(rule("birthday == days_ago(1)"), facts(NOW, birthday="2026-11-20"))


def test_an_unknown_zone_counts_as_the_fallback() -> None:
    late = datetime(2026, 3, 29, 23, 30, tzinfo=UTC)
    for zone in (None, "", "europe/oslo", "../etc/passwd"):
        assert holds(rule("today == '2026-03-30'"), facts(late, zone, zone="Europe/Oslo"))
        assert holds(rule("today == '2026-03-29'"), facts(late, zone))


def test_created_is_the_contacts_day_too() -> None:
    late = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    oslo = facts(created=late, time_zone="Europe/Oslo")
    havana = facts(created=late, time_zone="America/Havana")
    assert holds(rule("created == '2026-03-29' and created > '2026-03-28'"), oslo)
    assert holds(rule("created == '2026-03-28' and '2026-03-29' > created"), havana)
    assert holds(rule("created in ['2026-03-29']"), oslo)
    assert not holds(rule("created in ['2026-03-29']"), havana)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("created == '0001-01-01'", False),
        ("created > '0001-01-01'", True),
        ("created <= '9999-12-31'", True),
        ("created < days_ahead(36525)", True),
        ("birthday < days_ago(36525)", False),
    ],
)
def test_the_ends_of_the_calendar_are_no_trap(text: str, *, want: bool) -> None:
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        assert holds(rule(text), facts(time_zone=zone, birthday="1980-01-01")) is want


@pytest.mark.parametrize(
    ("day", "want"),
    [
        (date(2026, 3, 29), ("03-29",)),
        (date(2026, 2, 28), ("02-28", "02-29")),
        (date(2028, 2, 28), ("02-28",)),
        (date(2028, 2, 29), ("02-29",)),
    ],
)
def test_a_leap_day_comes_round_every_year(day: date, want: tuple[str, ...]) -> None:
    assert month_days(day) == want


def test_an_anniversary_is_of_the_day_and_month() -> None:
    asked = facts(birthday="1980-11-28")
    assert not holds(rule("anniversary(birthday)"), asked)
    assert holds(rule("anniversary(birthday, 7)"), asked)
    assert not holds(rule("anniversary(birthday)"), facts())
    assert not holds(rule("anniversary(birthday)"), facts(birthday=5))


def test_within_is_to_the_microsecond() -> None:
    asked = facts()
    for text in ("joined_within('14d', 'news')", "received_within('14d')"):
        assert holds(rule(text), asked)
        later = Facts(
            asked.person,
            asked.created,
            NOW + timedelta(microseconds=1),
            asked.memberships,
            asked.received,
        )
        assert not holds(rule(text), later)


def test_history_is_asked_by_list_and_by_campaign() -> None:
    asked = facts()
    assert holds(rule("member('news') and not member('tips')"), asked)
    assert holds(rule("received('spring') and not received('Spring')"), asked)
    assert not holds(rule("joined_within('30d', 'tips')"), asked)
    assert not holds(rule("received_within('13d')"), asked)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("loyal", [("loyal", True)]),
        ("not loyal", [("not loyal", False)]),
        ("loyal and country == 'NO'", [("loyal", True), ("country == 'NO'", True)]),
        ("loyal and country == 'SE'", [("country == 'SE'", False)]),
        (
            "points > 5 and country == 'SE' and loyal",
            [("points > 5", False), ("country == 'SE'", False)],
        ),
        ("country == 'SE' or loyal", [("loyal", True)]),
        ("points or country == 'SE'", [("points", False), ("country == 'SE'", False)]),
        ("not (loyal and points)", [("points", False)]),
        ("not (loyal and country)", [("loyal", True), ("country", True)]),
        (
            "country and (points or not received_within('30d'))",
            [("points", False), ("not received_within('30d')", False)],
        ),
    ],
)
def test_the_smallest_parts_that_decided_are_named(
    text: str, want: list[tuple[str, bool]]
) -> None:
    got = deciding(rule(text), facts(country="NO", loyal=True))
    assert [(unparse(clause.rule), clause.holds) for clause in got] == want


def test_a_clause_carries_its_rule() -> None:
    assert deciding(rule("loyal"), facts()) == (Clause(rule("loyal"), False),)


def test_the_values_that_a_rule_reads_are_shown_as_it_sees_them() -> None:
    text = "points > 5 and language and country in ['NO'] and created < today and loyal"
    assert values(rule(text), facts(points="6", country="NO")) == {
        "points": None,
        "language": "nb",
        "country": "NO",
        "created": NOW,
        "loyal": None,
    }

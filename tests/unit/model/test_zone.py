from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailer.model.zone import by_answer, day_begins, later, today, zone_names, zone_of


@pytest.mark.parametrize(
    ("zone", "day", "want"),
    [
        ("UTC", date(2026, 3, 29), datetime(2026, 3, 29, tzinfo=UTC)),
        ("Europe/Oslo", date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("Europe/Oslo", date(2026, 3, 30), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        # Havana's clocks skip from midnight to one, and come back to midnight at one.
        ("America/Havana", date(2026, 3, 8), datetime(2026, 3, 8, 5, tzinfo=UTC)),
        ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC)),
        # Samoa had no 30 December 2011.
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ("Pacific/Apia", date(2011, 12, 31), datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ],
)
def test_a_day_begins_when_the_clock_first_shows_it(
    zone: str, day: date, want: datetime
) -> None:
    assert day_begins(day, ZoneInfo(zone)) == want


def test_days_follow_each_other_in_every_zone_of_this_year() -> None:
    for name in zone_names():
        zone = ZoneInfo(name)
        for days in range(0, 365, 7):
            day = date(2026, 1, 1) + timedelta(days=days)
            begins = day_begins(day, zone)
            assert today(begins, zone) == day
            assert today(begins - timedelta(microseconds=1), zone) == day - timedelta(
                days=1
            )


@pytest.mark.parametrize("name", [None, "", "europe/oslo", "posix/Europe/Oslo", "../UTC"])
def test_a_name_that_is_no_zone_counts_as_the_fallback(name: str | None) -> None:
    assert zone_of(name, "Asia/Kathmandu") == ZoneInfo("Asia/Kathmandu")


def test_zones_are_grouped_by_what_differs_from_the_fallback() -> None:
    noon = datetime(2026, 3, 29, 11, tzinfo=UTC)
    groups = by_answer(lambda zone: today(noon, zone), "UTC")
    assert set(groups) == {date(2026, 3, 28), date(2026, 3, 30)}
    assert "Pacific/Kiritimati" in groups[date(2026, 3, 30)]
    assert "Europe/Oslo" not in {name for names in groups.values() for name in names}


def test_the_calendar_has_ends() -> None:
    assert later(date(9999, 12, 30), 5) == date.max
    assert later(date(1, 1, 2), -5) == date.min
    for day in (date.min, date.max):
        for name in ("Etc/GMT+12", "Pacific/Kiritimati"):
            assert day_begins(day, ZoneInfo(name)).tzinfo is UTC

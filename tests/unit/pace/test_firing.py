import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from mailer.model.schedule import Cron, Every, Firing, Once, Schedule, Trigger
from mailer.pace.firing import (
    MOST_MISSED,
    Due,
    after_change,
    at_wall_clock,
    coming_firings,
    find_firing,
    next_firing,
    what_is_due,
)


def schedule(trigger: Trigger | str, zone: str = "Europe/Oslo") -> Schedule:
    found = Cron(trigger) if isinstance(trigger, str) else trigger
    return Schedule("digest", found, zone, "digest", "news")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def walk(one: Schedule, after: datetime, count: int) -> list[Firing]:
    return list(islice(coming_firings(one, after), count))


def occurrences(one: Schedule, after: datetime, count: int) -> list[str]:
    return [firing.occurrence for firing in walk(one, after, count)]


@pytest.mark.parametrize(
    ("weekday", "first"),
    [
        ("0", "2026-11-22"),
        ("1", "2026-11-23"),
        ("2", "2026-11-24"),
        ("5", "2026-11-27"),
        ("6", "2026-11-28"),
        ("7", "2026-11-22"),
        ("mon", "2026-11-23"),
        ("SUN", "2026-11-22"),
    ],
)
def test_weekday_numbers_mean_what_they_mean_in_crontab(weekday: str, first: str):
    # 21 November 2026 is a Saturday; the firing of that day is over at noon.
    got = occurrences(schedule(f"0 9 * * {weekday}"), utc(2026, 11, 21, 12), 1)
    assert got == [f"{first}T09:00"]


@pytest.mark.parametrize(
    ("cron", "want"),
    [
        ("0 9 * * 5-7", ["11-22", "11-27", "11-28", "11-29"]),
        ("0 9 * * 0-2", ["11-22", "11-23", "11-24", "11-29"]),
        ("0 9 * * sat-sun", ["11-22", "11-28", "11-29", "12-05"]),
        ("0 9 * * */2", ["11-22", "11-24", "11-26", "11-28"]),
        ("0 9 1 * *", ["12-01", "01-01", "02-01", "03-01"]),
        ("0 9 L * *", ["11-30", "12-31", "01-31", "02-28"]),
        ("0 9 * * mon#1", ["12-07", "01-04", "02-01", "03-01"]),
        ("0 9 * * friL", ["11-27", "12-25", "01-29", "02-26"]),
        ("0 9 24 dec,mar *", ["12-24", "03-24", "12-24", "03-24"]),
        ("0 9 29 2 *", ["02-29", "02-29", "02-29", "02-29"]),
    ],
)
def test_crontab_fields_pick_the_days_that_they_name(cron: str, want: list[str]):
    got = occurrences(schedule(cron), utc(2026, 11, 21, 12), 4)
    assert [one[5:10] for one in got] == want


def test_a_day_of_the_month_and_a_weekday_are_either_or_as_in_crontab():
    got = occurrences(schedule("0 9 1 * mon"), utc(2026, 11, 24), 4)
    assert [one[:10] for one in got] == [
        "2026-11-30", "2026-12-01", "2026-12-07", "2026-12-14",
    ]  # fmt: skip


def test_a_starred_day_of_the_month_restricts_the_weekday_as_in_crontab():
    got = occurrences(schedule("0 9 */2 * 1-5"), utc(2026, 1, 28, 12), 3)
    assert [one[:10] for one in got] == ["2026-01-29", "2026-02-03", "2026-02-05"]


def test_minutes_and_hours_take_steps_ranges_and_lists():
    got = occurrences(schedule("5/20 8-9,17 * * *"), utc(2026, 11, 21, 6), 9)
    assert [one[11:] for one in got] == [
        "08:05", "08:25", "08:45", "09:05", "09:25", "09:45", "17:05", "17:25", "17:45",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 9 * *", "has 4 fields, not 5"),
        ("60 9 * * *", "'60' is no minute; it is 0 to 59"),
        ("0 24 * * *", "'24' is no hour; it is 0 to 23"),
        ("0 9 0 * *", "'0' is no day of the month"),
        ("0 9 * * 8", "'8' is no weekday; it is 0 to 7, or sun, mon"),
        ("0 9 * * mon/0", "steps of 0"),
        ("0 9 * * monday", "'monday' is no weekday"),
        ("0 9 * * mon#6", "'mon#6' is no weekday"),
        ("0 22-2 * * *", "runs backwards"),
        ("0 9 30 2 *", "it never fires"),
        ("0 9 31 4,6,9,11 *", "it never fires"),
        ("0 9 */2 * mon#1", "goes with '*'"),
        ("*-5 9 * * *", "is no minute"),
        ("0 9 1, * *", "'' is no day of the month"),
        ("٣ 9 * * *", "is no minute"),
    ],
)
def test_a_wrong_crontab_says_which_field_and_what_it_may_be(cron: str, words: str):
    with pytest.raises(ValueError, match=re.escape(words)):
        next_firing(schedule(cron), utc(2026, 11, 21))


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Europe/Oslo", utc(2026, 1, 5, 8), utc(2026, 7, 6, 7)),
        ("America/New_York", utc(2026, 1, 5, 14), utc(2026, 7, 6, 13)),
        ("Asia/Kathmandu", utc(2026, 1, 5, 3, 15), utc(2026, 7, 6, 3, 15)),
        ("Australia/Lord_Howe", utc(2026, 1, 4, 22), utc(2026, 7, 5, 22, 30)),
    ],
)
def test_nine_in_the_morning_is_nine_on_the_wall_in_winter_and_summer(
    zone: str, winter: datetime, summer: datetime
):
    daily = schedule("0 9 * * *", zone)
    assert next_firing(daily, winter - timedelta(hours=1)) == Firing(
        winter, f"{winter.astimezone(ZoneInfo(zone)):%Y-%m-%d}T09:00"
    )
    found = next_firing(daily, summer - timedelta(hours=1))
    assert found is not None
    assert found.due_at == summer


@pytest.mark.parametrize(
    ("zone", "night"),
    [("Europe/Dublin", utc(2026, 10, 24, 12)), ("America/New_York", utc(2026, 10, 31, 12))],
)
def test_half_past_one_fires_once_in_the_night_that_has_it_twice(
    zone: str, night: datetime
):
    firings = walk(schedule("30 1 * * *", zone), night, 2)
    days = [firing.due_at - night for firing in firings]
    assert len({firing.occurrence for firing in firings}) == 2
    assert days[1] - days[0] == timedelta(hours=25)


def test_asked_again_in_the_second_half_past_one_the_next_is_tomorrows():
    second = datetime(2026, 10, 25, 1, 20, fold=1, tzinfo=ZoneInfo("Europe/Dublin"))
    got = next_firing(schedule("30 1 * * *", "Europe/Dublin"), second.astimezone(UTC))
    assert got == Firing(utc(2026, 10, 26, 1, 30), "2026-10-26T01:30")


def test_half_past_two_in_the_gap_fires_once_at_the_first_moment_after_it():
    got = walk(schedule("30 2 * * *"), utc(2026, 3, 28), 3)
    assert got == [
        Firing(utc(2026, 3, 28, 1, 30), "2026-03-28T02:30"),
        Firing(utc(2026, 3, 29, 1), "2026-03-29T03:00"),
        Firing(utc(2026, 3, 30, 0, 30), "2026-03-30T02:30"),
    ]


def test_all_that_falls_into_the_gap_fires_together_once():
    got = occurrences(schedule("*/20 * * * *"), utc(2026, 3, 29, 0, 30), 3)
    assert got == ["2026-03-29T01:40", "2026-03-29T03:00", "2026-03-29T03:20"]


def test_a_day_that_a_zone_left_out_fires_when_the_next_begins():
    got = next_firing(schedule("0 12 30 12 *", "Pacific/Apia"), utc(2011, 12, 25))
    assert got == Firing(utc(2011, 12, 30, 10), "2011-12-31T00:00")


def test_an_interval_keeps_its_distance_whatever_the_clocks_do():
    daily = schedule(Every(timedelta(days=1), utc(2026, 3, 27, 8)))
    got = walk(daily, utc(2026, 3, 27, 8), 3)
    assert [firing.due_at for firing in got] == [
        utc(2026, 3, 28, 8), utc(2026, 3, 29, 8), utc(2026, 3, 30, 8),
    ]  # fmt: skip
    assert got[1].occurrence == "2026-03-29T08:00:00Z"


def test_an_interval_does_not_drift_when_it_is_asked_late():
    often = schedule(Every(timedelta(minutes=7), utc(2026, 1, 1)))
    late = next_firing(often, utc(2027, 6, 1, 12, 0, 0) + timedelta(microseconds=1))
    assert late is not None
    assert (late.due_at - utc(2026, 1, 1)) % timedelta(minutes=7) == timedelta()


def test_an_interval_begins_with_its_first_moment():
    coming = schedule(Every(timedelta(hours=6), utc(2027, 1, 1)))
    got = next_firing(coming, utc(2026, 11, 21))
    assert got == Firing(utc(2027, 1, 1), "2027-01-01T00:00:00Z")


def test_a_date_fires_once_and_never_again():
    launch = schedule(Once(utc(2026, 12, 1, 8, 0, 30)))
    firing = Firing(utc(2026, 12, 1, 8, 0, 30), "2026-12-01T09:00")
    assert next_firing(launch, utc(2026, 11, 21)) == firing
    assert next_firing(launch, firing.due_at) is None


def test_a_firing_is_always_after_the_moment_asked_for():
    daily = schedule("0 9 * * *")
    at_nine = utc(2026, 11, 21, 8)
    found = next_firing(daily, at_nine)
    assert found is not None
    assert found.due_at == at_nine + timedelta(days=1)
    just_before = next_firing(daily, at_nine - timedelta(microseconds=1))
    assert just_before is not None
    assert just_before.due_at == at_nine


@pytest.mark.parametrize(
    ("wall", "moment"),
    [
        ("2026-03-29T01:59", utc(2026, 3, 29, 0, 59)),
        ("2026-03-29T02:00", utc(2026, 3, 29, 1)),
        ("2026-03-29T02:59:59", utc(2026, 3, 29, 1)),
        ("2026-03-29T03:00", utc(2026, 3, 29, 1)),
        ("2026-10-25T02:30", utc(2026, 10, 25, 0, 30)),
        ("2026-10-25T03:00", utc(2026, 10, 25, 2)),
    ],
)
def test_a_wall_clock_time_is_one_moment(wall: str, moment: datetime):
    assert at_wall_clock(datetime.fromisoformat(wall), ZoneInfo("Europe/Oslo")) == moment


@pytest.mark.parametrize(
    ("asked", "want"),
    [
        ("2026-11-23T09:00", "2026-11-23T09:00"),
        ("2026-11-23 09:00", "2026-11-23T09:00"),
        ("2026-11-23T09:01", None),
        ("2026-11-24T09:00", None),
        ("soon", None),
    ],
)
def test_an_occurrence_is_found_by_its_key(asked: str, want: str | None):
    found = find_firing(schedule("0 9 * * mon"), asked)
    assert (found and found.occurrence) == want


def test_an_occurrence_of_an_interval_is_found_by_its_moment():
    often = schedule(Every(timedelta(hours=6), utc(2026, 1, 1)))
    assert find_firing(often, "2026-11-21T12:00:00Z") == Firing(
        utc(2026, 11, 21, 12), "2026-11-21T12:00:00Z"
    )
    assert find_firing(often, "2026-11-21T13:00:00Z") is None


def test_an_occurrence_in_the_gap_is_found_under_both_of_its_names():
    gap = schedule("30 2 * * *")
    after = Firing(utc(2026, 3, 29, 1), "2026-03-29T03:00")
    assert find_firing(gap, "2026-03-29T02:30") == after
    assert find_firing(gap, "2026-03-29T03:00") == after


def test_a_crontab_ends_with_the_calendar():
    assert next_firing(schedule("0 9 1 1 *", "UTC"), utc(9999, 6, 1)) is None


HOUR = timedelta(hours=1)
DAILY = schedule("0 9 * * *")


def daily(day: int) -> Firing:
    return Firing(utc(2026, 11, day, 8), f"2026-11-{day}T09:00")


@pytest.mark.parametrize("late", [timedelta(), timedelta(seconds=2), HOUR])
def test_what_is_late_within_its_grace_fires(late: timedelta):
    now = utc(2026, 11, 21, 8) + late
    assert what_is_due(DAILY, daily(21), HOUR, now) == Due(
        daily(21), (), (), more=False, coming=daily(22)
    )


def test_what_is_later_than_its_grace_is_missed():
    now = utc(2026, 11, 21, 9) + timedelta(microseconds=1)
    assert what_is_due(DAILY, daily(21), HOUR, now) == Due(
        None, (), (daily(21),), more=False, coming=daily(22)
    )


def test_only_the_latest_of_several_in_time_fires():
    long = timedelta(days=2)
    assert what_is_due(DAILY, daily(21), long, utc(2026, 11, 24)) == Due(
        daily(23), (daily(22),), (daily(21),), more=False, coming=daily(24)
    )


def test_a_date_that_was_missed_does_not_come_again():
    launch = schedule(Once(utc(2026, 11, 21, 8)))
    assert what_is_due(launch, daily(21), HOUR, utc(2026, 11, 21, 10)) == Due(
        None, (), (daily(21),), more=False, coming=None
    )


def test_of_very_many_missed_firings_some_are_named():
    minutely = schedule("* * * * *", "UTC")
    first = next_firing(minutely, utc(2026, 11, 1))
    assert first is not None
    due = what_is_due(minutely, first, timedelta(minutes=5), utc(2026, 11, 21))
    assert (len(due.missed), due.more) == (MOST_MISSED, True)
    assert due.missed[0] == first
    assert due.fires == Firing(utc(2026, 11, 21), "2026-11-21T00:00")
    assert len(due.replaced) == 5


def test_a_new_schedule_counts_from_now():
    assert after_change(None, None, DAILY, utc(2026, 11, 21, 8, 10)) == daily(22)


def test_a_change_of_anything_but_the_time_keeps_what_is_due():
    other = replace(DAILY, template="sale")
    now = utc(2026, 11, 21, 8, 10)
    assert after_change(DAILY, daily(21), other, now) == daily(21)
    assert after_change(DAILY, None, other, now) is None


def test_a_change_of_the_zone_is_one_of_the_time():
    lisbon = replace(DAILY, zone="Europe/Lisbon")
    got = after_change(DAILY, daily(22), lisbon, utc(2026, 11, 21, 10))
    assert got == Firing(utc(2026, 11, 22, 9), "2026-11-22T09:00")


def test_a_change_in_the_moment_that_is_due_does_not_lose_it():
    weekdays = schedule("0 9 * * 6")
    now = utc(2026, 11, 21, 8, 0, 5)
    assert after_change(DAILY, daily(21), weekdays, now) == daily(21)


def test_a_date_in_the_past_comes_all_the_same():
    launch = schedule(Once(utc(2026, 11, 21, 8)))
    assert after_change(None, None, launch, utc(2026, 12, 24)) == daily(21)

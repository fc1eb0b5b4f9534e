"""By when somebody will have worked for so long: ordinary weeks, nights and days off."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailer.triage.workinghours import (
    Shift,
    WorkingHours,
    at_work,
    due,
    next_shift,
    overlaps,
)

OSLO = ZoneInfo("Europe/Oslo")
NINE_TO_FIVE = (Shift(9 * 60, 17 * 60),)
OFFICE = WorkingHours(OSLO, (NINE_TO_FIVE,) * 5 + ((), ()), frozenset({date(2026, 12, 25)}))


def wall(day: int, hour: int, minute: int = 0, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=OSLO)


def test_what_comes_on_friday_afternoon_is_due_on_monday():
    assert due(OFFICE, wall(4, 16), timedelta(hours=4)) == wall(7, 12)


def test_what_comes_at_night_or_on_a_day_off_waits_for_the_morning():
    assert due(OFFICE, wall(24, 22), timedelta(hours=1)) == wall(28, 10)
    assert next_shift(OFFICE, wall(25, 12)) == wall(28, 9)
    assert not at_work(OFFICE, wall(25, 12))


def test_work_that_ends_with_a_shift_is_due_at_its_end():
    assert due(OFFICE, wall(1, 16), timedelta(hours=1)) == wall(1, 17)
    assert not at_work(OFFICE, wall(1, 17))


def test_a_night_shift_belongs_to_the_day_on_which_it_began():
    night = WorkingHours(
        OSLO, ((Shift(22 * 60, 30 * 60),),) * 7, frozenset({date(2026, 12, 25)})
    )
    assert at_work(night, wall(25, 5))
    assert not at_work(night, wall(25, 23))
    assert not at_work(night, wall(26, 5))


def test_an_hour_that_the_clock_skips_is_not_worked():
    night = WorkingHours(OSLO, ((Shift(60, 4 * 60),),) * 7)
    start = wall(29, 1, month=3)
    assert due(night, start, timedelta(hours=2)) == start.astimezone(UTC) + timedelta(
        hours=2
    )
    gap = WorkingHours(OSLO, ((Shift(150, 200),),) * 7)
    assert next_shift(gap, start) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_nobody_is_ever_there():
    nobody = WorkingHours(OSLO, ((),) * 7)
    assert due(nobody, wall(1, 9), timedelta(minutes=1)) is None
    assert next_shift(nobody, wall(1, 9)) is None


def test_nothing_to_do_is_done_now():
    assert due(OFFICE, wall(5, 3), timedelta(0)) == wall(5, 3)


@pytest.mark.parametrize(
    ("begins", "ends"), [(-1, 10), (1440, 1500), (60, 60), (60, 59), (0, 1441)]
)
def test_a_shift_has_its_ranges(begins: int, ends: int):
    with pytest.raises(ValueError, match="Shift"):
        Shift(begins, ends)


def test_shifts_over_one_another_are_found():
    assert overlaps((Shift(0, 61), Shift(60, 120)))
    assert not overlaps((Shift(60, 120), Shift(0, 60)))

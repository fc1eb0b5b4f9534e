"""Working time agrees with somebody who looks at the clock on the wall every minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.triage.workinghours import (
    Shift,
    WorkingHours,
    at_work,
    due,
    next_shift,
    worked,
)

MINUTE = timedelta(minutes=1)
# Days around which clocks are put forward or back: by an hour, by half of one, at midnight.
TURNS = st.sampled_from(
    [
        ("Europe/Oslo", date(2026, 3, 29)),
        ("Europe/Oslo", date(2026, 10, 25)),
        ("America/New_York", date(2026, 3, 8)),
        ("America/New_York", date(2026, 11, 1)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),
        ("Australia/Lord_Howe", date(2026, 10, 4)),
        ("America/Santiago", date(2026, 9, 6)),
        ("Asia/Kathmandu", date(2026, 6, 1)),
        ("UTC", date(2026, 12, 31)),
    ]
)


@st.composite
def shifts(draw: st.DrawFn) -> tuple[Shift, ...]:
    begins = draw(st.lists(st.integers(0, 1439), max_size=3))
    return tuple(Shift(one, one + draw(st.integers(1, 1440))) for one in begins)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[WorkingHours, datetime]:
    name, turn = draw(TURNS)
    week = tuple(draw(shifts()) for _ in range(7))
    off = frozenset(turn + timedelta(days=n) for n in draw(st.sets(st.integers(-2, 3))))
    hours = WorkingHours(ZoneInfo(name), week, off)
    start = datetime.combine(turn, datetime.min.time(), UTC)
    return hours, start + timedelta(minutes=draw(st.integers(-2000, 2000)))


class Wall:
    """Reads the wall's clock once a minute from days before to days after."""

    def __init__(self, hours: WorkingHours, around: datetime) -> None:
        first = around - timedelta(days=4)
        moments = [first + n * MINUTE for n in range(11 * 1440)]
        walls = [one.astimezone(hours.zone).replace(tzinfo=None) for one in moments]
        self.working: set[datetime] = set()
        day = walls[0].date() + timedelta(days=1)
        while day < walls[-1].date() - timedelta(days=2):
            for shift in () if day in hours.days_off else hours.week[day.weekday()]:
                midnight = datetime.combine(day, datetime.min.time())
                begins = midnight + shift.begins * MINUTE
                ends = midnight + shift.ends * MINUTE
                # From the first minute that shows the beginning or more, to the last that
                # shows less than the end.
                here = next(n for n, wall in enumerate(walls) if wall >= begins)
                there = max(n for n, wall in enumerate(walls) if wall < ends)
                if ends in walls:
                    there = max(n for n, wall in enumerate(walls) if wall == ends) - 1
                self.working.update(moments[here : there + 1])
            day += timedelta(days=1)
        self.moments = moments


IN_THE_SKIPPED_HOUR = WorkingHours(
    ZoneInfo("Europe/Oslo"), ((),) * 6 + ((Shift(120, 121), Shift(181, 182)),), frozenset()
)


@settings(max_examples=60, deadline=None)
@example((IN_THE_SKIPPED_HOUR, datetime(2026, 3, 29, tzinfo=UTC)), 0)
@given(calendars(), st.integers(0, 3000))
def test_minute_by_minute(calendar: tuple[WorkingHours, datetime], lasting: int):
    hours, start = calendar
    wall = Wall(hours, start)
    after = [one for one in wall.moments if one >= start]
    at = [one for one in after if one in wall.working]
    span = after[: 2 * 1440]
    assert {one for one in span if at_work(hours, one)} == set(span) & wall.working
    until = span[-1] + MINUTE
    assert worked(hours, start, until) == len(set(span) & wall.working) * MINUTE
    if at and at[0] in span:
        assert next_shift(hours, start) == at[0]
    inside = [one for one in at if one in span]
    if 0 < lasting <= len(inside):
        assert due(hours, start, lasting * MINUTE) == inside[lasting - 1] + MINUTE


@settings(max_examples=200, deadline=None)
@given(calendars(), st.integers(1, 2000))
def test_what_is_due_has_been_worked_for(
    calendar: tuple[WorkingHours, datetime], lasting: int
):
    hours, start = calendar
    by = due(hours, start, lasting * MINUTE)
    if by is None:
        assert worked(hours, start, start + timedelta(days=3 * 365)) < lasting * MINUTE
    else:
        assert worked(hours, start, by) == lasting * MINUTE

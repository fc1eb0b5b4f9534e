"""Firings against a plain count of minutes, in every zone, around its changes of clocks."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from mailer.model.schedule import Cron, Every, Schedule
from mailer.pace.firing import coming_firings, find_firing, next_firing

ZONES = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})
MINUTE = timedelta(minutes=1)

YEARS_2000_TO_2036_S = 36 * 365 * 86400

moments = st.floats(0, YEARS_2000_TO_2036_S).map(
    lambda seconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
zones = st.sampled_from(ZONES)


@st.composite
def crons(draw: st.DrawFn) -> tuple[str, set[int], set[int], set[int]]:
    """A crontab of minutes, hours and weekdays, with the numbers that it means."""
    minutes = draw(st.sets(st.integers(0, 59), min_size=1, max_size=4))
    hours = draw(st.sets(st.integers(0, 23), min_size=1, max_size=6))
    weekdays = draw(st.sets(st.integers(0, 6), min_size=1, max_size=7))
    text = " ".join(
        ",".join(map(str, sorted(numbers))) for numbers in (minutes, hours, weekdays)
    ).split()
    return f"{text[0]} {text[1]} * * {text[2]}", minutes, hours, weekdays


def schedule(cron: str, zone: str) -> Schedule:
    return Schedule("digest", Cron(cron), zone, "digest", "news")


def clock_changes(zone: ZoneInfo, year: int) -> list[datetime]:
    start = datetime(year, 1, 1, tzinfo=UTC)
    days = [start + timedelta(days=number) for number in range(367)]
    return [
        day
        for day, next_day in pairwise(days)
        if day.astimezone(zone).utcoffset() != next_day.astimezone(zone).utcoffset()
    ]


@given(cron=crons(), name=zones, year=st.integers(2000, 2035), data=st.data())
def test_each_wall_clock_minute_fires_once_and_the_gap_fires_at_its_end(
    cron: tuple[str, set[int], set[int], set[int]],
    name: str,
    year: int,
    data: st.DataObject,
):
    text, minutes, hours, weekdays = cron
    zone = ZoneInfo(name)
    changes = clock_changes(zone, year) or [datetime(year, 6, 1, tzinfo=UTC)]
    start = data.draw(st.sampled_from(changes)) - timedelta(hours=6)
    end = start + timedelta(hours=40)

    def fits(wall: datetime) -> bool:
        return (
            wall.minute in minutes
            and wall.hour in hours
            and (wall.isoweekday() % 7) in weekdays
        )

    want: dict[str, datetime] = {}
    wall = (start - MINUTE).astimezone(zone).replace(tzinfo=None)
    for moment in (start + number * MINUTE for number in range(40 * 60)):
        shown = moment.astimezone(zone).replace(tzinfo=None)
        # What lies between two minutes that follow each other was left out by the clocks.
        skipped = (shown - wall) // MINUTE
        missed = any(fits(wall + number * MINUTE) for number in range(1, skipped))
        if (fits(shown) or missed) and not moment.astimezone(zone).fold:
            want.setdefault(shown.isoformat(timespec="minutes"), moment)
        wall = shown

    got: dict[str, datetime] = {}
    for firing in coming_firings(schedule(text, name), start - timedelta(microseconds=1)):
        if firing.due_at >= end:
            break
        assert firing.occurrence not in got
        got[firing.occurrence] = firing.due_at
    assert got == want


@given(cron=crons(), name=zones, start=moments, part=st.floats(0, 1, exclude_max=True))
def test_the_next_firing_is_the_same_from_every_moment_before_it(
    cron: tuple[str, set[int], set[int], set[int]], name: str, start: datetime, part: float
):
    one = schedule(cron[0], name)
    first, second = islice(coming_firings(one, start), 2)
    assert start < first.due_at < second.due_at
    assert first.occurrence != second.occurrence
    between = first.due_at + (second.due_at - first.due_at) * part
    # A part just below the whole rounds to the second firing itself.
    between = min(between, second.due_at - timedelta(microseconds=1))
    assert next_firing(one, between) == second


@given(cron=crons(), name=zones, start=moments)
def test_an_occurrence_leads_back_to_its_firing(
    cron: tuple[str, set[int], set[int], set[int]], name: str, start: datetime
):
    one = schedule(cron[0], name)
    firing = next_firing(one, start)
    assert firing is not None
    assert find_firing(one, firing.occurrence) == firing


@given(
    seconds=st.integers(60, 40 * 86400),
    since=moments.map(lambda moment: moment.replace(microsecond=0)),
    after=moments,
    name=zones,
)
def test_an_interval_fires_on_the_grid_that_its_beginning_lays(
    seconds: int, since: datetime, after: datetime, name: str
):
    interval = timedelta(seconds=seconds)
    one = Schedule("digest", Every(interval, since), name, "digest", "news")
    firing = next_firing(one, after)
    assert firing is not None
    assert after < firing.due_at
    assert (firing.due_at - since) % interval == timedelta()
    assert firing.due_at == since or firing.due_at - interval <= after
    assert find_firing(one, firing.occurrence) == firing

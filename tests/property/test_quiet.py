"""A window of quiet hours is what a clock on the wall says, minute by minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.model.quiet import QuietRule
from mailer.pace.quiet import window

MINUTE = timedelta(minutes=1)
# Lord Howe's clocks change by half an hour, and those of Apia left out a whole day.
ZONES = ("UTC", "Europe/Oslo", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia")
rules = st.builds(
    QuietRule,
    begins=st.integers(0, 1439),
    ends=st.integers(0, 1439),
    days=st.frozensets(st.integers(0, 6), min_size=1),
)
moments = st.sampled_from(
    [
        datetime(2026, 3, 28, 20, tzinfo=UTC),
        datetime(2026, 10, 24, 20, tzinfo=UTC),
        datetime(2011, 12, 29, 20, tzinfo=UTC),
        datetime(2026, 4, 4, 10, tzinfo=UTC),
        datetime(2026, 11, 26, 16, tzinfo=UTC),
    ]
)


def by_the_clock(some: list[QuietRule], zone: ZoneInfo, moment: datetime) -> bool:
    wall = moment.astimezone(zone)
    return all(rule.open_at(wall.weekday(), wall.hour * 60 + wall.minute) for rule in some)


@given(
    st.lists(rules, min_size=1, max_size=2),
    st.sampled_from([ZoneInfo(name) for name in ZONES]),
    moments,
    st.integers(0, 24 * 60),
)
@settings(max_examples=60, deadline=None)
def test_a_window_ends_in_the_first_minute_that_is_otherwise(
    some: list[QuietRule], zone: ZoneInfo, moment: datetime, later: int
) -> None:
    now = moment + later * MINUTE
    found = window(some, zone, now)
    assert found.open is by_the_clock(some, zone, now)
    assert found.until > now
    at = now
    while at < min(found.until, now + timedelta(days=8)):
        assert by_the_clock(some, zone, at) is found.open
        at += MINUTE
    if found.until < now + timedelta(days=7):
        assert by_the_clock(some, zone, found.until) is not found.open

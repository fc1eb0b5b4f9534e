"""What ended by itself is started again, later each time, and not for ever."""

from datetime import UTC, datetime, timedelta

from mailer.pace.restart import ENDS_AT_MOST, WITHIN, pause_after

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)


def test_each_pause_is_twice_as_long_until_there_is_none() -> None:
    pauses = [pause_after([NOW] * ends, NOW) for ends in range(1, ENDS_AT_MOST + 1)]
    seconds = [pause and pause.total_seconds() for pause in pauses]
    assert seconds == [0.5, 1, 2, 4, None]


def test_ends_of_long_ago_do_not_count() -> None:
    long_ago = [NOW - WITHIN - timedelta(seconds=1)] * ENDS_AT_MOST
    assert pause_after([*long_ago, NOW], NOW) == timedelta(seconds=0.5)


def test_ends_before_the_clock_was_put_back_do_not_count() -> None:
    before = [NOW + timedelta(days=1)] * ENDS_AT_MOST
    assert pause_after([*before, NOW], NOW) == timedelta(seconds=0.5)

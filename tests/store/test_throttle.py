"""The counts behind limits an hour and a day, on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from mailer.jobs.gate import forget_old
from mailer.pace.throttle import Rate, Slots
from mailer.store.database import Database
from mailer.store.tables import SentMinute, table
from mailer.store.throttle import lease, used

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAILY = Rate(per_day=100)


def minutes(database):
    with database.read() as connection:
        return connection.execute(
            select(func.count()).select_from(table(SentMinute))
        ).scalar()


def test_only_minutes_that_no_limit_asks_for_are_forgotten(database):
    for days in (5, 3, 1.5, 0):
        with database.write() as connection:
            assert (
                lease(connection, "main", DAILY, 40, NOW - timedelta(days=days)).count == 40
            )
    assert minutes(database) == 4
    forget_old(database, NOW)
    assert minutes(database) == 2
    with database.write() as connection:
        # The limit still knows what went today.
        assert lease(connection, "main", DAILY, 100, NOW).count == 60


def test_a_clock_that_was_put_back_stops_nobody_and_slots_ahead_are_kept(database):
    minute = Rate(per_second=1 / 60)
    with database.write() as connection:
        # Eight senders have taken one each: the ninth waits for its turn behind them.
        for nth in range(8):
            slots = lease(connection, "slow", minute, 1, NOW)
            assert slots.first_at == NOW + timedelta(minutes=nth)
        ahead = lease(connection, "fast", Rate(per_second=20), 100, NOW).full_at
        assert ahead == NOW + timedelta(seconds=5)
        back = NOW - timedelta(hours=1)
        assert lease(connection, "fast", Rate(per_second=20), 1, back).first_at == back


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)])
def test_an_hour_that_was_used_up_is_over_in_an_hour_though_the_clock_is_put_back(
    database: Database, back: timedelta
):
    hourly = Rate(per_hour=60)
    with database.write() as connection:
        assert lease(connection, "main", hourly, 60, NOW).count == 60
        then = NOW - back
        # Not exceeded, and not longer than an hour, its oldest minute counted whole.
        slots = lease(connection, "main", hourly, 1, then)
        assert slots.count == 0
        assert slots.ask_again_at == then + timedelta(minutes=61)
        assert lease(connection, "main", hourly, 100, slots.ask_again_at).count == 60
        assert used(connection, "main", slots.ask_again_at) == (60, 120)


def test_clocks_of_two_machines_that_differ_a_little_move_no_count(database: Database):
    daily = Rate(per_day=10)
    with database.write() as connection:
        assert lease(connection, "main", daily, 6, NOW + timedelta(minutes=2)).count == 6
        assert lease(connection, "main", daily, 6, NOW).count == 4
    assert minutes(database) == 2


def test_senders_share_a_limit_whoever_asks_when(database):
    rate, begun = Rate(per_second=50, per_hour=100), threading.Barrier(6)

    def ask(sender: int) -> list[Slots]:
        taken = []
        begun.wait()
        while not taken or taken[-1].count:
            with database.write() as connection:
                taken.append(lease(connection, "main", rate, 3 + sender, NOW))
        return taken

    with ThreadPoolExecutor(6) as pool:
        found = [slots for taken in pool.map(ask, range(6)) for slots in taken]
    moments = [
        slots.first_at + place * slots.spacing
        for slots in found
        for place in range(slots.count)
    ]
    # Each slot was given once, and all that an hour has were given.
    assert sorted(moments) == [NOW + timedelta(seconds=n / 50) for n in range(100)]

"""The throttle's gate on a database: an outage is waited for and ends nobody."""

import asyncio
import logging
import threading
import time
from datetime import datetime, timedelta

import pytest
from sending import now, until

from mailer.jobs.gate import Gate
from mailer.pace.throttle import Rate
from mailer.store.database import Database


def rename(database: Database, old: str, new: str) -> None:
    with database.write() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")


def test_what_an_hour_has_left_is_asked_anew_when_the_clock_was_put_back(
    database: Database,
):
    time = [now()]
    hourly = Rate(per_hour=10)
    gate = Gate(database, "relay:main", hourly, lambda: time[0], reserved=0.5)

    async def run() -> None:
        while await gate.wait(patient=True):
            pass
        assert gate.holds
        assert not gate.shut
        while await gate.wait():
            pass
        assert gate.shut
        time[0] -= timedelta(days=1)
        assert not gate.shut
        assert not gate.holds
        # The limit holds as before, and no longer than it is meant to.
        assert not await gate.wait()
        assert gate.shut_until is not None
        assert gate.shut_until - time[0] <= timedelta(minutes=61)

    asyncio.run(run())


class PutBack:
    """A clock that is put back by an hour as soon as some leases have read it."""

    def __init__(self, times: int = 0) -> None:
        self.ahead = timedelta()
        self.leases = 0
        self._times = times

    def __call__(self) -> datetime:
        read = now() + self.ahead
        if threading.current_thread() is not threading.main_thread():
            self.leases += 1
            if self.leases <= self._times:
                self.ahead -= timedelta(hours=1)
        return read


def test_no_letter_waits_for_a_slot_leased_just_before_the_clock_was_put_back(
    database: Database,
):
    clock = PutBack(times=2)
    gate = Gate(database, "relay:main", Rate(per_second=1000), clock)
    # Else it would wait for an hour.
    assert asyncio.run(gate.wait())
    assert clock.ahead == timedelta(hours=-2)


def test_no_letter_waits_for_slots_of_before_that_were_added_to_since(database: Database):
    clock = PutBack()
    gate = Gate(database, "relay:main", Rate(per_second=1000), clock)

    async def run() -> None:
        # More than half of what is leased at once: the others lie ahead.
        for _ in range(30):
            assert await gate.wait()
        clock.ahead -= timedelta(hours=1)
        asking = asyncio.create_task(gate.ask_ahead())
        await until(lambda: clock.leases == 2)
        assert await gate.wait()
        gate.close()
        await asking

    asyncio.run(run())


def test_a_slot_is_waited_for_while_the_database_is_unwell(
    database: Database, caplog: pytest.LogCaptureFixture
):
    gate = Gate(database, "relay:main", Rate(per_second=100), now)

    async def run() -> None:
        waiting = asyncio.create_task(gate.wait())
        await until(lambda: bool(caplog.records))
        rename(database, "away", "throttle")
        await waiting

    rename(database, "throttle", "away")
    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    assert "nothing leaves until the limits can be read" in caplog.text


def test_slots_are_leased_before_the_last_one_is_used(database: Database):
    """Letters that follow others take what is open now, and nobody waits for a slot."""
    gate = Gate(database, "relay:main", Rate(per_second=1000), now)

    async def run() -> None:
        asking = asyncio.create_task(gate.ask_ahead())
        assert await gate.wait()
        for _ in range(200):
            await until(gate.pass_now)
        gate.close()
        await asking

    asyncio.run(run())


def test_whoever_closes_a_gate_first_keeps_nobody(database: Database):
    gate = Gate(database, "relay:main", Rate(per_second=1000), now)
    gate.close()
    asyncio.run(gate.ask_ahead())


def test_what_a_stall_left_unused_does_not_go_in_one_burst(database: Database):
    time = [now()]
    gate = Gate(database, "relay:main", Rate(per_second=200), lambda: time[0])

    async def run() -> int:
        assert await gate.wait()
        time[0] += timedelta(seconds=10)
        went = 0
        while gate.pass_now():
            went += 1
        return went

    # Fifty milliseconds' worth, and the one whose moment is now.
    assert asyncio.run(run()) == 11


def test_no_second_holds_more_than_the_rate_and_its_burst_after_stalls(database: Database):
    stalled = timedelta()
    gate = Gate(database, "relay:main", Rate(per_second=200), lambda: now() + stalled)
    passed: list[datetime] = []

    async def run() -> None:
        nonlocal stalled
        asking = asyncio.create_task(gate.ask_ahead())
        for nth in range(300):
            if nth % 60 == 40:
                stalled += timedelta(milliseconds=170)
            assert await gate.wait()
            passed.append(now() + stalled)
        gate.close()
        await asking

    asyncio.run(run())
    for nth, first in enumerate(passed):
        within = [at for at in passed[nth:] if at - first < timedelta(seconds=1)]
        assert len(within) <= 200 + 200 * 0.05 + 2


def test_what_waited_behind_the_gate_does_not_leave_in_one_moment(database: Database):
    gate = Gate(database, "relay:main", Rate(per_second=200), now)

    async def run() -> float:
        began_s = time.monotonic()
        await asyncio.gather(*(gate.leave() for _ in range(60)))
        return time.monotonic() - began_s

    # Twenty milliseconds' worth at once, and the others one by one behind it.
    assert asyncio.run(run()) >= (60 - 5) / 202


def test_without_a_rate_or_once_closed_nothing_waits_at_the_door(database: Database):
    unlimited = Gate(database, "relay:main", Rate(per_hour=10), now)
    closed = Gate(database, "relay:other", Rate(per_second=0.001), now)
    closed.close()

    async def run() -> None:
        for gate in (unlimited, closed):
            await asyncio.gather(*(gate.leave() for _ in range(20)))

    asyncio.run(run())

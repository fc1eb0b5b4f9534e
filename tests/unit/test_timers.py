"""What runs by the clock: what it finds, and when the program ends."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from apscheduler.schedulers import base
from sending import a_campaign
from sqlalchemy import select
from worlds import make_workspace

from mailer import timers
from mailer.model.campaign import CampaignState
from mailer.store.alarms import open_alarms
from mailer.store.campaigns import find_campaign
from mailer.store.schedules import schedule_states
from mailer.store.tables import CampaignRow, DeliveryRow, VerdictRow, table
from mailer.timers import run_schedules
from mailer.wiring import Workspace


def test_turns_under_way_at_the_end_are_no_fault(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    asyncio.run(_end_in_the_middle(tmp_path))
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


async def _end_in_the_middle(folder: Path) -> None:
    go_on, stop = threading.Event(), asyncio.Event()
    with make_workspace(folder) as workspace, ThreadPoolExecutor(1) as one_thread:
        asyncio.get_running_loop().set_default_executor(one_thread)
        # The only thread is taken, so that all turns are under way and none can finish.
        one_thread.submit(go_on.wait)
        try:
            ticking = asyncio.create_task(run_schedules(workspace, stop))
            await _until(lambda tasks: tasks > 2)
            stop.set()
            await ticking
            await _until(lambda tasks: tasks == 1)
        finally:
            go_on.set()


def test_a_sum_that_does_not_hold_is_found_while_the_program_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(timers, "_AN_HOUR", timedelta())
    assert asyncio.run(_alarms_of_a_broken_sum(tmp_path)) == ["sums"]


async def _alarms_of_a_broken_sum(folder: Path) -> list[str]:
    stop = asyncio.Event()

    def raised(workspace: Workspace) -> list[str]:
        with workspace.database.read() as connection:
            return [one.kind for one in open_alarms(connection) if one.kind == "sums"]

    with make_workspace(folder) as workspace:
        a_campaign(workspace.database, workspace.ring, 3)
        with workspace.database.write() as connection:
            connection.execute(table(CampaignRow).update().values(planned=4))
        ticking = asyncio.create_task(run_schedules(workspace, stop))
        await _until(lambda _: bool(raised(workspace)))
        stop.set()
        await ticking
        await _until(lambda tasks: tasks == 1)
        return raised(workspace)


def test_brakes_act_though_the_providers_file_is_spoiled_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(timers, "_ONCE_A_MINUTE", timedelta(seconds=1))
    asyncio.run(_complaints_beside_a_spoiled_file(tmp_path))


async def _complaints_beside_a_spoiled_file(folder: Path) -> None:
    stop = asyncio.Event()

    def is_paused(workspace: Workspace, number: int) -> bool:
        with workspace.database.read() as connection:
            found = find_campaign(connection, number)
        return found is not None and found.state is CampaignState.PAUSED

    with make_workspace(folder) as workspace:
        numbers = [_complained_of(workspace), 0]
        ticking = asyncio.create_task(run_schedules(workspace, stop))
        await _until(lambda _: is_paused(workspace, numbers[0]))
        (folder / "providers.toml").write_text("[gmail]\nper_second =")
        numbers[1] = _complained_of(workspace)
        await _until(lambda _: is_paused(workspace, numbers[1]))
        stop.set()
        await ticking
        await _until(lambda tasks: tasks == 1)


def _complained_of(workspace: Workspace) -> int:
    """Make a campaign of 60 letters of which five were called spam."""
    number, at = a_campaign(workspace.database, workspace.ring, 60), datetime.now(UTC)
    delivery, verdict = table(DeliveryRow), table(VerdictRow)
    said = {
        "notice": "complaint", "reason": "", "hard": False, "status": "", "said": "",
        "effect": "complained", "points": 0, "words": "", "at": at,
    }  # fmt: skip
    with workspace.database.write() as connection:
        its = delivery.c.cause_id == number
        gone = {"state": "accepted", "left_at": at, "ended_at": at}
        connection.execute(delivery.update().where(its).values(gone))
        some = connection.execute(select(delivery.c.id).where(its).limit(5)).scalars()
        rows = [{**said, "delivery_id": one} for one in some]
        connection.execute(verdict.insert(), rows)
    return number


@pytest.mark.parametrize("by", [timedelta(hours=-1), timedelta(hours=1)])
def test_a_clock_that_jumps_lets_nothing_wait_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: timedelta
):
    clock = _Clock()
    monkeypatch.setattr(timers, "utc_now", clock.now)
    monkeypatch.setattr(base, "datetime", clock)
    asyncio.run(_a_schedule_after_a_jump(tmp_path, clock, by))


class _Clock:
    """The system's clock, as `datetime` shows it, put forward or back by hand."""

    by = timedelta()

    def now(self, zone: tzinfo = UTC) -> datetime:
        return datetime.now(zone) + self.by


async def _a_schedule_after_a_jump(folder: Path, clock: _Clock, by: timedelta) -> None:
    stop = asyncio.Event()

    def known(workspace: Workspace) -> set[str]:
        with workspace.database.read() as connection:
            return {*schedule_states(connection)}

    with make_workspace(folder, schedules={"tick_s": 1}) as workspace:
        schedules = folder / "schedules"
        (schedules / "before.toml").write_text("not yet")
        ticking = asyncio.create_task(run_schedules(workspace, stop))
        await _until(lambda _: "before" in known(workspace))
        clock.by = by
        (schedules / "after.toml").write_text("not yet")
        await _until(lambda _: "after" in known(workspace))
        stop.set()
        await ticking
        await _until(lambda tasks: tasks == 1)


async def _until(holds: Callable[[int], bool]) -> None:
    for _ in range(1000):
        if holds(len(asyncio.all_tasks())):
            return
        await asyncio.sleep(0.01)
    pytest.fail("it never came to this")

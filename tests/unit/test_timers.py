"""What runs by the clock, when the program ends."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from worlds import make_workspace

from mailer.timers import run_schedules


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


async def _until(holds: Callable[[int], bool]) -> None:
    for _ in range(1000):
        if holds(len(asyncio.all_tasks())):
            return
        await asyncio.sleep(0.01)
    pytest.fail("it never came to this")

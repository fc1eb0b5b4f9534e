"""A crew keeps its senders at work, whatever keeps one of them from its start."""

import asyncio
import subprocess

import pytest

from mailer.errors import DatabaseError
from mailer.jobs.crew import Crew
from mailer.wiring import utc_now


class Worker:
    """A process that does nothing until it is told to end."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(["sleep", "600"])

    async def ended(self) -> int:
        return await asyncio.to_thread(self._process.wait)

    def dismiss(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.mark.parametrize(
    "problem", [BlockingIOError("no more processes"), DatabaseError("the scribe is gone")]
)
def test_a_sender_that_could_not_be_started_is_started_again(
    problem: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    given_up: list[tuple[int, int]] = []
    asked = iter([problem, None])

    async def run() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()

        def start(place: int) -> Worker:
            assert place == 0
            if (wrong := next(asked)) is not None:
                raise wrong
            loop.call_soon_threadsafe(stop.set)
            return Worker()

        def give_up(place: int, status: int) -> None:
            given_up.append((place, status))

        await Crew(1, start, give_up, utc_now, lambda: None).run(stop)

    asyncio.run(run())
    assert not list(asked)
    assert not given_up
    assert f"sender 1 cannot be started: {problem}" in caplog.text

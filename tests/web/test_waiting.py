"""Who stops half-way, and a database that hangs, hold nobody else up."""

import threading

import anyio
import pytest
from anyio.lowlevel import checkpoint
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from mailer.web.form import read_form
from mailer.web.means import Threads


def test_a_sender_that_stops_half_way_is_told_so():
    async def receive() -> Message:
        if not begun.is_set():
            begun.set()
            return {"type": "http.request", "body": b"List-Unsub", "more_body": True}
        await anyio.sleep_forever()
        raise AssertionError

    begun = threading.Event()
    scope = {"type": "http", "method": "POST", "headers": []}
    with pytest.raises(HTTPException) as caught:
        anyio.run(read_form, Request(scope, receive), 0.01)
    assert caught.value.status_code == 408


def test_what_was_begun_is_answered_and_what_waits_too_long_is_not_begun():
    done: list[str] = []
    go_on = threading.Event()

    def slow() -> str:
        go_on.wait()
        done.append("slow")
        return "on record"

    async def both() -> object:
        threads = Threads(1, within_s=0.01)
        answers: list[str] = []

        async def first() -> None:
            answers.append(await threads.do(slow))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first)
            with pytest.raises(TimeoutError):
                await _after_the_first(threads, done)
            go_on.set()
        return answers

    assert anyio.run(both) == ["on record"]
    assert done == ["slow"]


async def _after_the_first(threads: Threads, done: list[str]) -> None:
    await checkpoint()
    await threads.do(lambda: done.append("second"))

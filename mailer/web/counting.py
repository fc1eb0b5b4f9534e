"""Writing down what was clicked, every second, and once more at the end."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from mailer.errors import MailerError
from mailer.jobs.clicks import Clicks

_EVERY_S = 1.0

_log = logging.getLogger(__name__)


async def keep_counting(
    clicks: Clicks, clock: Callable[[], datetime], stop: asyncio.Event
) -> None:
    """Write clicks down until stopped; what the database does not take waits."""
    trouble = ""
    while not stop.is_set():
        try:
            async with asyncio.timeout(_EVERY_S):
                await stop.wait()
        except TimeoutError:
            trouble = await asyncio.to_thread(_write, clicks, clock, trouble)


def write_the_rest(clicks: Clicks, clock: Callable[[], datetime]) -> None:
    """Write all that waits, at the end of the program."""
    try:
        clicks.write(clock(), everything=True)
    except MailerError as problem:
        _log.error("%d clicks are not counted: %s", clicks.waiting, problem)


def _write(clicks: Clicks, clock: Callable[[], datetime], trouble: str) -> str:
    """Write what is due; return what is wrong, which is logged once."""
    try:
        clicks.write(clock())
    except MailerError as problem:
        if str(problem) != trouble:
            _log.error("clicks wait to be counted: %s", problem)
        return str(problem)
    return ""

"""What a program that sends does to its own process before it begins."""

import asyncio
import gc
import importlib
import logging
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class OneLine(logging.Formatter):
    """Writes each message as one line of the log, whatever strangers put into it.

    A line break would begin a line that looks like one of ours, and a control character
    would move the cursor of who reads the log on a terminal: they stand as escapes. What an
    exception says may have lines of its own.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's
        """Write the line."""
        return _escaped(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        """Write the traceback below it."""
        return "\n".join(map(_escaped, super().formatException(ei).split("\n")))


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def log_to_stderr(level: int) -> None:
    """Log what this process does, in lines that say when."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine(_FORMAT))
    logging.basicConfig(level=level, handlers=[handler])
    for noisy in ("alembic", "apscheduler", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def settle_down() -> None:
    """Let a thread that waits for the interpreter have it soon, and collect less garbage.

    The register writes in a thread of its own, and waits for the interpreter behind the
    couriers that compose: with Python's 5 ms a group took three times as long, and they
    waited for it in turn. (Measured with 20 connections: +20 %; below 0.1 ms it costs more
    than it gives.)
    """
    sys.setswitchinterval(0.000_2)
    # What was imported stays for ever: the collector need not walk through it again.
    gc.collect()
    gc.freeze()
    # A letter makes some dozens of objects and no cycle.
    gc.set_threshold(20_000, 20, 100)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return uvloop's event loops when the extra `fast` is installed, else Python's own."""
    try:
        fast: ModuleType = importlib.import_module("uvloop")
    except ModuleNotFoundError:
        return asyncio.new_event_loop
    factory: Callable[[], asyncio.AbstractEventLoop] = fast.new_event_loop
    return factory

"""What a program that sends does to its own process before it begins."""

import asyncio
import collections
import gc
import importlib
import logging
import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_COUNTED_S = 60.0
_AT_MOST = 5
_KNOWN_AT_MOST = 1_000
_LEFT_OUT = "left_out"


class NotAgain(logging.Filter):
    """Lets the same warning or error through five times a minute.

    While a database is away, each who needs it says so several times a second. What is said
    of a change, such as a relay's trouble that comes back, is to be read each time.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock_s = clock_s
        self._said: collections.OrderedDict[tuple[str, str], tuple[float, int]]
        self._said = collections.OrderedDict()
        """When what was said began to be counted, and how often it was said since."""
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether to write it; the record then knows how often it was left out."""
        if record.levelno < logging.WARNING:
            return True
        what, now_s = (record.name, record.getMessage()), self._clock_s()
        with self._lock:
            since_s, times = self._said.get(what, (now_s, 0))
            left_out = 0
            if now_s - since_s >= _COUNTED_S:
                left_out, since_s, times = max(0, times - _AT_MOST), now_s, 0
            self._said[what] = since_s, times + 1
            self._said.move_to_end(what)
            if len(self._said) > _KNOWN_AT_MOST:
                self._said.popitem(last=False)
        if left_out:
            setattr(record, _LEFT_OUT, left_out)
        return times < _AT_MOST


class OneLine(logging.Formatter):
    """Writes each message as one line of the log, whatever strangers put into it.

    A line break would begin a line that looks like one of ours, and a control character
    would move the cursor of who reads the log on a terminal: they stand as escapes. What an
    exception says may have lines of its own.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's
        """Write the line."""
        line = _escaped(super().formatMessage(record))
        left_out = getattr(record, _LEFT_OUT, 0)
        return f"{line} (left out before this: {left_out} times)" if left_out else line

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
    handler.addFilter(NotAgain())
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

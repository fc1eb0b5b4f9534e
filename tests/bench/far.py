"""A relay that is some milliseconds away: a sink of ours behind a delay."""

import contextlib
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

from bench.figures import require
from bench.sinks import CountingSink, counting_sink
from ports import free_port

_PROGRAM = Path(__file__).with_name("delaying.py")
_TRIES = 20


@contextlib.contextmanager
def far_sink(port: int, round_trip_ms: float) -> Generator[CountingSink]:
    """Run a counting sink that is reached by a port, so far away; 0 is next door."""
    if not round_trip_ms:
        with counting_sink(port) as sink:
            yield sink
        return
    target = free_port()
    with counting_sink(target) as sink:
        delay = subprocess.Popen(
            [sys.executable, str(_PROGRAM), str(port), str(target), str(round_trip_ms)],
            stdout=subprocess.PIPE,
        )
        try:
            assert delay.stdout is not None
            require(delay.stdout.readline(), "the delay ended at once")
            yield sink
        finally:
            delay.kill()
            delay.communicate()


def round_trip_s(port: int) -> float:
    """Return how long a command takes from us to the relay and back: the median of some."""
    took: list[float] = []
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        answers = line.makefile("rb")
        answers.readline()
        for _ in range(_TRIES):
            began = time.monotonic()
            line.sendall(b"NOOP\r\n")
            answers.readline()
            took.append(time.monotonic() - began)
        line.sendall(b"QUIT\r\n")
    return statistics.median(took)


def busiest(times: list[float], window_s: float = 1.0) -> int:
    """Return how many moments lie within one window, wherever it begins, at most."""
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= window_s:
            first += 1
        most = max(most, last - first + 1)
    return most

"""Mail servers that take everything, and the load generator that is the baseline.

`smtp-sink` and `smtp-source` are Postfix's own, written in C. The counting sink is ours: it
knows which letter came how often.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from bench.figures import require
from bench.machine import cpu_s, until
from mailservers import program
from ports import free_port

BACKLOG = 200
_COUNTS = re.compile(rb"mesg=(\d+)")


class SmtpSink:
    """A running `smtp-sink`, which prints a running count of its letters."""

    def __init__(self, folder: Path, port: int) -> None:
        sink = program("smtp-sink", "postfix")
        self.port = port
        self._counts = folder / f"sink-{port}.counts"
        # As root it wants to know whom to be instead.
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        with self._counts.open("wb") as counts:
            self._process = subprocess.Popen(
                [sink.path, *user, "-c", f"127.0.0.1:{port}", str(BACKLOG)],
                env=dict(sink.env),
                stdout=counts,
            )
        until(self._listens, "smtp-sink listens", within_s=10, every_s=0.01)

    def _listens(self) -> bool:
        require(self._process.poll() is None, "smtp-sink ended at once")
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port)),
        ):
            return True
        return False

    @property
    def cpu_s(self) -> float:
        """The processor time that it has used."""
        return cpu_s(self._process.pid)

    @property
    def letters(self) -> int:
        """How many letters came whole."""
        with self._counts.open("rb") as counts:
            counts.seek(max(0, self._counts.stat().st_size - 200))
            found = _COUNTS.findall(counts.read())
        return int(found[-1]) if found else 0

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._counts.unlink()


@contextlib.contextmanager
def smtp_sink(folder: Path, port: int | None = None) -> Generator[SmtpSink]:
    """Run an `smtp-sink`."""
    sink = SmtpSink(folder, port or free_port())
    try:
        yield sink
    finally:
        sink.end()


def generated(folder: Path, letters: int, size_bytes: int, connections: int) -> float:
    """Return how many letters a second `smtp-source` hands to a fresh `smtp-sink`."""
    source = program("smtp-source", "postfix")
    with smtp_sink(folder) as sink:
        began = time.perf_counter()
        subprocess.run(
            [
                source.path, "-d", "-l", str(size_bytes), "-m", str(letters),
                "-s", str(connections), f"127.0.0.1:{sink.port}",
            ],
            env=dict(source.env), check=True, timeout=600,
        )  # fmt: skip
        took_s = time.perf_counter() - began
        require(sink.letters == letters, f"smtp-sink counted {sink.letters} of {letters}")
    return letters / took_s


class CountingSink:
    """Our own sink in a process of its own (`counting_sink.py`): asked by lines of JSON."""

    def __init__(
        self, port: int, *, keep: int = 0, flaky: float = 0, picky: str = ""
    ) -> None:
        program_file = Path(__file__).with_name("counting_sink.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program_file), str(port), str(keep), str(flaky), picky],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._answer()["port"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        require(line, "the counting sink ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, question: str) -> dict[str, Any]:
        """Ask for `counts` (letters, open connections), `seen` or `kept`."""
        assert self._process.stdin is not None
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()
        return self._answer()

    @property
    def letters(self) -> int:
        """How many letters came whole."""
        return int(self.ask("counts")["letters"])

    @property
    def open_now(self) -> int:
        """How many connections are open."""
        return int(self.ask("counts")["open"])

    @property
    def times(self) -> list[float]:
        """When each letter had come whole, in seconds."""
        times: list[float] = self.ask("times")["times"]
        return times

    @property
    def seen(self) -> dict[str, int]:
        """How often each letter came whole, by Message-ID."""
        return self.ask("seen")

    @property
    def accepted(self) -> dict[str, int]:
        """How often a letter was accepted, by whom it was for."""
        return self.ask("accepted")

    @property
    def kept(self) -> list[bytes]:
        """The first letters that came."""
        return [letter.encode("latin-1") for letter in self.ask("kept")["letters"]]

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


@contextlib.contextmanager
def counting_sink(
    port: int, *, keep: int = 0, flaky: float = 0, picky: str = ""
) -> Generator[CountingSink]:
    """Run a counting sink; `keep` of the letters can be read.

    Args:
        flaky: The share of letters that are put off, at RCPT or after their content.
        picky: A domain that takes few letters at once, and few over one connection.
    """
    sink = CountingSink(port, keep=keep, flaky=flaky, picky=picky)
    try:
        yield sink
    finally:
        sink.end()

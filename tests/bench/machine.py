"""Processes as the kernel sees them: their memory and time, from /proc."""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used."""
    return _used_s(Path(f"/proc/{pid}/stat"))


def stolen_s() -> float:
    """Return the processor time that the host has given to others, as a mean of all."""
    with Path("/proc/stat").open(encoding="utf-8") as stat:
        return int(stat.readline().split()[8]) * _TICK_S / (os.cpu_count() or 1)


def _used_s(stat: Path) -> float:
    after_name = stat.read_text(encoding="utf-8").rpartition(")")[2]
    user, system = after_name.split()[11:13]
    return (int(user) + int(system)) * _TICK_S


def processes_of(group: int) -> list[int]:
    """Return the processes of a group."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getpgid(int(process.name)) == group:
                found.append(int(process.name))
    return found


def threads_of(group: int) -> dict[tuple[int, int], float]:
    """Return the processor time of each thread of a group of processes.

    Named by process and thread; the first thread of a process has its number.
    """
    used: dict[tuple[int, int], float] = {}
    for pid in processes_of(group):
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                used[pid, int(task.name)] = _used_s(task / "stat")
    return used


def memory_mb(pid: int, field: str = "VmRSS") -> float:
    """Return what a process holds in memory, now or (`VmHWM`) at its peak."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


def load() -> str:
    """Return the machine's load over the last minute, beside its processors."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


@dataclass
class MemoryWatch:
    """Samples the memory of a group of processes until told to stop.

    The samples are of its leader; the peak is that of whichever held most.
    """

    pid: int
    every_s: float = 0.5
    samples: list[float] = field(default_factory=list)
    peak_mb: float = 0.0

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(self.every_s):
            try:
                self.samples.append(memory_mb(self.pid))
                for pid in processes_of(self.pid):
                    self.peak_mb = max(self.peak_mb, memory_mb(pid, "VmHWM"))
            except (OSError, ProcessLookupError):
                return

    def stop(self) -> None:
        """Take no more samples."""
        self._stop.set()
        self._thread.join()

    def quarter(self, number: int) -> float:
        """Return the mean of one quarter of the samples, 1 to 4."""
        size = max(1, len(self.samples) // 4)
        part = self.samples[(number - 1) * size : number * size]
        return sum(part) / len(part)


def until(
    holds: Callable[[], object], what: str, *, within_s: float, every_s: float = 0.1
) -> None:
    """Wait for a condition; TimeoutError says what never came."""
    end = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"after {within_s:g} s not yet: {what}")
        time.sleep(every_s)

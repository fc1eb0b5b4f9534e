"""Starting processes of our own, which Ctrl-C in a terminal does not reach.

A terminal's Ctrl-C goes to all of them at once; who started them decides what it means. It
must not even reach one that is still loading, which would end with a traceback.
"""

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Generator
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnProcess
from typing import Any


@contextlib.contextmanager
def out_of_reach() -> Generator[None]:
    """Start processes in here: they begin with Ctrl-C blocked, for `ignore_ctrl_c`."""
    # It starts a process of its own at first, and then lets Ctrl-C in again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def started(target: Callable[..., None], args: tuple[Any, ...], name: str) -> SpawnProcess:
    """Start a process that works for this one alone, and is not left behind.

    Raises:
        OSError: it could not be started.
    """
    # A fork would copy our locks and the database's connections.
    process = multiprocessing.get_context("spawn").Process(
        target=target, args=args, name=name, daemon=True
    )
    with out_of_reach():
        process.start()
    return process


def ended(process: SpawnProcess, within_s: float) -> None:
    """Wait until a process that was told to end has; one that does not is killed."""
    process.join(within_s)
    if process.is_alive():
        process.kill()
        process.join()
    process.close()


def ignore_ctrl_c() -> None:
    """Let a process that was started out of reach stay so; call it first thing in it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

"""Starting processes of our own, which Ctrl-C in a terminal does not reach.

A terminal's Ctrl-C goes to all of them at once; who started them decides what it means. It
must not even reach one that is still loading, which would end with a traceback.
"""

import contextlib
import signal
from collections.abc import Generator
from multiprocessing import resource_tracker


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


def ignore_ctrl_c() -> None:
    """Let a process that was started out of reach stay so; call it first thing in it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

"""Locks: many share one, or one holds it alone; a killed process holds nothing."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

from mailer.workspace.locks import OwnerLocks, ProcessLock, SharedLock

HOLDER = """
import sys
from mailer.workspace.locks import {kind}
lock = {kind}(sys.argv[1])
assert lock.{how}()
print("held", flush=True)
sys.stdin.read()
"""


def test_many_share_a_lock_and_one_holds_it_alone(tmp_path: Path):
    first, second, third = (SharedLock(str(tmp_path / "lock")) for _ in range(3))
    assert first.share()
    assert second.share()
    assert not third.take()
    first.free()
    second.free()
    assert third.take()
    assert not first.share()
    third.free()
    assert first.share()
    first.free()


def holder(path: Path, kind: str, how: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(kind=kind, how=how), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_killed_process_holds_no_lock(tmp_path: Path):
    for kind, how in (("SharedLock", "share"), ("ProcessLock", "take")):
        path = tmp_path / kind
        with holder(path, kind, how) as process:
            lock = SharedLock(str(path)) if kind == "SharedLock" else ProcessLock(str(path))
            assert not lock.take()
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert lock.take()
            lock.free()


def test_a_senders_lock_is_kept_until_it_lets_go(tmp_path: Path):
    mine, theirs = OwnerLocks(str(tmp_path)), OwnerLocks(str(tmp_path))
    assert mine.take(7)
    assert mine.keep(7)
    assert not theirs.take_over(7)
    assert not theirs.keep(7)
    mine.free(7)
    assert not mine.keep(7)
    assert theirs.take_over(7)
    theirs.close()


def test_on_a_full_disk_a_lock_is_held_without_words(tmp_path: Path):
    """A sender that looks for dead ones takes their locks, and must not end of it."""
    lock, other = (ProcessLock(str(tmp_path / "lock")) for _ in range(2))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        assert lock.take("somebody")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not other.take("somebody else")
    assert not lock.words()
    lock.free()
    assert other.take("somebody else")
    assert other.words() == "somebody else"
    other.free()

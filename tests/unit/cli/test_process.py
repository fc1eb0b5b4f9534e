"""The log of a program that runs by itself."""

import subprocess
import sys

PROGRAM = r"""
import logging
from mailer.cli.process import log_to_stderr

log_to_stderr(logging.INFO)
log = logging.getLogger("mailer.inbox")
log.info("sender: %s", "a\n2026-11-28 09:00:00 INFO mailer.desk: all is well\r\x1b[2Kb")
try:
    raise ValueError("no \x1b]0;owned\x07")
except ValueError:
    log.exception("a bug: %s", "Å\x9b \u202e")
"""


def test_a_line_of_the_log_is_one_line_and_moves_no_cursor():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, encoding="utf-8", check=True
    )
    lines = done.stderr.split("\n")
    assert all(one.isprintable() for one in lines)
    assert lines[0].endswith(
        r"INFO mailer.inbox: sender: a\n2026-11-28 09:00:00 INFO mailer.desk: all is well"
        r"\r\x1b[2Kb"
    )
    assert lines[1].endswith(r"ERROR mailer.inbox: a bug: Å\x9b \u202e")
    assert lines[2] == "Traceback (most recent call last):"
    assert lines[-2] == r"ValueError: no \x1b]0;owned\x07"

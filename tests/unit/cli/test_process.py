"""The log of a program that runs by itself."""

import logging
import subprocess
import sys

from mailer.cli.process import NotAgain, OneLine

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


class Log:
    """What stands in a log, and a clock beside it."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.not_again = NotAgain(lambda: self.now_s)
        self.lines: list[str] = []

    def say(self, level: int, message: str, *words: object, name: str = "mailer.a") -> None:
        record = logging.LogRecord(name, level, "a.py", 1, message, words, None)
        if self.not_again.filter(record):
            self.lines.append(OneLine("%(message)s").format(record))


def test_what_is_said_again_and_again_stands_in_the_log_five_times_a_minute():
    log = Log()
    for tenth in range(1250):
        log.now_s = tenth / 10
        log.say(logging.ERROR, "nothing can be claimed: %s", "it is away")
    line = "nothing can be claimed: it is away"
    again = f"{line} (left out before this: 595 times)"
    assert log.lines == [*[line] * 5, *[again, *[line] * 4] * 2]


def test_trouble_that_comes_back_is_told_each_time():
    log = Log()
    for minute in range(20):
        for second in (0, 20, 40):
            log.now_s = minute * 60 + second
            log.say(logging.WARNING, "relay main is in trouble")
    assert log.lines == ["relay main is in trouble"] * 60


def test_only_the_same_words_of_the_same_part_are_left_out():
    log = Log()
    for _ in range(6):
        log.say(logging.WARNING, "delivery %d", 1)
        log.say(logging.WARNING, "delivery %d", 2)
        log.say(logging.WARNING, "delivery %d", 2, name="mailer.b")
        log.say(logging.INFO, "the day was summed up")
    five = ["delivery 1", "delivery 2", "delivery 2", "the day was summed up"] * 5
    assert log.lines == [*five, "the day was summed up"]


def test_however_much_is_said_a_log_remembers_only_the_last_of_it():
    log = Log()
    for _ in range(6):
        log.say(logging.ERROR, "delivery %d", 0)
    for number in range(1, 1001):
        log.say(logging.ERROR, "delivery %d", number)
    assert len(log.lines) == 1005
    log.say(logging.ERROR, "delivery %d", 0)
    assert log.lines[-1] == "delivery 0"


def test_a_program_leaves_out_of_its_log_what_it_said_just_now():
    program = (
        "import logging; from mailer.cli.process import log_to_stderr\n"
        "log_to_stderr(logging.INFO)\n"
        "for _ in range(9): logging.getLogger('mailer').warning('away')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stderr.count("away") == 5

"""A sink that counts copies, as a program: `counting_sink.py PORT KEEP FLAKY PICKY`.

It is asked on its stdin, a word a line, and answers with a line of JSON.
"""

import asyncio
import json
import random
import sys
import time
from array import array
from collections import Counter
from typing import Any

from mailer.wire.sink import Answer, Received, Sink, Step, always_accept

_AT_ONCE = 5
_PER_CONNECTION = 20


class Picky:
    """A provider that takes few letters at once, and few over one connection."""

    def __init__(self, domain: str) -> None:
        self.domain = domain
        self.taken = 0
        self.broken = 0
        """How often it was given more than it takes."""
        self.last_broken = 0
        """How many letters it had taken when that was last so."""
        self._open: set[int] = set()
        self._carried: Counter[int] = Counter()

    def answer(self, step: Step, received: Received) -> Answer:
        """Say no in words to what is too much."""
        line = received.connection
        if step is Step.MAIL:
            self._open.discard(line)
        if not received.recipient.endswith(f"@{self.domain}"):
            return None
        if step is Step.RCPT:
            if len(self._open) >= _AT_ONCE:
                return self._too_much("451 4.7.0 Too many concurrent connections")
            if self._carried[line] >= _PER_CONNECTION:
                return self._too_much("452 4.7.0 Too many messages per connection")
            self._open.add(line)
        if step is Step.CONTENT:
            self._open.discard(line)
            self._carried[line] += 1
            self.taken += 1
        return None

    def _too_much(self, words: str) -> str:
        self.broken += 1
        self.last_broken = self.taken
        return words


class Counting:
    """What came to a sink, and how often it put letters off."""

    def __init__(self, keep: int, flaky: float, *, by_domain: bool = False) -> None:
        self.by_domain = by_domain
        self.kept: list[Received] = []
        self.letters = 0
        self.accepted: Counter[str] = Counter()
        self.times = array("d")
        self.domains: Counter[str] = Counter()
        self.deferred = 0
        self._keep = keep
        self._flaky = flaky
        self._chance = random.Random(1)

    def take(self, received: Received) -> None:
        """Count a letter that was accepted."""
        self.letters += 1
        self.times.append(time.monotonic())
        if self.by_domain:
            self.domains[received.recipient.rpartition("@")[2]] += 1
        if self._flaky or not self._keep:
            self.accepted[received.recipient] += 1
        if len(self.kept) < self._keep:
            self.kept.append(received)

    def answer(self, step: Step, received: Received) -> Answer:
        """Put some letters off: half of them at RCPT, half after their content."""
        del received
        if step in {Step.RCPT, Step.CONTENT} and self._chance.random() < self._flaky / 2:
            self.deferred += 1
            return "451 4.3.0 try again later"
        return None


async def main(port: int, keep: int, flaky: float, domain: str) -> None:
    """Print the port, then answer each line of stdin with one line of JSON."""
    counting, picky = Counting(keep, flaky, by_domain=bool(domain)), Picky(domain)
    rule = counting.answer if flaky else always_accept
    rule = picky.answer if domain else rule
    sink = Sink(rule, on_letter=counting.take)
    _say({"port": await sink.start(port)})
    answers: dict[str, Any] = {
        "counts": lambda: {
            "letters": counting.letters,
            "deferred": counting.deferred,
            "open": sink.open_now,
        },
        "picky": lambda: {"broken": picky.broken, "last_broken": picky.last_broken},
        "domains": lambda: dict(counting.domains),
        "times": lambda: {"times": counting.times.tolist()},
        "seen": lambda: dict(sink.seen),
        "accepted": lambda: dict(counting.accepted),
        "kept": lambda: {
            "letters": [one.content.decode("latin-1") for one in counting.kept]
        },
    }
    loop = asyncio.get_running_loop()
    while question := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        _say(answers[question]())


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]))

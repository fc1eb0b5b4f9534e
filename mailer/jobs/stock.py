"""What a sender has claimed and no courier has taken yet: a stock for each relay."""

import asyncio
import collections
from collections.abc import Callable, Iterable, Sequence

from mailer.model.delivery import CauseKind, Claim
from mailer.model.patience import can_wait


class Signals:
    """What the stocks of one sender tell its feed."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.wanted = asyncio.Event()
        """A stock could take more."""
        self.sank = asyncio.Event()
        """A stock has sunk to its half."""

    def stop(self) -> None:
        """Claim nothing more and hand nothing more out."""
        for event in (self.stopping, self.wanted, self.sank):
            event.set()


class Stock:
    """The claims for one relay, in the order in which they leave."""

    def __init__(self, signals: Signals, half: int) -> None:
        self._signals = signals
        self._half = half
        self._claims: collections.deque[Claim] = collections.deque()
        self._urgent: collections.deque[Claim] = collections.deque()
        """What somebody waits for: it leaves before all else."""
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._claims) + len(self._urgent)

    @property
    def low(self) -> bool:
        """Say whether it could take more."""
        return len(self._claims) <= self._half

    @property
    def urgent(self) -> int:
        """Count what somebody waits for."""
        return len(self._urgent)

    @property
    def stopped(self) -> bool:
        """Say whether nothing more is handed out."""
        return self._signals.stopping.is_set()

    def add(self, claims: Iterable[Claim]) -> None:
        """Put claims behind the others."""
        for claim in claims:
            (self._claims if can_wait(claim) else self._urgent).append(claim)
        if len(self):
            self._filled.set()

    def put_back(self, claims: Sequence[Claim]) -> None:
        """Put claims in front of the others again."""
        for claim in reversed(claims):
            (self._claims if can_wait(claim) else self._urgent).appendleft(claim)
        if len(self):
            self._filled.set()

    def providers(self) -> list[str]:
        """Return the provider of each claim; called off the loop."""
        return [one.provider for one in (*tuple(self._urgent), *tuple(self._claims))]

    def nudge(self) -> None:
        """Let those who wait look again: something else is ready."""
        self._filled.set()

    def stop(self) -> None:
        """Let nobody wait."""
        self._filled.set()

    def next_now(self) -> Claim | None:
        """Take the next claim if there is one."""
        if self.stopped:
            return None
        if self._urgent:
            return self._urgent.popleft()
        if not self._claims:
            return None
        left = len(self._claims)
        if left <= self._half:
            self._signals.wanted.set()
            if left == self._half:
                self._signals.sank.set()
        return self._claims.popleft()

    async def wait(self, timeout_s: float | None) -> bool:
        """Wait until there may be a claim; False after the time-out or the stop."""
        if not len(self) and not self.stopped:
            self._filled.clear()
            self._signals.wanted.set()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._filled.wait()
            except TimeoutError:
                return False
        return not self.stopped

    def take_all(self) -> list[Claim]:
        """Take everything out."""
        return self.take_out(lambda _: True)

    def drop(self, causes: set[tuple[CauseKind, int]]) -> list[Claim]:
        """Take what some causes put here out, and return it."""
        return self.take_out(lambda one: (one.cause_kind, one.cause_id) in causes)

    def take_out(self, falls: Callable[[Claim], bool]) -> list[Claim]:
        """Take out what falls under a rule, and return it."""
        out: list[Claim] = []
        for claims in (self._urgent, self._claims):
            whole = list(claims)
            claims.clear()
            for one in whole:
                (out if falls(one) else claims).append(one)
        return out

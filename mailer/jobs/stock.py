"""What a sender has claimed and no courier has taken yet: a stock for each relay."""

import asyncio
import collections
from collections.abc import Callable, Iterable, Sequence

from mailer.model.delivery import CauseKind, Claim
from mailer.model.kind import PATIENT, Lane
from mailer.model.patience import lane_of


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
        self._lanes = tuple(collections.deque[Claim]() for _ in Lane)
        """Each leaves before those behind it."""
        self._urgent = [self._lanes[lane] for lane in Lane if lane not in PATIENT]
        self._patient = [self._lanes[lane] for lane in Lane if lane in PATIENT]
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return sum(map(len, self._lanes))

    @property
    def low(self) -> bool:
        """Say whether it could take more."""
        return sum(map(len, self._patient)) <= self._half

    @property
    def urgent(self) -> int:
        """Count what somebody waits for."""
        return sum(map(len, self._urgent))

    @property
    def stopped(self) -> bool:
        """Say whether nothing more is handed out."""
        return self._signals.stopping.is_set()

    def add(self, claims: Iterable[Claim]) -> None:
        """Put claims behind the others of their lanes."""
        for claim in claims:
            self._lanes[lane_of(claim)].append(claim)
        if len(self):
            self._filled.set()

    def put_back(self, claims: Sequence[Claim]) -> None:
        """Put claims in front of the others of their lanes again."""
        for claim in reversed(claims):
            self._lanes[lane_of(claim)].appendleft(claim)
        if len(self):
            self._filled.set()

    def providers(self) -> list[str]:
        """Return the provider of each claim; called off the loop."""
        return [one.provider for lane in self._lanes for one in tuple(lane)]

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
        for lane in self._urgent:
            if lane:
                return lane.popleft()
        left = sum(map(len, self._patient))
        if not left:
            return None
        if left <= self._half:
            self._signals.wanted.set()
            if left == self._half:
                self._signals.sank.set()
        return next(lane for lane in self._patient if lane).popleft()

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
        for claims in self._lanes:
            whole = list(claims)
            claims.clear()
            for one in whole:
                (out if falls(one) else claims).append(one)
        return out

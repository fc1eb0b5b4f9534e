"""Claiming what is due, in batches, ahead of the couriers: the sender's small stock."""

import asyncio
import collections
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from mailer.errors import DatabaseError
from mailer.model.delivery import CauseKind, Claim
from mailer.model.kind import Lane
from mailer.pace.throttle import Rate
from mailer.store.claims import Claims
from mailer.store.database import Connection, Database
from mailer.store.due import anything_due, running_campaigns
from mailer.store.throttle import lease

_log = logging.getLogger(__name__)

_PACE_AHEAD = timedelta(seconds=0.5)


class Feed:
    """The claims of one sender that no courier has taken yet."""

    def __init__(
        self,
        database: Database,
        claims: Claims,
        clock: Callable[[], datetime],
        batch: int,
        poll_s: float,
    ) -> None:
        self._database = database
        self._claims = claims
        self._clock = clock
        self._batch = batch
        self._poll_s = poll_s
        self._stock: collections.deque[Claim] = collections.deque()
        self._filled = asyncio.Event()
        self._wanted = asyncio.Event()
        self._unread: list[int] = []
        self._turn = 0
        self._stopping = asyncio.Event()
        self.campaigns = True
        """Claim campaigns' letters too, not only those that somebody waits for."""

    def __len__(self) -> int:
        return len(self._stock)

    @property
    def stopped(self) -> bool:
        """Say whether nothing more is handed out."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Claim nothing more and hand nothing more out."""
        self._stopping.set()
        self._filled.set()
        self._wanted.set()

    def rest(self) -> list[Claim]:
        """Return what nobody took, once stopped."""
        rest = list(self._stock)
        self._stock.clear()
        return rest

    def drop(self, causes: set[tuple[CauseKind, int]]) -> list[Claim]:
        """Take what some causes put here out of the stock, and return it."""
        dropped = [one for one in self._stock if (one.cause_kind, one.cause_id) in causes]
        kept = [one for one in self._stock if (one.cause_kind, one.cause_id) not in causes]
        self._stock = collections.deque(kept)
        return dropped

    def next_now(self) -> Claim | None:
        """Take the next claim if there is one."""
        if self.stopped or not self._stock:
            return None
        if len(self._stock) <= self._batch // 2:
            self._wanted.set()
        return self._stock.popleft()

    async def wait(self, timeout_s: float | None) -> bool:
        """Wait until there may be a claim; False after the time-out or the stop."""
        if not self._stock and not self.stopped:
            self._filled.clear()
            self._wanted.set()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._filled.wait()
            except TimeoutError:
                return False
        return not self.stopped

    async def run(self, get_ready: Callable[[list[Claim]], list[Claim]]) -> None:
        """Keep the stock filled until stopped.

        Args:
            get_ready: Called off the loop with each batch; returns what may be handed out.
        """
        while not self.stopped:
            try:
                claimed, found = await asyncio.to_thread(self._fill, get_ready)
            except DatabaseError as problem:
                _log.error("nothing can be claimed: %s", problem)
                claimed, found = [], False
            self._stock.extend(claimed)
            if claimed:
                self._filled.set()
            # More may wait, unless the last look found nothing at all.
            if not found:
                await self._nap()
            while len(self._stock) > self._batch // 2 and not self.stopped:
                self._wanted.clear()
                await self._wanted.wait()

    async def _nap(self) -> None:
        try:
            async with asyncio.timeout(self._poll_s):
                await self._stopping.wait()
        except TimeoutError:
            pass

    def _fill(
        self, get_ready: Callable[[list[Claim]], list[Claim]]
    ) -> tuple[list[Claim], bool]:
        now = self._clock()
        with self._database.read() as connection:
            if not anything_due(connection, now, rehearsing=self._claims.rehearsing):
                return [], False
        with self._database.write() as connection:
            self._claims.give_back(connection, self._unread)
            taken = self._claim(connection, self._batch, now)
            # Until they are in hand nobody else looks after them; and a commit whose answer
            # is lost may have been one.
            self._unread = [*self._unread, *taken]
        self._unread = taken
        with self._database.read() as connection:
            claimed = self._claims.read(connection, taken)
        ready = get_ready(claimed)
        self._unread = []
        return ready, bool(taken)

    def _claim(self, connection: Connection, room: int, now: datetime) -> list[int]:
        """Claim lane by lane; campaigns share what the lanes before them leave."""
        claimed: list[int] = []
        for lane in Lane:
            if len(claimed) < room:
                claimed += self._claims.of_lane(connection, lane, room - len(claimed), now)
        campaigns: list[tuple[int, float | None]] = []
        if self.campaigns:
            rehearsing = self._claims.rehearsing
            campaigns = running_campaigns(connection, rehearsing=rehearsing)
        self._turn += 1
        for place in range(len(campaigns)):
            campaign_id, pace = campaigns[(self._turn + place) % len(campaigns)]
            share = (room - len(claimed)) // (len(campaigns) - place)
            if pace is not None:
                share = min(share, _paced(connection, campaign_id, pace, now))
            if share > 0:
                claimed += self._claims.of_campaign(connection, campaign_id, share, now)
        return claimed


def _paced(connection: Connection, campaign_id: int, pace: float, now: datetime) -> int:
    """Return how many letters of a paced campaign may be claimed now."""
    key, rate = f"campaign:{campaign_id}", Rate(per_second=pace)
    if lease(connection, key, rate, 0, now).first_at - now > _PACE_AHEAD:
        return 0
    return lease(connection, key, rate, max(1, int(pace)), now).count

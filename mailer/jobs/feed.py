"""Claiming what is due, in batches, ahead of the couriers: the sender's small stocks."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from mailer.errors import DatabaseError
from mailer.jobs.switch import Switch
from mailer.model.delivery import Claim
from mailer.model.kind import Lane
from mailer.pace.throttle import Rate
from mailer.store.claims import Claims
from mailer.store.database import Connection, Database
from mailer.store.due import anything_due, running_campaigns
from mailer.store.throttle import lease

_log = logging.getLogger(__name__)

_PACE_AHEAD = timedelta(seconds=0.5)


class Feed:
    """Keeps the stocks of one sender filled."""

    def __init__(
        self,
        database: Database,
        claims: Claims,
        clock: Callable[[], datetime],
        switch: Switch,
        batch: int,
        poll_s: float,
    ) -> None:
        self._database = database
        self._claims = claims
        self._clock = clock
        self._switch = switch
        self._signals = switch.signals
        self._batch = batch
        self._poll_s = poll_s
        self._unread: list[int] = []
        self._turn = 0
        self.campaigns = True
        """Claim campaigns' letters too, not only those that somebody waits for."""

    async def run(
        self,
        get_ready: Callable[[list[Claim]], list[Claim]],
        give_back: Callable[[list[Claim]], None],
    ) -> None:
        """Keep the stocks filled until stopped.

        Args:
            get_ready: Called off the loop with each batch; returns what may be handed out.
            give_back: Called with what no relay has room for.
        """
        signals, switch = self._signals, self._switch
        while not signals.stopping.is_set():
            signals.sank.clear()
            try:
                claimed, found = await asyncio.to_thread(self._fill, get_ready)
            except DatabaseError as problem:
                _log.error("nothing can be claimed: %s", problem)
                claimed, found = [], False
            if left := switch.put(claimed):
                give_back(left)
            # More may wait, unless the last look found nothing at all.
            if not found:
                await self._nap()
            while not switch.wants and not signals.stopping.is_set():
                signals.wanted.clear()
                await signals.wanted.wait()

    async def _nap(self) -> None:
        # One relay's stock may have been full, and so nothing been asked for it.
        event = self._signals.stopping if self._switch.alone else self._signals.sank
        if self._signals.stopping.is_set():
            return
        try:
            async with asyncio.timeout(self._poll_s):
                await event.wait()
        except TimeoutError:
            pass

    def _fill(
        self, get_ready: Callable[[list[Claim]], list[Claim]]
    ) -> tuple[list[Claim], bool]:
        now = self._clock()
        # What was claimed and could not be read waits for nothing else to be due.
        if not self._unread:
            rehearsing = self._claims.rehearsing
            with self._database.read() as connection:
                if not anything_due(connection, now, rehearsing=rehearsing):
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
            share = min(room - len(claimed), self._switch.room_for_lane(lane))
            if share > 0:
                claimed += self._claims.of_lane(connection, lane, share, now)
        campaigns: list[tuple[int, float | None]] = []
        if self.campaigns:
            rehearsing = self._claims.rehearsing
            campaigns = running_campaigns(connection, rehearsing=rehearsing)
        self._turn += 1
        for place in range(len(campaigns)):
            campaign_id, pace = campaigns[(self._turn + place) % len(campaigns)]
            share = (room - len(claimed)) // (len(campaigns) - place)
            share = min(share, self._switch.room_for_campaign(campaign_id))
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

"""Claiming what is due, in batches, ahead of the couriers: the sender's small stocks."""

import asyncio
import collections
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from mailer.errors import DatabaseError
from mailer.jobs.desk import Desk
from mailer.jobs.portions import Portions
from mailer.jobs.shaper import Shaper
from mailer.jobs.switch import Switch
from mailer.jobs.warmup import WarmUps
from mailer.model.delivery import Claim
from mailer.model.kind import KINDS, Lane
from mailer.pace.sharing import interleave
from mailer.pace.throttle import Rate
from mailer.pace.warmup import NO_PLANS, Plans
from mailer.store.claims import Claims
from mailer.store.database import Connection, Database
from mailer.store.throttle import lease
from mailer.store.waiting import Running, due_campaigns, lane_is_due

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
        poll_s: float,
        shaper: Shaper,
    ) -> None:
        self._database = database
        self._claims = claims
        self._clock = clock
        self._switch = switch
        self._signals = switch.signals
        self._batch = switch.batch
        self._poll_s = poll_s
        self._unread: list[int] = []
        self._turn = 0
        self._shaper = shaper
        self._portions = Portions(shaper)
        self._warm_ups = WarmUps()
        self.desks: Sequence[Desk] = ()
        """Who has what was handed out of the stocks."""
        self.campaigns = True
        """Claim campaigns' letters too, not only those that somebody waits for."""

    def warm_up(self, plans: Plans) -> None:
        """Keep campaigns to what sending domains may send on a day."""
        # A rehearsal takes nothing of it.
        self._warm_ups = WarmUps(NO_PLANS if self._claims.rehearsing else plans)

    async def run(
        self,
        get_ready: Callable[[list[Claim]], list[Claim]],
        give_back: Callable[[list[Claim]], None],
        put_off: Callable[[list[tuple[Claim, datetime]]], None],
    ) -> None:
        """Keep the stocks filled until stopped.

        Args:
            get_ready: Called off the loop with each batch; returns what may be handed out.
            give_back: Called with what no relay has room for.
            put_off: Called with what its provider does not take now, and when it will.
        """
        signals, switch = self._signals, self._switch
        while not signals.stopping.is_set():
            signals.sank.clear()
            try:
                claimed, held, found = await asyncio.to_thread(self._fill, get_ready)
            except DatabaseError as problem:
                _log.error("nothing can be claimed: %s", problem)
                claimed, held, found = [], [], False
            if held:
                put_off(held)
            if left := switch.put(claimed):
                give_back(left)
            self._shaper.leave_to_others()
            # More may wait, unless the last look found nothing at all.
            if not found and switch.wants:
                await self._nap()
            while not switch.wants and not signals.stopping.is_set():
                signals.wanted.clear()
                if not await self._wanted():
                    # The stocks are full of what can wait; somebody may wait for others.
                    break

    async def _wanted(self) -> bool:
        try:
            async with asyncio.timeout(self._poll_s):
                await self._signals.wanted.wait()
        except TimeoutError:
            return False
        return True

    def tell(self) -> None:
        """Write down for the other senders what was heard since the last claim."""
        try:
            with self._database.write() as connection:
                self._shaper.write_down(connection, self._clock())
            self._shaper.told()
        except DatabaseError as problem:
            _log.error("what providers said last is lost: %s", problem)

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
    ) -> tuple[list[Claim], list[tuple[Claim, datetime]], bool]:
        now, shaper, moved = self._clock(), self._shaper, self._warm_ups.moved
        rehearsing = self._claims.rehearsing
        with self._database.read() as connection:
            waiting: list[Running] = []
            back: dict[str, int] = {}
            if self.campaigns and self._switch.wants and self._switch.takes_campaigns:
                waiting = due_campaigns(connection, now, rehearsing=rehearsing)
                waiting = self._portions.open_to(waiting, now)
                back = self._warm_ups.look(connection, waiting, now)
                waiting = self._warm_ups.open_to(waiting)
            # What was claimed and could not be read waits for nothing else to be due.
            if not (waiting or back or self._unread or shaper.has_news) and not lane_is_due(
                connection, now, rehearsing=rehearsing
            ):
                return [], [], False
        with self._database.write() as connection:
            warmed = any(self._warm_ups.counts(one) for one in waiting)
            self._portions.begin(connection, waiting, warmed=warmed or bool(back))
            self._warm_ups.give_back(connection, back, now)
            self._claims.give_back(connection, self._unread)
            shaper.write_down(connection, now)
            taken = self._claim(connection, self._batch, waiting, now)
            # Until they are in hand nobody else looks after them; and a commit whose answer
            # is lost may have been one.
            self._unread = [*self._unread, *taken]
        self._unread = taken
        shaper.told()
        with self._database.read() as connection:
            claimed = self._claims.read(connection, taken)
        going, held = self._portions.hold(self._database, claimed, now)
        ready = get_ready(going)
        self._unread = []
        found = bool(taken) or self._warm_ups.moved > moved
        turns = interleave(ready, map(self._shaper.provider_of, ready))
        # Providers take turns within a lane; a lane never waits for a later one.
        return sorted(turns, key=lambda one: KINDS[one.kind].lane), held, found

    def _claim(
        self,
        connection: Connection,
        room: int,
        waiting: Sequence[Running],
        now: datetime,
    ) -> list[int]:
        """Claim lane by lane; campaigns share what the lanes before them leave."""
        claimed: list[int] = []
        for lane in Lane:
            share = min(room - len(claimed), self._switch.room_for_lane(lane))
            if share > 0:
                claimed += self._claims.of_lane(connection, lane, share, now)
        self._turn += 1
        for place in range(len(waiting)):
            running = waiting[(self._turn + place) % len(waiting)]
            share = (room - len(claimed)) // (len(waiting) - place)
            share = min(share, self._switch.room_for_campaign(running.id))
            if running.pace is not None:
                pace = running.pace
                share = min(share, _paced(connection, running.id, pace, now))
            if share > 0:
                share = self._warm_ups.room(connection, running, share, now)
            if share > 0:
                taken = self._of_campaign(connection, running, share, now)
                self._warm_ups.charge(connection, running, len(taken), now)
                claimed += taken
        return claimed

    def _held(self) -> collections.Counter[str]:
        """Count what the sender has in hand, by provider."""
        held = self._switch.held() + self._shaper.rooms.under_way()
        for desk in self.desks:
            held += desk.held()
        return held

    def _of_campaign(
        self, connection: Connection, running: Running, room: int, now: datetime
    ) -> list[int]:
        """Claim of one campaign, at each provider what it may be given."""
        portions, claimed = self._portions, list[int]()
        shares = portions.shares(running, room, self._held(), now)
        for name, share in shares.items():
            may = portions.may_claim(connection, name, share, now)
            if may > 0:
                taken = self._claims.of_campaign(
                    connection, running.id, may, now, name, sample=running.sample
                )
                portions.claimed(connection, name, len(taken), now)
                claimed += taken
        return claimed


def _paced(connection: Connection, campaign_id: int, pace: float, now: datetime) -> int:
    """Return how many letters of a paced campaign may be claimed now."""
    key, rate = f"campaign:{campaign_id}", Rate(per_second=pace)
    if lease(connection, key, rate, 0, now).first_at - now > _PACE_AHEAD:
        return 0
    return lease(connection, key, rate, max(1, int(pace)), now).count

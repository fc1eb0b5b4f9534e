"""Sending: claim what is due, compose, hand over, write down; until told to stop.

One `Sender` is one process's share of the work: a feed that claims in batches, couriers
that each speak on one line, the register that they write in, and a keeper that renews the
lease, takes back what dead senders held and ends campaigns that are done.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.errors import DatabaseError
from mailer.jobs import owner
from mailer.jobs.desk import Composer, Desk, Means
from mailer.jobs.feed import Feed
from mailer.jobs.gate import Gate
from mailer.jobs.holding import may_be_tried
from mailer.jobs.owner import OwnerLocks
from mailer.jobs.register import Register
from mailer.jobs.relays import Relay
from mailer.jobs.scribe import Book, InThread, Scribe
from mailer.jobs.settle import Terms, released
from mailer.model.delivery import Claim
from mailer.model.outcome import Released
from mailer.pace.cap import CapRule
from mailer.pace.retry import DEFAULT_PLAN, RetryPlan
from mailer.store.claims import Claims
from mailer.store.database import Database

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rules:
    """How a sender works; the retry plan, leases and graces are settings.

    Args:
        batch: How many deliveries are claimed at a time, at most.
        poll_s: How long to wait before looking again when nothing is due.
        keep_every_s: How often the lease is renewed and dead senders are looked for.
        drain_s: How long letters on the line may take to end after a stop.
        campaigns: Send campaigns' letters too, not only those that somebody waits for.
    """

    plan: RetryPlan = DEFAULT_PLAN
    lease: timedelta = timedelta(minutes=5)
    batch: int = 400
    poll_s: float = 0.5
    keep_every_s: float = 5
    drain_s: float = 30
    campaigns: bool = True
    cap: CapRule | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sender works: the database, the senders' locks, and the clock.

    Args:
        scribe: Who writes down what it sends, for this sender alone; None: a thread of its
            own does.
    """

    database: Database
    locks: OwnerLocks
    clock: Callable[[], datetime]
    scribe: Scribe | None = None


class Sender:
    """One process's share of the sending."""

    def __init__(
        self,
        place: Place,
        composer: Composer,
        relay: Relay,
        rules: Rules,
        housekeeping: Callable[[], None],
    ) -> None:
        """Build a sender; it takes its number when it runs.

        Args:
            housekeeping: Called off the loop every `keep_every_s`: ends campaigns, say.
        """
        self._place = place
        self._composer = composer
        self._relay = relay
        self._rules = rules
        self._housekeeping = housekeeping
        self._stop = asyncio.Event()
        self._probe = asyncio.Lock()
        self._failures = 0
        self._rest_until = 0.0
        self.trouble = ""
        """What is wrong with the relay; "" while it takes letters."""
        self.ended = False

    def stop(self) -> None:
        """End soon: nothing new is begun, what is on the line is finished."""
        self._stop.set()

    async def run(self) -> int:
        """Send until stopped; return how many letters were accepted."""
        database, clock = self._place.database, self._place.clock
        owner_id = await asyncio.to_thread(
            owner.begin, database, self._place.locks, clock()
        )
        await asyncio.to_thread(owner.recover, database, self._place.locks, owner_id, clock)
        with database.read() as connection:
            claims = Claims(
                connection,
                owner_id,
                self._rules.lease,
                rehearsing=self._relay.rehearsing,
            )
        cap = self._rules.cap
        scribe = self._place.scribe or InThread(Book(database, cap, clock))
        register = Register(database, scribe, cap, clock)
        feed = Feed(database, claims, clock, self._rules.batch, self._rules.poll_s)
        feed.campaigns = self._rules.campaigns
        address = self._relay.address
        gate = Gate(database, f"relay:{address.name}", self._relay.rate, clock)
        means = Means(feed, gate, register, self._composer, clock)
        pause = timedelta(seconds=self._relay.pause_s)
        desk = Desk(means, Terms(self._rules.plan, address.name, pause), self._relay.idle_s)
        desk.on_answer = lambda: self._well_again(desk)
        register.fallen = lambda causes: self._give_back(desk.drop(causes), register)
        writing = asyncio.create_task(register.keep())
        try:
            await self._work(owner_id, claims, desk, feed, writing)
        finally:
            self._give_back(desk.rest(), register)
            register.close()
            problem = await self._write_last(writing, register)
            await asyncio.to_thread(self._leave, owner_id)
        if problem is not None:
            raise problem
        return desk.accepted

    def _give_back(self, claims: list[Claim], register: Register) -> None:
        for claim in claims:
            register.note(released(claim, self._place.clock()))

    async def _write_last(
        self, writing: asyncio.Task[None], register: Register
    ) -> DatabaseError | None:
        """Wait until all is written; a database that stays unwell is not waited for.

        Returns:
            Why the scribe ended by itself; all is written even so.
        """
        done, _ = await asyncio.wait([writing], timeout=self._rules.drain_s)
        if not done:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            raise DatabaseError(
                f"the last outcomes could not be written: {register.unwell}; the letters"
                " that they belong to will be in doubt"
            )
        lost = writing.exception()
        if isinstance(lost, DatabaseError):
            await asyncio.to_thread(register.write_rest)
            return lost
        return writing.result()

    async def _work(
        self,
        owner_id: int,
        claims: Claims,
        desk: Desk,
        feed: Feed,
        writing: asyncio.Task[None],
    ) -> None:
        def get_ready(batch: list[Claim]) -> list[Claim]:
            database, clock, cap = self._place.database, self._place.clock, self._rules.cap
            batch = may_be_tried(database, batch, cap, clock())
            self._composer.get_ready(batch)
            return batch

        feeding = asyncio.create_task(feed.run(get_ready))
        keeping = asyncio.create_task(self._keep(owner_id, claims, desk))
        couriers = [
            asyncio.create_task(self._courier(desk)) for _ in range(self._relay.connections)
        ]
        stopping = asyncio.create_task(self._stop.wait())
        working = [feeding, keeping, *couriers]
        # Any of these ends by itself only through a bug, or because others took over its
        # letters: that then ends the sender.
        ending = [stopping, writing, *working]
        await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
        desk.close()
        stopping.cancel()
        await asyncio.wait([feeding, *couriers], timeout=self._rules.drain_s)
        for task in working:
            task.cancel()
        ends = await asyncio.gather(*working, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    def _leave(self, owner_id: int) -> None:
        """Give back whatever the drain did not end, and say good-bye."""
        database, clock = self._place.database, self._place.clock
        owner.take_all(database, owner_id, clock)
        owner.finish(database, self._place.locks, owner_id, clock())

    async def _courier(self, desk: Desk) -> None:
        """Keep one line busy: opened when there is work for another, closed when idle."""
        while await desk.wait(None):
            if len(desk) <= desk.idle:
                # Those who wait with an open line will take it.
                await asyncio.sleep(0.01)
                continue
            async with self._probe:
                # Whatever could be handed over could not be written down.
                if not await desk.writable() or not await self._rested():
                    return
                courier = await self._relay.way.open(desk)
                if isinstance(courier, Released):
                    self._in_trouble(courier, desk)
                    continue
            try:
                trouble = await courier.work()
            finally:
                courier.abort("the courier ended")
            if trouble is not None:
                self._in_trouble(trouble, desk)

    def _in_trouble(self, trouble: Released, desk: Desk) -> None:
        pause_s = min(self._relay.pause_s * 2**self._failures, self._relay.pause_at_most_s)
        self._failures = min(self._failures + 1, 16)
        self._rest_until = asyncio.get_running_loop().time() + pause_s
        desk.pause = timedelta(seconds=pause_s)
        words = f"{trouble.stage}: {trouble.reply}"
        if words != self.trouble:
            _log.warning(
                "relay %s is in trouble at %s; next try in %g s",
                self._relay.address.name,
                words,
                pause_s,
            )
        self.trouble = words

    def _well_again(self, desk: Desk) -> None:
        if not self.trouble:
            return
        _log.info("relay %s takes letters again", self._relay.address.name)
        self.trouble = ""
        self._failures = 0
        desk.pause = timedelta(seconds=self._relay.pause_s)

    async def _rested(self) -> bool:
        """Wait until the relay was left alone long enough; False when told to stop."""
        wait_s = self._rest_until - asyncio.get_running_loop().time()
        if wait_s > 0:
            try:
                async with asyncio.timeout(wait_s):
                    await self._stop.wait()
            except TimeoutError:
                pass
        return not self._stop.is_set()

    async def _keep(self, owner_id: int, claims: Claims, desk: Desk) -> None:
        while True:
            await asyncio.sleep(self._rules.keep_every_s)
            try:
                await asyncio.to_thread(self._keep_once, owner_id, claims, desk)
            except DatabaseError as problem:
                _log.error("the lease could not be renewed: %s", problem)

    def _keep_once(self, owner_id: int, claims: Claims, desk: Desk) -> None:
        owner.keep(self._place.database, self._place.locks, owner_id)
        with self._place.database.write() as connection:
            claims.renew(connection)
        # One of each cause: whoever hears of it counts them, which may take a while.
        failed = {(claim.cause_kind, claim.cause_id): claim for claim in desk.take_failed()}
        for claim in failed.values():
            self._composer.failed(claim)
        owner.recover(self._place.database, self._place.locks, owner_id, self._place.clock)
        self._housekeeping()

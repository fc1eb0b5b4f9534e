"""Sending: claim what is due, compose, hand over, write down; until told to stop.

One `Sender` is one process's share of the work: a feed that claims in batches, a switch
that gives each claim to a relay, couriers that each speak on one line, the register that
they write in, and a keeper that renews the lease, takes back what dead senders held and
ends campaigns that are done.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from mailer.compose.sign import Signer, Signers
from mailer.errors import DatabaseError, MailerError
from mailer.jobs import owner
from mailer.jobs.composer import Composer
from mailer.jobs.desk import Desk
from mailer.jobs.feed import Feed
from mailer.jobs.holding import NO_MANNERS, Manners, may_be_tried
from mailer.jobs.lines import Lines, gate_of, put_off_for
from mailer.jobs.means import Means
from mailer.jobs.register import Register
from mailer.jobs.relays import Relay
from mailer.jobs.rooms import Rooms
from mailer.jobs.scribe import Book, InThread, Scribe
from mailer.jobs.settle import Terms, released
from mailer.jobs.shaper import Shaper
from mailer.jobs.signing import Signing, share_of_processors
from mailer.jobs.stock import Stock
from mailer.jobs.switch import Switch
from mailer.jobs.uncomposed import Uncomposed
from mailer.model.delivery import Claim
from mailer.pace.providers import NOTHING_KNOWN, Providers
from mailer.pace.retry import DEFAULT_PLAN, RetryPlan
from mailer.store import relaystates
from mailer.store.claims import LEASE, Claims
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
        providers: What is known of mailbox providers.
        senders: How many share what a provider may be sent at once.
    """

    plan: RetryPlan = DEFAULT_PLAN
    lease: timedelta = LEASE
    batch: int = 400
    poll_s: float = 0.5
    keep_every_s: float = 5
    drain_s: float = 30
    campaigns: bool = True
    manners: Manners = NO_MANNERS
    providers: Providers = NOTHING_KNOWN
    senders: int = 1
    place: int = 0
    """Which of them this one is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sender works: the database, the senders' locks, and the clock.

    Args:
        scribe: Who writes down what it sends, for this sender alone; None: a thread of its
            own does.
        signers: Who signs letters of which domain; those of others leave unsigned.
    """

    database: Database
    locks: owner.OwnerLocks
    clock: Callable[[], datetime]
    scribe: Scribe | None = None
    signers: Signers = field(default_factory=dict[str, Signer])
    mark: str = ""  # Of what all letters are made with (`jobs/mark.py`).


class Sender:
    """One process's share of the sending."""

    def __init__(
        self,
        place: Place,
        composer: Composer,
        relays: Sequence[Relay],
        rules: Rules,
        housekeeping: Callable[[], None],
    ) -> None:
        """Build a sender; it takes its number when it runs.

        Args:
            relays: Where letters go, at least one; all rehearsing, or none.
            housekeeping: Called off the loop every `keep_every_s`: ends campaigns, say.
        """
        self._place = place
        self._composer = composer
        self._rules = rules
        self._housekeeping = housekeeping
        self._stop = asyncio.Event()
        self._rehearsing = relays[0].rehearsing
        clock = place.clock
        self._switch = Switch(
            [replace(one.route, per_second=one.rate.per_second) for one in relays],
            rules.batch,
            lambda at: self.lines[at].readiness(),
            composer.domain_of,
            lambda at: self.lines[at].gate.holds,
        )
        self.lines = tuple(
            Lines(
                one, gate_of(one, place.database, clock), clock, self._stop, self._rebalance
            )
            for one in relays
        )
        # A rehearsal asks no provider, and takes nothing of what they may be given.
        providers = NOTHING_KNOWN if self._rehearsing else rules.providers
        most = sum(one.connections for one in relays)
        rooms = Rooms(providers, most, rules.place, rules.senders)
        self._shaper = Shaper(clock, providers, rooms)
        self._signing = Signing(place.signers, share_of_processors(rules.senders))
        self._uncomposed = Uncomposed(composer.failed)
        overdue = owner.Overdue(rules.keep_every_s)
        self._recover = partial(owner.recover, place.database, place.locks, clock, overdue)
        self._register: Register | None = None
        self.ended = False

    @property
    def trouble(self) -> str:
        """What is wrong with the relays; "" while all take letters."""
        return "; ".join(one.trouble for one in self.lines if one.trouble)

    def stop(self) -> None:
        """End soon: nothing new is begun, what is on the line is finished."""
        self._stop.set()

    async def run(self) -> int:
        """Send until stopped; return how many letters were accepted."""
        database, clock, mark = self._place.database, self._place.clock, self._place.mark
        owner_id = await asyncio.to_thread(
            owner.begin, database, self._place.locks, clock()
        )
        await asyncio.to_thread(self._recover, owner_id)
        with database.read() as connection:
            claims = Claims(
                connection, owner_id, self._rules.lease, rehearsing=self._rehearsing
            )
        cap, lease = self._rules.manners.cap, self._rules.lease
        scribe = self._place.scribe or InThread(Book(database, cap, clock, lease))
        register = self._register = Register(database, scribe, cap, clock, mark, lease)
        feed = Feed(database, claims, clock, self._switch, self._rules.poll_s, self._shaper)
        feed.warm_up(self._rules.manners.warm_ups)
        feed.campaigns = self._rules.campaigns
        desks = [
            self._desk(lines, stock, register)
            for lines, stock in zip(self.lines, self._switch.stocks, strict=True)
        ]
        feed.desks = desks
        register.fallen = lambda causes: self._give_back(
            _dropped(desks, lambda one: (one.cause_kind, one.cause_id) in causes), register
        )
        self._shaper.on_closed = lambda provider: self._closed(provider, desks)
        writing = asyncio.create_task(register.keep())
        try:
            await register.open.wait()
            await self._work(owner_id, claims, desks, feed, writing)
        finally:
            for desk in desks:
                self._give_back(desk.rest(), register)
            register.close()
            problem = await self._write_last(writing, register)
            await self._signing.close()
            await asyncio.to_thread(self._leave, owner_id)
        if problem is not None:
            raise problem
        return sum(desk.accepted for desk in desks)

    def _desk(self, lines: Lines, stock: Stock, register: Register) -> Desk:
        relay, clock = lines.relay, self._place.clock
        gate, signing, shaper = lines.gate, self._signing, self._shaper
        means = Means(stock, gate, register, self._composer, signing, shaper, clock)
        terms = Terms(
            self._rules.plan, relay.address.name, timedelta(seconds=relay.pause_s)
        )
        desk = Desk(means, terms, relay.idle_s)
        lines.serve(desk)
        lines.forgiven = self._shaper.took_blame
        return desk

    def _give_back(
        self, claims: list[Claim], register: Register, wait: timedelta = timedelta()
    ) -> None:
        now = self._place.clock()
        for claim in claims:
            register.note(released(claim, now, now + wait))

    def _put_off(self, claims: list[Claim]) -> None:
        """Give back what no relay has room for; it is due again when one may have."""
        if self._register is not None:
            for claim in claims:
                lines = [self.lines[at] for at in self._switch.places_of(claim)]
                self._give_back([claim], self._register, put_off_for(claim, lines))

    def _hold(self, waiting: Iterable[tuple[Claim, datetime]]) -> None:
        """Give back what its provider does not take now; it is due again then."""
        if self._register is not None:
            for claim, until in waiting:
                self._register.note(released(claim, self._place.clock(), until))

    def _closed(self, provider: str, desks: Sequence[Desk]) -> None:
        waiting = _dropped(desks, lambda one: self._shaper.waits(one, provider))
        until = self._shaper.rest_of(provider)
        self._hold((claim, until) for claim in waiting)

    def _rebalance(self) -> None:
        self._put_off(self._switch.rebalance())

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
        desks: Sequence[Desk],
        feed: Feed,
        writing: asyncio.Task[None],
    ) -> None:
        def get_ready(batch: list[Claim]) -> list[Claim]:
            database, clock = self._place.database, self._place.clock
            batch = may_be_tried(database, batch, self._rules.manners, clock())
            return self._composer.get_ready(batch)

        feeding = asyncio.create_task(feed.run(get_ready, self._put_off, self._hold))
        keeping = asyncio.create_task(self._keep(owner_id, claims, desks))
        couriers = [
            asyncio.create_task(one)
            for lines, desk in zip(self.lines, desks, strict=True)
            for one in lines.work(desk)
        ]
        stopping = asyncio.create_task(self._stop.wait())
        working = [feeding, keeping, *couriers]
        # Any of these ends by itself only by a bug, or when others took its letters.
        ending = [stopping, writing, *working]
        await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
        self._switch.stop()
        for desk in desks:
            desk.close()
        stopping.cancel()
        await asyncio.wait([feeding, *couriers], timeout=self._rules.drain_s)
        for task in working:
            task.cancel()
        for end in await asyncio.gather(*working, return_exceptions=True):
            if isinstance(end, Exception):
                raise end
        await asyncio.to_thread(feed.tell)

    def _leave(self, owner_id: int) -> None:
        """Give back whatever the drain did not end, and say good-bye."""
        database, clock = self._place.database, self._place.clock
        owner.take_all(database, owner_id, clock)
        owner.finish(database, self._place.locks, owner_id, clock())

    async def _keep(self, owner_id: int, claims: Claims, desks: Sequence[Desk]) -> None:
        while True:
            await asyncio.sleep(self._rules.keep_every_s)
            try:
                await asyncio.to_thread(self._keep_once, owner_id, claims, desks)
            except owner.LockLostError:
                raise
            except (MailerError, OSError) as problem:
                _log.error("a sender's housekeeping waits for its next turn: %s", problem)

    def _keep_once(self, owner_id: int, claims: Claims, desks: Sequence[Desk]) -> None:
        owner.keep(self._place.database, self._place.locks, owner_id)
        states = [
            lines.report(len(desk)) for lines, desk in zip(self.lines, desks, strict=True)
        ]
        with self._place.database.write() as connection:
            claims.renew(connection)
            relaystates.keep(connection, owner_id, states)
        self._uncomposed.tell(one for desk in desks for one in desk.take_failed())
        self._recover(owner_id)
        self._housekeeping()


def _dropped(desks: Sequence[Desk], falls: Callable[[Claim], bool]) -> list[Claim]:
    return [claim for desk in desks for claim in desk.drop(falls)]

"""The lines of one sender to one relay: couriers, its circuit, and what came of it all."""

import asyncio
import collections
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.jobs.desk import Desk
from mailer.jobs.gate import Gate
from mailer.jobs.relays import Handing, Relay
from mailer.jobs.switch import Readiness
from mailer.model.delivery import Claim
from mailer.model.outcome import Accepted, Deferred, Outcome, Refused, Released
from mailer.model.patience import can_wait
from mailer.pace.breaker import WELL, CircuitState, failed
from mailer.store.database import Database
from mailer.store.relaystates import RelayState

_log = logging.getLogger(__name__)

LIMIT = "limit"
"""The state of a relay of which an hour or a day has had all that campaigns may have."""

_LATELY = timedelta(minutes=10)
_PUT_OFF = timedelta(seconds=5)
_PUT_OFF_AT_MOST = timedelta(minutes=1)
_MARKS_KEPT = 1_000
_OPENED_AT_ONCE = 8
"""How many lines are opened side by side: one takes seven round trips with TLS and login.

Once more are open, as many again; to a relay in trouble one after the other."""
_MARKS_TOLD = 5


@dataclass(slots=True)
class Tally:
    """What came of letters on some lines since they were first opened."""

    accepted: int = 0
    deferred: int = 0
    refused: int = 0
    released: int = 0

    def count(self, outcome: Outcome) -> str:
        """Count an outcome; return the server's mark if it was not a good one."""
        match outcome:
            case Accepted():
                self.accepted += 1
                return ""
            case Deferred(reply):
                self.deferred += 1
            case Refused(reply):
                self.refused += 1
            case Released(reply):
                self.released += 1
            case _:
                return ""
        return "-".join(str(part) for part in (reply.code or "", reply.enhanced) if part)


class Lines:
    """One sender's lines to one relay."""

    def __init__(
        self,
        relay: Relay,
        gate: Gate,
        clock: Callable[[], datetime],
        stop: asyncio.Event,
        changed: Callable[[], None],
    ) -> None:
        """Build them; nothing is opened before `run`.

        Args:
            stop: Set when the sender is to end.
            changed: Called when letters had better go to other relays, or may come back.
        """
        self.relay = relay
        self.gate = gate
        self.circuit = WELL
        self.trouble = ""
        """What is wrong with the relay; "" while it takes letters."""
        self.open_now = 0
        self.tally = Tally()
        self._marks: collections.deque[tuple[datetime, str]] = collections.deque(
            maxlen=_MARKS_KEPT
        )
        self._told = (clock(), 0)
        self._clock = clock
        self._stop = stop
        self._changed = changed
        self.forgiven: Callable[[Released], bool] = lambda _: False
        """Says whether a line's trouble is not the relay's, but a provider's word."""
        self._probe = asyncio.Lock()
        self._opening = 0
        self._opened_one = asyncio.Event()
        self._well = asyncio.Event()

    def readiness(self) -> Readiness:
        """Say how many letters it may be given."""
        if self.gate.shut:
            return Readiness.NONE
        match self.circuit.state(self._clock()):
            case CircuitState.CLOSED:
                return Readiness.WELL
            case CircuitState.HALF_OPEN:
                return Readiness.ONE
            case CircuitState.OPEN:
                return Readiness.NONE

    def serve(self, desk: Desk) -> None:
        """Hear from a desk what the relay answers, and when its limits are used up."""
        desk.on_answer = lambda: self._well_again(desk)
        desk.on_shut = lambda: self._shut(desk)
        desk.on_outcome = self._count

    def work(self, desk: Desk) -> list[Coroutine[None, None, None]]:
        """Return all that is to run for a desk until it is closed."""
        couriers = [self._courier(desk) for _ in range(self.relay.connections)]
        return [self.gate.ask_ahead(), *couriers]

    async def _courier(self, desk: Desk) -> None:
        """Keep one line busy: opened when there is work for another, closed when idle."""
        while await desk.wait(None):
            if len(desk) <= desk.idle + self._opening:
                # Those who wait with an open line will take it, or who opens one.
                await asyncio.sleep(0.01)
                continue
            working: asyncio.Task[None] | None = None
            async with self._probe:
                await self._few_are_opened()
                # Whatever could be handed over could not be written down.
                if not await desk.writable() or not await self._rested():
                    return
                if len(desk) <= desk.idle + self._opening:
                    continue
                alone = self.circuit.failures > 0
                if alone:
                    working = await self._opened_alone(desk)
            if not alone:
                working = await self._opened(desk)
            if working is not None:
                await working

    async def _few_are_opened(self) -> None:
        while self._opening >= max(_OPENED_AT_ONCE, self.open_now):
            self._opened_one.clear()
            await self._opened_one.wait()

    async def _opened_alone(self, desk: Desk) -> asyncio.Task[None] | None:
        probing = self.circuit.broken
        working = await self._opened(desk)
        if working is not None and probing:
            await self._answered_or(working)
        return working

    async def _opened(self, desk: Desk) -> asyncio.Task[None] | None:
        """Open a line and begin its work; None when the relay is in trouble."""
        self._opening += 1
        try:
            courier = await self.relay.way.open(desk)
        finally:
            self._opening -= 1
            self._opened_one.set()
        if isinstance(courier, Released):
            self._in_trouble(courier, desk)
            return None
        return asyncio.create_task(self._work(courier, desk))

    async def _work(self, courier: Handing, desk: Desk) -> None:
        self.open_now += 1
        try:
            trouble = await courier.work()
        finally:
            self.open_now -= 1
            courier.abort("the courier ended")
        if trouble is not None and not self.forgiven(trouble):
            self._in_trouble(trouble, desk)

    async def _answered_or(self, working: asyncio.Task[None]) -> None:
        """Let no other line be opened until the probe has its answer, or its end."""
        self._well.clear()
        answered = asyncio.create_task(self._well.wait())
        try:
            await asyncio.wait({working, answered}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            working.cancel()
            raise
        finally:
            answered.cancel()

    def _count(self, outcome: Outcome) -> None:
        if mark := self.tally.count(outcome):
            self._marks.append((self._clock(), mark))

    def report(self, held: int) -> RelayState:
        """Say how the relay is, for people to look at; called at even distances.

        Args:
            held: Letters in hand that wait for a line.
        """
        now, tally = self._clock(), self.tally
        since, before = self._told
        self._told = now, tally.accepted
        seconds = max((now - since).total_seconds(), 0.001)
        lately = collections.Counter(
            mark for at, mark in list(self._marks) if now - at < _LATELY
        )
        shut = self.gate.shut or self.gate.holds
        return RelayState(
            self.relay.address.name,
            now,
            LIMIT if shut else self.circuit.state(now).value,
            self.gate.full_until if shut else self.circuit.rest_until,
            self.trouble,
            self.open_now,
            held,
            (tally.accepted - before) / seconds,
            tally.accepted,
            tally.deferred,
            tally.refused,
            tally.released,
            dict(lately.most_common(_MARKS_TOLD)),
        )

    def _in_trouble(self, trouble: Released, desk: Desk) -> None:
        relay, now = self.relay, self._clock()
        before = self.circuit.broken
        first = timedelta(seconds=relay.pause_s)
        at_most = timedelta(seconds=relay.pause_at_most_s)
        self.circuit = failed(self.circuit, trouble.stage, first, at_most, now)
        desk.pause = self.circuit.pause
        words = f"{trouble.stage}: {trouble.reply}"
        if words != self.trouble:
            _log.warning(
                "relay %s is in trouble at %s; next try in %g s",
                relay.address.name,
                words,
                self.circuit.pause.total_seconds(),
            )
        self.trouble = words
        if self.circuit.broken:
            desk.unready()
            if not before:
                _log.warning("relay %s: nothing goes there for now", relay.address.name)
            self._changed()

    def _well_again(self, desk: Desk) -> None:
        if not self.trouble:
            return
        _log.info("relay %s takes letters again", self.relay.address.name)
        self.trouble = ""
        self.circuit = WELL
        self._well.set()
        desk.pause = timedelta(seconds=self.relay.pause_s)
        self._changed()

    def _shut(self, desk: Desk) -> None:
        desk.unready()
        self._changed()

    @property
    def rests_for(self) -> timedelta:
        """How long nothing is handed over any more."""
        now = self._clock()
        rest_until = self.circuit.rest_until if self.circuit.rests(now) else None
        shut_until = self.gate.shut_until if self.gate.shut else None
        moments = [at for at in (rest_until, shut_until) if at is not None]
        return max((at - now for at in moments), default=timedelta())

    async def _rested(self) -> bool:
        """Wait until the relay was left alone long enough; False when told to stop."""
        while not self._stop.is_set():
            rests_for = self.rests_for
            if rests_for <= timedelta():
                return True
            try:
                async with asyncio.timeout(rests_for.total_seconds()):
                    await self._stop.wait()
            except TimeoutError:
                pass
        return False


def put_off_for(claim: Claim, lines: Sequence[Lines]) -> timedelta:
    """Return in how long a letter is due again for which none of some relays had room.

    In a moment; while all of them rest, later, or a campaign whose other letters are out
    would be claimed and given back for hours. Another sender's relays may be well.
    """
    if not can_wait(claim):
        return _PUT_OFF
    soonest = min((one.rests_for for one in lines), default=_PUT_OFF_AT_MOST)
    return min(max(_PUT_OFF, soonest), _PUT_OFF_AT_MOST)


def gate_of(relay: Relay, database: Database, clock: Callable[[], datetime]) -> Gate:
    """Return the throttle of a relay, for one of its senders."""
    key = f"relay:{relay.address.name}"
    return Gate(database, key, relay.rate, clock, relay.reserved)

"""The portions of a sender: how much its feed may claim for each mailbox provider.

All of it is asked off the event loop, within the transaction that claims.
"""

import collections
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from mailer.jobs.shaper import Shaper
from mailer.model.delivery import Claim
from mailer.model.patience import can_wait
from mailer.model.provider import OTHER
from mailer.pace import shaping
from mailer.pace.breaker import CircuitState
from mailer.pace.shaping import Standing, share_out
from mailer.pace.throttle import Rate
from mailer.store.database import Connection
from mailer.store.providerstates import keep_states, provider_states, take_turn
from mailer.store.throttle import lease
from mailer.store.waiting import Running

_AHEAD = timedelta(seconds=0.5)
_AN_HOUR = timedelta(hours=1)
_IN_HAND = 10
"""So many times what may be under way is claimed ahead, and no more: it waits in hand."""


def _reckons(one: Running) -> bool:
    """Say whether rows that senders share are locked for a campaign's letters.

    Each sender goes over campaigns and providers in an order of its own.
    """
    return one.pace is not None or any(name != OTHER for name in one.providers)


class Portions:
    """What may be claimed for whom."""

    def __init__(self, shaper: Shaper) -> None:
        self._shaper = shaper
        self._next_at: dict[str, datetime] = {}

    def begin(
        self, connection: Connection, waiting: Sequence[Running], *, warmed: bool = False
    ) -> None:
        """Begin a transaction that claims: before it asks for anything else.

        Args:
            warmed: The day of a domain that is warmed up is reckoned with too.
        """
        if warmed or any(_reckons(one) for one in waiting):
            take_turn(connection)

    def open_to(self, waiting: Sequence[Running], now: datetime) -> list[Running]:
        """Return the campaigns of which something may be claimed."""
        return [
            one
            for one in waiting
            if any(self._may_claim(name, now) for name in one.providers)
        ]

    def _may_claim(self, name: str, now: datetime) -> bool:
        standing = self._shaper.standing(name)
        if shaping.letters_for(standing, now) == 0:
            return False
        return self._next_at.get(name, now) <= now + _AHEAD

    def shares(
        self, running: Running, room: int, held: collections.Counter[str], now: datetime
    ) -> dict[str, int]:
        """Return how many letters of a campaign may be claimed at each provider.

        Args:
            held: What this sender has in hand already, by provider.
        """
        wants: dict[str, int] = {}
        for name in running.providers:
            if not self._may_claim(name, now):
                continue
            standing = self._shaper.standing(name)
            want = shaping.letters_for(standing, now)
            want = room if want is None else want
            if rate := self._rate(name, standing):
                want = min(want, max(1, int(rate)))
            if limit := self._shaper.at_once.get(name):
                want = min(want, max(0, limit * _IN_HAND - held[name]))
            wants[name] = want
        return {name: one for name, one in share_out(room, wants).items() if one}

    def _rate(self, name: str, standing: Standing) -> float:
        if name == OTHER:
            return 0
        return shaping.rate_of(standing, self._shaper.limits_of(name))

    def may_claim(
        self, connection: Connection, name: str, wanted: int, now: datetime
    ) -> int:
        """Return how many letters may be claimed at a provider this moment."""
        standing = self._shaper.standing(name)
        if standing.state(now) is CircuitState.HALF_OPEN:
            found = provider_states(connection, [name])
            standing = found.get(name, standing)
            self._shaper.learn(name, standing)
            letters = shaping.letters_for(standing, now)
            return wanted if letters is None else min(wanted, letters)
        if not (rate := self._rate(name, standing)):
            return wanted
        slots = lease(connection, f"provider:{name}", Rate(rate), 0, now)
        self._next_at[name] = slots.first_at
        return wanted if slots.first_at <= now + _AHEAD else 0

    def claimed(self, connection: Connection, name: str, count: int, now: datetime) -> None:
        """Charge what was claimed at a provider."""
        standing = self._shaper.standing(name)
        if not count:
            return
        if standing.state(now) is CircuitState.HALF_OPEN:
            standing = shaping.probing(standing, now)
            self._shaper.learn(name, standing)
            keep_states(connection, {name: standing}, now)
        if rate := self._rate(name, standing):
            slots = lease(connection, f"provider:{name}", Rate(rate), count, now)
            self._next_at[name] = slots.full_at

    def hold(
        self, claims: Iterable[Claim], now: datetime
    ) -> tuple[list[Claim], list[tuple[Claim, datetime]]]:
        """Part what may be handed out from what waits, each of these with its new time."""
        if not self._shaper.standings:
            return list(claims), []
        going: list[Claim] = []
        waiting: list[tuple[Claim, datetime]] = []
        gone: collections.Counter[str] = collections.Counter()
        for claim in claims:
            name = self._shaper.provider_of(claim)
            standing = self._shaper.standings.get(name)
            if standing is None or claim.provider != OTHER or not can_wait(claim):
                going.append(claim)
                continue
            until = self._until(name, standing, gone, now)
            if until > now:
                waiting.append((claim, until))
            else:
                going.append(claim)
        return going, waiting

    def _until(
        self,
        name: str,
        standing: Standing,
        gone: collections.Counter[str],
        now: datetime,
    ) -> datetime:
        """Return when a letter to a domain may go, by its place in this batch."""
        match standing.state(now):
            case CircuitState.OPEN:
                return standing.rest_until or now + _AN_HOUR
            case CircuitState.HALF_OPEN:
                if not shaping.letters_for(standing, now):
                    return standing.probe_until or now
                self._shaper.learn(name, shaping.probing(standing, now))
                return now
            case CircuitState.CLOSED:
                rate = shaping.rate_of(standing, self._shaper.limits_of(name))
                if not rate:
                    return now
                first = max(self._next_at.get(name, now), now)
                at = first + gone[name] * timedelta(seconds=1 / rate)
                if at <= now + _AHEAD:
                    self._next_at[name] = first + timedelta(seconds=1 / rate)
                    return now
                gone[name] += 1
                return at

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
from mailer.pace.shaping import Standing
from mailer.pace.sharing import share_out
from mailer.pace.throttle import Rate
from mailer.store.database import Connection, Database
from mailer.store.providerstates import keep_states, provider_states, take_turn
from mailer.store.throttle import lease
from mailer.store.waiting import Running

_AHEAD = timedelta(seconds=0.5)
_AN_HOUR = timedelta(hours=1)
_IN_HAND = 10
"""So many times what may be under way is claimed ahead, and no more: it waits in hand."""


def _reckons(one: Running) -> bool:
    """Say whether rows that senders share are locked for a campaign's letters.

    Each sender goes over campaigns and providers in an order of its own. The others
    together have a rate only when a brake has slowed them.
    """
    return one.pace is not None or any(name != OTHER for name in one.providers)


class Portions:
    """What may be claimed for whom."""

    def __init__(self, shaper: Shaper) -> None:
        self._shaper = shaper
        self._next_at: dict[str, datetime] = {}
        self._others_per_second = 0.0
        self._looked_at: datetime | None = None

    def begin(
        self, connection: Connection, waiting: Sequence[Running], *, warmed: bool = False
    ) -> None:
        """Begin a transaction that claims: before it asks for anything else.

        Args:
            warmed: The day of a domain that is warmed up is reckoned with too.
        """
        self._others_per_second = self._shaper.standing(OTHER).per_second
        slowed = self._others_per_second > 0
        if warmed or slowed or any(_reckons(one) for one in waiting):
            take_turn(connection)

    def open_to(self, waiting: Sequence[Running], now: datetime) -> list[Running]:
        """Return the campaigns of which something may be claimed."""
        if self._looked_at is not None and now < self._looked_at:
            # The clock was put back: the database says when the next slot is.
            self._next_at.clear()
        self._looked_at = now
        return [
            one
            for one in waiting
            if any(self._may_claim(name, now) for name in one.providers)
        ]

    def _may_claim(self, name: str, now: datetime) -> bool:
        standing = self._shaper.standing(name)
        if (
            shaping.letters_for(standing, now) == 0
            or self._shaper.rooms.at_once.get(name) == 0
        ):
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
            if limit := self._shaper.rooms.at_once.get(name):
                want = min(want, max(0, limit * _IN_HAND - held[name]))
            wants[name] = want
        return {name: one for name, one in share_out(room, wants).items() if one}

    def _rate(self, name: str, standing: Standing) -> float:
        if name == OTHER:
            # As it was when the transaction began: its turn was taken for that.
            return self._others_per_second
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
        self, database: Database, claims: Iterable[Claim], now: datetime
    ) -> tuple[list[Claim], list[tuple[Claim, datetime]]]:
        """Part what may be handed out from what waits, each of these with its new time.

        Letters to domains that stand in no file are claimed before anybody sees whose they
        are; of these few the senders ask the database together.
        """
        if not self._shaper.standings:
            return list(claims), []
        going: list[Claim] = []
        concerned: dict[str, list[Claim]] = {}
        for claim in claims:
            name = self._shaper.provider_of(claim)
            known = name in self._shaper.standings
            if known and claim.provider == OTHER and can_wait(claim):
                concerned.setdefault(name, []).append(claim)
            else:
                going.append(claim)
        waiting: list[tuple[Claim, datetime]] = []
        for name, letters in concerned.items():
            times = self._times(database, name, len(letters), now)
            for claim, at in zip(letters, times, strict=True):
                if at > now:
                    waiting.append((claim, at))
                else:
                    going.append(claim)
        return going, waiting

    def _times(
        self, database: Database, name: str, letters: int, now: datetime
    ) -> list[datetime]:
        """Return when each of some letters to a domain may go; `now` for at once."""
        standing = self._shaper.standing(name)
        state = standing.state(now)
        if state is CircuitState.OPEN:
            return [standing.rest_until or now + _AN_HOUR] * letters
        if state is CircuitState.CLOSED and not self._rate(name, standing):
            return [now] * letters
        with database.write() as connection:
            take_turn(connection)
            found = provider_states(connection, [name]).get(name, standing)
            match found.state(now):
                case CircuitState.OPEN:
                    times = [found.rest_until or now + _AN_HOUR] * letters
                case CircuitState.HALF_OPEN:
                    probe = shaping.letters_for(found, now) or 0
                    if probe:
                        found = shaping.probing(found, now)
                        keep_states(connection, {name: found}, now)
                    later = [found.probe_until or now] * (letters - probe)
                    times = [now] * probe + later
                case CircuitState.CLOSED:
                    times = self._in_turn(connection, name, found, letters, now)
        if state is CircuitState.HALF_OPEN:
            self._shaper.learn(name, found)
        return times

    def _in_turn(
        self,
        connection: Connection,
        name: str,
        standing: Standing,
        letters: int,
        now: datetime,
    ) -> list[datetime]:
        """Take slots for letters that may go, and say when the others are worth a try."""
        rate = Rate(self._rate(name, standing))
        if not rate:
            return [now] * letters
        key = f"provider:{name}"
        first = lease(connection, key, rate, 0, now).first_at
        times = [first + place * rate.spacing for place in range(letters)]
        going = sum(at <= now + _AHEAD for at in times)
        self._next_at[name] = lease(connection, key, rate, going, now).full_at
        return [now] * going + times[going:]

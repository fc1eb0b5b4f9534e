"""The shaper of a sender: how much each mailbox provider is given, and what it answers.

What is decided stands in `pace.shaping`; here it is asked and told. The event loop tells
what letters came to; the feed, off the loop, writes it down for all senders and asks how
much may be claimed. A letter to somebody of whom nothing is known costs next to nothing.
"""

import collections
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from mailer.jobs.provider_alarms import stopped
from mailer.jobs.rooms import Rooms
from mailer.model.delivery import Claim
from mailer.model.outcome import Accepted, Deferred, Outcome, Refused, Released, Stage
from mailer.model.patience import can_wait
from mailer.model.provider import OTHER, domain_of
from mailer.pace import shaping
from mailer.pace.breaker import CircuitState
from mailer.pace.providers import NOTHING_KNOWN, Limits, Providers
from mailer.pace.repeats import Repeats
from mailer.pace.shaping import WELL, Heard, Standing
from mailer.store.alarms import raise_unless_open
from mailer.store.database import Connection
from mailer.store.providerstates import keep_states, provider_states

_LOOK_EVERY = timedelta(seconds=5)
_TELL_EVERY = timedelta(seconds=1)
_AN_HOUR = timedelta(hours=1)
_DOMAINS_AT_MOST = 2_000
_THEIRS = frozenset({Stage.RCPT, Stage.DATA, Stage.CONTENT})

_News = tuple[str, Heard, datetime]


class Shaper:
    """What one sender knows of mailbox providers."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        providers: Providers = NOTHING_KNOWN,
        rooms: Rooms | None = None,
    ) -> None:
        self.rooms = rooms or Rooms(providers)
        self._clock = clock
        self._providers = providers
        self._listed = providers.listed()
        self.standings: dict[str, Standing] = {}
        self._lock = threading.Lock()
        """Held by whoever changes the standings: the loop and the feed both do."""
        self._strangers = False
        """Something is known of a domain that stands in no file."""
        self._accepted: collections.Counter[str] = collections.Counter()
        self._answered = False
        """Whoever rested took a letter: no other is claimed there before that is known."""
        self._heard: collections.deque[_News] = collections.deque()
        self._untold: tuple[list[_News], collections.Counter[str]]
        self._untold = [], collections.Counter()
        self._repeats = Repeats()
        self._read_at: datetime | None = None
        self._told_at = clock()
        self._seen: Released | None = None
        self._blamed: Released | None = None
        self.on_closed: Callable[[str], None] = lambda _: None
        """Called when nothing more may go to a provider for a while."""
        self._reckon()

    def standing(self, name: str) -> Standing:
        """Return how a provider is, as far as this sender knows."""
        return self.standings.get(name, WELL)

    def limits_of(self, name: str) -> Limits:
        """Return what a provider is given to begin with."""
        return self._providers.limits_of(name)

    # What the event loop asks and tells.

    def provider_of(self, claim: Claim) -> str:
        """Return a letter's provider; of one that is not known by name the domain."""
        if claim.provider != OTHER:
            return claim.provider
        domain = domain_of(claim.address)
        return self._listed.get(domain, domain)

    def enter(self, claim: Claim) -> tuple[str, int] | None:
        """Let a letter be on its way; None while as many are as may be.

        Returns:
            The name under which it counts ("" for none), and how many letters to it one
            connection carries (0 for no limit of its own).
        """
        name = claim.provider
        if name == OTHER:
            if not self._strangers:
                return "", 0
            name = self.provider_of(claim)
        if not self.rooms.has_room(name, waited_for=not can_wait(claim)):
            return None
        self.rooms.enter(name)
        standing = self.standings.get(name, WELL)
        limits = self._providers.limits_of(name)
        return name, shaping.per_connection_of(standing, limits)

    def full(self, claim: Claim) -> str | None:
        """Return a letter's provider while no other may be on its way there."""
        if claim.provider == OTHER and not self._strangers:
            return None
        name = self.provider_of(claim)
        return None if self.rooms.has_room(name, waited_for=not can_wait(claim)) else name

    def heard(self, claim: Claim, outcome: Outcome, nth: int = 0) -> None:
        """Hear what came of a letter, before it leaves.

        Args:
            nth: How many letters to its provider its connection had carried, with it.
        """
        if isinstance(outcome, Accepted):
            if claim.provider != OTHER:
                self._took(claim.provider)
            elif self._strangers and (name := self.provider_of(claim)) in self.standings:
                self._took(name)
            return
        if isinstance(outcome, Released):
            # The letter whose envelope had gone ahead hears of the same trouble.
            if outcome is self._seen:
                return
            self._seen = outcome
        if isinstance(outcome, Deferred | Refused | Released) and outcome.stage in _THEIRS:
            self._no(claim, outcome, nth)

    def _took(self, name: str) -> None:
        self._accepted[name] += 1
        if self.standings.get(name, WELL).broken:
            self._answered = True

    def _no(self, claim: Claim, outcome: Deferred | Refused | Released, nth: int) -> None:
        name, now = self.provider_of(claim), self._clock()
        rule = self._providers.rule_for(name, outcome.reply)
        if rule is None and not isinstance(outcome, Deferred):
            # A refusal is the letter's own; a line that breaks is the relay's trouble.
            return
        if isinstance(outcome, Released):
            self._blamed = outcome
        if rule is not None and not self._repeats.enough(rule, name, now):
            if self.standing(name).state(now) is not CircuitState.HALF_OPEN:
                return
            # It is what the letter that tries it was answered, and that decides.
            rule = None
        if name not in self.standings and len(self.standings) >= _DOMAINS_AT_MOST:
            return
        reply = outcome.reply
        mark = "-".join(str(part) for part in (reply.code, reply.enhanced) if part)
        heard = Heard(
            rule, mark, self.rooms.under_way()[name], nth, self._lately(name, now)
        )
        limits = self._providers.limits_of(name)
        with self._lock:
            before = self.standings.get(name, WELL)
            after = shaping.said_no(before, limits, heard, now)
            if after == before and rule is not None:
                return
            self._heard.append((name, heard, now))
            self.standings[name] = after
            self._reckon()
        open_ = CircuitState.OPEN
        if after.state(now) is open_ and before.state(now) is not open_:
            self.on_closed(name)

    def _lately(self, name: str, now: datetime) -> float:
        seconds = (now - self._told_at).total_seconds()
        return self._accepted[name] / seconds if seconds > 1 else 0.0

    def took_blame(self, trouble: Released) -> bool:
        """Say whether a line's trouble was a provider's word, and not the relay's."""
        return trouble is self._blamed

    def waits(self, claim: Claim, name: str) -> bool:
        """Say whether a letter waits because a provider was closed."""
        return can_wait(claim) and self.provider_of(claim) == name

    def leave_to_others(self) -> None:
        """Close providers that take too few at once for this sender to have one.

        What was claimed when they took more, or it was our turn, would wait for nothing.
        """
        if self.rooms.is_due(self._clock()):
            with self._lock:
                self._reckon()
        for name in self.rooms.left_to_others():
            self.on_closed(name)

    def rest_of(self, name: str) -> datetime:
        """Return when letters to a provider that is closed are due again.

        What is found by its provider's name is not claimed before it opens.
        """
        now = self._clock()
        if name in self._providers.known:
            return now
        return max(now, self.standing(name).rest_until or now + _AN_HOUR)

    # What the feed asks and tells, off the loop.

    def learn(self, name: str, standing: Standing) -> None:
        """Hear how a provider is by what all senders know, or by what it is given now."""
        with self._lock:
            self.standings[name] = standing

    @property
    def has_news(self) -> bool:
        """Say whether something was heard that the others do not know."""
        return bool(self._heard or self._untold[0]) or self._answered

    def write_down(self, connection: Connection, now: datetime) -> None:
        """Write down what was heard, and read what the other senders heard.

        What is not `told` is written down once more the next time.
        """
        # Also where the clock was put back, by however much.
        told = self._answered or abs(now - self._told_at) >= _TELL_EVERY
        due = self._read_at is None or abs(now - self._read_at) >= _LOOK_EVERY
        news, accepted = self._untold
        if not (self._heard or news or (self._accepted and told) or due):
            return
        news += [self._heard.popleft() for _ in range(len(self._heard))]
        if told or news:
            self._answered = False
            lately, self._accepted = self._accepted, collections.Counter()
            accepted.update(lately)
            self._told_at = now
        concerned = {name for name, *_ in news} | set(accepted)
        found = provider_states(connection)
        if concerned:
            found |= provider_states(connection, concerned)
        after = {name: shaping.faded(one, now) for name, one in found.items()}
        known = self._providers.known
        for name in concerned:
            after[name] = self._brought_up(name, after.get(name), accepted[name], news, now)
            if after[name].stopped and not found.get(name, WELL).stopped:
                raise_unless_open(connection, stopped(name, after[name], now))
        changed = {
            name: one
            for name, one in after.items()
            if one != found.get(name, WELL) and (name in known or one.slowed_at)
        }
        keep_states(connection, changed, now)
        self._read_at = now
        with self._lock:
            self._take_over(after)

    def told(self) -> None:
        """Hear that what was written down last is on disk."""
        self._untold = [], collections.Counter()

    def _take_over(self, after: dict[str, Standing]) -> None:
        """Go by what all senders know, and by what was heard since that was read."""
        known = self._providers.known
        # What is known of a domain alone, and nobody asked for less, is not worth a row.
        mine = {
            name: one
            for name, one in self.standings.items()
            if name not in known and one.slowed_at is None and one.failures
        }
        whole = {**mine, **after}
        for name, heard, at in self._heard:
            if name not in after and name not in known:
                whole[name] = self.standings.get(name, WELL)
                continue
            limits = self._providers.limits_of(name)
            whole[name] = shaping.said_no(whole.get(name, WELL), limits, heard, at)
        self.standings = {name: one for name, one in whole.items() if one != WELL}
        self._reckon()

    def _brought_up(
        self,
        name: str,
        found: Standing | None,
        accepted: int,
        news: Sequence[_News],
        now: datetime,
    ) -> Standing:
        """Return the standing that all share, with what this sender heard."""
        limits = self._providers.limits_of(name)
        if found is None and name not in self._providers.known:
            # Nobody else knows of it: what is in hand has it all.
            found, news = self.standings.get(name, WELL), ()
        standing = found or WELL
        if accepted:
            standing = shaping.went(standing, limits, accepted, now)
        for whose, heard, at in news:
            if whose == name:
                standing = shaping.said_no(standing, limits, heard, at)
        return standing

    def _reckon(self) -> None:
        known = self._providers.known
        self.rooms.reckon(self.standings, self._clock())
        self._strangers = any(
            name not in known and name != OTHER for name in self.standings
        )

"""How much a mailbox provider may be given, as learnt from its answers: a state machine.

A rate and a number of letters at once that fall by half and by one when the provider asks
for it, and a rate that rises evenly while all is well. Words that say "not now", or ten
answers in a row that were no yes, open its circuit: nothing goes there for a while, longer
each time; then one letter is the probe, and its answer decides. What was learnt fades.

All of it is values: several senders keep one `Standing` for each provider in the database.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, assert_never

from mailer.pace.breaker import CircuitState
from mailer.pace.providers import Act, Limits, Rule

IN_A_ROW = 10
"""So many answers in a row that were no yes, and no rule fits, open the circuit."""

FIRST_REST = timedelta(minutes=5)
LONGEST_REST = timedelta(hours=1)
FADES_AFTER = timedelta(days=1)
"""What was learnt counts so long, after the provider last asked for it."""

HELD_FOR = timedelta(hours=1)
"""What comes back of letters comes late: so long a rate does not rise after a brake."""

PROBE_TAKES = timedelta(minutes=2)
"""A probe that nobody hears of for so long is lost, and another one may go."""

_CLOCKS_APART = timedelta(minutes=1)
"""Clocks of senders on several machines may differ by so much."""

_SAME_TROUBLE = timedelta(seconds=10)
_LEAST_PER_S = 1 / 60
_STEPS = 200
"""The rate rises from nothing to its ceiling in so many seconds of letters."""

_DOUBLED_AT_MOST = 16


@dataclass(frozen=True, slots=True)
class Standing:
    """How one provider is.

    Args:
        per_second: The rate as learnt; 0 for what the limits begin with.
        at_once: Letters at once, as learnt; 0 for the limits' own.
        per_connection: Letters over one connection, as learnt; 0 for the limits' own.
        failures: Answers in a row that were no yes.
        rests: How often it rested without a good answer since.
        rest_until: Nothing goes there before.
        broken: Its circuit is open until a probe is answered.
        probe_until: A probe is under way, and is waited for until then.
        stopped: Why nothing goes there until a person says so; "" otherwise.
        slowed_at: When it last asked for less.
        mark: What it said then, in short.
        marks: How often it said so since it was last well.
        held_until: A brake slowed it: its rate does not rise before.
    """

    per_second: float = 0
    at_once: int = 0
    per_connection: int = 0
    failures: int = 0
    rests: int = 0
    rest_until: datetime | None = None
    broken: bool = False
    probe_until: datetime | None = None
    stopped: str = ""
    slowed_at: datetime | None = None
    mark: str = ""
    marks: int = 0
    held_until: datetime | None = None

    def state(self, now: datetime) -> CircuitState:
        """Return whether letters flow there."""
        if self.stopped:
            return CircuitState.OPEN
        if not self.broken:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self.is_resting(now) else CircuitState.HALF_OPEN

    def is_resting(self, now: datetime) -> bool:
        """Say whether it is left alone for now.

        A rest that would have begun later than now is over: the clock was put back.
        """
        if self.rest_until is None or now >= self.rest_until:
            return False
        return self.slowed_at is None or self.slowed_at <= now + _CLOCKS_APART


WELL = Standing()


@dataclass(frozen=True, slots=True)
class Heard:
    """What one sender heard of a provider that was no yes.

    Args:
        rule: What fits its words; None when none does.
        at_once: Letters under way there when it said so, with this one.
        per_connection: Letters over this connection, with this one.
        per_second: What it took lately, for a provider without a rate.
    """

    rule: Rule | None
    mark: str
    at_once: int = 0
    per_connection: int = 0
    per_second: float = 0


def faded(standing: Standing, now: datetime) -> Standing:
    """Forget what was learnt too long ago."""
    if standing.slowed_at is None or abs(now - standing.slowed_at) < FADES_AFTER:
        return standing
    if standing.broken or standing.stopped:
        return standing
    return WELL


def rate_of(standing: Standing, limits: Limits) -> float:
    """Return its letters a second; 0 for no limit."""
    return standing.per_second or limits.per_second


def at_once_of(standing: Standing, limits: Limits) -> int:
    """Return how many letters may be under way there; 0 for no limit."""
    return standing.at_once or limits.at_once


def per_connection_of(standing: Standing, limits: Limits) -> int:
    """Return how many letters to it one connection carries; 0 for no limit of its own."""
    return standing.per_connection or limits.letters_per_connection


def went(standing: Standing, limits: Limits, accepted: int, now: datetime) -> Standing:
    """Return the standing after letters that were accepted.

    A rate that no file limits rises too, until what was learnt fades.
    """
    rate = rate_of(standing, limits)
    ceiling = limits.at_most_per_second
    if rate and (ceiling or not limits.per_second) and not is_held(standing, now):
        step = (ceiling or 100) / _STEPS
        rate += step * accepted / rate
        rate = min(rate, ceiling) if ceiling else rate
    # While it rests, a letter that was on the way already opens nothing.
    if standing.state(now) is CircuitState.OPEN:
        return replace(standing, failures=0)
    learnt = rate if rate != limits.per_second else standing.per_second
    if not standing.broken and learnt == standing.per_second and not standing.failures:
        return standing
    return replace(
        standing,
        per_second=learnt,
        failures=0,
        rests=0 if standing.broken else standing.rests,
        broken=False,
        rest_until=None,
        probe_until=None,
    )


def braked(
    standing: Standing, limits: Limits, words: str, per_second: float, now: datetime
) -> Standing:
    """Return the standing after a brake, whatever the provider itself asked for before.

    Args:
        per_second: What it takes, where nothing else says so.
    """
    rate = max(_LEAST_PER_S, (rate_of(standing, limits) or per_second) / 2)
    marked = _marked(standing, Heard(None, words), now)
    return replace(marked, per_second=rate, held_until=now + HELD_FOR)


def is_held(standing: Standing, now: datetime) -> bool:
    """Say whether a brake keeps its rate from rising."""
    until = standing.held_until
    return until is not None and now < until <= now + HELD_FOR + _CLOCKS_APART


def said_no(standing: Standing, limits: Limits, heard: Heard, now: datetime) -> Standing:
    """Return the standing after an answer that was no yes."""
    rule = heard.rule
    if rule is None:
        return _failed(standing, heard, now)
    match rule.act:
        case Act.IGNORE:
            # It answers, so it is there; the letter itself has its own trouble.
            probed = standing.broken and standing.probe_until is not None
            return went(standing, limits, 1, now) if probed else standing
        case Act.SLOW:
            slower = _slower(standing, limits, heard, now)
            if standing.state(now) is CircuitState.HALF_OPEN:
                slower = _rests(slower, heard, rule.rest, now)
            return slower
        case Act.FEWER | Act.ANEW:
            return _narrower(standing, limits, heard, rule.act, now)
        case Act.REST:
            return _rests(standing, heard, rule.rest, now)
        case Act.STOP:
            return replace(_marked(standing, heard, now), stopped=heard.mark, broken=True)
        case _:
            assert_never(rule.act)


def resumed(standing: Standing) -> Standing:
    """Return the standing after a person said that it may go on: one letter tries."""
    return replace(standing, stopped="", broken=True, rest_until=None, probe_until=None)


def probing(standing: Standing, now: datetime) -> Standing:
    """Return the standing while a probe is under way."""
    return replace(standing, probe_until=now + PROBE_TAKES)


def letters_for(standing: Standing, now: datetime) -> int | None:
    """Return how many letters may be claimed for it; None when its rate alone says."""
    match standing.state(now):
        case CircuitState.CLOSED:
            return None
        case CircuitState.HALF_OPEN:
            until = standing.probe_until
            under_way = until is not None and (
                now < until <= now + PROBE_TAKES + _CLOCKS_APART
            )
            return 0 if under_way else 1
        case CircuitState.OPEN:
            return 0


def _marked(standing: Standing, heard: Heard, now: datetime) -> Standing:
    if standing.stopped and heard.mark != standing.stopped:
        # What it says to those who write there all the same is not why it was stopped.
        return standing
    same = heard.mark == standing.mark and faded(standing, now) is standing
    marks = standing.marks + 1 if same else 1
    return replace(standing, slowed_at=now, mark=heard.mark, marks=marks)


def _narrower(
    standing: Standing,
    limits: Limits,
    heard: Heard,
    act: Literal[Act.FEWER, Act.ANEW],
    now: datetime,
) -> Standing:
    """Allow one less than it complained of: it does not rise before it is forgotten."""
    marked = _marked(standing, heard, now)
    if act is Act.FEWER:
        known, seen = at_once_of(standing, limits), heard.at_once
        seen = seen or known or 2
        return replace(marked, at_once=max(1, min(seen, known or seen) - 1))
    known, seen = per_connection_of(standing, limits), heard.per_connection
    seen = seen or known or 10
    return replace(marked, per_connection=max(1, min(seen, known or seen) - 1))


def _slower(standing: Standing, limits: Limits, heard: Heard, now: datetime) -> Standing:
    """Halve the rate, once for all that is said in the same moment."""
    marked = _marked(standing, heard, now)
    last = standing.slowed_at
    if standing.per_second and last is not None and abs(now - last) < _SAME_TROUBLE:
        # The moment begins with the first of them.
        return replace(marked, slowed_at=last)
    rate = rate_of(standing, limits) or heard.per_second or 1
    return replace(marked, per_second=max(_LEAST_PER_S, rate / 2))


def _failed(standing: Standing, heard: Heard, now: datetime) -> Standing:
    failures = standing.failures + 1
    counted = replace(standing, failures=failures)
    if failures >= IN_A_ROW or standing.state(now) is CircuitState.HALF_OPEN:
        return _rests(counted, heard, timedelta(), now)
    return counted


def _rests(standing: Standing, heard: Heard, rest: timedelta, now: datetime) -> Standing:
    """Open the circuit; what is said while it rests does not double the rest."""
    marked = _marked(standing, heard, now)
    until = standing.rest_until
    if until is not None and standing.is_resting(now):
        return replace(marked, rest_until=max(until, now + rest))
    doubled = FIRST_REST * 2 ** min(standing.rests, _DOUBLED_AT_MOST)
    until = now + max(rest, min(doubled, LONGEST_REST))
    return replace(
        marked,
        broken=True,
        rest_until=until,
        rests=standing.rests + 1,
        probe_until=None,
        failures=0,
    )

"""How mailbox providers are, and letting one go on that was stopped or rests."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.errors import NotFoundError, RefusedError, did_you_mean
from mailer.jobs.provider_alarms import KIND, subject_of
from mailer.model.provider import OTHER
from mailer.pace import shaping
from mailer.pace.breaker import CircuitState
from mailer.pace.providers import Providers
from mailer.pace.shaping import WELL, Standing
from mailer.store.alarms import acknowledge_about
from mailer.store.database import Database
from mailer.store.providerstates import keep_states, provider_states
from mailer.store.waiting import waiting_by_provider

STOPPED = "stopped"
FALLING, RISING, EVEN = "falling", "rising", ""
_LATELY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ProviderStanding:
    """How one provider is, over all senders.

    Args:
        state: closed, open, half_open (`pace.breaker`), or `STOPPED`.
        per_second: What it is given; 0 for no limit.
        trend: FALLING for what it asked for less of lately, RISING for more than at first.
        at_once: … 0 for no limit; `per_connection` too.
        why: What it last said that was no yes, in short; "" when that is long ago.
        times: How often it said so.
        waiting: Letters of campaigns that are queued for it.
        listed: It has a name of its own; letters to other domains wait under `OTHER`.
    """

    name: str
    state: str
    per_second: float
    trend: str
    at_once: int
    per_connection: int
    rest_until: datetime | None
    why: str
    times: int
    said_at: datetime | None
    waiting: int
    listed: bool = True


def provider_status(
    database: Database, providers: Providers, now: datetime
) -> list[ProviderStanding]:
    """Say how providers are of which something was learnt, or for which letters wait."""
    with database.read() as connection:
        found = provider_states(connection)
        waiting = waiting_by_provider(connection)
    learnt = {name: shaping.faded(one, now) for name, one in found.items()}
    names = {name for name, one in learnt.items() if one != WELL} | set(waiting)
    return [
        _standing(name, learnt.get(name, WELL), providers, waiting.get(name, 0), now)
        for name in sorted(names)
    ]


def _standing(
    name: str, one: Standing, providers: Providers, waiting: int, now: datetime
) -> ProviderStanding:
    limits = providers.limits_of(name)
    rate = shaping.rate_of(one, limits)
    state = one.state(now)
    trend = EVEN
    if one.slowed_at is not None and now - one.slowed_at < _LATELY:
        trend = FALLING
    elif one.per_second and one.per_second != limits.per_second:
        trend = RISING
    rests = state is CircuitState.OPEN and not one.stopped
    return ProviderStanding(
        name,
        STOPPED if one.stopped else state.value,
        rate,
        trend,
        shaping.at_once_of(one, limits),
        shaping.per_connection_of(one, limits),
        one.rest_until if rests else None,
        one.mark,
        one.marks,
        one.slowed_at,
        waiting,
        name in providers.known or name == OTHER,
    )


def resume_provider(database: Database, name: str, now: datetime) -> None:
    """Let a provider go on that was stopped or rests: one letter tries it.

    Whoever does so has seen why it was stopped: a later stop is an alarm of its own.

    Raises:
        NotFoundError: when nothing was learnt of it.
        RefusedError: when it takes letters.
    """
    with database.write() as connection:
        found = provider_states(connection)
        if name not in found:
            near = did_you_mean(name, found)
            raise NotFoundError(f"nothing was learnt of a provider {name!r}{near}")
        one = provider_states(connection, [name])[name]
        if not one.broken and not one.stopped:
            raise RefusedError(f"{name} takes letters: there is nothing to go on with")
        keep_states(connection, {name: shaping.resumed(one)}, now)
        acknowledge_about(connection, KIND, subject_of(name), now)

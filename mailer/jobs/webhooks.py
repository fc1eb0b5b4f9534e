"""Telling other programs what happened to people: posted, tried again, replayed.

An endpoint that was told may be told again after a crash, under the same id.
"""

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mailer.errors import NotFoundError, RefusedError, did_you_mean
from mailer.jobs.slices import forget
from mailer.model.webhook import Endpoint, HookState, signature
from mailer.pace.hooks import next_try
from mailer.store import webhooks as store
from mailer.store.alarms import Alarm, raise_unless_open
from mailer.store.contacts import get_contact
from mailer.store.database import Connection, Database
from mailer.store.lists import all_lists
from mailer.store.webhooks import Hook
from mailer.wire.hooks import Said, post_hook

KEPT_FOR = timedelta(days=30)
"""So long what was told can be told again."""

_SLICE = 200
_BATCH = 20
_LEASE_MARGIN = timedelta(seconds=30)
_ALONE = timedelta(seconds=30)
_GONE = 410

Post = Callable[[Endpoint, bytes, dict[str, str]], Said]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of telling an endpoint.

    Args:
        taken: How many webhooks it took.
        trouble: It did not take one.
    """

    taken: int
    trouble: bool


def deliver(
    database: Database,
    endpoint: Endpoint,
    clock: Callable[[], datetime],
    post: Post | None = None,
) -> Delivered:
    """Post what is due to an endpoint, until nothing is or it does not take one."""
    post = post or _post
    taken = 0
    while True:
        # Asked every second, and mostly nothing is due: others write meanwhile.
        with database.read() as connection:
            if not store.anything_due(connection, endpoint.name, clock()):
                return Delivered(taken, trouble=False)
        lease = timedelta(seconds=endpoint.timeout_s) * _BATCH + _LEASE_MARGIN
        with database.write() as connection:
            hooks = store.take(connection, endpoint.name, lease, clock(), _BATCH)
        for place, hook in enumerate(hooks):
            if hook.told not in endpoint.events:
                with database.write() as connection:
                    store.drop(connection, hook)
                continue
            said = _tell(database, endpoint, hook, clock, post)
            if not said.taken:
                # It has trouble: the others wait for their turn, uncounted.
                _give_back(database, hooks[place + 1 :], clock())
                return Delivered(taken, trouble=True)
            taken += 1
        if len(hooks) < _BATCH:
            return Delivered(taken, trouble=False)


class Teller:
    """Tells one endpoint turn by turn; one that has trouble is left alone for a while."""

    def __init__(
        self, database: Database, endpoint: Endpoint, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._endpoint = endpoint
        self._clock = clock
        self._not_before: datetime | None = None

    def turn(self) -> None:
        """Tell what is due."""
        now = self._clock()
        until = self._not_before
        # Not longer than it is meant to, also when the clock was put back.
        if until is not None and now < until <= now + _ALONE:
            return
        done = deliver(self._database, self._endpoint, self._clock)
        self._not_before = self._clock() + _ALONE if done.trouble else None


def _tell(
    database: Database,
    endpoint: Endpoint,
    hook: Hook,
    clock: Callable[[], datetime],
    post: Post,
) -> Said:
    with database.read() as connection:
        body = body_of(connection, hook)
    said = post(endpoint, body, headers_of(endpoint, hook, body, clock()))
    now = clock()
    with database.write() as connection:
        if said.taken:
            store.end(connection, hook, HookState.DELIVERED, said.words, now)
            return said
        again = None
        if said.status != _GONE:
            chance = random.random()  # noqa: S311 - only spreads the attempts
            again = next_try(hook.attempts, said.retry_after_s, chance, now)
        if again is not None:
            store.put_off(connection, hook, again, said.words)
            return said
        store.end(connection, hook, HookState.FAILED, said.words, now)
        raise_unless_open(connection, _alarm(endpoint, said, now))
    return said


def _give_back(database: Database, hooks: Sequence[Hook], now: datetime) -> None:
    with database.write() as connection:
        for one in hooks:
            store.give_back(connection, one, now)


def body_of(connection: Connection, hook: Hook) -> bytes:
    """Write what a webhook says: who it is is looked up now, so erasing reaches it."""
    contact = None if hook.contact_id is None else get_contact(connection, hook.contact_id)
    seen = all_lists(connection).get(hook.list_id)
    said = {
        "type": f"contact.{hook.told.value}",
        "timestamp": hook.happened_at.astimezone(UTC).isoformat(),
        "data": {
            "contact": hook.contact_id,
            "address": None if contact is None else contact.address,
            "list": None if seen is None else seen.name,
        },
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(
    endpoint: Endpoint, hook: Hook, body: bytes, now: datetime
) -> dict[str, str]:
    """Return a webhook's headers, signed as Standard Webhooks has it."""
    name, timestamp_s = f"msg_{hook.id}", int(now.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": "mailer",
        "webhook-id": name,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": signature(endpoint.secret, name, timestamp_s, body),
    }


def _post(endpoint: Endpoint, body: bytes, headers: dict[str, str]) -> Said:
    return post_hook(
        endpoint.url, body, headers, endpoint.timeout_s, private=endpoint.private
    )


def _alarm(endpoint: Endpoint, said: Said, now: datetime) -> Alarm:
    return Alarm(
        "webhook_failed",
        f"[webhooks.{endpoint.name}]",
        now,
        f"a webhook was given up: its endpoint {said.words}",
        f"put the endpoint right; then `mailer webhook replay {endpoint.name}` tells what"
        " it missed",
    )


@dataclass(frozen=True, slots=True)
class Replay:
    """What is to be told again.

    Args:
        delivered_too: Also what was taken; else only what was given up.
    """

    endpoint: str
    since: datetime
    delivered_too: bool = False

    @property
    def states(self) -> tuple[HookState, ...]:
        """Which webhooks that are, by state."""
        failed = (HookState.FAILED,)
        return (*failed, HookState.DELIVERED) if self.delivered_too else failed


def replay(database: Database, wanted: Replay, now: datetime, *, dry_run: bool) -> int:
    """Let an endpoint be told again, under the same ids; return how many times.

    Raises:
        NotFoundError: when there is no such endpoint.
        RefusedError: when it asks for more than is kept.
    """
    if wanted.since < now - KEPT_FOR:
        raise RefusedError(f"what was told is kept for {KEPT_FOR.days} days")
    with database.read() as connection:
        known = store.known_endpoints(connection)
        if wanted.endpoint not in known:
            raise NotFoundError(
                f"no endpoint {wanted.endpoint[:40]!r} was ever told anything"
                f"{did_you_mean(wanted.endpoint, known)}"
            )
        if dry_run:
            return store.count_replay(
                connection, wanted.endpoint, wanted.states, wanted.since
            )
    with database.write() as connection:
        return store.replay(connection, wanted.endpoint, wanted.states, wanted.since, now)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an endpoint stands.

    Args:
        since_at: From when on it is told; None for one that `serve` has not seen yet.
        last_failure: What came of the last that was given up; "" for none.
    """

    name: str
    since_at: datetime | None
    states: dict[HookState, int]
    last_failure: str


def list_endpoints(database: Database, configured: Iterable[str]) -> list[Standing]:
    """Say how each endpoint stands, by name."""
    with database.read() as connection:
        counted = {one.name: one for one in store.counted(connection)}
        failed = {one.endpoint: one.answer for one in store.last_failures(connection)}
    return [
        Standing(
            name,
            counted[name].since_at if name in counted else None,
            counted[name].states if name in counted else {},
            failed.get(name, ""),
        )
        for name in sorted({*configured, *counted})
    ]


def forget_told(database: Database, now: datetime) -> int:
    """Forget what ended a month ago and before, in slices; return how many."""
    before = now - KEPT_FOR
    return forget(database, lambda one, most: store.forget_hooks(one, before, most), _SLICE)

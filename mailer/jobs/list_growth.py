"""How a list stands and how it grew, as the ledger has it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from mailer.audience.standing import after, standing
from mailer.jobs.world import World
from mailer.model.consent import Act, SubscriptionStatus
from mailer.model.kind import Kind
from mailer.model.mailinglist import MailingList
from mailer.model.reason import WhyLeft
from mailer.model.subscription import Entry, Subscription
from mailer.model.zone import zone_of
from mailer.store import growing
from mailer.store.audience import Audience
from mailer.store.evidence import steps_of
from mailer.store.prospects import Group, groups
from mailer.store.reasons import reasons_by_list
from mailer.workspace.lists import read_list, read_lists

_PERIODS = {"week": "%G-W%V", "month": "%Y-%m"}
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Period:
    """A week or a month of a list.

    Args:
        name: `2026-W47`, or `2026-11`.
        members: How many stood on the list at its end.
    """

    name: str
    joined: int
    left: int
    members: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A list as it stands.

    Args:
        states: Everyone who ever was on it, by what decides whether they may be written to.
    """

    mailing_list: MailingList
    states: tuple[Group, ...]

    @property
    def members(self) -> int:
        """How many may be written to now."""
        return sum(one.count for one in self.states if one.reason == "gets_it")


def listed(world: World, now: datetime) -> list[Standing]:
    """Say how all lists stand, by name."""
    return [_stands(world, one, now) for one in read_lists(world.folder)]


def stands(world: World, name: str, now: datetime) -> Standing:
    """Say how a list stands.

    Raises:
        NotFoundError: when there is no such list.
    """
    return _stands(world, read_list(world.folder, name), now)


def why_left(world: World, list_id: str) -> dict[WhyLeft, int]:
    """Count why people left a list, or all lists at once, as they said it themselves."""
    with world.database.read() as connection:
        return reasons_by_list(connection, list_id)


def _stands(world: World, one: MailingList, now: datetime) -> Standing:
    audience = Audience(one.id, one.words_floor, Kind.MARKETING, None, (), now)
    with world.database.read() as connection:
        return Standing(one, tuple(groups(connection, audience, now)))


def grew(world: World, list_id: str, by: str) -> list[Period]:
    """Say how many joined and left a list in each week or month, the oldest first.

    People who were erased, and are on no list any more, are in no figure.

    Args:
        by: `week` or `month`, in the workspace's time zone.
    """
    zone, form = zone_of(None, world.zone), _PERIODS[by]
    joined: dict[str, int] = {}
    left: dict[str, int] = {}
    for at, came, count in _changes(world, list_id):
        name = at.astimezone(zone).strftime(form)
        side = joined if came else left
        side[name] = side.get(name, 0) + count
    periods: list[Period] = []
    members = 0
    for name in sorted({*joined, *left}):
        members += joined.get(name, 0) - left.get(name, 0)
        periods.append(Period(name, joined.get(name, 0), left.get(name, 0), members))
    return periods


def _changes(world: World, list_id: str) -> Iterator[tuple[datetime, bool, int]]:
    """Give when people came to stand on a list, or ceased to, and how many."""
    with world.database.read() as connection:
        many = growing.alike(connection, list_id)
    for one in many:
        for at, came in _of_one([one.entry]):
            yield at, came, one.count
    last = 0
    while True:
        with world.database.read() as connection:
            ids = growing.with_several(connection, list_id, last, _PAGE)
            steps = steps_of(connection, growing.ever_on(connection, list_id, ids))
        if not ids:
            return
        for entries in steps.values():
            for at, came in _of_one([e for e in entries if e.list_id in (list_id, None)]):
                yield at, came, 1
        last = ids[-1]


def _of_one(entries: Sequence[Entry]) -> Iterator[tuple[datetime, bool]]:
    """Give when one person came to stand on the list, and when that ended."""
    before: list[Subscription | None] = [None]
    for place, entry in enumerate(entries):
        if entry.act is Act.UNDONE:
            before.append(standing(entries[: place + 1]))
        else:
            before.append(after(before[-1], entry))
    for entry, (was, now) in zip(entries, pairwise(before), strict=True):
        if _on(was) != _on(now):
            yield entry.at, _on(now)


def _on(one: Subscription | None) -> bool:
    return one is not None and one.status is SubscriptionStatus.SUBSCRIBED

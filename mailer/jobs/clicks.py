"""Counting clicks: with no person in it, people and machines apart.

What is counted waits a moment in memory and is written together, so that a click costs a
reader nothing. What waits is lost with `kill -9` only: no more than a few seconds' clicks,
and nothing is counted twice.
"""

import threading
from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise, takewhile

from mailer.audience.clicking import Seen, is_machine
from mailer.model.token import Link
from mailer.store.clicks import count_clicks, links_of
from mailer.store.database import Database

_KEPT_AT_MOST = 500
"""Campaigns whose links are kept in memory."""

_WAITS = timedelta(seconds=2)
"""A scanner follows link after link: what it did first is known by what it does next."""

_BURST = timedelta(seconds=1)
"""Two links from one place within so much are a machine's."""

_WAITING_AT_MOST = 100_000


@dataclass(slots=True)
class _Click:
    link: Link
    seen: Seen


@dataclass(slots=True)
class Clicks:
    """What was clicked and is not written yet. Threads may share it."""

    database: Database
    _urls: "OrderedDict[int, dict[int, str]]" = field(
        default_factory=OrderedDict[int, dict[int, str]]
    )
    _waiting: deque[_Click] = field(default_factory=deque[_Click])
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def known_url(self, link: Link) -> str | None:
        """Return where a link leads, when it is in memory."""
        with self._lock:
            return self._urls.get(link.campaign_id, {}).get(link.number)

    def look_up(self, link: Link) -> str | None:
        """Return where a link leads; None when its campaign has none of that number."""
        with self.database.read() as connection:
            urls = {one.number: one.url for one in links_of(connection, link.campaign_id)}
        if not urls:
            return None
        with self._lock:
            self._urls[link.campaign_id] = urls
            while len(self._urls) > _KEPT_AT_MOST:
                self._urls.popitem(last=False)
        return urls.get(link.number)

    def note(self, link: Link, seen: Seen) -> None:
        """Remember a click, to be judged and written in a moment.

        While the database takes nothing in, only so many wait; the rest is not counted.
        """
        with self._lock:
            if len(self._waiting) < _WAITING_AT_MOST:
                self._waiting.append(_Click(link, seen))

    @property
    def waiting(self) -> int:
        """How many clicks are not written yet."""
        return len(self._waiting)

    def write(self, now: datetime, *, everything: bool = False) -> int:
        """Write what has waited long enough; return how many clicks that were.

        Args:
            everything: Also what came just now: the program ends.

        Raises:
            DatabaseError: when the database does not take it; it goes on waiting.
        """
        with self._writing:
            with self._lock:
                held = list(self._waiting)
            # The first ones: they are judged by their places and taken out from there.
            due = list(
                takewhile(lambda one: everything or now - one.seen.at >= _WAITS, held)
            )
            if not due:
                return 0
            counts: defaultdict[tuple[Link, datetime], list[int]] = defaultdict(
                lambda: [0, 0]
            )
            machines = _machines(held)
            for place, one in enumerate(due):
                hour_at = one.seen.at.replace(minute=0, second=0, microsecond=0)
                counts[one.link, hour_at][place in machines] += 1
            with self.database.write() as connection:
                count_clicks(
                    connection, {key: (one[0], one[1]) for key, one in counts.items()}
                )
            with self._lock:
                for _ in due:
                    self._waiting.popleft()
            return len(due)


def _machines(held: list[_Click]) -> frozenset[int]:
    """Return the places of those that a machine followed, all that wait looked at."""
    by_place: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for place, one in enumerate(held):
        if one.seen.network:
            by_place[one.seen.network, one.link.campaign_id].append(place)
    found = {place for place, one in enumerate(held) if is_machine(one.seen)}
    for places in by_place.values():
        for here, there in pairwise(places):
            one, other = held[here], held[there]
            apart = abs(other.seen.at - one.seen.at)
            if one.link != other.link and apart <= _BURST:
                found |= {here, there}
    return frozenset(found)

"""Counting clicks: with no person in it, people and machines apart.

What somebody followed who agreed to that is written down beside it, where she still agrees
at that moment, and no machine went there in her stead.

What is counted waits a moment in memory and is written together, so that a click costs a
reader nothing. What waits is lost with `kill -9` only: no more than a few seconds' clicks,
and nothing is counted twice.
"""

import threading
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Collection, Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise, takewhile

from mailer.audience.clicking import Seen, is_machine
from mailer.model.token import Link, Reader
from mailer.store import ledger
from mailer.store.clickrecords import who_agrees
from mailer.store.clicks import count_clicks, links_of
from mailer.store.database import Connection, Database
from mailer.store.events import Click, note_clicks

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
    reader: Reader | None = None


@dataclass(slots=True)
class Clicks:
    """What was clicked and is not written yet. Threads may share it.

    Args:
        asking: The ids of the lists that ask to know who follows a link; None for none.
    """

    database: Database
    asking: Callable[[], Collection[str]] | None = None
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

    def note(self, link: Link, seen: Seen, reader: Reader | None = None) -> None:
        """Remember a click, to be judged and written in a moment.

        While the database takes nothing in, only so many wait; the rest is not counted.

        Args:
            reader: Whose link it is, in the letter of somebody who agreed to that.
        """
        with self._lock:
            if len(self._waiting) < _WAITING_AT_MOST:
                self._waiting.append(_Click(link, seen, reader))

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
            # What seems to be yet to come was before the clock was put back.
            due = list(
                takewhile(lambda one: everything or abs(now - one.seen.at) >= _WAITS, held)
            )
            if not due:
                return 0
            machines = _machines(held)
            counts = _counts(due, machines)
            by_people = [
                one
                for place, one in enumerate(due)
                if one.reader is not None and place not in machines
            ]
            asking = self.asking() if by_people and self.asking is not None else ()
            with self.database.write() as connection:
                count_clicks(connection, counts)
                if asking:
                    self._write_people(connection, by_people, asking, now)
            with self._lock:
                for _ in due:
                    self._waiting.popleft()
            return len(due)

    def _write_people(
        self,
        connection: Connection,
        clicks: Sequence[_Click],
        asking: Collection[str],
        now: datetime,
    ) -> None:
        """Write down what those followed who agree to it now."""
        # Nobody withdraws between the look and the record.
        ledger.lock(connection)
        agreed = who_agrees(connection, {_of(one) for one in clicks}, now)
        rows: list[Click] = []
        for one in clicks:
            list_id = agreed.get(_of(one), "")
            url = self.known_url(one.link)
            if list_id in asking and url is not None:
                rows.append(Click(_of(one)[0], list_id, url, one.seen.at))
        note_clicks(connection, rows)


def _of(click: _Click) -> tuple[int, int]:
    """Return whose click it is, and the number of the list that the letter was for."""
    assert click.reader is not None
    return click.reader.contact_id, click.reader.list_number


def _counts(
    due: Sequence[_Click], machines: Container[int]
) -> dict[tuple[Link, datetime], tuple[int, int]]:
    """Count clicks by link and hour: people, and machines by their places."""
    counts: defaultdict[tuple[Link, datetime], list[int]] = defaultdict(lambda: [0, 0])
    for place, one in enumerate(due):
        hour_at = one.seen.at.replace(minute=0, second=0, microsecond=0)
        counts[one.link, hour_at][place in machines] += 1
    return {key: (one[0], one[1]) for key, one in counts.items()}


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

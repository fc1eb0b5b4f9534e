"""The scribe: writes down what senders hand in, in group commits.

The next group is whatever came in while the last one was committing. Pages of one sender
are written in the order in which they were handed in, or not at all: when one could not be
written, those that were handed in before its sender heard of it are not written either.
"""

import asyncio
import queue
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from mailer.errors import DatabaseError
from mailer.pace.cap import CapRule
from mailer.store.claims import LEASE, Cap
from mailer.store.database import Database
from mailer.store.groups import Sheet, groups


class Page(NamedTuple):
    """What a sender hands in at a time.

    Args:
        number: Its answer names it.
        trial: How often the sender has begun anew after a page that was not written.
        people: Whom the claims that want to leave are to: no two of them the same.
    """

    number: int
    trial: int
    sheet: Sheet
    people: list[int]


Answer = set[int] | DatabaseError | None
"""The ids of those that left; why nothing was written; or None: all of it was written but
nobody can tell who left, so that nothing may be written to a relay."""

Answered = Callable[[int, Answer], None]


class Scribe(Protocol):
    """Writes down what one sender hands in."""

    def hand_in(self, page: Page) -> None:
        """Have a page written soon; it is answered by its number."""
        ...

    async def run(self, answered: Answered) -> None:
        """Write pages until it is closed.

        Cancelled, it ends with the group under way.

        Raises:
            DatabaseError: it ended by itself: what was not answered may be written.
        """
        ...

    def close(self) -> None:
        """Let `run` end; nothing may be unanswered."""
        ...


class Book:
    """Where pages are written, for one thread."""

    def __init__(
        self,
        database: Database,
        cap: CapRule | None,
        clock: Callable[[], datetime],
        lease: timedelta = LEASE,
    ) -> None:
        self._groups = groups(database, lease)
        self._cap = cap
        self._clock = clock
        self._waiting: list[tuple[object, Page]] = []
        self._failed: dict[object, tuple[int, DatabaseError]] = {}

    def put(self, source: object, page: Page) -> None:
        """Add a page to the next group.

        Args:
            source: Whatever tells its sender from others.
        """
        self._waiting.append((source, page))

    def __len__(self) -> int:
        return len(self._waiting)

    def forget(self, source: object) -> None:
        """Keep nothing about a sender that is gone."""
        self._failed.pop(source, None)

    def write(self) -> list[tuple[object, int, Answer]]:
        """Write a group; return what to answer to whom."""
        group, answers = self._next_group()
        if not group:
            return answers
        pages = [page for _, page in group]
        now = self._clock()
        cap = None if self._cap is None else Cap(self._cap.letters, self._cap.since(now))
        try:
            left = self._groups.commit(_together(pages), now, cap)
        except DatabaseError as problem:
            for source, page in group:
                self._failed[source] = page.trial, problem
                answers.append((source, page.number, problem))
            return answers
        for source, page in group:
            answers.append((source, page.number, _of(page, left)))
        return answers

    def _next_group(
        self,
    ) -> tuple[list[tuple[object, Page]], list[tuple[object, int, Answer]]]:
        waiting, self._waiting = self._waiting, []
        group: list[tuple[object, Page]] = []
        answers: list[tuple[object, int, Answer]] = []
        people: set[int] = set()
        for source, page in waiting:
            failed = self._failed.get(source)
            if failed is not None and page.trial <= failed[0]:
                answers.append((source, page.number, failed[1]))
            elif self._waiting or not people.isdisjoint(page.people):
                # Within one statement neither of two letters to a person would see the
                # other; and nobody overtakes.
                self._waiting.append((source, page))
            else:
                people.update(page.people)
                group.append((source, page))
        return group, answers

    def close(self) -> None:
        """Let go of the database."""
        self._groups.close()


def _together(pages: list[Page]) -> Sheet:
    if len(pages) == 1:
        return pages[0].sheet
    whole = Sheet([], [], [])
    for page in pages:
        whole.changes.extend(page.sheet.changes)
        whole.logged.extend(page.sheet.logged)
        whole.names.extend(page.sheet.names)
    return whole


def _of(page: Page, left: set[int] | None) -> set[int] | None:
    if left is None:
        return None if page.sheet.names else set()
    return {one[0] for one in page.sheet.names if one[0] in left}


class InThread:
    """A scribe in a thread of its own, for short work."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._handed_in: queue.SimpleQueue[Page | None] = queue.SimpleQueue()

    def hand_in(self, page: Page) -> None:
        """Have a page written soon; it is answered by its number."""
        self._handed_in.put(page)

    async def run(self, answered: Answered) -> None:
        """Write pages until it is closed."""
        loop = asyncio.get_running_loop()

        def answer_all(answers: Iterable[tuple[object, int, Answer]]) -> None:
            for _, number, answer in answers:
                answered(number, answer)

        def write_all() -> None:
            while self._take_in() or len(self._book):
                while len(self._book):
                    loop.call_soon_threadsafe(answer_all, self._book.write())

        try:
            with ThreadPoolExecutor(1, "scribe") as thread:
                try:
                    await loop.run_in_executor(thread, write_all)
                finally:
                    self.close()
        finally:
            self._book.close()

    def _take_in(self) -> bool:
        """Wait for pages, and take all that there are; False at the end."""
        page = self._handed_in.get()
        while page is not None:
            self._book.put(None, page)
            if self._handed_in.empty():
                return True
            page = self._handed_in.get()
        return False

    def close(self) -> None:
        """Let `run` end."""
        self._handed_in.put(None)

"""What the pages work with, and the threads that wait for the database in their stead."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import anyio
from anyio import to_thread

from mailer.jobs.clicks import Clicks
from mailer.jobs.hooks import HookDoor
from mailer.jobs.logbook import Logbook
from mailer.jobs.metrics import Meter
from mailer.jobs.post_contact import Door
from mailer.jobs.reading import Reading
from mailer.jobs.sign_up import Desk
from mailer.jobs.world import World
from mailer.model.mailinglist import MailingList
from mailer.model.privacy import NOTHING_SAID, Handling
from mailer.model.signup import SignUpRules
from mailer.model.token import TokenBox
from mailer.store.database import Database
from mailer.triage.mailboxes import Mailbox
from mailer.triage.ranking import Articles, Shelf
from mailer.web.client import Network
from mailer.web.pages import Pages

ANSWER_WITHIN_S = 20.0

_Answer = TypeVar("_Answer")


class Threads:
    """A few threads, so that who asks much takes nobody else's place.

    A database that hangs holds no more than these; who waits for one gives up in time.
    """

    def __init__(self, count: int, within_s: float = ANSWER_WITHIN_S) -> None:
        self._limiter = anyio.CapacityLimiter(count)
        self._within_s = within_s

    async def do(self, work: Callable[[], _Answer]) -> _Answer:
        """Do something that waits, off the event loop.

        Raises:
            TimeoutError: when no thread became free in time; it was not begun then.
        """
        with anyio.fail_after(self._within_s):
            return await to_thread.run_sync(work, limiter=self._limiter)


@dataclass(frozen=True, slots=True)
class Joining:
    """What the pages work with where people join by themselves.

    Args:
        desk: Finds the desk of a list by its file's name; raises NotFoundError.
        open_lists: Finds the desks of all lists that have a page.
        proxies: Whose X-Forwarded-For is believed.
        threads: Threads that write, so that who signs up keeps nobody from leaving.
        world: What is worked with where a person asks about herself.
        rules: How often one may ask.
        rehearsing: Welcomes go where a rehearsal's letters go.
        door: What shops and tills post to; None where nobody may.
    """

    desk: Callable[[str], Desk]
    open_lists: Callable[[], Sequence[Desk]]
    proxies: tuple[Network, ...]
    threads: Threads
    world: World
    rules: SignUpRules
    rehearsing: bool = False
    door: Door | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """What the pages work with.

    Args:
        reading: Threads for pages that only look.
        leaving: Threads for people who leave: scanners that look don't keep them waiting.
        watching: Threads for monitoring.
        letters: Composes letters for those who read them in a browser.
        clicks: Counts the links that are followed.
        lists: Reads the lists as they are now.
        handling: What is done with people's data.
        shelf: The articles that people help themselves with.
        mailboxes: Where people write to.
        hearing: Threads for what providers post.
        hooks: Takes what providers post; None where none may.
    """

    database: Database
    logbook: Logbook
    tokens: TokenBox
    pages: Pages
    meter: Meter
    clock: Callable[[], datetime]
    reading: Threads
    leaving: Threads
    watching: Threads
    joining: Joining
    letters: Reading
    clicks: Clicks
    hearing: Threads
    lists: Callable[[], Sequence[MailingList]] = tuple
    handling: Handling = NOTHING_SAID
    shelf: Articles = field(default_factory=Shelf)
    mailboxes: tuple[Mailbox, ...] = ()
    hooks: HookDoor | None = None

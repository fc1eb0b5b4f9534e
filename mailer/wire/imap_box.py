"""A mailbox on an IMAP server: which messages are new, a page at a time."""

import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import date

from mailer.model.imap import ImapAddress
from mailer.model.mailbox import Cursor, Page, cut
from mailer.wire.imap import ImapLine

_TOGETHER = 100
_TOGETHER_BYTES = 1_000_000
_MISSED_AT_MOST = 1000


@dataclass(slots=True)
class ImapBox:
    """Reads one mailbox; open it before it is looked at."""

    address: ImapAddress
    largest_bytes: int
    channel: str = "imap"
    _line: ImapLine | None = field(default=None, repr=False)

    @property
    def source(self) -> str:
        """What it is read from, without a password."""
        return str(self.address)

    def open(self) -> None:
        """Connect and log in.

        Raises:
            MailboxError: says at which step, and what the server said.
        """
        self.close()
        self._line = ImapLine(self.address, self.largest_bytes)

    def close(self) -> None:
        """Close the connection if there is one."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def check(self) -> int:
        """Return how many messages are there, after opening the folder."""
        return self._open_line().open_folder()[1]

    def look(self, cursor: Cursor | None, since: date) -> Iterator[Page]:
        """Give what is new, in pages: each is committed before the next is asked for.

        Args:
            cursor: How far it was read; None at first.
            since: Where nothing else says what is new, what came on this day or later.

        Raises:
            MailboxError: when the line ends, or the server says what can't be.
        """
        line = self._open_line()
        validity, exists = line.open_folder()
        if cursor is None or cursor.uidvalidity != validity:
            cursor = _begin(line, validity, exists, since)
            yield Page((), cursor)
        listed = line.listed(cursor.missed)
        reading = _Reading(line, self.largest_bytes, cursor, listed)
        yield from reading.pages([*sorted(listed), *line.uids_above(cursor.uid, exists)])

    def acknowledge(self, page: Page) -> None:
        """Do nothing: the cursor is ours, and was committed with the page."""

    def wait(self, wait_s: float, stop: threading.Event) -> None:
        """Wait until something may have come."""
        self._open_line().wait(wait_s, stop)

    def _open_line(self) -> ImapLine:
        assert self._line is not None, "open it first"
        return self._line


def _begin(line: ImapLine, validity: int, exists: int, since: date) -> Cursor:
    """Begin to read a folder: before the first message that came on a day or later."""
    new = line.uids_since(since, exists)
    if new:
        return Cursor(validity, new[0] - 1)
    last = line.uids_above(0, exists)
    return Cursor(validity, last[-1] if last else 0)


class _Reading:
    """Goes through UIDs, and knows how far it came."""

    def __init__(
        self, line: ImapLine, largest_bytes: int, cursor: Cursor, listed: set[int]
    ) -> None:
        self._line = line
        self._largest_bytes = largest_bytes
        self._cursor = cursor
        self._uid = cursor.uid
        # What is not listed any more was deleted by its owner.
        self._missed = listed

    def pages(self, uids: list[int]) -> Generator[Page, None, None]:
        """Fetch messages; a page is what is fetched together."""
        for at in range(0, len(uids), _TOGETHER):
            some = uids[at : at + _TOGETHER]
            sizes = self._line.sizes(some)
            for group in _groups(some, sizes):
                yield self._page(group, sizes)
        if self._here() != self._cursor:
            yield Page((), self._here())

    def _page(self, uids: list[int], sizes: dict[int, int]) -> Page:
        came = self._line.fetch(uids)
        withheld = self._line.listed([uid for uid in uids if uid not in came])
        self._missed = (self._missed - set(uids)) | withheld
        self._uid = max(self._uid, *uids)
        notes = [
            f"the server lists message {uid} and does not hand it out"
            for uid in sorted(withheld)
        ]
        messages: list[bytes] = []
        for uid, raw in came.items():
            if len(raw) > self._largest_bytes:
                size = max(sizes.get(uid, 0), len(raw))
                notes.append(f"message {uid} is too long: only its beginning is kept")
                messages.append(cut(raw, size))
            else:
                messages.append(raw)
        self._cursor = self._here()
        names = tuple(f"UID {uid}" for uid in came)
        return Page(tuple(messages), self._cursor, names, tuple(notes))

    def _here(self) -> Cursor:
        missed = sorted(self._missed)[:_MISSED_AT_MOST]
        return Cursor(self._cursor.uidvalidity, self._uid, tuple(missed))


def _groups(uids: list[int], sizes: dict[int, int]) -> Generator[list[int], None, None]:
    """Put together what is fetched and committed together."""
    group: list[int] = []
    room = _TOGETHER_BYTES
    for uid in uids:
        size = sizes.get(uid, _TOGETHER_BYTES)
        if group and size > room:
            yield group
            group, room = [], _TOGETHER_BYTES
        group.append(uid)
        room -= size
    if group:
        yield group

"""A Maildir: messages that a mail server put into `new/`, a file each.

A message is moved to `cur/` when it is kept, and never deleted.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mailer.errors import MailboxError
from mailer.model.mailbox import BEGINNING_BYTES, Cursor, Page, cut

_TOGETHER = 100
_TOGETHER_BYTES = 1_000_000
_LOOK_EVERY_S = 1.0
_INFO = ":2,"


@dataclass(slots=True)
class Maildir:
    """Reads one Maildir."""

    folder: str
    largest_bytes: int
    channel: str = "maildir"

    @property
    def source(self) -> str:
        """What it is read from."""
        return f"maildir {self.folder}"

    def open(self) -> None:
        """Look whether it is there.

        Raises:
            MailboxError: when it is none, or we may not move what is in it.
        """
        for part in ("new", "cur"):
            if not (Path(self.folder) / part).is_dir():
                raise MailboxError(f"{self.source}: it has no folder {part}/: no Maildir")

    def close(self) -> None:
        """Do nothing: nothing is held open."""

    def check(self) -> int:
        """Return how many messages wait in it."""
        return len(self._waiting())

    def look(self, cursor: Cursor | None, since: date) -> Iterator[Page]:
        """Give what waits, in pages: each is committed and acknowledged, then the next.

        Raises:
            MailboxError: when it can't be read.
        """
        del cursor, since
        waiting = self._waiting()
        while waiting:
            messages: list[bytes] = []
            names: list[str] = []
            notes: list[str] = []
            room = _TOGETHER_BYTES
            while waiting and room > 0 and len(names) < _TOGETHER:
                name = waiting.pop(0)
                try:
                    raw, note = self._read(name)
                except FileNotFoundError:
                    # Somebody reads the same Maildir.
                    continue
                except OSError as problem:
                    notes.append(f"{name} can't be read: {problem.strerror}")
                    continue
                messages.append(raw)
                names.append(name)
                notes += note
                room -= len(raw)
            yield Page(tuple(messages), None, tuple(names), tuple(notes))

    def acknowledge(self, page: Page) -> None:
        """Move the messages of a page to `cur/`: they are committed.

        Raises:
            MailboxError: when they can't be moved; they come again and are known then.
        """
        for name in page.names:
            target = name if _INFO in name else name + _INFO
            try:
                (Path(self.folder) / "new" / name).rename(
                    Path(self.folder) / "cur" / target
                )
            except FileNotFoundError:
                continue
            except OSError as problem:
                raise MailboxError(
                    f"{self.source}: {name} is kept, and can't be moved to cur/:"
                    f" {problem.strerror}"
                ) from problem

    def wait(self, wait_s: float, stop: threading.Event) -> None:
        """Wait until something is there, the time is over, or we end."""
        left_s = wait_s
        while left_s > 0 and not self._waiting():
            if stop.wait(min(_LOOK_EVERY_S, left_s)):
                return
            left_s -= _LOOK_EVERY_S

    def _waiting(self) -> list[str]:
        try:
            found = [one.name for one in (Path(self.folder) / "new").iterdir()]
        except OSError as problem:
            raise MailboxError(f"{self.source}: new/: {problem.strerror}") from problem
        return sorted(name for name in found if not name.startswith("."))

    def _read(self, name: str) -> tuple[bytes, list[str]]:
        path = Path(self.folder) / "new" / name
        size = path.stat().st_size
        with path.open("rb") as file:
            if size <= self.largest_bytes:
                return file.read(self.largest_bytes), []
            note = f"{name} is too long: only its beginning is kept"
            return cut(file.read(BEGINNING_BYTES), size), [note]

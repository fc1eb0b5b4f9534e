"""The logbook: what must outlast the database, written beside it before it counts.

Every no is a sealed line with a keyed hash in a file that only grows, on disk before it is
in the database and before anybody is told that it is in force. A crash in between leaves
the line, and the next start puts it into the database (`jobs/replay.py`). What each
campaign was started with lies there too. A restore reads both.
"""

import json
import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailer.errors import WorkspaceError
from mailer.model.key import KeyRing
from mailer.model.no import No, line_of, no_of, opened_line, sealed_line
from mailer.store import noes as store
from mailer.store.database import Connection, Database
from mailer.workspace.files import (
    PRIVATE,
    inside,
    make_folder,
    names_in,
    read_text,
    replace,
)
from mailer.workspace.logfiles import append_lines, read_lines

_FILE = "noes.jsonl"
_CAMPAIGNS = "campaigns"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file.

    Args:
        ends_at: The place in the file behind it.
        no: None for the file's first line, and for one that is not whole or not ours.
        whole: It has its seal.
    """

    ends_at: int
    no: No | None
    whole: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """The first line of the file: which one it is, and since when it is kept."""

    file_id: str
    begun_at: datetime


class Logbook:
    """A workspace's logbook, written and read with its keys."""

    def __init__(self, folder: str, ring: KeyRing) -> None:
        self.folder = folder
        self.ring = ring
        self.file = inside(folder, _FILE)

    def note(self, noes: Sequence[No]) -> None:
        """Write noes down, and return when they would outlast a power cut.

        Raises:
            WorkspaceError: when they cannot be written, as on a full disk; none is then.
        """
        if noes:
            lines = [line_of(no, self.ring) for no in noes]
            append_lines(self.file, lines, self._opening_line(noes[0].at))

    def begin(self, now: datetime) -> None:
        """Make the file unless there is one, so that it says since when it is kept.

        Raises:
            WorkspaceError: when it cannot be written.
        """
        if self.opening() is None:
            append_lines(self.file, (), self._opening_line(now))

    def _opening_line(self, now: datetime) -> bytes:
        facts: dict[str, object] = {"file": secrets.token_hex(8), "begun": now.isoformat()}
        return sealed_line(facts, self.ring)

    def opening(self) -> Opening | None:
        """Return the file's first line; None without a file, or when it is not ours."""
        for _, text in read_lines(self.file):
            facts = opened_line(text, self.ring) or {}
            if "file" in facts:
                begun = datetime.fromisoformat(str(facts["begun"]))
                return Opening(str(facts["file"]), begun)
            break
        return None

    def lines(self, start: int = 0) -> Generator[Line, None, None]:
        """Give the lines from a place on, in order."""
        for ends_at, text in read_lines(self.file, start):
            facts = opened_line(text, self.ring)
            if facts is None:
                # The empty line is where one that was cut short has been closed.
                yield Line(ends_at, None, whole=not text)
            elif "file" in facts:
                yield Line(ends_at, None, whole=True)
            else:
                yield _line(ends_at, facts, self.ring)

    def keep_campaign(self, number: int, body: dict[str, Any]) -> None:
        """Keep what a campaign was started with.

        Raises:
            WorkspaceError: when it cannot be written.
        """
        text = json.dumps(body, ensure_ascii=False).encode()
        path = self._campaign_file(number)
        try:
            make_folder(inside(self.folder, _CAMPAIGNS))
            replace(path, text, PRIVATE)
        except OSError as problem:
            raise WorkspaceError(
                f"{path} cannot be written: {problem.strerror}; make room, or let this"
                " user write there"
            ) from problem

    def campaigns(self) -> list[int]:
        """Return the numbers of the campaigns that are kept, in order."""
        names = names_in(inside(self.folder, _CAMPAIGNS), ".json")
        return sorted(int(name) for name in names if name.isdigit())

    def campaign(self, number: int) -> dict[str, Any]:
        """Return what a campaign was started with.

        Raises:
            WorkspaceError: when it does not parse.
        """
        path = self._campaign_file(number)
        try:
            body: dict[str, Any] = json.loads(read_text(path, path))
        except ValueError as problem:
            raise WorkspaceError(f"{path} does not parse: {problem}") from problem
        return body

    def _campaign_file(self, number: int) -> str:
        return inside(self.folder, f"{_CAMPAIGNS}/{number}.json")


def _line(ends_at: int, facts: dict[str, object], ring: KeyRing) -> Line:
    try:
        return Line(ends_at, no_of(facts, ring), whole=True)
    except (ValueError, KeyError, TypeError):
        # A newer program wrote it.
        return Line(ends_at, None, whole=False)


@contextmanager
def say_no(
    database: Database, logbook: Logbook, noes: Sequence[No]
) -> Generator[Connection, None, None]:
    """Give a write transaction for noes that are in the logbook when it begins.

    A logbook that cannot be written stops nobody from leaving: the no is committed all the
    same, and only the answer says that it is not safe yet. It is written down later
    (`note_missing`).

    Raises:
        WorkspaceError: after the commit, when the logbook could not be written.
    """
    problem: WorkspaceError | None = None
    try:
        logbook.note(noes)
    except WorkspaceError as found:
        problem = found
    with database.write() as connection:
        if problem is not None:
            store.keep_missing(connection, [no.facts() for no in noes])
        yield connection
    if problem is not None:
        raise WorkspaceError(
            f"the no is in force, but not in the logbook yet: {problem}"
        ) from problem


def note_missing(database: Database, logbook: Logbook) -> int:
    """Write down the noes that the logbook had no room for; return how many.

    Raises:
        WorkspaceError: when there is still no room.
    """
    with database.read() as connection:
        missing = store.missing(connection)
    if missing:
        logbook.note([store.missing_no(one) for one in missing])
        with database.write() as connection:
            store.drop_missing(connection, [one.id for one in missing])
    return len(missing)

"""Reading mailboxes in tests: a reader of a box, what was kept, a disk that is full."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import event, select

from mailer.jobs.fetching import Box, Reader
from mailer.store.database import Database
from mailer.store.tables import IncomingRow, table

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def message(number: int, body: str = "hello") -> bytes:
    return f"From: a@example.com\r\nSubject: {number}\r\n\r\n{body}\r\n".encode()


def reader(
    database: Database, box: Box, *, poll_s: float = 600, old_days: int = 7
) -> Reader:
    return Reader(
        "support", box, database, lambda: datetime.now(UTC), lambda: None, poll_s, old_days
    )


def look(reader: Reader) -> int:
    """Open a mailbox, take in what is new, close it; return how many messages came."""
    reader.box.open()
    try:
        return reader.take_in()
    finally:
        reader.box.close()


def kept(database: Database) -> list[bytes]:
    with database.read() as connection:
        rows = connection.execute(
            select(table(IncomingRow).c.raw).order_by(table(IncomingRow).c.id)
        )
        return [bytes(row.raw) for row in rows]


@contextmanager
def full_disk(database: Database) -> Generator[None, None, None]:
    """Let SQLite find no room on its disk for a page more than it has."""

    def limit(connection: object, _: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]

    event.listen(database.engine, "connect", limit)
    database.engine.dispose()
    try:
        yield
    finally:
        event.remove(database.engine, "connect", limit)
        database.engine.dispose()

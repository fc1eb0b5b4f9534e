"""One contract for all ways in: kept before it is acknowledged, once, and never lost.

A way is given a message as its other side does, and says what that side still has.
"""

import asyncio
import smtplib
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from dovecot import PASSWORD, Dovecot, dovecot
from reading import full_disk, look, message, reader
from sqlalchemy import select
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.errors import MailerError
from mailer.jobs.keeper import Keeper
from mailer.model.imap import ImapAddress, ImapTls
from mailer.store.database import Database, open_database
from mailer.store.tables import IncomingRow, table
from mailer.wire.imap_box import ImapBox
from mailer.wire.listener import Listener, Rules
from mailer.workspace.maildir import Maildir

LARGEST_BYTES = 200_000


@dataclass
class Way:
    """One way in.

    Args:
        bring: Brings a message; returns what the other side was told: "kept", "later" or
            "too long".
        waiting: How many messages the other side still has because they were not kept.
    """

    database: Database
    bring: Callable[[bytes], str]
    waiting: Callable[[], int] = lambda: 0
    cuts: bool = False


@contextmanager
def listening(database: Database, *, lmtp: bool) -> Generator[Way, None, None]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def do(work: object) -> object:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)  # type: ignore[arg-type]

    async def made() -> tuple[Listener, int]:
        keeper = Keeper(database, lambda: datetime.now(UTC), lambda: None)
        rules = Rules(lambda _: True, LARGEST_BYTES, 4_000_000, 10, "mx.shop.example")
        listener = Listener(rules, keeper.keep)
        return listener, await listener.listen("127.0.0.1", 0, lmtp=lmtp)

    async def stopped() -> None:
        await listener.stop()
        await asyncio.sleep(0.05)

    listener, port = do(made())  # type: ignore[misc]

    def bring(raw: bytes) -> str:
        kind = smtplib.LMTP if lmtp else smtplib.SMTP
        with kind("127.0.0.1", port, timeout=30) as line:
            try:
                line.sendmail("", ["support@shop.example"], raw)
            except smtplib.SMTPDataError as said:
                return "later" if said.smtp_code < 500 else "too long"
            except smtplib.SMTPSenderRefused as said:
                return "too long" if said.smtp_code == 552 else "later"
        return "kept"

    try:
        yield Way(database, bring)
    finally:
        do(stopped())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def over_lmtp(database: Database, folder: Path) -> Generator[Way, None, None]:
    with listening(database, lmtp=True) as way:
        yield way


@contextmanager
def over_smtp(database: Database, folder: Path) -> Generator[Way, None, None]:
    with listening(database, lmtp=False) as way:
        yield way


@contextmanager
def by_imap(
    database: Database, folder: Path, server: Dovecot
) -> Generator[Way, None, None]:
    user = f"u{abs(hash(folder)) % 10**9}"
    server.put(user)
    where = ImapAddress("127.0.0.1", server.port, user, PASSWORD, ImapTls.NONE)
    one = reader(database, ImapBox(where, LARGEST_BYTES))
    look(one)

    def bring(raw: bytes) -> str:
        server.put(user, raw)
        try:
            look(one)
        except MailerError:
            return "later"
        return "kept"

    yield Way(database, bring, cuts=True)


@contextmanager
def by_maildir(database: Database, folder: Path) -> Generator[Way, None, None]:
    place = folder / "Maildir"
    for part in ("tmp", "new", "cur"):
        (place / part).mkdir(parents=True)
    one = reader(database, Maildir(str(place), LARGEST_BYTES))
    count = iter(range(1000))

    def bring(raw: bytes) -> str:
        (place / "new" / f"{next(count):03d}.x").write_bytes(raw)
        try:
            look(one)
        except MailerError:
            return "later"
        return "kept"

    yield Way(database, bring, lambda: len([*(place / "new").iterdir()]), cuts=True)


WAYS = ["lmtp", "smtp", "imap", "maildir"]


@pytest.fixture(scope="module")
def server() -> Generator[Dovecot, None, None]:
    with dovecot() as running:
        yield running


@pytest.fixture(params=WAYS)
def way(
    request: pytest.FixtureRequest, sqlite_with_tables: Path, tmp_path: Path
) -> Generator[Way, None, None]:
    file = tmp_path / "mailer.db"
    file.write_bytes(sqlite_with_tables.read_bytes())
    database = open_database(f"sqlite:///{file}")
    name: str = request.param
    if name == "imap":
        made = by_imap(database, tmp_path, request.getfixturevalue("server"))
    else:
        ways = {"lmtp": over_lmtp, "smtp": over_smtp, "maildir": by_maildir}
        made = ways[name](database, tmp_path)
    with made as way:
        yield way
    database.close()


def stored(way: Way) -> list[bytes]:
    with way.database.read() as connection:
        rows = connection.execute(
            select(table(IncomingRow).c.raw).order_by(table(IncomingRow).c.id)
        )
        return [bytes(row.raw) for row in rows]


def test_what_is_acknowledged_is_on_disk_as_it_came(way: Way) -> None:
    for number in range(3):
        assert way.bring(message(number)) == "kept"
        assert stored(way)[number].endswith(message(number))
    assert way.waiting() == 0


def test_the_same_message_again_is_kept_once(way: Way) -> None:
    for _ in range(3):
        assert way.bring(message(1)) == "kept"
    assert len(stored(way)) == 1
    assert way.waiting() == 0


def test_a_full_disk_means_later_and_nothing_is_lost(way: Way) -> None:
    assert way.bring(message(1)) == "kept"
    with full_disk(way.database):
        assert way.bring(message(2, "x" * 50_000)) == "later"
        assert len(stored(way)) == 1
    assert way.bring(message(3)) == "kept"
    if way.cuts:
        # It was there, and is taken with the next.
        assert [raw[-20:] for raw in stored(way)[1:]] == [
            message(2, "x" * 50_000)[-20:], message(3)[-20:],
        ]  # fmt: skip
    else:
        assert way.bring(message(2, "x" * 50_000)) == "kept"
        assert len(stored(way)) == 3
    assert way.waiting() == 0


def test_what_is_too_long_is_said_and_keeps_nobody_waiting(way: Way) -> None:
    told = way.bring(message(1, "x\r\n" * 100_000))
    assert way.bring(message(2)) == "kept"
    if way.cuts:
        first, second = stored(way)
        assert first.startswith(b"X-Cut-Short: the beginning of 3000")
        assert len(first) < LARGEST_BYTES / 2
    else:
        assert told == "too long"
        (second,) = stored(way)
    assert second.endswith(message(2))
    assert way.waiting() == 0


def test_the_pipe_keeps_to_it_too(tmp_path: Path) -> None:
    make_workspace(tmp_path, mode="rehearsal").close()

    def pipe(raw: bytes) -> int:
        order = ("-w", str(tmp_path), "inbox", "ingest")
        return CliRunner().invoke(mailer, order, input=raw).exit_code

    assert [pipe(message(1)), pipe(message(1)), pipe(message(2))] == [0, 0, 0]
    database = open_database(f"sqlite:///{tmp_path}/mailer.db")
    way = Way(database, lambda raw: str(pipe(raw)))
    assert stored(way) == [message(1), message(2)]
    database.close()
    (tmp_path / "mailer.db").rename(tmp_path / "away.db")
    assert pipe(message(3)) == 75
    (tmp_path / "away.db").rename(tmp_path / "mailer.db")
    assert pipe(message(3)) == 0
    assert stored(way) == [message(1), message(2), message(3)]
    database.close()

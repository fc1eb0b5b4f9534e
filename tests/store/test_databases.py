"""A database that another test has given back is what a new one would be."""

from collections.abc import Generator

import psycopg
import pytest
from databases import Server, Stock

COUNTED = "SELECT (SELECT count(*) FROM owner), (SELECT count(*) FROM alembic_version)"
OWNER = "INSERT INTO owner (host, pid, started_at) VALUES ('a', 1, 0) RETURNING id"

TRIGGER = """
    CREATE TRIGGER another BEFORE UPDATE ON owner
    FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
"""


@pytest.fixture
def stock(postgres: Server, postgres_with_tables: Stock) -> Generator[Stock]:
    """Databases that no other test has."""
    found = Stock(postgres, postgres_with_tables.like)
    yield found
    postgres.drop(found.take())


def test_what_was_written_and_deleted_is_undone_and_numbers_begin_anew(stock: Stock):
    name = stock.take()
    with stock.server.session(name) as opened:
        assert opened.execute(COUNTED).fetchall() == [(0, 1)]
        assert opened.execute(OWNER).fetchall() == [(1,)]
        opened.execute("DELETE FROM alembic_version")
    stock.give_back(name)
    assert stock.take() == name
    with stock.server.session(name) as opened:
        assert opened.execute(COUNTED).fetchall() == [(0, 1)]
        assert opened.execute(OWNER).fetchall() == [(1,)]
    stock.give_back(name)


def test_who_still_has_a_session_or_a_lock_is_thrown_out(stock: Stock):
    name = stock.take()
    with stock.server.session(name) as left:
        left.execute("SELECT pg_advisory_lock(7)")
        left.execute("BEGIN")
        left.execute("LOCK TABLE owner")
        stock.give_back(name)
        with pytest.raises(psycopg.OperationalError):
            left.execute("SELECT 1")
    with stock.server.session(name) as opened:
        assert opened.execute("SELECT pg_try_advisory_lock(7)").fetchall() == [(True,)]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE owner RENAME TO elsewhere",
        "ALTER TABLE owner DROP COLUMN pid",
        "ALTER TABLE owner ALTER COLUMN pid SET DEFAULT 3",
        "CREATE RULE another AS ON UPDATE TO owner DO INSTEAD NOTHING",
        TRIGGER,
        "ALTER TABLE owner ADD CHECK (pid > 0)",
        "CREATE INDEX another ON owner (pid)",
        "CREATE TABLE another (id int)",
        "CREATE FUNCTION another() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA another",
        "ANALYZE owner",
    ],
)
def test_one_that_was_altered_is_given_to_nobody(stock: Stock, change: str):
    name = stock.take()
    with stock.server.session(name) as opened:
        opened.execute(OWNER)
        opened.execute(change.encode())
    stock.give_back(name)
    other = stock.take()
    assert other != name
    stock.give_back(other)


def test_what_was_renamed_and_named_back_is_as_new(stock: Stock):
    name = stock.take()
    with stock.server.session(name) as opened:
        opened.execute("ALTER TABLE owner RENAME TO elsewhere")
        opened.execute("ALTER TABLE elsewhere RENAME TO owner")
    stock.give_back(name)
    assert stock.take() == name
    stock.give_back(name)

"""Commits are on disk at once, but for work that is done again after a power cut."""

from sqlalchemy import text

_ASKS = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
_FLUSHED = {"sqlite": 2, "postgresql": "on"}
_LATER = {"sqlite": 1, "postgresql": "off"}


def test_only_who_asks_for_it_commits_without_waiting_for_the_disk(database):
    name = database.engine.dialect.name
    ask = text(_ASKS[name])
    with database.write() as connection:
        assert connection.execute(ask).scalar() == _FLUSHED[name]
    with database.write(flushed=False) as connection:
        assert connection.execute(ask).scalar() == _LATER[name]
    with database.write() as connection:
        assert connection.execute(ask).scalar() == _FLUSHED[name]


def test_a_connection_whose_work_failed_waits_for_the_disk_again(database):
    name = database.engine.dialect.name
    try:
        with database.write(flushed=False) as connection:
            connection.execute(text("SELECT nothing FROM nowhere"))
    except Exception:  # noqa: BLE001 - what it is does not matter here
        pass
    with database.write() as connection:
        assert connection.execute(text(_ASKS[name])).scalar() == _FLUSHED[name]

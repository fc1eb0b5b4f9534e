"""Connections that are all busy are a mistake in words, not a crash."""

from contextlib import ExitStack

import pytest
from sqlalchemy import QueuePool, create_engine

from mailer.errors import DatabaseError
from mailer.store.database import Database


def test_a_pool_without_a_free_connection_says_so() -> None:
    engine = create_engine(
        "sqlite://", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01
    )
    database = Database(engine)
    with ExitStack() as busy:
        busy.enter_context(database.read())
        with pytest.raises(DatabaseError, match="busy"), database.read():
            pass
    database.close()

"""Requests with an Idempotency-Key whose program died over them."""

from datetime import UTC, datetime, timedelta

import pytest

from mailer.store.apikeys import Request, add_api_key, begin_request
from mailer.store.database import Database

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
STALE = timedelta(seconds=60)


@pytest.mark.parametrize(
    ("later", "state"),
    [
        (timedelta(seconds=59), "goes on"),
        (timedelta(seconds=60), "begun anew"),
        (timedelta(seconds=-59), "goes on"),
        (timedelta(days=-1), "begun anew"),
    ],
)
def test_a_request_that_was_died_over_is_begun_anew_also_when_the_clock_is_put_back(
    database: Database, later: timedelta, state: str
):
    with database.write() as connection:
        key = add_api_key(connection, "shop", b"digest", NOW)
        first = Request(key, b"hash", b"body", NOW)
        assert begin_request(connection, first, STALE) is None
        again = Request(key, b"hash", b"body", NOW + later)
        found = begin_request(connection, again, STALE)
        assert found == (None if state == "begun anew" else first)

"""Limits on doors, where the clock is put back: no door stays shut for as long."""

from datetime import UTC, datetime, timedelta

import pytest
from sending import a_campaign

from mailer.audience.joining import Asked
from mailer.model.key import KeyRing
from mailer.store import form_messages, page_requests, sessions, sign_ups
from mailer.store.database import Database
from mailer.store.page_requests import AskedFor, PageRequest, Purpose
from mailer.store.sessions import Tries
from mailer.store.sign_ups import SignUp

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
A_DAY = timedelta(days=1)
HOME = b"network"
BACK = pytest.mark.parametrize(
    ("by", "counted"), [(timedelta(), 1), (timedelta(minutes=1), 1), (A_DAY, 0)]
)


@BACK
def test_sign_ups(database: Database, by: timedelta, counted: int):
    new = SignUp(0, "news", 1, {}, None, HOME, None, NOW, NOW + A_DAY)
    with database.write() as connection:
        sign_ups.write_sign_up(connection, new)
        found = sign_ups.asked_lately(
            connection, 0, "news", HOME, NOW - by, rehearsing=False
        )
    assert found == Asked(0, 0, counted, counted)


@BACK
def test_links_that_were_asked_for(database: Database, by: timedelta, counted: int):
    new = PageRequest(None, Purpose.PAGE, NOW, NOW + A_DAY, network_hash=HOME)
    with database.write() as connection:
        page_requests.write_request(connection, new)
        found = page_requests.asked_for(connection, None, HOME, NOW - by)
    assert found == AskedFor(0, counted, counted)


@BACK
def test_messages_through_the_form(database: Database, by: timedelta, counted: int):
    with database.write() as connection:
        form_messages.note_written(connection, HOME, NOW)
        found = form_messages.written_lately(connection, HOME, NOW - by)
    assert found == (counted, counted)


@BACK
def test_attempts_to_sign_in(database: Database, by: timedelta, counted: int):
    since, now = NOW - by - timedelta(minutes=15), NOW - by
    with database.write() as connection:
        sessions.add_try(connection, "Kari", "192.0.2.1", NOW - A_DAY, NOW)
        found = sessions.count_tries(connection, "kari", "192.0.2.1", since, now)
    assert found == Tries(counted, counted, counted)


def test_a_link_opens_once_though_the_clock_is_put_back(database: Database, ring: KeyRing):
    a_campaign(database, ring, 1)
    hour = timedelta(hours=1)
    new = PageRequest(1, Purpose.PAGE, NOW - 2 * hour, NOW + A_DAY, network_hash=HOME)
    with database.write() as connection:
        number = page_requests.write_request(connection, new)
        opened = [
            page_requests.open_request(connection, number, at, NOW + A_DAY)
            for at in (NOW, NOW + timedelta(seconds=9), NOW + hour, NOW - hour)
        ]
    assert opened == [True, True, False, False]

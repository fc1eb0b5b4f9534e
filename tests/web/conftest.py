"""The pages over a real database of either kind."""

from collections.abc import Generator

import pytest
from customers import NOW, TITLES, World, a_list, app_of
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mailer.jobs.logbook import Logbook
from mailer.store.database import Database
from mailer.store.lists import see_list


@pytest.fixture
def world(database: Database, logbook: Logbook) -> World:
    with database.write() as connection:
        for list_id, title in TITLES.items():
            see_list(connection, a_list(list_id, title), NOW)
    return World(database, logbook)


@pytest.fixture
def app(world: World) -> Starlette:
    return app_of(world)


@pytest.fixture
def client(app: Starlette) -> Generator[TestClient, None, None]:
    with TestClient(app, "https://mail.example.com", follow_redirects=False) as opened:
        yield opened

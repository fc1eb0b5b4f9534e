"""The pages over a real database of either kind."""

from collections.abc import Generator
from pathlib import Path

import pytest
from customers import NOW, ROOT, TITLES, Someone, World, a_list, app_of
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mailer.jobs.logbook import Logbook
from mailer.store.database import Database
from mailer.store.lists import see_list

LIST = """
id = "{id}"
title = "News from the <mountains>"
purpose = "What is new."
opt_in = "{opt_in}"
from = "Fjell & Fjord <news@example.com>"
postal_address = "Storgata 1, Bergen"
list_host = "news.example.com"
language = "en"

[[wordings]]
version = 1
text = "Yes, write to me."

[sign_up]

[[sign_up.questions]]
attribute = "name"
label = "Your name"

[[sign_up.questions]]
attribute = "interests"
choices = ["tents", "<stoves>"]

[[sign_up.questions]]
attribute = "points"
"""


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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace's folder: two lists with a page, one without, the example's letter."""
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "news.toml").write_text(LIST.format(id="news", opt_in="double"))
    (lists / "tips.toml").write_text(LIST.format(id="tips", opt_in="single"))
    closed = LIST.format(id="courses", opt_in="double").partition("[sign_up]")[0]
    (lists / "courses.toml").write_text(closed.replace("News from", "Courses in"))
    return tmp_path


@pytest.fixture
def page(world: World, folder: Path) -> Generator[TestClient, None, None]:
    """The pages of a workspace with the example's lists and letters."""
    app = app_of(world, folder=folder)
    with TestClient(app, "https://mail.example.com", follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def kari(world: World) -> Someone:
    return world.person("kari@example.com")

"""Images and attachments are frozen with the campaign: what was sent stays what it was."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from audiences import NOW, add_people, make_folder, world
from conftest import RING
from images import png
from sqlalchemy import func, select

from mailer.jobs.frozen import taken_up
from mailer.jobs.order import Order
from mailer.jobs.start_campaign import gather, start
from mailer.jobs.trial import Trial, queue_trial
from mailer.jobs.world import World
from mailer.store.campaigns import find_campaign
from mailer.store.database import Database
from mailer.store.enclosures import contents, find, keep, known
from mailer.store.tables import EnclosureRow, table
from mailer.workspace.lists import read_list
from mailer.workspace.templates import read_template

TENT, LOGO, PDF = png(), png(shade=9), b"%PDF-1.7 prices"
BODY = (
    '<p><img src="tent.png" alt="A tent"><img src="logo.png" alt="Us"></p>'
    '<p>{{ postal_address }} <a href="{{ unsubscribe_url }}">Leave</a></p>'
)
SETTINGS = """
subject = "News"
embed = ["logo.png"]
attachments = ["prices.pdf"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = make_folder(tmp_path / "shop")
    letter = made / "templates/mail/pictures"
    letter.mkdir(parents=True)
    (letter / "letter.toml").write_text(SETTINGS, encoding="utf-8")
    (letter / "body.html").write_text(BODY, encoding="utf-8")
    (letter / "tent.png").write_bytes(TENT)
    (letter / "logo.png").write_bytes(LOGO)
    (letter / "prices.pdf").write_bytes(PDF)
    return made


@pytest.fixture
def here(database: Database, folder: Path) -> World:
    with database.write() as connection:
        add_people(connection, range(1, 4), {"name": "Kari", "country": "NO"})
    return world(database, str(folder))


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def begin(here: World, *, again: bool = False) -> str:
    order = Order("pictures", "newsletter", again=again)
    number = start(here, gather(here, order, NOW), NOW)
    with here.database.read() as connection:
        found = find_campaign(connection, number)
    assert found is not None
    return found.frozen_hash


def count(database: Database) -> int:
    with database.read() as connection:
        query = select(func.count()).select_from(table(EnclosureRow))
        return int(connection.execute(query).scalar_one())


def test_what_a_letter_carries_is_kept_and_comes_back(here: World) -> None:
    frozen_hash = begin(here)
    with here.database.read() as connection:
        content = taken_up(connection, frozen_hash)
        assert find(connection, hash_of(TENT)) == ("image/png", TENT)
    source = content.source
    assert {name: one.hash for name, one in source.images.items()} == {
        "logo.png": hash_of(LOGO),
        "tent.png": hash_of(TENT),
    }
    # What is served is not loaded for each sender.
    assert source.contents == {hash_of(LOGO): LOGO, hash_of(PDF): PDF}


def test_what_happens_to_the_files_afterwards_changes_nothing(
    here: World, folder: Path
) -> None:
    frozen_hash = begin(here)
    (folder / "templates/mail/pictures/tent.png").write_bytes(png(9, 9))
    (folder / "templates/mail/pictures/prices.pdf").unlink()
    with here.database.read() as connection:
        source = taken_up(connection, frozen_hash).source
        assert find(connection, source.images["tent.png"].hash) == ("image/png", TENT)
    assert source.contents[source.attachments["prices.pdf"].hash] == PDF


def test_an_image_that_changed_makes_another_content(here: World, folder: Path) -> None:
    first = begin(here)
    assert begin(here, again=True) == first
    assert count(here.database) == 3
    (folder / "templates/mail/pictures/tent.png").write_bytes(png(9, 9))
    assert begin(here, again=True) != first
    assert count(here.database) == 4


def test_a_dry_run_keeps_nothing(here: World) -> None:
    gather(here, Order("pictures", "newsletter"), NOW)
    assert count(here.database) == 0


def test_a_test_letter_carries_them_too(here: World, folder: Path) -> None:
    source = read_template(str(folder), "pictures")
    trial = Trial(source, read_list(str(folder), "newsletter"), None)
    queue_trial(here, RING, trial, "me@example.com")
    assert count(here.database) == 3


def test_the_same_bytes_are_kept_once(database: Database, here: World) -> None:
    image = read_template(here.folder, "pictures").images["tent.png"]
    with database.write() as connection:
        keep(connection, image, TENT, NOW)
        keep(connection, image, TENT, NOW + timedelta(days=1))
        other = "0" * 64
        assert known(connection, [image.hash, other]) == {image.hash}
        assert contents(connection, [image.hash, other]) == {image.hash: TENT}
        assert find(connection, other) is None

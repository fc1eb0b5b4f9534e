"""Texts, images and attachments of letters that are gone go too; reports stay whole."""

from datetime import timedelta
from pathlib import Path

import pytest
from audiences import NOW, RING, add_people, make_folder, world
from images import png
from sqlalchemy import func, select, update

from mailer.jobs.ageing import age
from mailer.jobs.campaigns import finish_if_done
from mailer.jobs.explain import explain
from mailer.jobs.frozen import taken_up
from mailer.jobs.order import Order
from mailer.jobs.plan import plan
from mailer.jobs.report import report
from mailer.jobs.start_campaign import gather, start
from mailer.jobs.world import World
from mailer.store.campaigns import find_campaign
from mailer.store.database import Database
from mailer.store.tables import DeliveryRow, EnclosureRow, FrozenRow, table

KEEP = timedelta(days=90)
LATER = NOW + timedelta(days=100)
BODY = (
    '<p><img src="tent.png" alt="A tent"> Hello {{ name }}</p>'
    '<p>{{ postal_address }} <a href="{{ unsubscribe_url }}">Leave</a></p>'
)
SETTINGS = 'subject = "News"\nattachments = ["prices.pdf"]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = make_folder(tmp_path / "shop")
    for name, shade in (("old", 1), ("new", 2)):
        letter = made / "templates/mail" / name
        letter.mkdir(parents=True)
        (letter / "letter.toml").write_text(SETTINGS, encoding="utf-8")
        (letter / "body.html").write_text(BODY, encoding="utf-8")
        (letter / "tent.png").write_bytes(png(shade=shade))
        (letter / "prices.pdf").write_bytes(b"%PDF-1.7 prices")
    return made


@pytest.fixture
def here(database: Database, folder: Path) -> World:
    with database.write() as connection:
        add_people(connection, range(1, 4), {"name": "Kari", "country": "NO"})
    return world(database, str(folder))


def sent(here: World, template: str, *, again: bool = False) -> int:
    """Start a campaign, and have all its letters accepted."""
    order = Order(template, "newsletter", again=again)
    number = start(here, gather(here, order, NOW), NOW)
    plan(here, number)
    with here.database.write() as connection:
        rows = table(DeliveryRow)
        connection.execute(
            update(rows)
            .where(rows.c.cause_id == number)
            .values(state="accepted", ended_at=NOW)
        )
    assert finish_if_done(here.database, number, NOW)
    return number


def content(here: World, number: int):
    with here.database.read() as connection:
        found = find_campaign(connection, number)
        assert found is not None
        return taken_up(connection, found.frozen_hash)


def count(database: Database, model: type) -> int:
    with database.read() as connection:
        query = select(func.count()).select_from(table(model))
        return int(connection.execute(query).scalar_one())


def test_the_texts_and_images_of_letters_that_are_gone_go(here: World):
    old = sent(here, "old")
    # The letter with the highest number stays, and with it what it is made of.
    new = sent(here, "new")
    assert count(here.database, EnclosureRow) == 3
    assert age(here.database, KEEP, LATER) == 5
    assert content(here, old).source.html == ""
    assert content(here, new).source.html == BODY
    assert count(here.database, FrozenRow) == 2
    # The price list is in the new letter too.
    assert count(here.database, EnclosureRow) == 2


def test_a_report_and_an_explanation_need_none_of_it(here: World):
    old, _ = sent(here, "old"), sent(here, "new")
    before = report(here.database, old)
    age(here.database, KEEP, LATER)
    after = report(here.database, old)
    assert (after.counts, after.goes_to) == (before.counts, before.goes_to)
    told = explain(here, RING, "person1@example.com", old)
    assert "its details were aged out" in told.stories[0].verdict


def test_the_same_letter_may_be_sent_again_and_is_whole(here: World):
    old, _ = sent(here, "old"), sent(here, "new")
    age(here.database, KEEP, LATER)
    again = sent(here, "old", again=True)
    assert content(here, again).source.html == BODY
    assert content(here, old) == content(here, again)
    assert count(here.database, EnclosureRow) == 3


def test_what_was_started_lately_keeps_what_an_old_one_shares(here: World):
    sent(here, "old")
    start(here, gather(here, Order("old", "newsletter", again=True), NOW), NOW)
    sent(here, "new")
    age(here.database, KEEP, LATER)
    assert count(here.database, EnclosureRow) == 3


def test_nothing_goes_twice_or_before_its_time(here: World):
    old, _ = sent(here, "old"), sent(here, "new")
    age(here.database, KEEP, NOW + timedelta(days=80))
    assert content(here, old).source.html == BODY
    for _ in range(2):
        age(here.database, KEEP, LATER)
        assert count(here.database, EnclosureRow) == 2

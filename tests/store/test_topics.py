"""Topics: who chose some gets only letters about them, planned, leaving and explained."""

from dataclasses import replace
from pathlib import Path

import pytest
from audiences import NEWS, NOW, add_people, campaign, content, see_list, world
from people import NEWS as PEOPLES_NEWS
from people import People
from sqlalchemy import select

from mailer.compose.template import TemplateSource
from mailer.errors import RefusedError
from mailer.jobs.explain import explain
from mailer.jobs.order import Order
from mailer.jobs.plan import plan
from mailer.jobs.topics import topics_for
from mailer.model.choosing import Choice
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.model.topic import Topic
from mailer.store.database import Database
from mailer.store.tables import DeliveryRow, table
from mailer.store.topics import choose_topics, topics_chosen

TOPICAL = replace(NEWS, topics=(Topic("tents", {"": "Tents"}), Topic("tours")))


@pytest.fixture
def village(database: Database) -> Database:
    """Person 1 chose tents, 2 tours and tents, 3 boots of another list, 4 nothing."""
    with database.write() as connection:
        see_list(connection)
        add_people(connection, range(1, 5))
        choose_topics(connection, 1, "news", ["tents"], NOW)
        choose_topics(connection, 2, "news", ["tours", "tents"], NOW)
        choose_topics(connection, 3, "other", ["boots"], NOW)
    return database


@pytest.fixture
def template() -> TemplateSource:
    return content().source


def planned(database: Database, *topics: str) -> list[int]:
    with database.write() as connection:
        frozen = replace(content(), topics=topics)
        number = campaign(connection, frozen, topics=topics)
    plan(world(database), number)
    rows = table(DeliveryRow)
    with database.read() as connection:
        found = connection.execute(
            select(rows.c.contact_id)
            .where(rows.c.cause_id == number)
            .order_by("contact_id")
        )
        return list(found.scalars())


@pytest.mark.parametrize(
    ("topics", "people"),
    [
        (["tents"], [1, 2, 3, 4]),
        (["tours"], [2, 3, 4]),
        (["tours", "tents"], [1, 2, 3, 4]),
        (["boots"], [3, 4]),
        ([], [3, 4]),
    ],
)
def test_who_chose_topics_is_planned_for_letters_about_one_of_them_alone(
    village: Database, topics: list[str], people: list[int]
) -> None:
    assert planned(village, *topics) == people


def test_a_choice_holds_for_its_own_list_and_is_taken_back_by_choosing_none(
    village: Database,
) -> None:
    with village.write() as connection:
        choose_topics(connection, 1, "news", [], NOW)
        assert topics_chosen(connection, 1) == {}
        assert topics_chosen(connection, 2)["news"].topics == {"tents", "tours"}
    assert planned(village) == [1, 3, 4]


def test_explain_says_that_she_chose_others(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    made = People(database, ring, tmp_path)
    made.run(made.file("email", "kari@example.com"))
    kari = made.contact("kari@example.com")
    assert kari is not None
    with database.write() as connection:
        choose_topics(connection, kari.id, "news", ["tents"], NOW)
        about = replace(content(), mailing_list=PEOPLES_NEWS, topics=("tours",))
        number = campaign(connection, about, topics=("tours",))
    plan(world(database), number)
    (story,) = explain(world(database), ring, "kari@example.com", number).stories
    words = "chose topics of the list news (tents), and the letter's is tours"
    assert story.verdict == f"not planned: {words} when the campaign started"


def test_a_topic_that_no_list_has_is_refused_with_the_nearest(
    template: TemplateSource,
) -> None:
    order = Order("sale", "newsletter", choice=Choice(topics=("tent",)))
    with pytest.raises(RefusedError, match="has the topic 'tent'; did you mean 'tents'"):
        topics_for(template, order, [TOPICAL])
    with pytest.raises(RefusedError, match=r"letter.toml: no list .* has the topic 'x'"):
        topics_for(replace(template, topics=("x",)), Order("s", "n"), [TOPICAL, NEWS])


def test_the_orders_topics_count_before_the_letters(template: TemplateSource) -> None:
    about = replace(template, topics=("tours",))
    order = Order("sale", "newsletter", choice=Choice(topics=("tents",)))
    assert topics_for(about, order, [NEWS, TOPICAL]) == ("tents",)
    assert topics_for(about, Order("sale", "newsletter"), [TOPICAL]) == ("tours",)
    assert topics_for(template, Order("sale", "newsletter"), [NEWS]) == ()


def test_a_notice_is_about_no_topic(template: TemplateSource) -> None:
    notice = replace(template, kind=Kind.NOTICE, topics=("tents",))
    with pytest.raises(RefusedError, match="whatever topics they chose"):
        topics_for(notice, Order("sale", "newsletter"), [TOPICAL])

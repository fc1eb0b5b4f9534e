import threading
from datetime import timedelta
from pathlib import Path

import pytest
from audiences import (
    NOW,
    add_people,
    make_folder,
    states_of,
    suppress,
    world,
    write_template,
)
from sqlalchemy import text

from mailer.errors import ExpressionError, NotFoundError, RefusedError, TemplateError
from mailer.jobs.order import Order
from mailer.jobs.plan import plan
from mailer.jobs.start_campaign import gather, preview, start
from mailer.jobs.world import World
from mailer.model.campaign import CampaignState
from mailer.store.campaigns import find_campaign, frozen, latest_campaigns
from mailer.store.database import Database
from mailer.store.lists import find_list

NEEDS_NAME = """<!doctype html>
<html><body><p>Hello {{ name }}</p>
<p>{{ postal_address }} <a href="{{ unsubscribe_url }}">Leave</a></p></body></html>
"""
TO_ALL = Order("digest", "newsletter")


@pytest.fixture
def here(database: Database, tmp_path: Path) -> World:
    """A workspace with six people on its list; 5 has no name, 6 has left."""
    with database.write() as connection:
        add_people(connection, range(1, 4), {"name": "Kari", "country": "NO"})
        add_people(connection, [4], {"name": "Anna", "country": "SE"})
        add_people(connection, [5], {"country": "NO"})
        add_people(connection, [6], {"name": "Ola"}, status="unsubscribed")
    return world(database, str(make_folder(tmp_path / "shop")))


def begin(here: World, order: Order = TO_ALL) -> int:
    return start(here, gather(here, order, NOW), NOW)


def test_a_campaign_is_started_planned_and_frozen(here: World):
    number = begin(here, Order("digest", "newsletter", "norway", pace_per_s=5.0))
    done = plan(here, number)
    assert done is not None
    assert states_of(here.database, number) == dict.fromkeys((1, 2, 3, 5), "queued")
    assert (done.name, done.template, done.list_id) == ("digest", "digest", "news")
    assert (done.segment, done.rule) == ("norway", "country == 'NO'")
    assert (done.pace_per_s, done.due_at, done.schedule) == (5.0, NOW, None)
    with here.database.read() as connection:
        body = frozen(connection, done.frozen_hash)
        seen = find_list(connection, "news")
    assert "Hello {{ name|default('you') }}" in body["template"]["html"]
    assert seen is not None
    assert seen.words_floor == 2


def test_what_changes_in_the_files_after_the_start_changes_nothing(
    here: World, tmp_path: Path
):
    number = begin(here)
    write_template(tmp_path / "shop", "digest", body=NEEDS_NAME)
    with here.database.read() as connection:
        found = find_campaign(connection, number)
        assert found is not None
        html = frozen(connection, found.frozen_hash)["template"]["html"]
    assert "default" in html


def test_letters_of_a_later_moment_are_due_then(here: World):
    later = NOW + timedelta(hours=5)
    order = Order("digest", "newsletter", at=later, valid_for=timedelta(hours=2))
    number = begin(here, order)
    with here.database.read() as connection:
        found = find_campaign(connection, number)
    assert found is not None
    assert (found.due_at, found.valid_until) == (later, later + timedelta(hours=2))


@pytest.mark.parametrize("kind", ["transactional", "confirmation", "journey", "test"])
def test_only_letters_of_campaigns_are_sent_by_campaigns(
    here: World, tmp_path: Path, kind: str
):
    write_template(tmp_path / "shop", "receipt", kind=kind)
    with pytest.raises(RefusedError, match=f"its kind is {kind}"):
        gather(here, Order("receipt", "newsletter"), NOW)


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Order("digset", "newsletter"), "did you mean 'digest'"),
        (Order("digest", "newsletters"), "did you mean 'newsletter'"),
        (Order("digest", "newsletter", "norwai"), "has no segment 'norwai'; did you mean"),
    ],
)
def test_a_wrong_name_is_said_with_the_nearest_right_one(
    here: World, order: Order, words: str
):
    with pytest.raises(NotFoundError, match=words):
        gather(here, order, NOW)


def test_a_segment_that_names_what_nobody_has_is_refused_with_its_place(here: World):
    with pytest.raises(ExpressionError, match=r"lists/newsletter.toml, segment wrong"):
        gather(here, Order("digest", "newsletter", "wrong"), NOW)


def test_a_template_that_cannot_be_composed_is_refused(here: World, tmp_path: Path):
    write_template(tmp_path / "shop", "digest", body="<p>{{ nmae }}</p>")
    with pytest.raises(TemplateError, match="nmae"):
        gather(here, TO_ALL, NOW)


def test_nobody_is_found_out_at_letter_3112(here: World, tmp_path: Path):
    write_template(tmp_path / "shop", "digest", body=NEEDS_NAME)
    with pytest.raises(RefusedError) as caught:
        begin(here)
    assert str(caught.value).startswith("1 people lack a value that templates/mail/digest")
    assert "person5@example.com: name" in str(caught.value)
    with here.database.read() as connection:
        assert latest_campaigns(connection, 10) == []


def test_only_the_audience_must_have_what_the_template_needs(here: World, tmp_path: Path):
    write_template(tmp_path / "shop", "digest", body=NEEDS_NAME)
    with here.database.write() as connection:
        suppress(connection, 5)
    assert begin(here)


def test_those_who_lack_a_value_are_withheld_when_that_is_allowed(
    here: World, tmp_path: Path
):
    write_template(tmp_path / "shop", "digest", body=NEEDS_NAME)
    number = begin(here, Order("digest", "newsletter", allow_withheld=True))
    plan(here, number)
    assert states_of(here.database, number) == {
        **dict.fromkeys((1, 2, 3, 4), "queued"),
        5: "withheld",
    }


HUGE = NEEDS_NAME.replace("{{ name }}", "{{ (name|default('x')) * 100000000 }}")


def test_a_letter_that_cannot_be_composed_is_found_out_before_any_leaves(
    here: World, tmp_path: Path
):
    write_template(tmp_path / "shop", "digest", body=HUGE)
    with pytest.raises(RefusedError) as caught:
        begin(here)
    assert "the letters of 5 of the first people cannot be composed" in str(caught.value)
    assert "person1@example.com: " in str(caught.value)
    with here.database.read() as connection:
        assert latest_campaigns(connection, 10) == []
    assert begin(here, Order("digest", "newsletter", allow_withheld=True))


def test_a_dry_run_says_who_would_get_it_and_why_others_would_not(
    here: World, tmp_path: Path
):
    write_template(tmp_path / "shop", "digest", body=NEEDS_NAME)
    ready = gather(here, Order("digest", "newsletter", "norway"), NOW)
    shown = preview(here, ready, NOW)
    assert [(group.reason, group.words, group.count) for group in shown.groups] == [
        ("gets_it", "", 3),
        ("clause", "country == 'NO'", 1),
        ("lacks", "", 1),
        ("unsubscribed", "", 1),
    ]
    assert shown.earlier is None
    with here.database.read() as connection:
        assert latest_campaigns(connection, 10) == []
        assert find_list(connection, "news") is None


def test_the_same_template_to_the_same_list_asks_for_again_within_seven_days(here: World):
    first = begin(here)
    with pytest.raises(RefusedError, match=rf"as campaign {first} \(planning\).*--again"):
        begin(here, Order("digest", "newsletter", "norway"))
    later = world(here.database, here.folder, NOW + timedelta(days=8))
    ready = gather(later, TO_ALL, NOW + timedelta(days=8))
    assert preview(later, ready, NOW + timedelta(days=8)).earlier is None
    assert start(later, ready, NOW + timedelta(days=8)) > first


def test_again_sends_it_again(here: World):
    first = begin(here)
    assert begin(here, Order("digest", "newsletter", again=True)) > first


def test_another_template_may_go_to_the_same_list_at_once(here: World, tmp_path: Path):
    begin(here)
    write_template(tmp_path / "shop", "sale")
    assert begin(here, Order("sale", "newsletter"))


def test_two_starts_at_the_same_moment_make_one_campaign(here: World):
    begin_together = threading.Barrier(4)
    made: list[int] = []
    refused: list[RefusedError] = []

    def begin_one() -> None:
        ready = gather(here, TO_ALL, NOW)
        begin_together.wait()
        try:
            made.append(start(here, ready, NOW))
        except RefusedError as problem:
            refused.append(problem)

    with here.database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO mailing_list (id, name, title, words_floor, seen_at)"
                " VALUES ('news', 'newsletter', 'News', 2, 0)"
            )
        )
    threads = [threading.Thread(target=begin_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 3)


def test_a_campaign_waits_for_its_planning(here: World):
    number = begin(here)
    with here.database.read() as connection:
        found = find_campaign(connection, number)
    assert found is not None
    assert (found.state, found.planned) == (CampaignState.PLANNING, 0)

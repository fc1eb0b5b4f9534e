"""Saying why one left: only if one likes, by the answer to the button alone, erasable."""

import re
from datetime import timedelta

import pytest
from customers import joining

from mailer.jobs.erase import erase
from mailer.jobs.known import known_about
from mailer.jobs.own_document import as_document
from mailer.model.reason import SaidWhy, WhyLeft
from mailer.store.choicetables import LeavingReasonRow
from mailer.store.reasons import (
    reasons_by_campaign,
    reasons_by_list,
    reasons_of,
    unname_old_reasons,
)


def leave(page, person, wish="list"):
    """Press the button and return what the form after it sends along."""
    text = page.post(person.unsubscribe, data={"leave": wish}).text
    found = re.findall(r'name="(about|everything)" value="([^"]+)"', text)
    undo = re.search(r'name="undo" value="([^"]+)"', text)
    return dict(found), undo[1]


def said(world, person):
    with world.database.read() as connection:
        return reasons_of(connection, person.contact_id)


def test_who_leaves_may_say_why_and_change_her_words(page, world, kari):
    form, _ = leave(page, kari)
    answer = page.post(kari.unsubscribe, data=form | {"reason": "too_often"})
    assert "Thank you: we have written it down." in answer.text
    entry = world.entries()[-1].number
    assert said(world, kari) == [SaidWhy(entry, WhyLeft.TOO_OFTEN, "")]
    page.post(kari.unsubscribe, data=form | {"words": " Every\r\nday!\x07 "})
    assert said(world, kari) == [SaidWhy(entry, WhyLeft.OTHER, "Every\nday!")]
    with world.database.read() as connection:
        assert reasons_by_campaign(connection, 1) == {WhyLeft.OTHER: 1}
        assert reasons_by_list(connection, "news") == {WhyLeft.OTHER: 1}
        assert reasons_by_list(connection, "courses") == {}


def test_saying_nothing_writes_nothing_down_and_leaving_stands(page, world, kari):
    form, _ = leave(page, kari, "all")
    answer = page.post(kari.unsubscribe, data=form | {"reason": "", "words": "  "})
    assert answer.status_code == 200
    assert "You have left all our lists" in answer.text
    assert said(world, kari) == []
    assert world.lists_of(kari) == set()


@pytest.mark.parametrize("about", ["", "forged", "undo"])
def test_what_the_page_did_not_give_is_taken_for_nothing(page, world, kari, about):
    form, undo = leave(page, kari)
    form["about"] = undo if about == "undo" else about
    answer = page.post(kari.unsubscribe, data=form | {"reason": "too_often"})
    assert answer.status_code == 400
    assert said(world, kari) == []


def test_another_persons_leaving_is_not_spoken_of(page, world, kari):
    form, _ = leave(page, kari)
    other = world.person("ola@example.com")
    answer = page.post(other.unsubscribe, data=form | {"reason": "never_asked"})
    assert answer.status_code == 400
    assert said(world, kari) == said(world, other) == []


def test_it_is_too_late_after_a_day_and_undoing_takes_it_back(page, world, kari):
    form, undo = leave(page, kari)
    page.post(kari.unsubscribe, data=form | {"reason": "too_often"})
    page.post(kari.unsubscribe, data={"undo": undo})
    assert said(world, kari) == []
    form, _ = leave(page, kari)
    world.now += timedelta(hours=25)
    answer = page.post(kari.unsubscribe, data=form | {"reason": "too_often"})
    assert answer.status_code == 400
    assert said(world, kari) == []


def test_it_is_in_what_she_downloads_and_goes_with_her(page, world, kari):
    form, _ = leave(page, kari)
    page.post(kari.unsubscribe, data=form | {"reason": "other", "words": "I, Kari, moved"})
    around = joining(world).world
    document = as_document(known_about(around, kari.contact_id), world.now)
    assert document["consents"][-1]["why_you_left"] == {
        "reason": "other", "words": "I, Kari, moved",
    }  # fmt: skip
    erase(world.database, world.logbook, "kari@example.com", "Ola", lambda: world.now)
    assert said(world, kari) == []
    with world.database.read() as connection:
        assert reasons_by_campaign(connection, 1) == {WhyLeft.OTHER: 1}
    assert world.count(LeavingReasonRow) == 1


def test_old_words_are_aged_out_and_the_count_stays(page, world, kari):
    form, _ = leave(page, kari)
    page.post(kari.unsubscribe, data=form | {"reason": "not_for_me", "words": "boots"})
    with world.database.write() as connection:
        assert unname_old_reasons(connection, world.now) == 0
        assert unname_old_reasons(connection, world.now + timedelta(days=1)) == 1
        assert reasons_by_list(connection, "news") == {WhyLeft.NOT_FOR_ME: 1}
    assert said(world, kari) == []

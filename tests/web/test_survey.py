"""Surveys: answers become attributes, by a letter's link, and nothing known is shown."""

import pytest

from mailer.model.event import EventKind
from mailer.store.contacts import get_contact
from mailer.store.events import events_of

SURVEY = """
title = "Your next <tour>"
intro = "Three questions."

[[questions]]
attribute = "city"
label = "From where?"
kind = "choice"
choices = ["Oslo", "Bergen"]
required = true

[[questions]]
attribute = "points"
label = "How much do you like us?"
kind = "scale"
lowest = 0
highest = 10

[[questions]]
attribute = "interests"
label = "What first?"
kind = "ranking"
choices = ["tents", "boots", "stoves"]

[[questions]]
attribute = "name"
label = "Your name"
kind = "text"
"""


@pytest.fixture
def survey(page, folder, kari):
    (folder / "surveys").mkdir()
    (folder / "surveys" / "tour.toml").write_text(SURVEY)
    return f"{kari.preferences}/tour"


def known(world, person):
    with world.database.read() as connection:
        contact = get_contact(connection, person.contact_id)
    return contact.attributes, contact.own or {}


def did(world, person):
    with world.database.read() as connection:
        found = events_of(connection, person.contact_id, 10)
    return [(one.kind, one.about) for one in found]


def test_answers_become_attributes_that_no_import_changes(page, world, kari, survey):
    said = {
        "a.city": "Oslo", "a.points": "0", "a.interests.0": "stoves",
        "a.interests.1": "tents", "a.name": " Kari\r\nNordmann ",
    }  # fmt: skip
    answer = page.post(survey, data=said)
    assert "Thank you: we have written it down." in answer.text
    attributes, own = known(world, kari)
    assert attributes == {
        "city": "Oslo", "points": 0, "interests": ["stoves", "tents"],
        "name": "Kari Nordmann",
    }  # fmt: skip
    assert set(own) == set(attributes)
    # What is known does not stand in the form: letters are forwarded.
    assert "Nordmann" not in page.get(survey).text
    assert " checked" not in page.get(survey).text
    assert did(world, kari) == [(EventKind.ANSWERED, "tour")]
    page.post(survey, data={"a.city": "Bergen"})
    assert known(world, kari)[0] == attributes | {"city": "Bergen"}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "Please fill this in."),
        ({"a.city": "Paris"}, "Please choose one of these."),
        ({"a.city": "Oslo", "a.points": "11"}, "Please choose one of these."),
        (
            {"a.city": "Oslo", "a.interests.0": "tents", "a.interests.2": "tents"},
            "Please put each into one place only.",
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    page, world, kari, survey, said, words
):
    answer = page.post(survey, data=said)
    assert answer.status_code == 422
    assert words in answer.text
    assert known(world, kari) == ({}, {})


def test_the_preferences_page_leads_there_and_a_look_changes_nothing(
    page, world, kari, survey
):
    text = page.get(kari.preferences).text
    assert f'href="{survey.removeprefix("/p/")}"' in text
    assert "Your next &lt;tour&gt;" in page.get(survey + "?a.city=Oslo").text
    assert known(world, kari) == ({}, {})
    assert did(world, kari) == []


@pytest.mark.parametrize("path", ["/p/forged/tour", "{0}/other", "{1}/tour"])
def test_forged_links_and_unknown_surveys_are_not_found(page, kari, survey, path):
    wrong = path.format(kari.preferences, kari.unsubscribe.replace("/u/", "/p/"))
    assert page.get(wrong).status_code == page.post(wrong).status_code == 404

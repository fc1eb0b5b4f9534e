"""Undoing that one has left: for ten minutes, and only by who pressed the button."""

import re
from datetime import timedelta

import pytest

from mailer.jobs.replay import tend
from mailer.jobs.unsubscribe import unsubscribe
from mailer.model.consent import How, SuppressionReason
from mailer.model.suppression import Suppression
from mailer.model.token import TokenKind
from mailer.store.contacts import get_contact
from mailer.store.suppressions import suppress, suppressions_of

BOTH = {"news", "courses"}


def press(client, person, wish="list"):
    """Leave by the button, and return what undoes it; "" for nothing."""
    answer = client.post(person.unsubscribe, data={"leave": wish})
    assert answer.status_code == 200
    found = re.search(r'name="undo" value="([^"]+)"', answer.text)
    return found[1] if found else ""


def undo(client, person, token):
    return client.post(person.unsubscribe, data={"undo": token})


def held(world, person):
    with world.database.read() as connection:
        contact = get_contact(connection, person.contact_id)
        return suppressions_of(connection, contact.hash)


@pytest.mark.parametrize("wish", ["list", "all"])
def test_everything_is_as_it_was(client, world, wish):
    person = world.person()
    token = press(client, person, wish)
    assert world.lists_of(person) == (set() if wish == "all" else {"courses"})
    world.now += timedelta(minutes=9)
    answer = undo(client, person, token)
    assert answer.status_code == 200
    assert "Everything is as it was" in answer.text
    assert world.lists_of(person) == BOTH
    assert held(world, person) == []
    tend(world.database, world.logbook, world.now)
    assert world.lists_of(person) == BOTH
    again = [one for one in world.entries() if one.act == "confirmed"]
    assert {one.list_id for one in again} == (BOTH if wish == "all" else {"news"})
    assert {(one.basis, one.wording, one.how) for one in again} == {("express", 1, "page")}


def test_after_ten_minutes_it_stays(client, world):
    person = world.person()
    token = press(client, person)
    world.now += timedelta(minutes=10, seconds=1)
    before = world.entries()
    assert "too late" in undo(client, person, token).text
    assert world.lists_of(person) == {"courses"}
    assert world.entries() == before


def test_it_works_once_and_not_over_a_second_no(client, world):
    person = world.person()
    token = press(client, person)
    undo(client, person, token)
    second = press(client, person)
    assert second not in {"", token}
    before = world.entries()
    assert "too late" in undo(client, person, token).text
    assert world.entries() == before
    assert world.lists_of(person) == {"courses"}
    assert "as it was" in undo(client, person, second).text
    assert world.lists_of(person) == BOTH


def test_who_left_again_by_her_mail_program_stays_away(client, world):
    person = world.person()
    token = press(client, person)
    client.post(person.unsubscribe, data={"leave": "all"})
    assert "too late" in undo(client, person, token).text
    assert world.lists_of(person) == set()


def test_the_letter_s_link_alone_undoes_nothing(client, world):
    person, other = world.person(), world.person("ola@example.com")
    unsubscribe(world.database, world.logbook, person.reader, How.ONE_CLICK, world.now)
    number = world.entries()[-1].number
    # Not even with a token that nobody was given: one click has no page.
    token = world.tokens.for_number(TokenKind.UNDO, number)
    assert "too late" in undo(client, person, token).text
    forged = world.tokens.for_number(TokenKind.CONFIRM, number)
    for wrong in ("", "x", forged, token[:-1], person.unsubscribe.removeprefix("/u/")):
        assert undo(client, other, wrong).status_code == 400, wrong
    assert world.lists_of(person) == {"courses"}


def test_nothing_is_offered_where_nothing_was_changed(client, world):
    person = world.person()
    press(client, person)
    assert press(client, person) == ""


@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_what_was_there_before_the_button_is_not_undone_by_it(client, world, reason):
    person = world.person()
    with world.database.write() as connection:
        contact = get_contact(connection, person.contact_id)
        earlier = world.now - timedelta(days=1)
        suppress(
            connection, contact.hash,
            Suppression("list:news", reason, earlier, None, "test"),
        )  # fmt: skip
    token = press(client, person)
    if token:
        undo(client, person, token)
    assert [one.scope for one in held(world, person)] == ["list:news"]

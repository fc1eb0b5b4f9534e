"""A list's welcome: one letter after a person's first own yes, and never another."""

import logging
import re
import shutil
from datetime import timedelta

import pytest
from customers import ROOT
from sqlalchemy import select

from mailer.jobs.ageing import age
from mailer.jobs.erase import forget_stranger
from mailer.jobs.frozen import unpack
from mailer.jobs.unsubscribe import unsubscribe
from mailer.model.consent import How
from mailer.model.delivery import CauseKind
from mailer.model.kind import Lane
from mailer.model.token import Reader, TokenKind
from mailer.store import owners
from mailer.store.alarms import open_alarms
from mailer.store.campaigns import frozen
from mailer.store.claims import Claims
from mailer.store.contacts import find_contact
from mailer.store.contents import content_hash_of
from mailer.store.groups import Sheet, groups
from mailer.store.lists import all_lists
from mailer.store.tables import DeliveryRow, SignUpRow, WelcomeRow, table
from mailer.workspace.templates import read_template

ADDRESS = "kari@example.com"
AN_HOUR = timedelta(hours=1)
WELCOME = '\n[welcome]\ntemplate = "welcome"\ndelay = "1h"\n'


@pytest.fixture
def folder(folder):
    """The lists with a page welcome people, by a letter that may be changed."""
    templates = folder / "templates"
    templates.unlink()
    shutil.copytree(ROOT / "templates", templates)
    for name in ("news", "tips"):
        file = folder / "lists" / f"{name}.toml"
        file.write_text(file.read_text() + WELCOME)
    return folder


def rows(world, model=DeliveryRow):
    with world.database.read() as connection:
        return list(connection.execute(select(table(model)).order_by(table(model).c.id)))


def welcomes(world):
    return [one for one in rows(world) if one.kind == "journey"]


def asks(page, to="news"):
    assert page.post(f"/join/{to}", data={"email": ADDRESS}).status_code == 200


def confirms(page, world):
    token = world.tokens.for_number(TokenKind.CONFIRM, rows(world, SignUpRow)[-1].id)
    assert page.post(f"/c/{token}").status_code == 200


def leaves(world, to="news"):
    """Leave by the button of a letter's link."""
    with world.database.read() as connection:
        contact = find_contact(connection, ADDRESS)
        number = all_lists(connection)[to].number
    reader = Reader(contact.id, number, 0)
    unsubscribe(world.database, world.logbook, reader, How.PAGE, world.now)
    return reader


def taken(world):
    """Claim what is due in the journeys' lane."""
    with world.database.write() as connection:
        owner = owners.register(connection, "here", 1, world.now)
    with world.database.read() as connection:
        claims = Claims(connection, owner, AN_HOUR)
    with world.database.write() as connection:
        ids = claims.of_lane(connection, Lane.JOURNEYS.value, 10, world.now)
        return claims.read(connection, ids)


def let_go(world, claimed):
    """Ask for these letters to leave; return the numbers of those that may."""
    writing = groups(world.database)
    try:
        sheet = Sheet.of((), [(one.id, one.fence) for one in claimed])
        return writing.commit(sheet, world.now, None)
    finally:
        writing.close()


def contents_of(world, letter):
    with world.database.read() as connection:
        found = content_hash_of(connection, CauseKind.JOURNEY, letter.cause_id)
        return unpack(frozen(connection, found))


def test_a_first_confirmation_is_welcomed_after_the_delay(page, world):
    asks(page)
    assert welcomes(world) == []
    confirms(page, world)
    (letter,) = welcomes(world)
    assert (letter.cause_kind, letter.lane, letter.list_id, letter.address) == (
        "journey", Lane.JOURNEYS, "news", ADDRESS,
    )  # fmt: skip
    assert letter.due_at == world.now + AN_HOUR
    assert letter.give_up_at > letter.due_at
    assert not letter.rehearsal
    content = contents_of(world, letter)
    assert (content.source.name, content.source.kind) == ("welcome", "journey")
    assert taken(world) == []
    world.now += AN_HOUR
    claimed = taken(world)
    assert [one.id for one in claimed] == [letter.id]
    assert let_go(world, claimed) == {letter.id}


def test_the_letter_is_as_it_was_when_she_signed_up(page, world, folder):
    asks(page)
    body = folder / "templates" / "mail" / "welcome" / "body.md"
    said = read_template(str(folder), "welcome").html
    body.write_text("{{ broken")
    confirms(page, world)
    (letter,) = welcomes(world)
    assert contents_of(world, letter).source.html == said


def test_whoever_joins_at_once_is_welcomed_too(page, world):
    asks(page, "tips")
    (letter,) = welcomes(world)
    assert (letter.list_id, letter.due_at) == ("tips", world.now + AN_HOUR)
    asks(page, "tips")
    assert len(welcomes(world)) == 1


def test_whoever_joins_by_a_letter_s_link_is_welcomed_too(page, world):
    person = world.person(ADDRESS)
    assert welcomes(world) == []
    assert page.post(person.preferences, data={"join": "tips"}).status_code == 200
    (letter,) = welcomes(world)
    assert (letter.list_id, letter.contact_id) == ("tips", person.contact_id)


def test_each_list_welcomes_for_itself_and_a_change_is_another_letter(page, world, folder):
    asks(page)
    confirms(page, world)
    asks(page, "tips")
    body = folder / "templates" / "mail" / "welcome" / "body.md"
    body.write_text(body.read_text() + "\nOne more thing.\n")
    page.post("/join/tips", data={"email": "ola@example.com"})
    page.post("/join/tips", data={"email": "per@example.com"})
    first, second, third, fourth = welcomes(world)
    assert first.list_id == "news"
    assert third.cause_id == fourth.cause_id
    assert len({first.cause_id, second.cause_id, third.cause_id}) == 3
    assert len(rows(world, WelcomeRow)) == 3


def test_nobody_is_welcomed_twice_whatever_came_between(page, world, folder):
    asks(page)
    confirms(page, world)
    leaves(world)
    body = folder / "templates" / "mail" / "welcome" / "body.md"
    body.write_text(body.read_text() + "\nAnother letter.\n")
    world.now += timedelta(days=2)
    asks(page)
    confirms(page, world)
    assert [one.act for one in world.entries()][-2:] == ["confirmed", "lifted"]
    assert len(welcomes(world)) == 1


def test_it_does_not_leave_when_she_left_within_the_delay(page, world):
    asks(page)
    confirms(page, world)
    leaves(world)
    world.now += AN_HOUR
    claimed = taken(world)
    assert len(claimed) == 1
    assert let_go(world, claimed) == set()


def test_that_leaving_is_undone_welcomes_nobody(page, world):
    person = world.person(ADDRESS)
    answer = page.post(person.unsubscribe, data={"leave": "list"})
    undo = re.search(r'name="undo" value="([^"]+)"', answer.text)
    assert "as it was" in page.post(person.unsubscribe, data={"undo": undo[1]}).text
    assert "confirmed" in {one.act for one in world.entries()}
    assert welcomes(world) == []


def test_who_was_imported_and_then_says_yes_herself_is_welcomed(page, world):
    world.person(ADDRESS)
    asks(page)
    assert welcomes(world) == []
    confirms(page, world)
    assert [one.list_id for one in welcomes(world)] == ["news"]


@pytest.fixture(
    params=[
        ("body.md", "Hello {{ name", "body.md"),
        ("body.md", "Hello {{ city }}", "shows city"),
        (
            "letter.toml",
            'language = "en"\nsubject = "Hello"\nkind = "marketing"',
            "must be 'journey'",
        ),
        ("letter.toml", "[[", "letter.toml"),
    ],
    ids=["body", "value", "kind", "settings"],
)
def fault(request, folder):
    """Break the welcome; return what is said of it."""
    file, text, words = request.param
    (folder / "templates" / "mail" / "welcome" / file).write_text(text)
    return words


def test_a_letter_that_does_not_hold_keeps_nobody_from_joining(page, world, fault, caplog):
    with caplog.at_level(logging.ERROR):
        asks(page)
        confirms(page, world)
        asks(page, "tips")
        asks(page, "tips")
    assert welcomes(world) == []
    with world.database.read() as connection:
        alarms = open_alarms(connection)
    assert {one.subject: one.kind for one in alarms} == {
        "lists/news.toml": "welcome_broken", "lists/tips.toml": "welcome_broken",
    }  # fmt: skip
    assert len(alarms) == 2
    assert all(fault in one.happened for one in alarms)
    assert len([one for one in caplog.messages if "is welcomed" in one]) == 2
    assert {one.list_id for one in world.entries() if one.act == "confirmed"} == {"news"}


def test_a_list_without_a_welcome_sends_none(page, world, folder):
    file = folder / "lists" / "news.toml"
    file.write_text(file.read_text().replace(WELCOME, ""))
    asks(page)
    confirms(page, world)
    assert welcomes(world) == []
    assert rows(world, WelcomeRow) == []


def test_retention_drops_the_delivery_and_keeps_what_the_next_one_needs(page, world):
    asks(page, "tips")
    (letter,) = welcomes(world)
    with world.database.write() as connection:
        delivery = table(DeliveryRow)
        connection.execute(
            delivery.update()
            .where(delivery.c.id == letter.id)
            .values(state="accepted", ended_at=world.now, left_at=world.now)
        )
    page.post("/join/tips", data={"email": "ola@example.com"})
    world.now += timedelta(days=100)
    assert age(world.database, timedelta(days=90), world.now) == 1
    (waiting,) = welcomes(world)
    assert contents_of(world, waiting).source.name == "welcome"
    # The ledger remembers that she was welcomed, although the delivery is gone.
    leaves(world, "tips")
    asks(page, "tips")
    confirms(page, world)
    assert len(welcomes(world)) == 1


def test_who_is_erased_gets_none_and_may_begin_anew(page, world):
    asks(page, "tips")
    with world.database.read() as connection:
        contact = find_contact(connection, ADDRESS)
    forget_stranger(world.database, world.ring, contact, lambda: world.now)
    (letter,) = welcomes(world)
    assert (letter.state, letter.reason, letter.address) == ("withheld", "erased", "")
    asks(page, "tips")
    assert [one.state for one in welcomes(world)] == ["withheld", "queued"]


def test_a_letter_that_is_not_there_is_told_and_one_put_right_is_sent(page, world, folder):
    file = folder / "lists" / "tips.toml"
    good = file.read_text()
    file.write_text(good.replace('"welcome"', '"welcme"'))
    asks(page, "tips")
    with world.database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert "did you mean 'welcome'" in alarm.happened
    assert welcomes(world) == []
    file.write_text(good)
    page.post("/join/tips", data={"email": "ola@example.com"})
    assert [one.address for one in welcomes(world)] == ["ola@example.com"]

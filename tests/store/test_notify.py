"""The staff is told what happened to tickets, each thing once, and not at night."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from frontdesks import NOW, SUPPORT, a_desk, a_message, take
from sqlalchemy import text
from worlds import make_workspace

from mailer.errors import RefusedError
from mailer.jobs import staff, ticket_steps
from mailer.jobs.answering import reply
from mailer.jobs.correspond import Pen
from mailer.jobs.notify_staff import browser_news, notify
from mailer.jobs.staff import NewStaff
from mailer.jobs.ticket_steps import Sorting
from mailer.model.mode import Mode
from mailer.model.news import News
from mailer.model.token import TokenBox
from mailer.store.frozentemplates import all_frozen

BEFORE = NOW - timedelta(minutes=1)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def shop(tmp_path):
    with make_workspace(tmp_path / "shop") as made:
        yield made


@pytest.fixture
def world(shop, database):
    return replace(shop.world(), database=database, mode=Mode.LIVE, zone="Europe/Oslo")


@pytest.fixture
def desk(database, logbook, ring, tmp_path):
    return a_desk(database, logbook, ring, tmp_path, SUPPORT)


def add(database, name: str, *news: News, quiet: str = "", mailboxes=(), email=None):
    known = ["support", "press"]
    email = f"{name.lower()}@staff.example" if email is None else email
    staff.add(
        database, NewStaff(name, email=email, mailboxes=mailboxes), known, "t", BEFORE
    )
    return staff.change(database, name, "t", BEFORE, notify=news, quiet=quiet)


def told(database) -> list[str]:
    """Return to whom letters of ours are owed, in order."""
    asked = text("SELECT address FROM delivery WHERE cause_kind = 'alarm' ORDER BY id")
    with database.read() as connection:
        return list(connection.execute(asked).scalars())


def letters(database) -> str:
    with database.read() as connection:
        return " ".join(str(one.body) for one in all_frozen(connection))


def tell(world, now: datetime = LATER) -> int:
    return notify(world, (SUPPORT,), now)


def test_who_asked_is_told_of_a_new_ticket_once_and_never_of_what_it_says(
    world, database, desk
):
    add(database, "Kari", News.NEW)
    add(database, "Ola", News.ANSWER)
    add(database, "Per", News.NEW, mailboxes=("press",))
    take(desk, a_message("My secret illness"))
    assert tell(world) == 1
    assert told(database) == ["kari@staff.example"]
    body = letters(database)
    assert "/console/tickets/1" in body
    for private in ("illness", "Tents", "ola@example.com", "Nordmann"):
        assert private not in body
    assert tell(world) == 0
    take(desk, a_message(number=2, sender="x@example.com"))
    assert tell(world) == 1


def test_what_was_there_before_somebody_wanted_to_be_told_is_no_news(world, database, desk):
    take(desk, a_message())
    add(database, "Kari", News.NEW)
    staff.change(database, "Kari", "t", NOW, notify=[News.NEW])
    assert tell(world) == 0


def test_one_is_told_of_what_others_gave_them_and_of_answers_to_it(
    world, database, desk, ring
):
    add(database, "Kari", News.ASSIGNED, News.ANSWER)
    take(desk, a_message())
    ticket_steps.assign(database, 1, Sorting(assignee="Kari"), "Kari", NOW)
    assert tell(world) == 0
    ticket_steps.assign(database, 1, Sorting(assignee=""), "Ola", NOW)
    ticket_steps.assign(database, 1, Sorting(assignee="Kari"), "Ola", NOW)
    assert tell(world) == 1
    assert "Given to you" in letters(database)
    pen = Pen((SUPPORT,), world.site, ring, TokenBox(ring), rehearsing=False)
    reply(database, pen, 1, "Yes.", "Kari", NOW)
    assert tell(world) == 0
    more = a_message("And?", number=2, In_Reply_To="<m1.ola@example.com>")
    take(desk, more, LATER)
    assert tell(world, LATER) == 1
    assert "Answered by its person" in letters(database)
    assert tell(world, LATER) == 0


def test_one_is_told_of_an_answer_that_is_due_soon(world, database, desk):
    add(database, "Kari", News.DUE)
    take(desk, a_message())
    with database.read() as connection:
        due = connection.execute(text("SELECT due_at FROM ticket")).scalar_one()
    moment = datetime.fromtimestamp(due / 1e6, UTC)
    assert tell(world, moment - timedelta(hours=2)) == 0
    assert tell(world, moment - timedelta(minutes=59)) == 1
    assert tell(world, moment - timedelta(minutes=30)) == 0


def test_nothing_is_told_in_quiet_hours_and_all_of_it_afterwards(world, database, desk):
    # It is 13:01 in Oslo.
    add(database, "Kari", News.NEW, quiet="12:30-14:00")
    take(desk, a_message())
    take(desk, a_message(number=2, sender="x@example.com"))
    assert tell(world) == 0
    who = next(one for one in staff.staff_list(database) if one.name == "Kari")
    assert browser_news(world, who, LATER) == []
    assert tell(world, NOW + timedelta(hours=2)) == 1
    assert "/console/tickets/1" in letters(database)
    assert "/console/tickets/2" in letters(database)


def test_two_programs_at_the_same_moment_tell_it_once(world, database, desk):
    add(database, "Kari", News.NEW)
    take(desk, a_message())
    ready = threading.Barrier(3)

    def tell_now(_: int) -> int:
        ready.wait(60)
        return tell(world)

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(tell_now, range(3))) == 1
    assert told(database) == ["kari@staff.example"]


def test_nobody_is_told_who_left_has_no_address_or_is_a_mailbox_of_ours(
    world, database, desk
):
    add(database, "Kari", News.NEW, email="support@shop.example")
    add(database, "Ola", News.NEW, email="")
    add(database, "Per", News.NEW)
    staff.leave(database, "Per", "t", NOW)
    take(desk, a_message())
    assert tell(world) == 0


def test_a_browser_hears_what_is_new_and_nothing_old(world, database, desk):
    who = add(database, "Kari", News.NEW)
    take(desk, a_message())
    (one,) = browser_news(world, who, LATER)
    assert (one.news, one.ticket_id) == (News.NEW, 1)
    assert browser_news(world, who, NOW + timedelta(hours=1)) == []


@pytest.mark.parametrize("hours", ["22-7", "25:00-07:00", "07:00-07:00", "night"])
def test_hours_that_cannot_be_are_refused(database, hours):
    add(database, "Kari", News.NEW)
    with pytest.raises(RefusedError):
        staff.change(database, "Kari", "t", NOW, quiet=hours)

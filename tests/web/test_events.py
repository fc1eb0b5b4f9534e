"""What people do of their own accord: kept, shown to themselves, and what segments ask."""

from datetime import timedelta

import pytest
from frontdesks import SUPPORT, a_desk, a_message, take
from sqlalchemy import update
from web.test_own_page import KARI, opened

from mailer.jobs.ageing import age
from mailer.jobs.erase import erase
from mailer.model.evaluate import holds
from mailer.model.event import Event, EventKind
from mailer.model.expression import parse
from mailer.model.token import TokenKind
from mailer.store.events import events_of, note_event
from mailer.store.facts import Asked, count, facts
from mailer.store.tables import SubscriptionRow, table

ENGAGED = parse("engaged_within('90d')", {}, "here")
A_DAY = timedelta(days=1)


@pytest.fixture
def long_ago(world, kari):
    """Her consents are too old to count by themselves."""
    rows = table(SubscriptionRow)
    with world.database.write() as connection:
        connection.execute(update(rows).values(since_at=world.now - 400 * A_DAY))


def did(world, person):
    with world.database.read() as connection:
        return [one.kind for one in events_of(connection, person.contact_id, 10)]


def engaged(world, person):
    with world.database.read() as connection:
        (known,) = facts(connection, [person.contact_id], world.now).values()
        (picked,) = count(connection, Asked(None, world.now), [ENGAGED]).picked
    assert holds(ENGAGED, known) is bool(picked)
    return bool(picked)


@pytest.mark.usefixtures("long_ago")
@pytest.mark.parametrize(
    "button",
    [{"frequency": "weekly"}, {"language": "de"}, {"time_zone": "Europe/Oslo"}],
)
def test_a_choice_counts_for_as_long_as_is_asked_and_a_look_never(
    page, world, kari, button
):
    page.get(kari.preferences)
    page.get(kari.preferences + "?frequency=weekly")
    assert not engaged(world, kari)
    page.post(kari.preferences, data=button)
    assert did(world, kari) == [EventKind.VISITED]
    world.now += 90 * A_DAY
    assert engaged(world, kari)
    world.now += timedelta(microseconds=1)
    assert not engaged(world, kari)


@pytest.mark.usefixtures("long_ago")
def test_leaving_and_pausing_do_not_count(page, world, kari):
    page.post(kari.preferences, data={"pause": "30"})
    page.post(kari.preferences, data={"leave_list": "news"})
    assert not engaged(world, kari)


def test_a_consent_that_stands_counts_from_its_own_day(world, kari):
    assert engaged(world, kari)
    world.now += 91 * A_DAY
    assert not engaged(world, kari)


@pytest.mark.usefixtures("long_ago")
@pytest.mark.parametrize("kind", EventKind)
def test_each_kind_of_event_counts_until_its_last_moment(world, kari, kind):
    assert not engaged(world, kari)
    with world.database.write() as connection:
        note_event(connection, kari.contact_id, Event(kind, world.now, "x"))
    world.now += 90 * A_DAY
    assert engaged(world, kari)
    world.now += timedelta(microseconds=1)
    assert not engaged(world, kari)


@pytest.mark.usefixtures("long_ago")
@pytest.mark.parametrize(
    ("marks", "counts"), [({}, True), ({"Auto_Submitted": "auto-replied"}, False)]
)
def test_who_answers_a_letter_counts_and_her_machine_does_not(
    world, kari, tmp_path, marks, counts
):
    desk = a_desk(world.database, world.logbook, world.ring, tmp_path, SUPPORT)
    letter = world.tokens.for_delivery(TokenKind.MESSAGE, 7)
    take(
        desk,
        a_message("Lovely!", "kari@example.com", "news@shop.example", "Re: Autumn",
                  In_Reply_To=f"<{letter}@shop.example>", **marks),
        world.now,
    )  # fmt: skip
    assert engaged(world, kari) is counts
    assert did(world, kari) == ([EventKind.REPLIED] if counts else [])


def test_her_own_page_counts_and_shows_what_she_did(page, world, kari):
    with world.database.write() as connection:
        for kind, about in ((EventKind.REPLIED, "ticket 7"), (EventKind.ANSWERED, "tour")):
            note_event(connection, kari.contact_id, Event(kind, world.now, about))
    at, session, text = opened(world, page)
    assert "You wrote to us: ticket 7" in text
    assert "You answered questions: tour" in text
    assert EventKind.VISITED in did(world, kari)
    found = page.post(at, data={"session": session, "do": "json"}).json()
    assert {"answered", "replied", "visited"} == {
        one["what"] for one in found["what_you_did"]
    }
    read = page.post(at, data={"session": session, "do": "html"}).text
    assert "You answered questions: tour" in read


def test_what_somebody_did_goes_with_old_letters_and_when_she_is_erased(page, world, kari):
    page.post(kari.preferences, data={"frequency": "weekly"})
    age(world.database, 90 * A_DAY, world.now + 90 * A_DAY)
    assert did(world, kari) == [EventKind.VISITED]
    age(world.database, 90 * A_DAY, world.now + 91 * A_DAY)
    assert did(world, kari) == []
    page.post(kari.preferences, data={"frequency": "monthly"})
    erase(world.database, world.logbook, KARI, "Ola", lambda: world.now)
    assert did(world, kari) == []

"""What a person may choose by a letter's link, and what a forwarded link may not do."""

import re
from datetime import timedelta

import pytest
from customers import SPECS, app_of
from sqlalchemy import select
from starlette.testclient import TestClient
from web.test_own_page import opened

from mailer.audience.permission import Facts, No, may_write
from mailer.jobs.replay import catch_up, tend
from mailer.jobs.unsubscribe import unsubscribe
from mailer.model.attributes import AttributeSpec, AttributeType
from mailer.model.consent import How, SuppressionReason
from mailer.model.frequency import Frequency
from mailer.model.kind import Kind
from mailer.store.contacts import get_contact
from mailer.store.erasing import erase_contact
from mailer.store.frequencies import frequency
from mailer.store.plaintexts import plain_since
from mailer.store.suppressions import suppressions_of
from mailer.store.tables import DeliveryRow, table
from mailer.store.topics import choose_topics, topics_chosen


def contact_of(world, person):
    with world.database.read() as connection:
        return get_contact(connection, person.contact_id)


def held(world, person):
    with world.database.read() as connection:
        return suppressions_of(connection, contact_of(world, person).hash)


def letters(world):
    rows = table(DeliveryRow)
    with world.database.read() as connection:
        return list(connection.execute(select(rows.c.kind, rows.c.list_id)))


def press(page, person, **button):
    answer = page.post(person.preferences, data=button)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_all_lists_are_there_and_whether_the_person_is_on_them(page, world):
    person = world.person()
    text = page.get(person.preferences).text
    assert text.count("You are on this list.") == 2
    assert text.count("You are not on this list.") == 1
    assert re.findall(r'name="join" value="(\w+)"', text) == ["tips"]
    assert sorted(re.findall(r'name="leave_list" value="(\w+)"', text)) == [
        "courses", "news",
    ]  # fmt: skip
    assert "kari@" not in text


def test_looking_changes_nothing(page, world):
    person = world.person()
    before = world.entries()
    for query in ("", "?join=tips", "?pause=30", "?leave=all", "?language=de"):
        assert page.get(person.preferences + query).status_code == 200
    assert world.entries() == before
    assert held(world, person) == []


def test_another_list_is_joined_at_once_and_the_ledger_says_by_which_link(page, world):
    person = world.person()
    assert "You are on that list" in press(page, person, join="tips")
    assert "tips" in world.lists_of(person)
    last = world.entries()[-1]
    assert (last.act, last.how, last.basis, last.list_id) == (
        "confirmed", "page", "double_opt_in", "tips",
    )  # fmt: skip
    assert last.source == "preferences link of a letter"
    assert letters(world) == []


def test_a_forwarded_letter_does_not_bring_back_who_left(page, world):
    person = world.person()
    press(page, person, leave_list="news")
    assert world.lists_of(person) == {"courses"}
    assert "we have sent you a letter" in press(page, person, join="news")
    assert world.lists_of(person) == {"courses"}
    assert letters(world) == [("confirmation", "news")]
    # However often it is pressed: one letter a day.
    press(page, person, join="news")
    assert len(letters(world)) == 1


def test_who_left_everything_comes_back_by_a_letter_only(page, world):
    person = world.person()
    unsubscribe(
        world.database, world.logbook, person.reader, How.PAGE, world.now, everything=True
    )
    press(page, person, join="tips")
    assert world.lists_of(person) == set()
    assert letters(world) == [("confirmation", "tips")]


def test_a_list_is_left_by_its_own_button_and_that_can_be_undone(page, world):
    person = world.person()
    text = press(page, person, leave_list="courses")
    assert world.lists_of(person) == {"news"}
    token = re.search(r'name="undo" value="([^"]+)"', text)
    press(page, person, undo=token[1])
    assert world.lists_of(person) == {"news", "courses"}


def test_a_pause_holds_all_marketing_until_its_day_and_nothing_else(page, world):
    person = world.person()
    assert "We send no news and offers until" in press(page, person, pause="30")
    (pause,) = held(world, person)
    assert (pause.scope, pause.reason) == ("marketing", SuppressionReason.PAUSED)
    assert pause.until_at == world.now + timedelta(days=30)
    assert world.lists_of(person) == {"news", "courses"}
    facts = Facts(list_id="news", suppressions=[pause], words_floor=1)
    assert isinstance(may_write(Kind.MARKETING, facts, world.now), No)
    assert not isinstance(may_write(Kind.CONFIRMATION, facts, world.now), No)
    assert "End the pause" in page.get(person.preferences).text
    world.now += timedelta(days=31)
    assert "End the pause" not in page.get(person.preferences).text


def test_a_pause_is_ended_by_its_button_for_good(page, world):
    person = world.person()
    press(page, person, pause="90")
    assert "The pause has ended" in press(page, person, resume="yes")
    assert held(world, person) == []
    tend(world.database, world.logbook, world.now)
    assert held(world, person) == []


def test_a_pause_outlasts_a_restore_and_ends_no_other_no(page, world):
    person = world.person()
    press(page, person, pause="30")
    with world.database.alter() as connection:
        connection.exec_driver_sql("DELETE FROM suppression")
    catch_up(world.database, world.logbook, world.now, restored=True)
    assert [one.reason for one in held(world, person)] == [SuppressionReason.PAUSED]
    press(page, person, leave="all")
    press_after = page.post(person.preferences, data={"resume": "yes"})
    assert press_after.status_code == 400
    assert [one.reason for one in held(world, person)] == [SuppressionReason.UNSUBSCRIBED]
    assert "A pause" not in page.get(person.preferences).text


def test_the_language_is_the_person_s_from_then_on(page, world):
    person = world.person()
    text = press(page, person, language="nb")
    assert '<html lang="nb">' in text
    assert contact_of(world, person).details.language == "nb"
    answer = page.get(person.unsubscribe, headers={"Accept-Language": "de"})
    assert '<html lang="nb">' in answer.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"join": "courses"}, {"join": "nothing"}, {"join": "../news"},
        {"pause": "5000"}, {"pause": "-1"}, {"pause": "x"},
        {"language": "fr"}, {"language": "../de"},
        {"leave_list": "nothing"}, {"resume": "yes"}, {},
    ],
    ids=str,
)  # fmt: skip
def test_what_our_page_never_sends_changes_nothing(page, world, wrong):
    person = world.person()
    before = world.entries()
    assert page.post(person.preferences, data=wrong).status_code == 400
    assert world.entries() == before
    assert held(world, person) == []


def test_the_unsubscribe_link_does_not_choose(page, world):
    person = world.person()
    for button in ({"join": "tips"}, {"pause": "30"}, {"language": "de"}):
        assert page.post(person.unsubscribe, data=button).status_code == 400
    assert "tips" not in world.lists_of(person)


def test_whoever_is_on_record_no_more_is_told_so(page, world):
    person = world.person()
    with world.database.alter() as connection:
        connection.exec_driver_sql("DELETE FROM subscription")
        connection.exec_driver_sql("DELETE FROM contact")
    assert "no longer on record" in page.get(person.preferences).text
    for button in ({"join": "tips"}, {"pause": "30"}, {"language": "de"}):
        assert page.post(person.preferences, data=button).status_code == 400


def frequency_of(world, person):
    with world.database.read() as connection:
        return frequency(connection, person.contact_id)


def test_how_often_is_chosen_and_shown_and_chosen_again(page, world):
    person = world.person()
    assert frequency_of(world, person) is None
    assert 'aria-pressed="true">At most' not in page.get(person.preferences).text
    text = press(page, person, frequency="weekly")
    assert "as often as you said" in text
    assert 'value="weekly" aria-pressed="true"' in text
    assert frequency_of(world, person) is Frequency.WEEKLY
    assert 'value="monthly" aria-pressed="true"' in press(page, person, frequency="monthly")
    assert frequency_of(world, person) is Frequency.MONTHLY
    text = page.get(person.preferences, headers={"Accept-Language": "nb"}).text
    assert "Høyst ett brev i måneden" in text


@pytest.mark.parametrize("often", ["", "hourly", "WEEKLY", "7", "every\r\nletter"])
def test_what_cannot_be_chosen_changes_nothing(page, world, often):
    person = world.person()
    press(page, person, frequency="weekly")
    page.post(person.preferences, data={"frequency": often})
    assert frequency_of(world, person) is Frequency.WEEKLY


def test_what_was_chosen_goes_with_the_person(page, world):
    person = world.person()
    press(page, person, frequency="weekly")
    with world.database.write() as connection:
        erase_contact(connection, person.contact_id)
    assert frequency_of(world, person) is None
    assert page.post(person.preferences, data={"frequency": "weekly"}).status_code == 400
    assert frequency_of(world, person) is None


def test_the_time_zone_is_written_down_as_her_own(page, world):
    person = world.person()
    assert "written down your time zone" in press(page, person, time_zone="Europe/Oslo")
    known = contact_of(world, person)
    assert (known.time_zone, set(known.own)) == ("Europe/Oslo", {"time_zone"})
    for wrong in ("", "Mars/Base", "<script>"):
        answer = page.post(person.preferences, data={"time_zone": wrong})
        assert answer.status_code == 400
    assert contact_of(world, person).time_zone == "Europe/Oslo"


def test_the_preferred_channel_is_asked_for_only_where_it_is_declared(
    world, folder, monkeypatch
):
    person = world.person()
    with TestClient(app_of(world, folder=folder), "https://mail.example.com") as client:
        assert "By phone" not in client.get(person.preferences).text
        answer = client.post(person.preferences, data={"channel": "phone"})
        assert answer.status_code == 400
    spec = AttributeSpec("preferred_channel", AttributeType.TEXT)
    monkeypatch.setitem(SPECS, spec.name, spec)
    with TestClient(app_of(world, folder=folder), "https://mail.example.com") as client:
        assert "written down how you like" in press(client, person, channel="phone")
        wrong = client.post(person.preferences, data={"channel": "pigeon"})
        assert wrong.status_code == 400
    known = contact_of(world, person)
    assert known.attributes == {"preferred_channel": "phone"}
    assert set(known.own) == {"preferred_channel"}
    # It is a wish: where she stands on her lists is not touched.
    assert world.lists_of(person) == {"news", "courses"}


TOPICS = """
[topics]
tents = "Tents & tarps"
tours = { en = "Tours", nb = "Turer" }
"""


def topics_of(world, person):
    with world.database.read() as connection:
        found = topics_chosen(connection, person.contact_id)
    return {list_id: sorted(one.topics) for list_id, one in found.items()}


def test_topics_of_a_list_are_chosen_by_a_letters_link(page, world, folder):
    for name in ("courses", "tips"):  # One has no page to join it, on one she is not.
        file = folder / "lists" / f"{name}.toml"
        file.write_text(file.read_text() + TOPICS)
    person = world.person()
    text = page.get(person.preferences).text
    assert text.count('type="checkbox"') == 2
    assert "Tents &amp; tarps" in text
    page.get(person.preferences + "?topics=courses&topic.tents=yes")
    assert topics_of(world, person) == {}
    ticked = {"topics": "courses", "topic.tents": "yes", "topic.other": "yes"}
    said = press(page, person, **ticked)
    assert "From now on we write to you about what you chose." in said
    assert topics_of(world, person) == {"courses": ["tents"]}
    assert re.findall(r'name="(topic\.\w+)" value="yes" checked', said) == ["topic.tents"]
    assert "Turer" in page.get(person.preferences, headers={"accept-language": "nb"}).text
    press(page, person, topics="courses")
    assert topics_of(world, person) == {}


def test_her_own_page_and_download_say_topics_in_words(page, world, folder, kari):
    file = folder / "lists" / "courses.toml"
    file.write_text(file.read_text() + TOPICS)
    press(page, kari, topics="courses", **{"topic.tents": "yes"})
    with world.database.write() as connection:
        choose_topics(connection, kari.contact_id, "courses", ["tents", "old"], world.now)
    at, session, text = opened(world, page)
    assert "Tents &amp; tarps, old" in text
    data = {"session": session, "do": "json"}
    (chosen,) = page.post(at, data=data).json()["topics"]
    assert chosen["chosen"] == ["Tents & tarps", "old"]
    data["do"] = "html"
    assert "Tents &amp; tarps, old" in page.post(at, data=data).text


@pytest.mark.parametrize("list_id", ["news", "nowhere", "", "../courses"])
def test_topics_of_a_list_that_has_none_change_nothing(page, world, list_id):
    person = world.person()
    data = {"topics": list_id, "topic.tents": "yes"}
    assert page.post(person.preferences, data=data).status_code == 400
    assert topics_of(world, person) == {}


def test_letters_as_text_alone_are_chosen_and_taken_back(page, world):
    person = world.person()
    page.get(person.preferences + "?looks=plain")
    said = press(page, person, looks="plain")
    assert "From now on our letters look like that." in said
    assert 'value="plain" aria-pressed="true"' in said
    with world.database.read() as connection:
        chosen = plain_since(connection, person.contact_id)
    world.now += timedelta(days=1)
    press(page, person, looks="plain")
    with world.database.read() as connection:
        assert plain_since(connection, person.contact_id) == chosen
    press(page, person, looks="full")
    with world.database.read() as connection:
        assert plain_since(connection, person.contact_id) is None
    assert page.post(person.preferences, data={"looks": "loud"}).status_code == 400

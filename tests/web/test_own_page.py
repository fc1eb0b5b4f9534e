"""A person's own page: how it is opened, what it shows, what she does there."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import audiences
import pytest
from customers import SPECS, TITLES, TokenKind, a_list, app_of, joining
from sqlalchemy import select
from starlette.testclient import TestClient

from mailer.jobs.erase import finish_erasures
from mailer.jobs.new_ticket import Call, note_call
from mailer.jobs.page_links import forget_requests
from mailer.jobs.plan import plan
from mailer.model.consent import SuppressionReason
from mailer.model.contact import Details
from mailer.model.suppression import Suppression
from mailer.store.contacts import change_contacts, get_contact
from mailer.store.ledgercheck import verify_chain
from mailer.store.suppressions import suppress, suppressions_of
from mailer.store.tables import DeliveryRow, PageRequestRow, table
from mailer.store.tickets import of_person

KARI = "kari@example.com"
NEW = "kari.nordmann@example.org"


def requests(world):
    rows = table(PageRequestRow)
    with world.database.read() as connection:
        return list(connection.execute(select(rows).order_by(rows.c.id)))


def letters(world):
    rows = table(DeliveryRow)
    with world.database.read() as connection:
        return list(connection.execute(select(rows).order_by(rows.c.id)))


def contact_of(world, person):
    with world.database.read() as connection:
        return get_contact(connection, person.contact_id)


def no(world, address, reason=SuppressionReason.UNSUBSCRIBED, scope="list:news"):
    hashed = world.ring.suppression_hash(address)
    with world.database.write() as connection:
        suppress(connection, hashed, Suppression(scope, reason, world.now, None, "page"))


def held(world, address):
    with world.database.read() as connection:
        return suppressions_of(connection, world.ring.suppression_hash(address))


def link(world, page, address=KARI):
    """Ask for a link and return it, as the letter to that address has it."""
    assert page.post("/me", data={"email": address}).status_code == 200
    return f"/m/{world.tokens.for_number(TokenKind.PAGE, requests(world)[-1].id)}"


def session_in(text):
    return re.search(r'name="session" value="([^"]+)"', text)[1]


def opened(world, page):
    """Open the page; return its link, its session and its text."""
    at = link(world, page)
    answer = page.post(at)
    assert answer.status_code == 200
    return at, session_in(answer.text), answer.text


def closed(answer):
    return answer.status_code == 200 and "does not open the page any more" in answer.text


def test_the_answer_is_the_same_whether_or_not_an_address_is_known(page, world, kari):
    known = page.post("/me", data={"email": KARI})
    unknown = page.post("/me", data={"email": "nobody@example.com"})
    assert known.text.replace(KARI, "X") == unknown.text.replace("nobody@example.com", "X")
    assert (known.status_code, unknown.status_code) == (200, 200)
    (letter,) = letters(world)
    assert (letter.kind, letter.cause_kind, letter.lane) == ("confirmation", "request", 0)
    assert (letter.address, letter.contact_id) == (KARI, kari.contact_id)
    # What would come too late to open anything is not sent.
    assert letter.give_up_at - letter.due_at == timedelta(minutes=15)


def test_looking_at_the_link_opens_nothing_and_its_button_opens_it_once(page, world, kari):
    at = link(world, page)
    for _ in range(3):
        text = page.get(at).text
        assert "Open my page" in text
        assert KARI not in text
    assert KARI in page.post(at).text
    world.now += timedelta(seconds=11)
    assert closed(page.post(at))
    assert closed(page.get(at))


def test_a_link_is_too_old_after_fifteen_minutes(page, world, kari):
    at = link(world, page)
    world.now += timedelta(minutes=15)
    assert closed(page.get(at))
    assert closed(page.post(at))


def test_a_page_closes_after_half_an_hour(page, world, kari):
    at, session, _ = opened(world, page)
    world.now += timedelta(minutes=29)
    assert KARI in page.post(at, data={"session": session}).text
    world.now += timedelta(minutes=2)
    assert closed(page.post(at, data={"session": session, "do": "json"}))


def test_one_address_gets_three_links_a_day_and_one_network_twenty_an_hour(
    page, world, kari
):
    for _ in range(4):
        link(world, page)
    assert len(letters(world)) == 3
    world.person("ola@example.com")
    answers = [
        page.post("/me", data={"email": f"{n}@example.com"}).status_code for n in range(20)
    ]
    # The test's client has no address of the network: none is counted there.
    assert set(answers) == {200}
    from_one = {"X-Forwarded-For": "198.51.100.7"}
    app = app_of(world)
    with TestClient(app, client=("127.0.0.1", 5)) as proxied:
        codes = [
            proxied.post("/me", data={"email": "x@example.com"}, headers=from_one)
            for _ in range(21)
        ]
    assert [one.status_code for one in codes] == [200] * 20 + [429]


def test_the_preferences_page_sends_the_link_to_the_persons_own_address(page, world, kari):
    text = page.post(kari.preferences, data={"page": "yes"}).text
    assert "We have sent the link" in text
    assert KARI not in text
    (letter,) = letters(world)
    assert letter.address == KARI


def test_the_page_shows_what_is_known_and_from_where(page, world, kari):
    with world.database.write() as connection:
        details = Details({"name": "Kari <b>", "old": 3}, "en", None)
        change_contacts(connection, [(kari.contact_id, details)], world.now)
    _, _, text = opened(world, page)
    assert 'value="Kari &lt;b&gt;"' in text
    assert "From an import on Nov 21, 2026: trade fair." in text
    assert "Old: 3" in text
    assert "Yes, write to me." in text
    assert text.count("from a file of ours (trade fair)") == 2
    assert "News from the &lt;mountains&gt;" in text
    answer = page.get("/me")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers


def test_each_letter_says_why_it_came_in_plain_words(page, world, kari):
    news = a_list("news", TITLES["news"])
    content = replace(audiences.content(), mailing_list=news)
    with world.database.write() as connection:
        number = audiences.campaign(connection, content, due_at=world.now)
    plan(joining(world).world, number)
    at, session, text = opened(world, page)
    why = unescape(text)
    assert "You got it because you are on “News from the <mountains>”." in why
    assert "It went to everybody there." in why
    agreed = why.partition("This is what was agreed to:")[2].partition("</details>")[0]
    assert "from a file of ours (trade fair)" in agreed
    assert "Yes, write to me." in agreed
    found = page.post(at, data={"session": session, "do": "json"}).json()
    (letter,) = [one for one in found["letters"] if one["kind"] == "marketing"]
    entry = letter["because_of_entry"]
    assert [one["act"] for one in found["consents"] if one["entry"] == entry] == ["granted"]


def test_what_she_corrects_is_written_down_and_marked_as_hers(page, world, kari):
    at, session, _ = opened(world, page)
    fields = {
        "a.name": "Kari Nordmann", "a.points": "7.5", "a.member": "yes",
        "a.interests": "tents; boots", "a.birthday": "1990-05-17",
        "a.language": "nb", "a.time_zone": "Europe/Oslo",
    }  # fmt: skip
    answer = page.post(at, data={"session": session, "do": "save", **fields})
    assert answer.status_code == 200
    assert "Ingen andre enn du endrer det igjen." in answer.text
    found = contact_of(world, kari)
    assert found.attributes == {
        "name": "Kari Nordmann", "points": 7.5, "member": True,
        "interests": ["tents", "boots"], "birthday": "1990-05-17",
    }  # fmt: skip
    assert (found.language, found.time_zone) == ("nb", "Europe/Oslo")
    assert set(found.own) == {name[2:] for name in fields}
    # What she leaves as it is is nobody's new word; what she empties is gone.
    world.now += timedelta(minutes=1)
    page.post(at, data={"session": session, "do": "save", **fields, "a.points": ""})
    again = contact_of(world, kari)
    assert "points" not in again.attributes
    assert {name for name, at in again.own.items() if at == world.now} == {"points"}


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        ("points", "many", "Please write a number"),
        ("birthday", "2026-02-30", "Please write a day"),
        ("member", "perhaps", "This cannot be kept"),
        ("time_zone", "Mars/Base", "Please choose one of these"),
        ("language", "<script>", "Please choose one of these"),
        ("name", "x" * 4001, "This cannot be kept"),
        ("name", "a\r\nBcc: you@example.com", "This cannot be kept"),
    ],
)
def test_what_cannot_be_is_shown_again_and_nothing_is_written(
    page, world, kari, name, said, words
):
    at, session, _ = opened(world, page)
    fields = {f"a.{name}": said, "a.city": "Bergen"}
    answer = page.post(at, data={"session": session, "do": "save", **fields})
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="Bergen"' in answer.text
    assert "<script>" not in answer.text
    assert contact_of(world, kari).attributes == {}


def test_how_often_she_wants_letters_is_shown_too(page, world, kari):
    page.post(kari.preferences, data={"frequency": "weekly"})
    at, session, text = opened(world, page)
    assert "At most one letter a week" in text
    answer = page.post(at, data={"session": session, "do": "json"})
    assert json.loads(answer.text)["how_often"] == "weekly"


def test_it_is_downloaded_as_data_and_to_read(page, world, kari):
    at, session, _ = opened(world, page)
    answer = page.post(at, data={"session": session, "do": "json"})
    assert answer.headers["Content-Disposition"] == "attachment; filename=my-data.json"
    found = json.loads(answer.text)
    assert found["address"] == KARI
    assert [one["words"] for one in found["consents"]] == ["Yes, write to me."] * 2
    assert [one["kind"] for one in found["letters"]] == ["confirmation"]
    assert len(found["on_lists"]) == 2
    answer = page.post(at, data={"session": session, "do": "html"})
    assert answer.headers["Content-Disposition"] == "attachment; filename=my-data.html"
    assert "<form" not in answer.text
    assert "Yes, write to me." in answer.text


def test_her_conversations_with_support_are_shown_downloaded_and_erased(page, world, kari):
    call = Call(KARI, "Kari", "<b>Tents", "Do you ship\nto Iceland?")
    note_call(world.database, (), call, "Ola", world.now)
    at, session, text = opened(world, page)
    assert "What you wrote to us" in text
    assert "&lt;b&gt;Tents" in text
    answer = page.post(at, data={"session": session, "do": "json"})
    (said, event) = json.loads(answer.text)["conversations"][0]["said"]
    assert (said["what"], said["text"]) == ("came", "Do you ship\nto Iceland?")
    assert event["by"] == "Ola"
    answer = page.post(at, data={"session": session, "do": "html"})
    assert "to Iceland?" in answer.text
    page.post(at, data={"session": session, "do": "erase-now"})
    with world.database.read() as connection:
        assert of_person(connection, kari.contact_id, KARI) == []


def confirmation(world):
    """Return the link of the letter to the new address."""
    asked = [one for one in requests(world) if one.purpose == "address"][-1]
    return f"/m/{world.tokens.for_number(TokenKind.PAGE, asked.id)}"


def ask_to_move(world, page, to=NEW):
    at, session, _ = opened(world, page)
    answer = page.post(at, data={"session": session, "do": "move", "email": to})
    assert "We have sent a letter to the new address" in answer.text
    return at, session


def test_an_address_is_confirmed_at_the_new_and_announced_at_the_old(page, world, kari):
    no(world, KARI)
    at, session = ask_to_move(world, page)
    # Nothing that was known before the new address is confirmed.
    assert contact_of(world, kari).address == KARI
    assert letters(world)[-1].address == NEW
    assert "write to this address" in page.get(confirmation(world)).text
    assert contact_of(world, kari).address == KARI
    assert "From now on we write to" in page.post(confirmation(world)).text
    moved = contact_of(world, kari)
    assert (moved.address, moved.match) == (NEW, NEW)
    assert moved.hash == world.ring.suppression_hash(NEW)
    # Her no moved along, and stays where it was.
    assert [one.scope for one in held(world, NEW)] == ["list:news"]
    assert [one.scope for one in held(world, KARI)] == ["list:news"]
    last = letters(world)[-1]
    assert (last.address, last.kind) == (KARI, "transactional")
    entry = world.entries()[-1]
    assert (entry.act, entry.how, entry.who_value) == ("moved", "page", NEW)
    assert verify_chain(world.database, world.ring, []).findings.named == []
    # The page that was open is closed; pressing twice does no harm.
    assert closed(page.post(at, data={"session": session}))
    assert "From now on we write to" in page.post(confirmation(world)).text


def test_what_waits_for_the_old_address_goes_to_the_new(page, world, kari):
    ask_to_move(world, page)
    waiting = letters(world)[0]
    assert (waiting.state, waiting.address) == ("queued", KARI)
    page.post(confirmation(world))
    assert letters(world)[0].address == NEW
    assert letters(world)[0].hash == world.ring.suppression_hash(NEW)


def test_a_bounce_of_the_old_mailbox_does_not_move_along(page, world, kari):
    no(world, KARI, SuppressionReason.BOUNCED, "marketing")
    ask_to_move(world, page)
    page.post(confirmation(world))
    assert held(world, NEW) == []


def test_a_no_at_the_new_address_holds_from_now_on(page, world, kari):
    no(world, NEW, SuppressionReason.OBJECTED, "marketing")
    ask_to_move(world, page)
    page.post(confirmation(world))
    assert [one.reason for one in held(world, NEW)] == [SuppressionReason.OBJECTED]


@pytest.mark.parametrize("erased", [True, False])
def test_an_address_that_is_somebodys_or_was_erased_is_not_taken(page, world, kari, erased):
    if erased:
        no(world, NEW, SuppressionReason.ERASED, "marketing")
    else:
        world.person(NEW)
    ask_to_move(world, page)
    assert "cannot be used" in page.post(confirmation(world)).text
    assert contact_of(world, kari).address == KARI
    assert finish_erasures(world.database, world.logbook, lambda: world.now) == 0


@pytest.mark.parametrize("said", ["", "kari", "a@b@c", "x@example.com\r\nBcc: y@z.test"])
def test_what_is_no_address_is_shown_again(page, world, kari, said):
    at, session, _ = opened(world, page)
    answer = page.post(at, data={"session": session, "do": "move", "email": said})
    assert answer.status_code == 422
    assert "This is no email address" in answer.text
    assert [one.purpose for one in requests(world)] == ["page"]


def test_erasing_asks_once_more_and_leaves_a_hash_and_a_chain_that_verifies(
    page, world, kari
):
    at, session, _ = opened(world, page)
    asked = page.post(at, data={"session": session, "do": "erase"}).text
    assert "Erase everything?" in asked
    assert contact_of(world, kari) is not None
    assert session_in(asked) == session
    done = page.post(at, data={"session": session, "do": "erase-now"}).text
    assert "Everything is erased" in done
    assert contact_of(world, kari) is None
    assert [one.reason for one in held(world, KARI)] == [SuppressionReason.ERASED]
    entry = world.entries()[-1]
    assert (entry.act, entry.how, entry.who_value) == ("erased", "page", None)
    assert verify_chain(world.database, world.ring, []).findings.named == []
    assert requests(world) == []
    assert page.post(at, data={"session": session}).status_code == 404


def test_all_that_is_asked_about_a_person_is_declared():
    assert {"name", "points", "member", "interests", "birthday", "city"} <= set(SPECS)


def test_links_that_were_asked_for_are_forgotten_after_a_while(page, world, kari):
    link(world, page)
    kept_for = timedelta(days=30)
    database = world.database
    assert forget_requests(database, kept_for, world.now + timedelta(days=29)) == 0
    assert len(requests(world)) == 1
    assert forget_requests(database, kept_for, world.now + timedelta(days=31)) == 1
    assert requests(world) == []

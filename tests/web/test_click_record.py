"""Who follows which link: on record only of those who agreed, and only while they do."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from customers import NOW, app_of, joining
from sqlalchemy import select
from starlette.testclient import TestClient
from web.test_own_page import KARI, opened
from web.test_sharing import PARTNERS

from mailer.jobs.ageing import age
from mailer.jobs.agreeing import agree, click_records, withdraw
from mailer.jobs.erase import erase
from mailer.jobs.explain import explain
from mailer.jobs.happenings import happenings
from mailer.jobs.known import known_about
from mailer.jobs.prove import prove
from mailer.jobs.requests import Request
from mailer.jobs.requests import record as note_request
from mailer.jobs.sharing import count_agreeing
from mailer.jobs.verify_ledger import verify_ledger
from mailer.model.consent import Act, Basis, How
from mailer.model.event import EventKind
from mailer.model.subscription import Entry as Step
from mailer.model.token import Link, Reader, TokenBox, TokenKind
from mailer.store.clicks import followed, keep_links
from mailer.store.contacts import find_contact, get_contact
from mailer.store.eventtables import EventRow
from mailer.store.evidence import evidence_of
from mailer.store.ledgercheck import verify_chain
from mailer.store.lists import find_list
from mailer.store.tables import SignUpRow, table
from mailer.workspace.partners import read_partner

CLICKS = """
[clicks]
title = "What you <follow>"
purpose = "To write about what you read."

[[clicks.wordings]]
version = 1
text = "Yes, remember which links of these letters I follow."
"""
URL = "https://shop.test/tents"
PHONE = {"User-Agent": "Mozilla/5.0 (iPhone) Safari/604.1"}
ABOUT = "clicks:news"


@pytest.fixture
def folder(folder):
    file = folder / "lists/news.toml"
    file.write_text(file.read_text() + CLICKS)
    return folder


@pytest.fixture
def there(world, folder):
    return joining(world, folder).world


@pytest.fixture
def app(world, folder):
    return app_of(world, folder=folder)


@pytest.fixture
def client(app):
    with TestClient(app, "https://mail.example.com", follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def record(there):
    (found,) = click_records(there)
    return found


@pytest.fixture(autouse=True)
def links(world):
    with world.database.write() as connection:
        keep_links(connection, 7, [("en", URL), ("en", "https://shop.test/boots")])


def path(world, person, link=0, campaign_id=7, list_id="news"):
    box = TokenBox(world.ring)
    with world.database.read() as connection:
        seen = find_list(connection, list_id)
    assert seen is not None
    reader = Reader(person.contact_id, seen.number, campaign_id)
    return f"/r/{box.for_link(Link(7, link))}{box.for_reader(TokenKind.CLICK, reader)}"


def clicked(world, app):
    """Write what waits, and return what is on record: whose, what and of which list."""
    app.state.clicks.write(world.now, everything=True)
    event = table(EventRow)
    with world.database.read() as connection:
        rows = connection.execute(
            select(event).where(event.c.kind == EventKind.CLICKED.value)
        )
        return [(row.contact_id, row.about, row.list_id) for row in rows]


def counted(world):
    with world.database.read() as connection:
        found = followed(connection, 7)
    return sum(one.people for one in found), sum(one.machines for one in found)


def test_a_person_who_agreed_has_her_clicks_on_record_and_still_counts_once(
    world, app, client, kari, there, record
):
    agree(there, kari.contact_id, record, "192.0.2.1", "Mozilla")
    answer = client.get(path(world, kari), headers=PHONE)
    assert (answer.status_code, answer.headers["location"]) == (302, URL)
    assert clicked(world, app) == [(kari.contact_id, URL, "news")]
    assert counted(world) == (1, 0)
    assert clicked(world, app) == [(kari.contact_id, URL, "news")]


def test_nothing_is_kept_of_who_did_not_agree_or_does_no_more(
    world, app, client, kari, there, record
):
    client.get(path(world, kari), headers=PHONE)
    assert clicked(world, app) == []
    agree(there, kari.contact_id, record, None, None)
    client.get(path(world, kari), headers=PHONE)
    assert len(clicked(world, app)) == 1
    # A click that waits while she withdraws is not written, and what was is forgotten.
    client.get(path(world, kari), headers=PHONE)
    with world.database.read() as connection:
        contact = get_contact(connection, kari.contact_id)
    withdraw(there, contact, record)
    assert clicked(world, app) == []
    client.get(path(world, kari), headers=PHONE)
    assert clicked(world, app) == []
    assert counted(world) == (4, 0)


def test_who_leaves_the_list_or_everything_is_no_longer_on_record(
    world, app, client, kari, there, record
):
    agree(there, kari.contact_id, record, None, None)
    client.post(kari.unsubscribe, data={"List-Unsubscribe": "One-Click"})
    client.get(path(world, kari), headers=PHONE)
    assert clicked(world, app) == []


def test_a_list_that_asks_no_more_writes_nothing_down(
    world, app, client, kari, there, record
):
    agree(there, kari.contact_id, record, None, None)
    file = Path(there.folder) / "lists/news.toml"
    file.write_text(file.read_text().replace(CLICKS, ""))
    client.get(path(world, kari), headers=PHONE)
    assert clicked(world, app) == []
    assert counted(world) == (1, 0)


def test_words_in_force_must_be_agreed_to_anew(world, app, client, kari, there, record):
    agree(there, kari.contact_id, record, None, None)
    file = Path(there.folder) / "lists/news.toml"
    new = '\n[[clicks.wordings]]\nversion = 2\ntext = "And sell it."\n'
    file.write_text(file.read_text() + new)
    other = world.person("ola@example.com")
    (record,) = click_records(there)
    agree(there, other.contact_id, record, None, None)
    client.get(path(world, kari), headers=PHONE)
    client.get(path(world, other), headers=PHONE)
    assert clicked(world, app) == [(other.contact_id, URL, "news")]


def test_machines_are_counted_apart_and_nobody_is_written_down(
    world, app, client, kari, there, record
):
    agree(there, kari.contact_id, record, None, None)
    client.get(path(world, kari), headers={"User-Agent": "Barracuda scan"})
    client.head(path(world, kari), headers=PHONE)
    assert clicked(world, app) == []
    assert counted(world) == (0, 2)


def test_nobody_can_make_up_somebodys_click(world, app, client, kari, there, record):
    agree(there, kari.contact_id, record, None, None)
    box = TokenBox(world.ring)
    link, right = box.for_link(Link(7, 0)), path(world, kari)
    wrong = [
        right[:-1], right + "A", right[:40], path(world, kari, campaign_id=8),
        f"/r/{link}{box.for_reader(TokenKind.UNSUBSCRIBE, Reader(kari.contact_id, 1, 7))}",
        f"/r/{link}{kari.unsubscribe.rpartition('/')[2]}",
        f"/r/{right[34:]}", f"/r/{right[34:]}{link}",
    ]  # fmt: skip
    for one in wrong:
        answer = client.get(one, headers=PHONE)
        assert answer.status_code == 404, one
        assert "location" not in answer.headers
    assert clicked(world, app) == []
    assert counted(world) == (0, 0)
    # Nor of another list, where nobody asked.
    client.get(path(world, kari, list_id="courses"), headers=PHONE)
    assert clicked(world, app) == []


def test_she_agrees_and_withdraws_on_her_own_page_which_shows_what_is_known(
    world, page, kari, there, record
):
    at, session, text = opened(world, page)
    assert "What you &lt;follow&gt;" in text
    assert "Yes, remember which links of these letters I follow." in text
    form = {"session": session, "about": ABOUT}
    assert "that you agree." in page.post(at, data={**form, "do": "follow"}).text
    page.get(path(world, kari), headers=PHONE)
    clicked(world, page.app)
    text = page.post(at, data={"session": session}).text
    assert f"You followed a link: {URL}" in text
    kept = json.loads(page.post(at, data={"session": session, "do": "json"}).text)
    assert [one["about"] for one in kept["what_you_did"] if one["what"] == "clicked"] == [
        URL
    ]
    assert [one["words"] for one in kept["consents"] if one["list"] == record.title] == [
        "Yes, remember which links of these letters I follow."
    ]
    text = page.post(at, data={**form, "do": "unfollow"}).text
    assert "have forgotten which you followed" in text
    assert URL not in text
    with world.database.read() as connection:
        acts = [
            one.act.value
            for one in evidence_of(connection, kari.contact_id)
            if one.list_id == ABOUT
        ]
    assert acts == ["confirmed", "withdrawn"]
    assert verify_chain(world.database, world.ring, []).findings.named == []
    # It is no list of letters.
    assert "What you" not in page.get(kari.preferences).text
    assert record.title not in known_about(there, kari.contact_id).on_lists


def test_who_calls_is_on_record_no_more_and_what_was_kept_is_forgotten(
    world, app, client, kari, there, record
):
    agree(there, kari.contact_id, record, None, None)
    client.get(path(world, kari), headers=PHONE)
    assert len(clicked(world, app)) == 1
    request = Request(KARI, Act.WITHDRAWN, record, "phone", "Ola")
    assert note_request(world.database, world.logbook, request, world.now).changed
    assert clicked(world, app) == []
    client.get(path(world, kari), headers=PHONE)
    assert clicked(world, app) == []
    assert verify_chain(world.database, world.ring, []).findings.named == []


def test_erasing_takes_the_record_along(world, app, client, kari, there, record):
    agree(there, kari.contact_id, record, None, None)
    client.get(path(world, kari), headers=PHONE)
    assert len(clicked(world, app)) == 1
    client.get(path(world, kari), headers=PHONE)
    erase(world.database, world.logbook, KARI, "Ola", lambda: world.now)
    assert clicked(world, app) == []


def test_a_thousand_scanners_on_personal_links_change_nobodys_state(
    world, app, client, kari, there, record
):
    agree(there, kari.contact_id, record, None, None)
    before = world.entries()
    for number in range(500):
        one = path(world, kari, link=number % 2)
        client.get(one, headers={"User-Agent": "Mozilla/5.0 (compatible; bot)"})
        client.head(one, headers=PHONE)
    assert clicked(world, app) == []
    assert counted(world) == (0, 1000)
    assert world.entries() == before


def test_signing_up_asks_for_it_by_an_empty_box(page, folder):
    text = page.get("/join/news").text
    assert "What you &lt;follow&gt;" in text
    assert 'name="also.clicks:news" value="yes">' in text


def test_it_is_explained_and_proved_with_its_words(world, client, app, kari, there, record):
    agree(there, kari.contact_id, record, "192.0.2.1", "Mozilla")
    shown = explain(there, world.ring, KARI)
    words = "Yes, remember which links of these letters I follow."
    assert [one.words for one in shown.consents if one.entry.list_id == ABOUT] == [words]
    verified = verify_ledger(world.database, world.ring, None)
    proof = prove(world.database, world.ring, KARI, verified, world.now)
    (entry,) = [one for one in proof["facts"]["entries"] if one["list_id"] == ABOUT]
    assert (entry["act"], entry["words"], entry["list_title"]) == (
        "confirmed", words, "What you <follow>"
    )  # fmt: skip


def test_old_clicks_are_forgotten_in_time(world, client, app, kari, there, record):
    agree(there, kari.contact_id, record, None, None)
    client.get(path(world, kari), headers=PHONE)
    assert len(clicked(world, app)) == 1
    kept = timedelta(days=400)
    for days, left in ((399, 1), (401, 0)):
        age(world.database, kept, world.now + timedelta(days=days))
        assert len(clicked(world, app)) == left


def link(world):
    with world.database.read() as connection:
        newest = connection.execute(
            select(table(SignUpRow).c.id).order_by(table(SignUpRow).c.id.desc())
        ).scalars()
        return f"/c/{world.tokens.for_number(TokenKind.CONFIRM, newest.first())}"


def given_to(world, address):
    """Return what stands in the ledger beside lists, in order."""
    with world.database.read() as connection:
        contact = find_contact(connection, address)
        assert contact is not None
        return [
            (one.list_id, one.act.value, one.wording)
            for one in evidence_of(connection, contact.id)
            if one.list_id not in {"news", "tips", None}
        ]


@pytest.fixture
def with_partners(folder):
    """Lists that ask on their pages for a partner too."""
    (folder / "partners.toml").write_text(PARTNERS)
    for name in ("news", "tips"):
        file = folder / f"lists/{name}.toml"
        text = file.read_text().replace("[sign_up]\n", '[sign_up]\npartners = ["acme"]\n')
        file.write_text(text)
    return folder


NEW = "ny@example.com"
TICKED = {f"also.{ABOUT}": "yes", "also.partner:acme": "yes", "also.partner:evil": "yes"}


@pytest.mark.parametrize("wish", ["both", "only", "unticked"])
def test_what_is_ticked_on_signing_up_counts_when_she_confirms_that_too(
    world, page, with_partners, wish
):
    ticked = {} if wish == "unticked" else TICKED
    assert page.post("/join/news", data={"email": NEW, **ticked}).status_code == 200
    assert given_to(world, NEW) == []
    at = link(world)
    text = page.get(at).text
    # Somebody else may have ticked it: she sees the words before she presses anything.
    assert ("Yes, give Acme my address and name." in text) == (wish != "unticked")
    page.post(at, data={"also": "yes"} if wish == "both" else {})
    agreed = [("partner:acme", "confirmed", 1), (ABOUT, "confirmed", 1)]
    assert sorted(given_to(world, NEW)) == (sorted(agreed) if wish == "both" else [])
    page.post(at, data={"also": "yes"})
    assert len(given_to(world, NEW)) == (2 if wish == "both" else 0)
    assert verify_chain(world.database, world.ring, []).findings.named == []


def test_confirming_ends_her_own_earlier_no_to_a_partner(
    world, page, with_partners, there, kari
):
    partner = read_partner(there.folder, there.specs, "acme")
    agree(there, kari.contact_id, partner, None, None)
    with world.database.read() as connection:
        contact = get_contact(connection, kari.contact_id)
    withdraw(there, contact, partner)
    page.post(kari.unsubscribe, data={"List-Unsubscribe": "One-Click"})
    page.post("/join/news", data={"email": KARI, **TICKED})
    page.post(link(world), data={"also": "yes"})
    assert count_agreeing(there, partner) == 1


def test_a_list_without_letter_takes_the_ticks_at_once_and_ends_nobodys_no(
    world, page, with_partners, there, kari
):
    page.post("/join/tips", data={"email": NEW, **TICKED})
    assert given_to(world, NEW) == [("partner:acme", "granted", 1)]
    partner = read_partner(there.folder, there.specs, "acme")
    assert count_agreeing(there, partner) == 1
    agree(there, kari.contact_id, partner, None, None)
    with world.database.read() as connection:
        contact = get_contact(connection, kari.contact_id)
    withdraw(there, contact, partner)
    page.post("/join/tips", data={"email": KARI, **TICKED})
    assert count_agreeing(there, partner) == 1


def test_boxes_stay_as_they_were_ticked_when_something_else_is_wrong(page, with_partners):
    text = page.post("/join/news", data={"email": "nobody", **TICKED}).text
    assert 'name="also.partner:acme" value="yes" checked>' in text
    text = page.post("/join/news", data={"email": "nobody"}).text
    assert 'name="also.partner:acme" value="yes">' in text


def test_no_program_of_the_company_is_told_of_a_separate_purpose_as_of_a_list():
    steps = [
        Step(1, "news", 1, Act.CONFIRMED, NOW, How.PAGE, Basis.EXPRESS, None, None),
        Step(2, ABOUT, 1, Act.CONFIRMED, NOW, How.PAGE, Basis.EXPRESS, None, None),
        Step(3, ABOUT, 0, Act.WITHDRAWN, NOW, How.PAGE, None, None, None),
    ]
    assert [one.list_id for one in happenings(1, steps, [1, 2, 3])] == ["news"]

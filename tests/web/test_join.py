"""Joining a list by oneself: the page, the letter, the confirmation, and coming back."""

import re
from datetime import timedelta

import pytest
from customers import RULES, app_of
from sqlalchemy import select
from starlette.testclient import TestClient

from mailer.jobs.forget_sign_ups import forget_sign_ups
from mailer.jobs.frozen import unpack
from mailer.jobs.leaving import Leaving, leave
from mailer.jobs.replay import tend
from mailer.jobs.unsubscribe import unsubscribe
from mailer.model.consent import Act, How, SuppressionReason
from mailer.model.signup import SignUpRules
from mailer.model.suppression import Suppression
from mailer.model.token import Reader, TokenKind
from mailer.store import ledger
from mailer.store.campaigns import frozen
from mailer.store.contacts import find_contact
from mailer.store.ledgercheck import verify_chain
from mailer.store.lists import all_lists
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import suppress, suppressions_of
from mailer.store.tables import DeliveryRow, LedgerRow, SignUpRow, table

ADDRESS = "kari@example.com"


def opened(world, folder, rules=RULES, client=("192.0.2.1", 5000)):
    app = app_of(world, folder=folder, rules=rules)
    return TestClient(
        app, "https://mail.example.com", client=client, follow_redirects=False
    )


@pytest.fixture
def page(world, folder):
    with opened(world, folder) as client:
        yield client


def asked(page, address=ADDRESS, to="news", **fields):
    return page.post(f"/join/{to}", data={"email": address, **fields})


def rows(world, model):
    with world.database.read() as connection:
        return list(connection.execute(select(table(model)).order_by(table(model).c.id)))


def contact_of(world, address=ADDRESS):
    with world.database.read() as connection:
        return find_contact(connection, address)


def lists_of(world, address=ADDRESS):
    contact = contact_of(world, address)
    if contact is None:
        return {}
    with world.database.read() as connection:
        places = of_contacts(connection, [contact.id])
    return {list_id: one.status.value for (_, list_id), one in places.items()}


def scopes_of(world, address=ADDRESS):
    hashed = world.ring.suppression_hash(address)
    with world.database.read() as connection:
        return {one.scope: one.reason for one in suppressions_of(connection, hashed)}


def link(world):
    """Return the link of the newest sign-up's letter."""
    return f"/c/{world.tokens.for_number(TokenKind.CONFIRM, rows(world, SignUpRow)[-1].id)}"


def test_the_page_says_what_is_agreed_to_and_asks_the_list_s_questions(page):
    answer = page.get("/join/news")
    assert answer.status_code == 200
    for words in ("What is new.", "Yes, write to me.", "News from the &lt;mountains&gt;"):
        assert words in answer.text
    assert 'name="a.interests.1"' in answer.text
    assert "&lt;stoves&gt;" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("name", ["courses", "nothing", "..%2Fnews", "news.toml", "%00"])
def test_a_list_without_a_page_is_not_found(page, name):
    assert page.get(f"/join/{name}").status_code == 404
    assert asked(page, to=name).status_code == 404


def test_signing_up_leads_to_a_letter_and_confirming_it_to_a_subscription(page, world):
    answer = asked(page, **{"a.name": "Kari", "a.interests.0": "yes", "a.points": "7"})
    assert answer.status_code == 200
    assert ADDRESS in answer.text
    assert lists_of(world) == {"news": "pending"}
    assert contact_of(world).details.attributes == {}
    (letter,) = rows(world, DeliveryRow)
    (sign_up,) = rows(world, SignUpRow)
    assert (letter.kind, letter.cause_kind, letter.cause_id) == (
        "confirmation", "sign_up", sign_up.id,
    )  # fmt: skip
    assert (letter.address, letter.lane, letter.state) == (ADDRESS, 0, "queued")

    shown = page.get(link(world))
    assert shown.status_code == 200
    assert "k•••@example.com" in shown.text
    assert lists_of(world) == {"news": "pending"}
    done = page.post(link(world))
    assert done.status_code == 200
    assert lists_of(world) == {"news": "subscribed"}
    assert contact_of(world).details.attributes == {
        "name": "Kari", "interests": ["tents"], "points": 7,
    }  # fmt: skip


def test_the_ledger_has_the_words_and_where_they_were_agreed_to(page, world):
    asked(page)
    page.post(link(world), headers={"User-Agent": "Browser/1"})
    granted, confirmed = world.entries()
    assert (granted.act, granted.how, granted.basis) == ("granted", "form", "double_opt_in")
    assert (granted.wording, granted.network_value) == (1, "192.0.2.1")
    assert granted.words_digest is not None
    assert (confirmed.act, confirmed.how, confirmed.wording) == ("confirmed", "form", 1)
    assert (confirmed.network_value, confirmed.agent_value) == ("192.0.2.1", "Browser/1")


def test_the_letter_holds_the_link_and_the_words_that_were_shown(page, world):
    asked(page)
    with world.database.read() as connection:
        body = frozen(connection, rows(world, SignUpRow)[0].frozen_hash)
    content = unpack(body)
    assert content.source.kind == "confirmation"
    assert content.mailing_list.wording.text == "Yes, write to me."


def test_the_answer_is_the_same_whoever_the_address_belongs_to(page, world):
    known = world.person("known@example.com")
    left = world.person("left@example.com")
    unsubscribe(world.database, world.logbook, left.reader, How.ONE_CLICK, world.now)
    silenced = world.ring.suppression_hash("silent@example.com")
    with world.database.write() as connection:
        everything = Suppression(
            "everything", SuppressionReason.MANUAL, world.now, None, "test"
        )
        suppress(connection, silenced, everything)
    answers = {
        asked(page, address).text.replace(address, "")
        for address in (
            "new@example.com", "known@example.com", "left@example.com",
            "silent@example.com", "known@example.com",
        )
    }  # fmt: skip
    assert len(answers) == 1
    assert {one.address for one in rows(world, DeliveryRow)} == {
        "new@example.com", "known@example.com", "left@example.com",
    }  # fmt: skip
    assert world.lists_of(known) == {"news", "courses"}
    assert world.lists_of(left) == {"courses"}


def test_what_a_stranger_types_changes_nothing_about_anybody(page, world):
    known = world.person(ADDRESS)
    asked(page, **{"a.name": "Somebody else"})
    assert contact_of(world).details.attributes == {}
    assert world.lists_of(known) == {"news", "courses"}


def test_a_page_and_a_letter_that_scanners_open_confirm_nothing(page, world):
    asked(page)
    for _ in range(50):
        for query in ("", "?confirm=1"):
            assert page.get(link(world) + query).status_code == 200
            assert page.head(link(world) + query).status_code == 200
    assert lists_of(world) == {"news": "pending"}


def test_a_link_works_once_and_not_after_she_left_again(page, world):
    asked(page)
    where = link(world)
    page.post(where)
    contact = contact_of(world)
    with world.database.write() as connection:
        ledger.lock(connection)
        leave(
            connection, world.ring, contact,
            Leaving(Act.WITHDRAWN, "news", How.ONE_CLICK), world.now,
        )  # fmt: skip
    before = world.entries()
    assert page.post(where).status_code == 200
    assert lists_of(world) == {"news": "unsubscribed"}
    assert world.entries() == before


def test_a_link_ends_in_time_and_says_where_to_sign_up_again(page, world):
    asked(page)
    where = link(world)
    world.now += timedelta(hours=73)
    for answer in (page.get(where), page.post(where)):
        assert answer.status_code == 200
        assert 'href="../join/news"' in answer.text
    assert lists_of(world) == {"news": "pending"}


def test_forged_changed_and_foreign_links_are_not_found(page, world):
    asked(page)
    token = link(world).removeprefix("/c/")
    person = world.person("other@example.com")
    wrong = [
        token[:-1], token[:-1] + ("A" if token[-1] != "A" else "B"), token.swapcase(),
        "", "x" * 31, person.unsubscribe.removeprefix("/u/"), "%00", "é",
    ]  # fmt: skip
    for one in wrong:
        assert page.get(f"/c/{one}").status_code == 404, one
        assert page.post(f"/c/{one}").status_code == 404, one
    assert lists_of(world) == {"news": "pending"}
    assert page.get(f"/u/{token}").status_code == 404
    assert page.get(f"/p/{token}").status_code == 404


def leave_by(world, way, person):
    with world.database.write() as connection:
        listed = all_lists(connection)["news"].number
    reader = Reader(person.contact_id, listed, 1)
    if way in {"list", "all"}:
        unsubscribe(
            world.database, world.logbook, reader, How.PAGE, world.now,
            everything=way == "all",
        )  # fmt: skip
        return
    with world.database.write() as connection:
        ledger.lock(connection)
        contact = find_contact(connection, ADDRESS)
        if way == "objected":
            leave(
                connection, world.ring, contact,
                Leaving(Act.OBJECTED, None, How.SUPPORT, by="Ola"), world.now,
            )  # fmt: skip
        else:
            reason = SuppressionReason(way)
            held = Suppression("marketing", reason, world.now, None, "test")
            suppress(connection, contact.hash, held)


@pytest.mark.parametrize("way", ["list", "all", "objected", "complained", "bounced"])
def test_whoever_left_can_come_back_by_herself_to_this_list_alone(page, world, way):
    person = world.person(ADDRESS)
    leave_by(world, way, person)
    asked(page)
    held = scopes_of(world)
    assert held
    page.post(link(world))
    assert lists_of(world)["news"] == "subscribed"
    after = scopes_of(world)
    assert not {"marketing", "list:news"} & set(after)
    if way == "list":
        assert after == {}
        assert lists_of(world)["courses"] == "subscribed"
    else:
        assert after["list:courses"] == held["marketing"]
    lifted = [one for one in world.entries() if one.act == "lifted"]
    assert [one.list_id for one in lifted] == ["news" if way == "list" else None]
    reason = held["list:news" if way == "list" else "marketing"]
    assert [one.source for one in lifted] == [f"{reason} since {world.now:%Y-%m-%d}"]
    # The next look into the logbook does not take it back.
    before = lists_of(world), scopes_of(world)
    assert tend(world.database, world.logbook, world.now) is not None
    assert (lists_of(world), scopes_of(world)) == before


def test_a_single_opt_in_joins_at_once_but_for_who_left(page, world):
    asked(page, to="tips", **{"a.name": "Kari"})
    assert lists_of(world) == {"tips": "subscribed"}
    assert contact_of(world).details.attributes == {"name": "Kari"}
    assert rows(world, DeliveryRow) == []
    contact = contact_of(world)
    with world.database.write() as connection:
        ledger.lock(connection)
        leave(
            connection, world.ring, contact,
            Leaving(Act.WITHDRAWN, "tips", How.ONE_CLICK), world.now,
        )  # fmt: skip
    again = asked(page, to="tips", **{"a.name": "Somebody"})
    assert again.status_code == 200
    assert lists_of(world) == {"tips": "unsubscribed"}
    assert contact_of(world).details.attributes == {"name": "Kari"}
    assert len(rows(world, DeliveryRow)) == 1
    page.post(link(world))
    assert lists_of(world) == {"tips": "subscribed"}


def test_one_address_gets_one_letter_for_a_list_in_a_day(page, world):
    for _ in range(5):
        assert asked(page).status_code == 200
    assert len(rows(world, DeliveryRow)) == 1
    world.now += timedelta(hours=25)
    asked(page)
    assert len(rows(world, DeliveryRow)) == 2


def test_one_network_and_all_together_are_slowed_down(world, folder):
    rules = SignUpRules(from_network_an_hour=2, an_hour=4)
    with opened(world, folder, rules) as page:
        answers = [asked(page, f"p{number}@example.com") for number in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert answers[-1].headers["retry-after"] == "3600"
    with opened(world, folder, rules, client=("198.51.100.9", 1)) as page:
        answers = [asked(page, f"q{number}@example.com") for number in range(2)]
    with opened(world, folder, rules, client=("203.0.113.9", 1)) as page:
        answers.append(asked(page, "r@example.com"))
        assert [one.status_code for one in answers] == [200, 200, 429]
        world.now += timedelta(hours=2)
        assert asked(page, "r@example.com").status_code == 200


def test_only_our_own_proxy_is_believed_about_where_somebody_is(world, folder):
    from_outside = ("192.0.2.66", 1)
    with opened(world, folder, client=from_outside) as page:
        page.post(
            "/join/news",
            data={"email": ADDRESS},
            headers={"X-Forwarded-For": "203.0.113.5"},
        )
    with opened(world, folder, client=("127.0.0.1", 1)) as page:
        page.post(
            "/join/news",
            data={"email": "b@example.com"},
            headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.5, 10.0.0.1"},
        )
        page.post(
            "/join/news",
            data={"email": "c@example.com"},
            headers={"X-Forwarded-For": "nonsense"},
        )
    assert [one.network_value for one in world.entries()] == [
        "192.0.2.66", "203.0.113.5", "127.0.0.1",
    ]  # fmt: skip


def test_a_robot_that_fills_in_every_field_is_answered_and_not_taken(page, world):
    answer = asked(page, website="https://spam.example.com")
    assert answer.text == asked(page).text
    assert len(rows(world, SignUpRow)) == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"email": ""}, "Please fill this in."),
        ({"email": "kari@"}, "This is no email address"),
        ({"email": "a@example.com\r\nBcc: b@example.com"}, "This is no email address"),
        ({"email": ADDRESS, "a.points": "many"}, "Please write a number"),
        ({"email": ADDRESS, "a.name": "x" * 5000}, "This cannot be kept"),
    ],
)
def test_a_mistake_is_shown_beside_its_field_and_nothing_typed_is_lost(
    page, world, fields, words
):
    answer = page.post("/join/news", data={"a.interests.1": "yes", **fields})
    assert answer.status_code == 422
    assert words in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert re.search(r'name="a.interests.1" value="yes" checked', answer.text)
    assert world.entries() == []


def test_what_is_typed_cannot_leave_its_place_in_the_page(page):
    answer = asked(page, '"><script>alert(1)</script>@', **{"a.points": '"><b>'})
    assert "<script>" not in answer.text
    assert "<b>" not in answer.text


def test_a_file_that_no_longer_parses_keeps_its_last_good_page(page, folder):
    assert page.get("/join/news").status_code == 200
    file = folder / "lists" / "news.toml"
    good = file.read_text()
    file.write_text(good + "[[")
    assert page.get("/join/news").status_code == 200
    file.write_text(good.replace('"points"', '"poits"'))
    assert page.get("/join/news").status_code == 200
    file.unlink()
    assert page.get("/join/news").status_code == 404
    file.write_text(good.replace("[sign_up]", '[sign_up]\ntemplate = "autumn-sale"'))
    assert page.get("/join/news").status_code == 503


def test_the_pages_are_in_the_reader_s_language(page, world):
    def heading(answer):
        return re.search(r"<h1>(.*?)</h1>", answer.text, re.DOTALL)[1]

    norwegian = {"Accept-Language": "no,en;q=0.5"}
    answer = page.post("/join/news", data={"email": ADDRESS}, headers=norwegian)
    assert heading(answer) == "Ett steg til: se i innboksen din"
    assert '<html lang="nb">' in answer.text
    # Whatever browser opens the letter's link: it was asked for in Norwegian.
    answer = page.get(link(world), headers={"Accept-Language": "de"})
    assert heading(answer) == "Vil du ha «News from the &lt;mountains&gt;»?"
    assert heading(page.get("/c/x?lang=de")) == "Diese Seite gibt es nicht"
    assert heading(page.get("/c/x", headers={"Accept-Language": "fr"})) == (
        "This page is not here"
    )


def test_a_second_confirmation_writes_nothing(page, world):
    asked(page)
    where = link(world)
    for _ in range(2):
        assert page.post(where).status_code == 200
    assert [one.act for one in world.entries()] == ["granted", "confirmed"]
    assert world.count(LedgerRow) == 2


def forgotten(world, days=30):
    clock = lambda: world.now  # noqa: E731 - stands still
    return forget_sign_ups(world.database, world.ring, timedelta(days=days), clock)


def test_who_never_confirms_is_erased_in_time_and_may_come_again(page, world):
    asked(page, **{"a.name": "Kari"})
    world.now += timedelta(days=30)
    assert forgotten(world) == 0
    world.now += timedelta(seconds=1)
    assert forgotten(world) == 1
    assert contact_of(world) is None
    assert rows(world, SignUpRow) == []
    assert scopes_of(world) == {}
    assert {one.who_value for one in world.entries()} == {None}
    assert {one.network_value for one in world.entries()} == {None}
    assert verify_chain(world.database, world.ring, ()).findings.count == 0
    (letter,) = rows(world, DeliveryRow)
    assert (letter.address, letter.contact_id) == ("", None)
    asked(page)
    page.post(link(world))
    assert lists_of(world) == {"news": "subscribed"}


class CutOffError(Exception):
    """The program ends in the middle."""


def test_erasing_who_never_confirmed_goes_on_where_it_was_cut_off(page, world):
    asked(page, **{"a.name": "Kari"})
    world.now += timedelta(days=31)
    looks = iter(range(2))

    def clock():
        # Begun, and written into the ledger; then the letters would have their turn.
        if next(looks, None) is None:
            raise CutOffError
        return world.now

    with pytest.raises(CutOffError):
        forget_sign_ups(world.database, world.ring, timedelta(days=30), clock)
    assert contact_of(world) is not None
    assert [one.act for one in world.entries()] == ["granted", "erased"]
    assert forgotten(world) == 1
    assert contact_of(world) is None
    assert rows(world, SignUpRow) == []
    assert [one.act for one in world.entries()] == ["granted", "erased"]
    assert {one.who_value for one in world.entries()} == {None}
    assert verify_chain(world.database, world.ring, ()).findings.count == 0


def test_who_signs_up_anew_while_she_is_half_erased_is_not_taken_for_a_stranger(
    page, world
):
    asked(page)
    world.now += timedelta(days=31)
    with pytest.raises(StopIteration):
        forget_sign_ups(
            world.database,
            world.ring,
            timedelta(days=30),
            iter([world.now, world.now]).__next__,
        )
    asked(page)
    assert forgotten(world) == 0
    page.post(link(world))
    world.now += timedelta(days=31)
    assert forgotten(world) == 0
    assert lists_of(world) == {"news": "subscribed"}


def test_forgetting_sign_ups_erases_nobody_who_is_known_otherwise(page, world):
    known = world.person("known@example.com")
    asked(page, "known@example.com")
    asked(page, "joined@example.com")
    page.post(link(world))
    asked(page, "again@example.com")
    world.now += timedelta(days=31)
    asked(page, "again@example.com")
    assert forgotten(world) == 0
    assert world.lists_of(known) == {"news", "courses"}
    assert lists_of(world, "joined@example.com") == {"news": "subscribed"}
    assert lists_of(world, "again@example.com") == {"news": "pending"}
    (kept,) = rows(world, SignUpRow)
    assert kept.asked_at == world.now


def test_who_left_stays_away_when_a_later_sign_up_is_forgotten(page, world):
    person = world.person(ADDRESS)
    leave_by(world, "all", person)
    asked(page)
    world.now += timedelta(days=40)
    assert forgotten(world) == 0
    assert "marketing" in scopes_of(world)

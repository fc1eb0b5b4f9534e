"""What strangers and robots try at a person's own page: nothing happens, calmly."""

import logging
import threading

import pytest
from customers import NOW, TokenKind
from sqlalchemy import select
from web.test_own_page import (
    KARI,
    closed,
    contact_of,
    letters,
    link,
    opened,
    requests,
)

from mailer.model.token import Reader
from mailer.store.contacts import change_contacts, get_contact
from mailer.store.tables import ContactRow, table


def addresses(world):
    rows = table(ContactRow)
    with world.database.read() as connection:
        return set(connection.execute(select(rows.c.address)).scalars())


def test_forged_truncated_swapped_and_foreign_tokens_open_nothing(page, world, kari):
    at = link(world, page)
    number = requests(world)[-1].id
    token = at.removeprefix("/m/")
    others = [world.tokens.for_number(kind, number) for kind in TokenKind]
    others.remove(token)
    reader = Reader(kari.contact_id, 1, 1)
    hostile = [
        "", "x", token[:-1], token[1:], token[::-1], token + "A", token.swapcase(),
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        *others,
        *(world.tokens.for_reader(kind, reader) for kind in TokenKind),
        world.tokens.for_number(TokenKind.PAGE, 999_999),
        "../" + token, "%00" + token, "é" * 31, "A" * 4_000,
    ]  # fmt: skip
    for one in hostile:
        for answer in (page.get(f"/m/{one}"), page.post(f"/m/{one}")):
            assert answer.status_code == 404, one
            assert KARI not in answer.text
    assert requests(world)[-1].opened_at is None


def test_a_session_of_another_page_opens_nothing_here(page, world, kari):
    ola = world.person("ola@example.com")
    at, session, _ = opened(world, page)
    other = link(world, page, "ola@example.com")
    mine = world.tokens.for_number(TokenKind.SESSION, requests(world)[-1].id)
    # Ola's link with Kari's session, Kari's with Ola's, and one that was never opened.
    for where, token in ((other, session), (at, mine), (other, mine), (other, "x")):
        answer = page.post(where, data={"session": token, "do": "erase-now"})
        assert closed(answer)
    assert contact_of(world, kari) is not None
    assert contact_of(world, ola) is not None


def test_another_site_can_do_nothing_without_the_session(page, world, kari):
    at, _, _ = opened(world, page)
    headers = {"Origin": "https://evil.test", "Referer": "https://evil.test/"}
    for do in ("save", "json", "html", "move", "erase", "erase-now"):
        fields = {"do": do, "a.name": "Evil", "email": "evil@evil.test"}
        for more in ({}, {"session": ""}, {"session": "guess"}):
            answer = page.post(at, data={**fields, **more}, headers=headers)
            assert answer.status_code == 200
            assert "evil@evil.test" not in answer.text
    assert contact_of(world, kari).attributes == {}
    assert [one.address for one in letters(world)] == [KARI]


def test_a_form_of_ten_megabytes_is_not_read(page, world, kari):
    at, _, _ = opened(world, page)
    for where in ("/me", at):
        answer = page.post(where, content=b"email=" + b"a" * 10_000_000)
        assert answer.status_code == 413
        assert "This did not work" in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"email=\xff\xfe\x00kari@example.com",
        "email=kari@example.com".encode("utf-16"),
        b"email=kari@example.com%0d%0aBcc:+you@example.com",
        b"email=kari@example.com%00",
        b"\x00" * 1000,
        b"email=" + "kari@ex\u0430mple.com".encode("cp1251"),
        b"&&&&==;;%%%zz",
    ],
)
def test_wrong_encodings_and_injected_lines_send_no_letter(page, world, kari, body):
    answer = page.post("/me", content=body)
    assert answer.status_code in {200, 422}
    assert letters(world) == []


def test_a_look_alike_address_is_somebody_else(page, world, kari):
    # Cyrillic letters that look like Latin ones.
    for one in (
        "k\u0430ri@example.com",
        "kari@ex\u0430mple.com",
        "kari@example.com.evil.test",
    ):
        assert page.post("/me", data={"email": one}).status_code in {200, 422}
    assert letters(world) == []
    assert addresses(world) == {KARI}


def test_nothing_of_a_form_gets_into_the_log_as_a_line_of_its_own(
    page, world, kari, caplog
):
    caplog.set_level(logging.DEBUG)
    at, session, _ = opened(world, page)
    evil = "x\r\n2026-11-21 ERROR forged"
    page.post("/me", data={"email": evil})
    page.post(at, data={"session": session, "do": "save", "a.name": evil})
    page.post(at, data={"session": session, "do": evil})
    page.post(at, data={"session": session, "do": "move", "email": evil})
    assert "forged" not in caplog.text
    assert session not in caplog.text


def test_an_unknown_wish_is_answered_calmly(page, world, kari):
    at, session, _ = opened(world, page)
    assert page.post(at, data={"session": session, "do": "nonsense"}).status_code == 400


def test_other_methods_and_unknown_fields_change_nothing(page, world, kari):
    at, session, _ = opened(world, page)
    for method in ("PUT", "DELETE", "PATCH"):
        assert page.request(method, at).status_code == 405
    fields = {"a.nobody": "x", "a.": "y", "a.id": "7", "a.address": "evil@evil.test"}
    page.post(at, data={"session": session, "do": "save", **fields})
    found = contact_of(world, kari)
    assert (found.attributes, found.address, found.own) == ({}, KARI, {})


def test_two_who_press_the_button_at_once_open_one_page(page, world, kari):
    at = link(world, page)
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(page.post(at))) for _ in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [one.status_code for one in answers] == [200] * 4
    assert requests(world)[-1].opened_at == NOW


def test_two_who_erase_at_once_erase_one_person(page, world, kari):
    at, session, _ = opened(world, page)
    answers = []
    fields = {"session": session, "do": "erase-now"}
    threads = [
        threading.Thread(target=lambda: answers.append(page.post(at, data=fields)))
        for _ in range(3)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {one.status_code for one in answers} <= {200, 404}
    assert contact_of(world, kari) is None
    assert [one.act for one in world.entries()].count("erased") == 1


def test_a_thousand_looks_by_scanners_open_nothing(page, world, kari):
    at = link(world, page)
    for _ in range(250):
        assert page.get(at).status_code == 200
        assert page.head(at).status_code == 200
        assert page.get("/me").status_code == 200
        assert page.head(kari.preferences).status_code == 200
    assert requests(world)[-1].opened_at is None
    assert len(letters(world)) == 1


def test_a_forwarded_letter_reveals_nothing_about_the_person(page, world, kari):
    secrets = {"name": "Secretname", "city": "Hiddenville", "points": 4711}
    with world.database.write() as connection:
        known = get_contact(connection, kari.contact_id)
        details = known.details
        details.attributes.update(secrets)
        change_contacts(connection, [(kari.contact_id, details)], NOW)
    opened(world, page)
    pages = [
        page.get(kari.preferences),
        page.get(kari.unsubscribe),
        page.post(kari.preferences, data={"page": "yes"}),
        page.post(kari.preferences, data={"language": "en"}),
        page.post(kari.preferences, data={"pause": "30"}),
        page.post(kari.preferences, data={"do": "json"}),
        page.post(kari.preferences, data={"do": "save", "a.name": "Evil"}),
        page.post(kari.unsubscribe, data={"leave": "list"}),
    ]
    for answer in pages:
        assert answer.status_code in {200, 400}
        for secret in (*secrets.values(), "kari@", "trade fair"):
            assert str(secret) not in answer.text
    # The only letters went to her own address, and the link leads to no page by itself.
    assert {one.address for one in letters(world)} == {KARI}
    with world.database.read() as connection:
        assert get_contact(connection, kari.contact_id).attributes == secrets

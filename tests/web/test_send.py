"""The door for single letters: composed at once, sent once, in time, to whom one may."""

import concurrent.futures
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from customers import NOW, ROOT, SPECS, app_of, joining
from sqlalchemy import select, update
from starlette.testclient import TestClient

from mailer.jobs.ageing import age
from mailer.jobs.api_keys import make_api_key
from mailer.jobs.erase import erase
from mailer.jobs.explain import explain
from mailer.jobs.known import known_about
from mailer.jobs.own_document import as_document
from mailer.model.consent import SuppressionReason
from mailer.model.suppression import Suppression
from mailer.store.contacts import find_contact
from mailer.store.doortables import TransactionRow
from mailer.store.suppressions import suppress
from mailer.store.tables import DeliveryRow, table
from mailer.web.openapi import describe

LETTER = """
subject = "Your order {{ order }}"
kind = "transactional"
preview = ""

[data]
order = "text"
total = "number"
lines = "texts"

[sample]
order = "1017"
total = 99.5
lines = ["One tent"]
"""
BODY = """<p>Hi {{ name|default('you') }}, {{ order }}: {{ total }}</p>
{% for one in lines|default([]) %}<p>{{ one }}</p>{% endfor %}
"""
DATA = {"order": "1017", "total": 99.5, "lines": ["One tent", "Two <pegs>"]}
ANN, KARI = "ann@example.com", "kari@example.com"


@pytest.fixture
def shop(world, folder):
    (folder / "templates").unlink()
    shutil.copytree(ROOT / "templates/mail", folder / "templates/mail")
    write_template(folder, "receipt", LETTER, BODY)
    key = make_api_key(world.database, "till-3", NOW)
    with TestClient(
        app_of(world, folder=folder),
        "https://mail.example.com",
        headers={"Authorization": f"Bearer {key}"},
    ) as client:
        client.folder = folder
        yield client


def write_template(folder: Path, name: str, letter: str, body: str) -> None:
    place = folder / "templates/mail" / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "letter.toml").write_text(letter, encoding="utf-8")
    (place / "body.html").write_text(body, encoding="utf-8")


def send(shop, key="order-1017", **said):
    body = {"template": "receipt", "to": ANN, "data": DATA} | said
    return shop.post(
        "/api/send", json=body, headers={"Idempotency-Key": key} if key else {}
    )


def rows(world, model):
    with world.database.read() as connection:
        return list(connection.execute(select(table(model)).order_by("id")))


def faults(answer):
    assert answer.status_code == 422, answer.text
    return {one["pointer"]: one["detail"] for one in answer.json()["errors"]}


def test_a_letter_is_owed_once_however_often_it_is_asked_for(shop, world) -> None:
    first = send(shop)
    assert first.status_code == 202, first.text
    assert send(shop).json() == first.json() == {"result": "queued", "letter": 1}
    (delivery,) = rows(world, DeliveryRow)
    assert (delivery.kind, delivery.lane, delivery.state) == ("transactional", 1, "queued")
    assert (delivery.cause_kind, delivery.cause_id) == ("transaction", 1)
    assert delivery.address == ANN
    assert delivery.contact_id is None
    (row,) = rows(world, TransactionRow)
    assert row.data == DATA
    assert row.asked_by == "key till-3"


def test_the_same_key_for_another_letter_is_a_conflict(shop, world) -> None:
    send(shop)
    again = send(shop, data=DATA | {"order": "1018"})
    assert again.status_code == 409
    assert again.json()["type"].endswith("idempotency-key-taken")
    assert len(rows(world, DeliveryRow)) == 1
    assert send(shop, "order-1018", data=DATA | {"order": "1018"}).status_code == 202


def test_each_key_of_the_api_names_letters_by_itself(shop, world) -> None:
    """So that no program learns what another one sent, or is kept from its own."""
    assert send(shop).json()["letter"] == 1
    other = make_api_key(world.database, "till-4", NOW)
    shop.headers["Authorization"] = f"Bearer {other}"
    assert send(shop).json()["letter"] == 2
    assert send(shop).json()["letter"] == 2


def test_a_letter_that_was_promised_stays_promised_whatever_changed_since(
    shop, world
) -> None:
    send(shop)
    bounced = Suppression("everything", SuppressionReason.BOUNCED, NOW, None, "test")
    with world.database.write() as connection:
        suppress(connection, world.ring.suppression_hash(ANN), bounced)
    promised = {"result": "queued", "letter": 1}
    assert send(shop).json() == promised
    write_template(shop.folder, "receipt", LETTER.replace("total", "sum"), "{{ sum }}")
    assert send(shop).json() == promised
    shutil.rmtree(shop.folder / "templates/mail/receipt")
    assert send(shop).json() == promised
    assert send(shop, data=DATA | {"order": "1018"}).status_code == 409
    assert send(shop, "order-1018").status_code == 422
    assert len(rows(world, DeliveryRow)) == 1


def test_equal_lines_of_an_order_stay_as_many_as_they_are(shop, world) -> None:
    lines = ["One tent", "Two pegs", "One tent"]
    assert send(shop, data=DATA | {"lines": lines}).status_code == 202
    (row,) = rows(world, TransactionRow)
    assert row.data["lines"] == lines


def test_who_asks_at_the_same_moment_gets_one_letter(shop, world) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: send(shop).json(), range(8)))
    assert answers == [{"result": "queued", "letter": answers[0]["letter"]}] * 8
    assert len(rows(world, DeliveryRow)) == 1


def test_without_a_key_nothing_is_sent(shop, world) -> None:
    answer = send(shop, key="")
    assert answer.status_code == 422
    assert "could go out twice" in answer.json()["detail"]
    assert not rows(world, DeliveryRow)


@pytest.mark.parametrize(
    ("said", "pointer", "words"),
    [
        ({"template": "reciept"}, "#/template", "did you mean 'receipt'"),
        ({"template": "autumn-sale"}, "#/template", "campaign start"),
        ({"to": "nobody"}, "#/to", "@-sign"),
        ({"to": None}, "#/to", "is missing"),
        ({"list": "nope"}, "#/list", "no lists/nope.toml"),
        ({"data": {"order": "1"}}, "#/data/total", "is missing: templates/mail/receipt/"),
        ({"data": DATA | {"totl": 1}}, "#/data/totl", "did you mean 'total'"),
        ({"data": DATA | {"total": "much"}}, "#/data/total", "number"),
        ({"data": DATA | {"lines": "one"}}, "#/data/lines", "list of texts"),
        ({"data": DATA | {"order": "1\r\nBcc: x@y"}}, "#/data/order", "cannot be kept"),
        ({"data": [1]}, "#/data", "object"),
        ({"colour": 1}, "#/colour", "not known"),
        ({"data": DATA | {"où": 1}}, "#/data/o%C3%B9", "no such data"),
        ({"language": "?"}, "#/language", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(shop, world, said, pointer, words) -> None:
    found = faults(send(shop, **said))
    assert words in found[pointer]
    assert not rows(world, DeliveryRow)
    assert not rows(world, TransactionRow)


def test_all_that_is_missing_is_named_at_once_and_nothing_that_is_not_needed(shop) -> None:
    said = faults(send(shop, data={}))
    assert said.keys() == {"#/data/order", "#/data/total"}
    assert "body.html, line 1: there is no 'order' here" in said["#/data/order"]
    assert "body.html, line 1: there is no 'total' here" in said["#/data/total"]


@pytest.mark.parametrize("use", ["total|round(2)", "total|abs", "lines[0]", "lines[0]|e"])
def test_what_is_missing_is_named_however_it_is_used(shop, use) -> None:
    write_template(shop.folder, "receipt", LETTER, f"<p>{{{{ {use} }}}}</p>")
    name = use[:5]
    said = faults(send(shop, data={"order": "1017"}))
    assert f"there is no {name!r} here" in said[f"#/data/{name}"]


def test_who_must_get_nothing_gets_nothing_and_who_left_a_list_does(
    shop, world, kari
) -> None:
    for scope, status in (("marketing", 202), ("everything", 409)):
        with world.database.write() as connection:
            reason = SuppressionReason.BOUNCED
            held = Suppression(scope, reason, NOW, None, "test")
            suppress(connection, world.ring.suppression_hash(ANN), held)
        assert send(shop, key=scope).status_code == status
    assert len(rows(world, DeliveryRow)) == 1


def test_a_stranger_without_a_key_of_the_api_is_not_let_in(shop) -> None:
    del shop.headers["Authorization"]
    assert send(shop).status_code == 401


def test_explain_shows_what_a_letter_was_sent_with(shop, world, kari) -> None:
    send(shop)
    send(shop, key="2", to=KARI)
    for address in (ANN, KARI):
        told = explain(joining(world, shop.folder).world, world.ring, address).letters
        assert "data: order = 1017" in told[0].because
        assert told[0].because[0].startswith("template receipt, asked for by key till-3")


def test_a_person_downloads_what_she_was_sent_with_and_it_goes_when_she_is_erased(
    shop, world, kari
) -> None:
    send(shop, to=KARI)
    with world.database.read() as connection:
        contact = find_contact(connection, KARI)
    known = known_about(joining(world, shop.folder).world, contact.id)
    (letter,) = as_document(known, NOW)["letters"]
    assert letter["data"] == DATA
    erase(world.database, world.logbook, KARI, "ann", lambda: NOW)
    (row,) = rows(world, TransactionRow)
    (delivery,) = rows(world, DeliveryRow)
    assert row.data == {}
    assert (delivery.state, delivery.reason, delivery.address) == ("withheld", "erased", "")


def test_an_address_that_is_no_contacts_is_erased_too(shop, world) -> None:
    send(shop)
    send(shop, key="2", to="bob@example.com")
    done = erase(world.database, world.logbook, ANN.upper(), "ann", lambda: NOW)
    assert (done.known, done.letters, done.withheld) == (False, 1, 1)
    first, second = rows(world, TransactionRow)
    assert (first.data, second.data) == ({}, DATA)
    assert [one.address for one in rows(world, DeliveryRow)] == ["", "bob@example.com"]


def test_data_is_aged_out_with_its_letter_and_the_key_a_week_later(shop, world) -> None:
    for key in ("1", "2"):
        send(shop, key=key)
    ended = {"state": "accepted", "ended_at": NOW}
    with world.database.write() as connection:
        connection.execute(update(table(DeliveryRow)).values(**ended))
    age(world.database, timedelta(days=1), NOW + timedelta(days=2))
    assert [row.data for row in rows(world, TransactionRow)] == [{}, DATA]
    assert send(shop, key="1").json()["letter"] == 1
    age(world.database, timedelta(days=1), NOW + timedelta(days=8))
    assert [row.id for row in rows(world, TransactionRow)] == [2]


def test_the_description_names_each_answer(shop) -> None:
    described = shop.get("/api/openapi.json").json()
    assert described == describe(
        "https://mail.example.com", SPECS, described["info"]["version"]
    )
    answers = described["paths"]["/api/send"]["post"]["responses"]
    assert {"202", "401", "409", "422"} <= answers.keys()

"""The door for shops and tills: keys, evidence, letters, repetitions, and all bad input."""

import json
import threading
from datetime import datetime, timedelta

import pytest
from customers import NOW, app_of
from jsonschema import ValidationError
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from sqlalchemy import select
from starlette.testclient import TestClient

from mailer.audience.admission import IMPLIED_FOR
from mailer.audience.rowevidence import PURCHASE_FOR
from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.api_keys import key_behind, list_api_keys, make_api_key, revoke
from mailer.jobs.forget_sign_ups import forget_sign_ups
from mailer.jobs.leaving import Leaving, leave
from mailer.jobs.once import forget_old_requests
from mailer.model.consent import Act, Basis, How, SuppressionReason
from mailer.model.event import Event, EventKind
from mailer.model.suppression import Suppression
from mailer.store import erasing, ledger
from mailer.store.contacts import find_contact
from mailer.store.doortables import ApiKeyRow, ApiRequestRow
from mailer.store.events import events_of
from mailer.store.ledgercheck import verify_chain
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import suppress
from mailer.store.tables import DeliveryRow, LedgerRow, SignUpRow, table
from mailer.web.api import ROUTES
from mailer.web.openapi import describe
from mailer.web.problems import PROBLEMS

ADDRESS = "kari@example.com"
CONSENT = {"wording": 1, "form": "till 3, Bergen", "at": "2026-11-20T10:00:00+01:00"}


@pytest.fixture
def shop(world, folder):
    """A client with a key in force."""
    key = make_api_key(world.database, "till-3", NOW)
    with TestClient(
        app_of(world, folder=folder),
        "https://mail.example.com",
        client=("192.0.2.1", 5000),
        follow_redirects=False,
        headers={"Authorization": f"Bearer {key}"},
    ) as client:
        yield client


def body(**said):
    return {"address": ADDRESS, "list": "news", "consent": CONSENT} | said


def posted(shop, headers=None, **said):
    return shop.post("/api/contacts", json=body(**said), headers=headers or {})


def rows(world, model):
    with world.database.read() as connection:
        return list(connection.execute(select(table(model))))


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


def faults(answer):
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {one["pointer"]: one["detail"] for one in answer.json()["errors"]}


def nothing_changed(world):
    return not any(
        rows(world, one) for one in (LedgerRow, DeliveryRow, SignUpRow, ApiRequestRow)
    )


def test_with_evidence_a_person_is_on_the_list_at_once_and_the_ledger_has_it(shop, world):
    consent = CONSENT | {"network_address": "192.0.2.77"}
    attributes = {"name": "Kari", "points": 12, "interests": ["tents", "a; b"]}
    answer = posted(
        shop, consent=consent, attributes=attributes, language="NB", time_zone="Europe/Oslo"
    )
    contact = contact_of(world)
    assert (answer.status_code, answer.json()) == (
        201,
        {"result": "joined", "contact": contact.id},
    )
    assert contact.attributes == attributes
    assert (contact.language, contact.time_zone) == ("nb", "Europe/Oslo")
    assert lists_of(world) == {"news": "subscribed"}
    (entry,) = rows(world, LedgerRow)
    assert (entry.act, entry.how, entry.basis) == ("granted", "api", "express")
    assert (entry.source, entry.wording) == ("till 3, Bergen", 1)
    assert entry.network_value == "192.0.2.77"
    assert entry.by_value == "key till-3"
    assert entry.consent_at.isoformat() == "2026-11-20T09:00:00+00:00"
    assert rows(world, DeliveryRow) == []
    assert answer.headers["cache-control"] == "no-store"


def test_the_ledger_s_chain_holds_after_it(shop, world):
    posted(shop)
    posted(shop, address="ola@example.com", consent=None)
    assert verify_chain(world.database, world.ring, ()).findings.count == 0


def test_an_implied_permission_ends_by_its_date_and_is_renewed_by_a_later_one(shop, world):
    def standing():
        with world.database.read() as connection:
            (found,) = of_contacts(connection, [contact_of(world).id]).values()
        return found

    asked = datetime.fromisoformat(CONSENT["at"])
    posted(shop, consent=CONSENT | {"basis": "implied"})
    ends = standing().expires_at
    assert ends == asked + IMPLIED_FOR
    assert standing().stands(ends - timedelta(microseconds=1))
    assert not standing().stands(ends)
    # What is older changes nothing, what is newer holds for longer.
    older = (asked - timedelta(days=1)).isoformat()
    answer = posted(shop, consent=CONSENT | {"basis": "implied", "at": older})
    assert answer.json()["result"] == "already_on"
    assert standing().expires_at == ends
    world.now = ends + timedelta(days=1)
    again = world.now.isoformat()
    answer = posted(shop, consent=CONSENT | {"basis": "implied", "at": again})
    assert answer.json()["result"] == "renewed"
    assert standing().expires_at == world.now + IMPLIED_FOR
    # A purchase implies it for two years, as long as they are not over.
    bought = CONSENT | {"basis": "implied", "at": again, "purchase_at": CONSENT["at"]}
    assert posted(shop, consent=bought).json()["result"] == "renewed"
    assert standing().expires_at == asked + PURCHASE_FOR
    assert rows(world, LedgerRow)[-1].purchase_at == asked
    long_ago = (world.now - PURCHASE_FOR).isoformat()
    refused = posted(shop, consent=bought | {"purchase_at": long_ago})
    assert set(faults(refused)) == {"#/consent/purchase_at"}
    # Her own word ends by no date.
    assert posted(shop, consent=CONSENT | {"at": again}).json()["result"] == "renewed"
    assert standing().expires_at is None
    assert verify_chain(world.database, world.ring, ()).findings.count == 0


def test_a_purchase_is_an_order_on_record_once_however_often_it_is_posted(shop, world):
    posted(shop)
    bought = CONSENT | {"purchase_at": CONSENT["at"]}
    for _ in range(2):
        assert posted(shop, consent=bought).json()["result"] == "already_on"
    with world.database.read() as connection:
        (order,) = events_of(connection, contact_of(world).id, 10)
    at = datetime.fromisoformat(CONSENT["at"])
    assert order == Event(EventKind.ORDERED, at, CONSENT["form"])
    # Who stays away is not looked after.
    with world.database.write() as connection:
        ledger.lock(connection)
        leave(
            connection, world.ring, contact_of(world),
            Leaving(Act.WITHDRAWN, "news", How.ONE_CLICK), world.now,
        )  # fmt: skip
    later = bought | {"purchase_at": "2026-11-20T11:00:00+01:00"}
    assert posted(shop, consent=later).status_code == 409
    with world.database.read() as connection:
        assert events_of(connection, contact_of(world).id, 10) == [order]


def test_posting_again_changes_only_what_is_known(shop, world):
    posted(shop, attributes={"name": "Kari", "points": 1})
    answer = posted(shop, attributes={"points": 2, "name": None})
    assert (answer.status_code, answer.json()["result"]) == (200, "already_on")
    assert contact_of(world).attributes == {"name": "Kari", "points": 2}
    assert len(rows(world, LedgerRow)) == 1


@pytest.mark.parametrize("name", ["news", "tips"])
def test_without_evidence_a_person_is_asked_by_letter_whatever_the_list_says(
    shop, world, name
):
    answer = posted(shop, list=name, consent=None, attributes={"name": "Kari"})
    assert (answer.status_code, answer.json()["result"]) == (202, "confirmation_sent")
    assert lists_of(world) == {name: "pending"}
    (letter,) = rows(world, DeliveryRow)
    assert (letter.kind, letter.address) == ("confirmation", ADDRESS)
    # What is said about somebody who has not answered is hers only when she does.
    assert contact_of(world).attributes == {}
    (entry,) = rows(world, LedgerRow)
    assert (entry.how, entry.basis) == ("form", "double_opt_in")
    assert entry.by_value == "key till-3"


def test_who_was_asked_and_has_not_answered_gets_no_second_letter(shop, world):
    posted(shop, consent=None)
    world.now += timedelta(days=5)
    answer = posted(shop, consent=None)
    assert (answer.status_code, answer.json()["result"]) == (202, "waiting")
    assert len(rows(world, DeliveryRow)) == 1


def test_who_was_asked_and_never_answered_is_forgotten_as_any_other(shop, world):
    posted(shop, consent=None)
    world.now += timedelta(days=40)
    thirty = timedelta(days=30)
    assert forget_sign_ups(world.database, world.ring, thirty, lambda: world.now) == 1
    assert contact_of(world) is None


def test_who_stands_on_the_list_is_not_asked_again(shop, world):
    posted(shop)
    answer = posted(shop, consent=None, attributes={"points": 3})
    assert answer.json()["result"] == "already_on"
    assert contact_of(world).attributes == {"points": 3}
    assert rows(world, DeliveryRow) == []


@pytest.mark.parametrize("consent", [CONSENT, None])
def test_who_has_left_is_never_brought_back_and_gets_no_letter(shop, world, consent):
    posted(shop)
    contact = contact_of(world)
    with world.database.write() as connection:
        ledger.lock(connection)
        leave(
            connection,
            world.ring,
            contact,
            Leaving(Act.WITHDRAWN, "news", How.ONE_CLICK),
            NOW,
        )
    answer = posted(shop, consent=consent, attributes={"name": "Other"})
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["type"].endswith("stays-away")
    assert "only the person" in problem["detail"]
    assert lists_of(world) == {"news": "unsubscribed"}
    assert rows(world, DeliveryRow) == []
    assert contact_of(world).attributes == {}


@pytest.mark.parametrize("consent", [CONSENT, None])
def test_who_is_suppressed_stays_away_even_when_nobody_knows_her(shop, world, consent):
    with world.database.write() as connection:
        suppress(
            connection,
            world.ring.suppression_hash(ADDRESS),
            Suppression("marketing", SuppressionReason.COMPLAINED, NOW, None, "report"),
        )
    assert posted(shop, consent=consent).status_code == 409
    assert contact_of(world) is None
    assert nothing_changed(world)


def test_a_list_without_a_page_takes_evidence_but_can_ask_nobody(shop, world):
    assert "/consent" in next(iter(faults(posted(shop, list="courses", consent=None))))
    assert contact_of(world) is None
    assert posted(shop, list="courses").status_code == 201


# Keys


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Basic bWs6",
        "Bearer",
        "Bearer mk_1_",
        "Bearer mk_1_" + "A" * 43,
        "Bearer mk_999999999_" + "A" * 43,
        "Bearer mk_99999999999999999999_" + "A" * 43,
        "Bearer " + "x" * 5000,
    ],
)
def test_without_a_key_in_force_nothing_is_told(shop, world, said):
    answer = shop.post("/api/contacts", json=body(), headers={"Authorization": said})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"].endswith("no-key")
    assert nothing_changed(world)


def test_a_truncated_swapped_or_revoked_key_opens_nothing(world):
    first = make_api_key(world.database, "till-1", NOW)
    second = make_api_key(world.database, "till-2", NOW)
    number, secret = second.split("_", 2)[1:]
    assert key_behind(world.database, first).name == "till-1"
    assert key_behind(world.database, first[:-1]) is None
    assert key_behind(world.database, f"mk_1_{secret}") is None
    assert key_behind(world.database, f"{first}\n") is None
    revoke(world.database, "till-2", NOW)
    assert key_behind(world.database, second) is None
    assert number == "2"


def test_of_a_key_only_a_hash_is_kept_and_its_name_is_never_used_again(world):
    key = make_api_key(world.database, "till-1", NOW)
    (row,) = rows(world, ApiKeyRow)
    assert key.split("_", 2)[2].encode() not in row.digest
    assert len(row.digest) == 32
    revoke(world.database, "till-1", NOW)
    again = revoke(world.database, "till-1", NOW + timedelta(days=1))
    assert again.revoked_at == NOW
    with pytest.raises(RefusedError, match="never used again"):
        make_api_key(world.database, "till-1", NOW)
    with pytest.raises(NotFoundError, match="till-1"):
        revoke(world.database, "till-l", NOW)
    for name in ("", "Till", "a b", "x" * 41, "a\nb"):
        with pytest.raises(RefusedError, match="small letters"):
            make_api_key(world.database, name, NOW)
    assert [one.name for one in list_api_keys(world.database)] == ["till-1"]


# Once


def test_the_same_request_is_done_once_and_answered_as_the_first_was(shop, world):
    first = posted(shop, {"Idempotency-Key": "order-1"})
    second = posted(shop, {"Idempotency-Key": "order-1"})
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert len(rows(world, LedgerRow)) == 1
    (row,) = rows(world, ApiRequestRow)
    assert b"order-1" not in row.hash
    assert ADDRESS.encode() not in row.body_hash


def test_a_key_that_was_used_for_another_request_is_refused(shop, world):
    posted(shop, {"Idempotency-Key": "order-1"})
    answer = posted(shop, {"Idempotency-Key": "order-1"}, address="ola@example.com")
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("idempotency-key-reused")
    assert contact_of(world, "ola@example.com") is None


def test_a_request_that_was_refused_may_be_put_right_under_the_same_key(shop):
    refused = posted(shop, {"Idempotency-Key": "order-1"}, list="nothing")
    assert "/list" in next(iter(faults(refused)))
    assert posted(shop, {"Idempotency-Key": "order-1"}).status_code == 201


def test_a_request_whose_program_died_is_done_by_the_next_one(shop, world):
    posted(shop, {"Idempotency-Key": "order-1"})
    with world.database.write() as connection:
        connection.exec_driver_sql("UPDATE api_request SET result = NULL")
    answer = posted(shop, {"Idempotency-Key": "order-1"})
    assert answer.status_code == 409
    assert answer.headers["retry-after"] == "5"
    world.now += timedelta(seconds=61)
    assert posted(shop, {"Idempotency-Key": "order-1"}).json()["result"] == "already_on"


def test_many_at_once_make_one_person_and_one_entry(shop, world):
    answers = []

    def send():
        answers.append(posted(shop, {"Idempotency-Key": "order-1"}).status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert len(rows(world, LedgerRow)) == 1


def test_requests_are_forgotten_after_a_week(shop, world):
    posted(shop, {"Idempotency-Key": "order-1"})
    assert forget_old_requests(world.database, NOW + timedelta(days=6)) == 0
    assert forget_old_requests(world.database, NOW + timedelta(days=8)) == 1


def test_erasing_a_person_forgets_what_was_answered_about_her(shop, world):
    posted(shop, {"Idempotency-Key": "order-1"})
    contact = contact_of(world)
    with world.database.write() as connection:
        erasing.erase_contact(connection, contact.id)
    assert rows(world, ApiRequestRow) == []


# Bad input


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[1,]",
        b"\xff\xfe{\x00}\x00",
        b'{"address": "kari@ex\xe5mple.com"}',
        b'{"list": "news", "list": "tips"}',
        b'{"attributes": {"points": NaN}}',
        b'{"attributes": {"points": Infinity}}',
        b'{"x": ' + b"9" * 5000 + b"}",
        b'{"\\ud800": 1}',
        b'{"attributes": {"points \\udfff": 1}}',
        b"[" * 30_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
)
def test_what_is_no_json_is_said_to_be_none(shop, world, raw):
    answer = shop.post(
        "/api/contacts", content=raw, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    assert "sys." not in answer.text, "words for who wrote the program, not about ours"
    assert nothing_changed(world)


@pytest.mark.parametrize("said", [None, 1, "text", [], [body()], True])
def test_a_body_that_is_no_object_is_refused(shop, world, said):
    answer = shop.post(
        "/api/contacts",
        content=json.dumps(said),
        headers={"Content-Type": "application/json"},
    )
    assert "must be an object" in faults(answer)["#"]


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"address": None}, "#/address"),
        ({"address": 7}, "#/address"),
        ({"address": "no-address"}, "#/address"),
        ({"address": "a@example.com\r\nBcc: b@example.com"}, "#/address"),
        ({"address": "a\x00@example.com"}, "#/address"),
        ({"address": "a\ud800@example.com"}, "#/address"),
        ({"address": "x" * 5000 + "@example.com"}, "#/address"),
        ({"address": "noreply@example.com"}, "#/address"),
        ({"list": ""}, "#/list"),
        ({"list": "../keys"}, "#/list"),
        ({"list": "/etc/passwd"}, "#/list"),
        ({"list": ["news"]}, "#/list"),
        ({"lists": "news"}, "#/lists"),
        ({"attributes": {"shoe": 1}}, "#/attributes/shoe"),
        ({"attributes": {"a/b~c": 1}}, "#/attributes/a~1b~0c"),
        ({"attributes": {"må #%": 1}}, "#/attributes/m%C3%A5%20%23%25"),
        ({"attributes": {"points": "12"}}, "#/attributes/points"),
        ({"attributes": {"points": 1e300}}, "#/attributes/points"),
        ({"attributes": {"points": True}}, "#/attributes/points"),
        ({"attributes": {"name": 1}}, "#/attributes/name"),
        ({"attributes": {"name": "a\r\nX-Evil: 1"}}, "#/attributes/name"),
        ({"attributes": {"name": "x" * 5000}}, "#/attributes/name"),
        ({"attributes": {"name": "\udfff"}}, "#/attributes/name"),
        ({"attributes": {"interests": "tents"}}, "#/attributes/interests"),
        ({"attributes": {"interests": ["a", 1]}}, "#/attributes/interests"),
        ({"attributes": []}, "#/attributes"),
        ({"language": "not a language"}, "#/language"),
        ({"time_zone": "Europe/Os"}, "#/time_zone"),
        ({"consent": True}, "#/consent"),
        ({"consent": {}}, "#/consent/wording"),
        ({"consent": CONSENT | {"wording": 7}}, "#/consent/wording"),
        ({"consent": CONSENT | {"wording": True}}, "#/consent/wording"),
        ({"consent": CONSENT | {"form": " "}}, "#/consent/form"),
        ({"consent": CONSENT | {"form": "a\nb"}}, "#/consent/form"),
        ({"consent": CONSENT | {"form": "x" * 201}}, "#/consent/form"),
        ({"consent": CONSENT | {"at": "2026-11-20"}}, "#/consent/at"),
        ({"consent": CONSENT | {"at": "2026-11-20T10:00:00"}}, "#/consent/at"),
        ({"consent": CONSENT | {"at": "2031-11-20T10:00:00Z"}}, "#/consent/at"),
        ({"consent": CONSENT | {"at": "1970-01-01T00:00:00Z"}}, "#/consent/at"),
        ({"consent": CONSENT | {"at": "0001-01-01T00:00:00+23:59"}}, "#/consent/at"),
        ({"consent": CONSENT | {"network_address": "host"}}, "#/consent/network_address"),
        ({"consent": CONSENT | {"basis": "bought"}}, "#/consent/basis"),
        ({"consent": CONSENT | {"basis": "double_opt_in"}}, "#/consent/confirmed_at"),
        (
            {"consent": CONSENT | {"basis": "implied", "at": "2026-01-01T00:00:00Z"}},
            "#/consent/at",
        ),
    ],
    ids=str,
)
def test_each_mistake_is_said_with_its_place_and_nothing_is_written(
    shop, world, said, pointer
):
    raw = json.dumps(body(**said))
    answer = shop.post(
        "/api/contacts", content=raw, headers={"Content-Type": "application/json"}
    )
    assert pointer in faults(answer)
    assert contact_of(world) is None
    assert nothing_changed(world)


def test_all_mistakes_are_said_at_once(shop):
    answer = posted(shop, address="x", attributes={"points": "many"}, consent={"form": ""})
    assert len(faults(answer)) >= 5


def test_ten_megabytes_are_refused_and_not_read_to_the_end(shop, world):
    sent = 0

    def chunks():
        nonlocal sent
        for _ in range(160):
            sent += 65_536
            yield b" " * 65_536

    answer = shop.post(
        "/api/contacts", content=chunks(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    assert answer.json()["type"].endswith("too-large")
    assert nothing_changed(world)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_what_a_form_of_another_site_could_send_is_refused(shop, world, headers):
    answer = shop.post("/api/contacts", content=json.dumps(body()), headers=headers)
    assert answer.status_code == 415
    assert nothing_changed(world)


@pytest.mark.parametrize("said", ["", "x" * 256, "two words", "tab\there"])
def test_an_idempotency_key_that_cannot_be_one_is_refused(shop, world, said):
    answer = posted(shop, {"Idempotency-Key": said})
    assert answer.status_code == 422
    assert nothing_changed(world)


def test_other_methods_and_paths_are_answered_as_problems(shop):
    got = shop.get("/api/contacts")
    assert (got.status_code, got.headers["allow"]) == (405, "POST")
    assert got.headers["content-type"] == "application/problem+json"
    lost = shop.get("/api/nothing")
    assert lost.status_code == 404
    assert lost.json()["type"].endswith("not-here")
    assert "access-control-allow-origin" not in shop.options("/api/contacts").headers


def test_a_database_that_does_not_answer_is_a_problem_to_try_again(shop, world):
    world.rename("contact", "contact_gone")
    try:
        answer = posted(shop)
    finally:
        world.rename("contact_gone", "contact")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert posted(shop).status_code == 201


def test_nothing_that_was_sent_is_in_the_log(shop, world, caplog):
    posted(shop, {"Idempotency-Key": "order-1"}, address="kari\n@example.com")
    posted(shop, list="x\r\nINFO forged")
    world.rename("contact", "contact_gone")
    try:
        posted(shop)
    finally:
        world.rename("contact_gone", "contact")
    assert "kari" not in caplog.text
    assert "forged" not in caplog.text


# The description


def test_the_description_has_exactly_the_routes_that_there_are(shop):
    told = shop.get("/api/openapi.json")
    assert told.status_code == 200
    described = {
        (method.upper(), path.removeprefix("/api"))
        for path, methods in told.json()["paths"].items()
        for method in methods
    }
    assert described == {(method, path) for method, path, _ in ROUTES}


def test_a_validator_finds_nothing_wrong_with_the_description(shop):
    validate(shop.get("/api/openapi.json").json(), cls=OpenAPIV31SpecValidator)


def test_what_is_sent_and_answered_is_as_described(shop):
    """A good request, one that is wrong, and one without a key."""
    described = shop.get("/api/openapi.json").json()
    operation = described["paths"]["/api/contacts"]["post"]

    def holds(content, value):
        (schema,) = (one["schema"] for one in content.values())
        known = {"components": described["components"]}
        OAS31Validator({**schema, **known}).validate(value)

    good = {"address": "ida@example.com", "list": "news", "consent": CONSENT}
    holds(operation["requestBody"]["content"], good)
    with pytest.raises(ValidationError):
        holds(operation["requestBody"]["content"], {**good, "address": 7})
    for answer, status in (
        (posted(shop), 201),
        (posted(shop, address="no address"), 422),
        (shop.post("/api/contacts", json=good, headers={"Authorization": "x"}), 401),
    ):
        assert answer.status_code == status
        told = operation["responses"][str(status)]
        if "$ref" in told:
            told = described["components"]["responses"][told["$ref"].rpartition("/")[2]]
        holds(told["content"], answer.json())


def test_the_description_names_the_attributes_and_every_problem(shop):
    told = shop.get("/api/openapi.json").json()
    attributes = told["components"]["schemas"]["Contact"]["properties"]["attributes"]
    assert {"name", "points", "interests"} <= set(attributes["properties"])
    assert set(told["x-problems"]) == {one.value for one in PROBLEMS}
    statuses = set(told["paths"]["/api/contacts"]["post"]["responses"])
    # These two are about paths and methods, not about this one.
    ours = {str(one.status) for one in PROBLEMS.values()} - {"404", "405"}
    assert ours <= statuses


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from references(one)


def test_every_reference_of_the_description_leads_somewhere():
    told = describe("https://mail.example.com", {}, "1")
    found = set(references(told))
    assert found
    for one in found:
        place = told
        for step in one.removeprefix("#/").split("/"):
            place = place[step]


def test_double_opt_in_of_elsewhere_keeps_both_times(shop, world):
    consent = CONSENT | {
        "basis": "double_opt_in",
        "confirmed_at": "2026-11-20T11:00:00+01:00",
    }
    assert posted(shop, consent=consent).status_code == 201
    (entry,) = rows(world, LedgerRow)
    assert entry.basis == Basis.DOUBLE_OPT_IN.value
    assert entry.confirmed_at > entry.consent_at
    assert lists_of(world) == {"news": "subscribed"}

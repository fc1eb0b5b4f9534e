"""Webhooks against a real server: what is told, signed, tried again and replayed."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from customers import NOW, TITLES, Someone, World, a_list
from ports import free_port
from samples.samples import knowledge
from sending import a_campaign
from sqlalchemy import select, update
from store.test_incoming import COMPLAINT, REPLY, a_report, leaving

from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.agreeing import see_separate
from mailer.jobs.erase import erase
from mailer.jobs.happenings import follow
from mailer.jobs.incoming import Desk, handle_all, keep
from mailer.jobs.leaving import Leaving, leave
from mailer.jobs.webhooks import (
    Delivered,
    Replay,
    Teller,
    deliver,
    forget_told,
    list_endpoints,
    replay,
)
from mailer.model.consent import Act, Basis, How, NewEntry
from mailer.model.mailinglist import Wording
from mailer.model.partner import Partner
from mailer.model.separate import ClickRecord
from mailer.model.token import Reader, TokenKind
from mailer.model.webhook import Endpoint, Happening, HookState, Told, read_secret_key
from mailer.pace.hooks import PLAN, next_try
from mailer.store import ledger, webhooks
from mailer.store.alarms import open_alarms
from mailer.store.contacts import get_contact
from mailer.store.doortables import WebhookRow
from mailer.store.lists import see_list
from mailer.store.tables import table
from mailer.wire.hooks import is_public, post_hook

SECRET = b"s" * 32


class Shop:
    """Somebody who is told, with what came and what is answered."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self.headers: dict[str, str] = {}
        self.may_answer = threading.Event()
        self.may_answer.set()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                named = {name.lower(): value for name, value in self.headers.items()}
                shop.came.append((named, self.rfile.read(size)))
                shop.may_answer.wait(60)
                self.send_response(shop.status)
                for name, value in shop.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(
            target=self.server.serve_forever, args=(0.01,), daemon=True
        )
        self.thread.start()

    @property
    def endpoint(self) -> Endpoint:
        port = self.server.server_port
        url = f"http://127.0.0.1:{port}/hook?from=mailer"
        return Endpoint("shop", url, SECRET, frozenset(Told), private=True, timeout_s=5)

    def told(self) -> list[tuple[str, str | None, str | None]]:
        """Return type, address and list of what came, each verified."""
        found = []
        for headers, body in self.came:
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode()
            right = hmac.new(SECRET, signed + body, hashlib.sha256).digest()
            assert headers["webhook-signature"] == f"v1,{base64.b64encode(right).decode()}"
            said = json.loads(body)
            data = said["data"]
            found.append((said["type"], data["address"], data["list"]))
        return found

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def shop() -> Generator[Shop, None, None]:
    made = Shop()
    yield made
    made.close()


@pytest.fixture
def world(database, logbook) -> World:
    with database.write() as connection:
        for list_id, title in TITLES.items():
            see_list(connection, a_list(list_id, title), NOW)
    return World(database, logbook)


def turn(world, *shops):
    follow(world.database, [one.endpoint for one in shops], world.now)
    return sum(
        deliver(world.database, one.endpoint, lambda: world.now).taken for one in shops
    )


def depart(world, person, list_id="news"):
    with world.database.write() as connection:
        ledger.lock(connection)
        contact = get_contact(connection, person.contact_id)
        no = Leaving(Act.WITHDRAWN, list_id, How.ONE_CLICK)
        leave(connection, world.ring, contact, no, world.now)


def grant(world, person, basis, how, act=Act.GRANTED, batch_id=None):
    with world.database.write() as connection:
        contact = get_contact(connection, person.contact_id)
        entry = NewEntry(
            person.contact_id, contact.match, "news", 1, act, world.now, how, basis,
            "page", batch_id,
        )  # fmt: skip
        ledger.append(connection, world.ring, [entry])


def hooks(world):
    with world.database.read() as connection:
        rows = table(WebhookRow)
        return list(connection.execute(select(rows).order_by(rows.c.id)))


def test_joining_and_leaving_are_told_once_each_with_a_signature(world, shop):
    turn(world, shop)
    person = world.person()
    depart(world, person)
    depart(world, person)
    assert turn(world, shop) == 3
    assert shop.told() == [
        ("contact.joined", "kari@example.com", "news"),
        ("contact.joined", "kari@example.com", "courses"),
        ("contact.left", "kari@example.com", "news"),
    ]
    assert turn(world, shop) == 0
    assert len({headers["webhook-id"] for headers, _ in shop.came}) == 3


def test_who_is_only_asked_has_not_joined_until_she_confirms(world, shop):
    turn(world, shop)
    person = world.person()
    depart(world, person)
    turn(world, shop)
    shop.came.clear()
    grant(world, person, Basis.DOUBLE_OPT_IN, How.FORM)
    assert turn(world, shop) == 0
    grant(world, person, Basis.DOUBLE_OPT_IN, How.FORM, Act.CONFIRMED)
    grant(world, person, Basis.DOUBLE_OPT_IN, How.FORM, Act.CONFIRMED)
    assert turn(world, shop) == 1
    assert shop.told() == [("contact.joined", "kari@example.com", "news")]


def test_nobody_is_told_of_an_import_or_of_what_was_before(world, shop):
    before = world.person("before@example.com")
    turn(world, shop)
    depart(world, before)
    turn(world, shop)
    shop.came.clear()
    assert turn(world, shop) == 0
    grant(world, before, Basis.EXPRESS, How.IMPORT, batch_id=7)
    assert turn(world, shop) == 0


def test_an_erased_person_is_named_by_her_number_only(world, shop):
    turn(world, shop)
    person = world.person()
    erase(world.database, world.logbook, "kari@example.com", "support", lambda: world.now)
    assert turn(world, shop) >= 1
    for _, body in shop.came:
        assert b"kari" not in body
        assert json.loads(body)["data"]["contact"] == person.contact_id
    assert shop.told()[-1] == ("contact.erased", None, None)


def test_each_thing_that_can_happen_arrives_with_its_signature(world, shop):
    """Each comes by its own way, is refused first, and is told as it was."""
    a_campaign(world.database, world.ring, 5)
    turn(world, shop)
    desk = Desk(world.database, world.logbook, world.tokens, knowledge())
    grant(world, Someone(1, Reader(1, 1, 1), "", ""), Basis.EXPRESS, How.FORM)
    answered = world.tokens.for_delivery(TokenKind.MESSAGE, 4)
    to = f"leave+{leaving(world.tokens)}@shop.example"
    for raw in (
        f"From: p1@example.com\nTo: {to}\n\n".encode(),
        a_report(world.tokens, 2),
        a_report(world.tokens, 3, COMPLAINT),
        REPLY.format(address="p4@example.com", token=answered, number=1).encode(),
    ):
        keep(world.database, raw, "pipe", world.now)
    list(handle_all(desk, world.now))
    erase(world.database, world.logbook, "p5@example.com", "Ola", lambda: world.now)
    shop.status = 500
    assert turn(world, shop) == 0
    shop.status, refused = 204, shop.came.copy()
    world.now += timedelta(minutes=1)
    assert turn(world, shop) == 6
    told = shop.told()[len(refused) :]
    assert len(told) == len(Told)
    assert set(told) == {
        ("contact.joined", "p1@example.com", "news"),
        ("contact.left", "p1@example.com", "news"),
        ("contact.bounced", "p2@example.com", None),
        ("contact.complained", "p3@example.com", None),
        ("contact.replied", "p4@example.com", None),
        ("contact.erased", None, None),
    }


_YES = (Wording(1, "Yes."),)


@pytest.mark.parametrize(
    "separate",
    [Partner("acme", "Acme", "Tours.", _YES), ClickRecord("news", "Links", "Why.", _YES)],
)
def test_nobody_is_told_of_a_separate_purpose(world, shop, separate):
    turn(world, shop)
    person = world.person()
    assert turn(world, shop) == 2
    for act in (Act.CONFIRMED, Act.WITHDRAWN):
        with world.database.write() as connection:
            see_separate(connection, separate, world.now)
            contact = get_contact(connection, person.contact_id)
            entry = NewEntry(
                person.contact_id, contact.match, separate.id, 1, act, world.now, How.PAGE,
                Basis.EXPRESS, "page",
            )  # fmt: skip
            ledger.append(connection, world.ring, [entry])
        assert turn(world, shop) == 0


def test_who_takes_too_long_is_asked_again(world, shop):
    turn(world, shop)
    world.person()
    follow(world.database, [shop.endpoint], world.now)
    hurried = replace(shop.endpoint, timeout_s=0.2)
    shop.may_answer.clear()
    try:
        assert deliver(world.database, hurried, lambda: world.now) == Delivered(0, True)
    finally:
        shop.may_answer.set()
    world.now += timedelta(minutes=2)
    assert deliver(world.database, shop.endpoint, lambda: world.now).taken == 2


def test_an_endpoint_is_told_only_of_what_it_wants(world, shop):
    turn(world, shop)
    person = world.person()
    depart(world, person)
    wants = frozenset({Told.LEFT})
    endpoint = Endpoint("shop", shop.endpoint.url, SECRET, wants, private=True)
    follow(world.database, [endpoint], world.now)
    with world.database.write() as connection:
        bounced = Happening(Told.BOUNCED, "verdict", 1, "", person.contact_id, NOW)
        webhooks.tell_everybody(connection, bounced, world.now)
    deliver(world.database, endpoint, lambda: world.now)
    assert [one[0] for one in shop.told()] == ["contact.left"]
    assert [row.event for row in hooks(world)] == ["left"]


def test_what_is_not_taken_is_tried_again_by_the_plan_under_the_same_id(world, shop):
    turn(world, shop)
    world.person()
    shop.status = 500
    assert turn(world, shop) == 0
    assert len(shop.came) == 1  # one that has trouble is left alone
    assert turn(world, shop) == 0
    assert len(shop.came) == 1
    shop.status = 200
    world.now += timedelta(seconds=10)
    assert turn(world, shop) == 2
    assert shop.came[0][0]["webhook-id"] in {one[0]["webhook-id"] for one in shop.came[1:]}
    assert {row.state for row in hooks(world)} == {"delivered"}


def test_what_is_never_taken_is_given_up_with_an_alarm_and_can_be_replayed(world, shop):
    turn(world, shop)
    person = world.person()
    shop.status = 503
    for _ in range(2 * len(PLAN) + 6):
        turn(world, shop)
        world.now += timedelta(hours=27)
    assert {row.state for row in hooks(world)} == {"failed"}
    with world.database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert alarm.kind == "webhook_failed"
    (stands,) = list_endpoints(world.database, ["shop"])
    assert stands.states == {HookState.FAILED: 2}
    assert "503" in stands.last_failure
    shop.status = 200
    shop.came.clear()
    wanted = Replay("shop", NOW - timedelta(days=1))
    early = NOW + timedelta(days=1)
    assert replay(world.database, wanted, early, dry_run=True) == 2
    assert turn(world, shop) == 0
    assert replay(world.database, wanted, early, dry_run=False) == 2
    assert turn(world, shop) == 2
    assert replay(world.database, wanted, early, dry_run=False) == 0
    again = Replay("shop", NOW - timedelta(days=1), delivered_too=True)
    assert replay(world.database, again, early, dry_run=False) == 2
    assert person.contact_id == json.loads(shop.came[0][1])["data"]["contact"]


def test_replaying_what_is_not_kept_or_for_nobody_is_refused(world):
    with pytest.raises(RefusedError, match="30 days"):
        replay(world.database, Replay("shop", NOW - timedelta(days=31)), NOW, dry_run=True)
    with pytest.raises(NotFoundError, match="no endpoint"):
        replay(world.database, Replay("shop", NOW), NOW, dry_run=True)


def test_an_endpoint_that_is_gone_for_good_is_not_asked_again(world, shop):
    turn(world, shop)
    world.person()
    shop.status = 410
    turn(world, shop)
    assert hooks(world)[0].state == "failed"


def test_a_server_that_asks_to_be_left_alone_is_left_alone(world, shop):
    turn(world, shop)
    world.person()
    shop.status, shop.headers = 429, {"Retry-After": "3600"}
    turn(world, shop)
    assert min(row.due_at for row in hooks(world) if row.attempts) >= NOW + timedelta(
        hours=1
    )


def test_an_endpoint_with_trouble_is_left_alone_for_half_a_minute(world, shop):
    turn(world, shop)
    world.person()
    follow(world.database, [shop.endpoint], world.now)
    teller = Teller(world.database, shop.endpoint, lambda: world.now)
    shop.status = 500
    teller.turn()
    world.now += timedelta(seconds=20)
    shop.status = 200
    teller.turn()
    assert len(shop.came) == 1
    world.now += timedelta(seconds=20)
    teller.turn()
    assert len(shop.came) == 3


def test_an_endpoint_with_trouble_is_asked_again_though_the_clock_is_put_back(world, shop):
    turn(world, shop)
    world.person()
    follow(world.database, [shop.endpoint], world.now)
    teller = Teller(world.database, shop.endpoint, lambda: world.now)
    shop.status = 500
    teller.turn()
    shop.status = 200
    world.now -= timedelta(days=1)
    follow(world.database, [shop.endpoint], world.now)
    with world.database.write() as connection:
        connection.execute(update(table(WebhookRow)).values(due_at=world.now))
    teller.turn()
    assert len(shop.came) == 3


def test_a_redirection_is_not_followed(world, shop):
    turn(world, shop)
    world.person()
    shop.status, shop.headers = 302, {"Location": shop.endpoint.url}
    assert turn(world, shop) == 0
    assert len(shop.came) == 1


def test_what_was_taken_over_a_crash_is_told_again_when_its_lease_ends(world, shop):
    turn(world, shop)
    world.person()
    follow(world.database, [shop.endpoint], world.now)
    lease = timedelta(seconds=60)
    with world.database.write() as connection:
        taken = webhooks.take(connection, "shop", lease, world.now, 20)
    assert len(taken) == 2
    assert turn(world, shop) == 0  # somebody has them
    world.now += timedelta(seconds=61)
    assert turn(world, shop) == 2
    with world.database.write() as connection:
        # Whoever comes back from the dead changes nothing.
        webhooks.end(connection, taken[0], HookState.FAILED, "late", world.now)
    assert {row.state for row in hooks(world)} == {"delivered"}


def test_reading_the_same_entries_twice_tells_nothing_twice(world, shop):
    turn(world, shop)
    world.person()
    follow(world.database, [shop.endpoint], world.now)
    with world.database.write() as connection:
        connection.exec_driver_sql("UPDATE webhook_endpoint SET ledger_number = 0")
    follow(world.database, [shop.endpoint], world.now)
    assert len(hooks(world)) == 2


def test_two_at_once_tell_each_thing_once(world, shop):
    turn(world, shop)
    for number in range(30):
        world.person(f"p{number}@example.com")
    follow(world.database, [shop.endpoint], world.now)
    threads = [
        threading.Thread(
            target=deliver, args=(world.database, shop.endpoint, lambda: world.now)
        )
        for _ in range(2)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    ids = [headers["webhook-id"] for headers, _ in shop.came]
    assert len(ids) == len(set(ids)) == 60


def test_an_endpoint_that_is_configured_no_more_is_forgotten(world, shop):
    turn(world, shop)
    world.person()
    follow(world.database, [shop.endpoint], world.now)
    follow(world.database, [], world.now)
    assert hooks(world) == []
    assert list_endpoints(world.database, []) == []


def test_what_was_told_is_forgotten_after_a_month(world, shop):
    turn(world, shop)
    world.person()
    turn(world, shop)
    assert forget_told(world.database, NOW + timedelta(days=29)) == 0
    assert forget_told(world.database, NOW + timedelta(days=31)) == 2


def test_nobody_inside_is_asked_unless_it_was_said():
    port = free_port()
    said = post_hook(f"http://127.0.0.1:{port}/", b"{}", {}, 2)
    assert said.status is None
    assert "not public" in said.words
    named = post_hook(f"http://localhost:{port}/", b"{}", {}, 2)
    assert "not public" in named.words
    open_to = post_hook(f"http://127.0.0.1:{port}/", b"{}", {}, 2, private=True)
    assert open_to.words == "takes no connection"


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3", "127.0.0.1", "169.254.169.254", "192.168.1.1", "172.16.0.1",
        "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%1",
        "fc00::1", "::ffff:10.0.0.1", "2002:a00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_an_address_inside_is_none_of_the_open_internet(address):
    assert not is_public(address)


def test_addresses_of_the_open_internet_are():
    assert is_public("93.184.215.14")
    assert is_public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")


def test_the_plan_ends_and_a_server_cannot_put_it_off_for_ever():
    assert next_try(1, None, 0.0, NOW) == NOW + timedelta(seconds=5)
    assert next_try(1, 1e9, 0.0, NOW) == NOW + timedelta(hours=24)
    assert next_try(len(PLAN) + 1, None, 0.0, NOW) is None


def test_a_secret_is_read_as_standard_webhooks_writes_it():
    written = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert len(read_secret_key(written)) == 24
    for wrong in ("", "whsec_", "whsec_abc", "whsec_" + "!" * 40, "x" * 200):
        with pytest.raises(ValueError, match="webhook secret"):
            read_secret_key(wrong)

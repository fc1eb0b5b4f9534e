"""What a restore settles in a database that was brought back, on both of them."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from worlds import make_workspace

from mailer.errors import RefusedError
from mailer.jobs import fire, plan, replay
from mailer.jobs.contacts import NewPerson, add_contact
from mailer.jobs.database import check
from mailer.jobs.keys import add_key
from mailer.jobs.logbook import Logbook
from mailer.jobs.order import Order
from mailer.jobs.replay import mark_name
from mailer.jobs.restore import Restored, Room, Wishes, how_on_postgresql, settle
from mailer.jobs.schedules import skip
from mailer.jobs.start_campaign import gather, start
from mailer.model.consent import Basis, How, SuppressionReason
from mailer.model.key import KeyRing
from mailer.model.key import Purpose as KeyPurpose
from mailer.model.no import No, NoAct
from mailer.model.webhook import Happening, Told
from mailer.store.database import Database
from mailer.store.page_requests import PageRequest, Purpose, write_request
from mailer.store.schedules import find_firing, schedule_states
from mailer.store.sign_ups import SignUp, write_sign_up
from mailer.store.tickets import create_ticket
from mailer.store.webhooks import see_endpoints, take, tell_everybody
from mailer.wiring import Workspace, utc_now
from mailer.workspace.keyfile import read_keys

A_DAY = timedelta(days=1)


class Shop:
    """A workspace whose database is treated as if it had just been brought back."""

    def __init__(self, folder: Path, url: str) -> None:
        self.workspace: Workspace = make_workspace(folder, database=url)
        self.folder = folder
        self.database: Database = self.workspace.database
        self.now = utc_now()
        for number in range(1, 5):
            self.add(f"p{number}@example.com")
        self.tend()

    @property
    def logbook(self) -> Logbook:
        return self.workspace.logbook

    def numbers_given(self) -> dict[str, int]:
        """Make a ticket, a request for one's own page and a webhook."""
        told = Happening(
            Told.REPLIED, "incoming", int(self.now.timestamp()), "", 1, self.now
        )
        facts = {
            "mailbox": "support", "subject": "Hello", "contact_id": None, "match": "x",
            "address": "x", "person": "", "language": "en", "opened_at": self.now,
            "changed_at": self.now,
        }  # fmt: skip
        request = PageRequest(1, Purpose.PAGE, self.now, self.now)
        with self.database.write() as connection:
            see_endpoints(connection, ["crm"], self.now)
            tell_everybody(connection, told, self.now)
            hooks = take(connection, "crm", A_DAY, self.now, 10)
            return {
                "ticket": create_ticket(connection, facts),
                "page_request": write_request(connection, request),
                "webhook": max(one.id for one in hooks),
            }

    def add(self, address: str) -> None:
        person = NewPerson(
            address,
            self.workspace.mailing_list("newsletter"),
            Basis.DOUBLE_OPT_IN,
            "stall",
            {"name": "Kari"},
        )
        workspace = self.workspace
        add_contact(
            self.database, workspace.ring, workspace.specs, person, lambda: self.now
        )

    def tend(self) -> None:
        replay.tend(self.database, self.logbook, self.now)

    def start(self, **more: Any) -> int:
        world = self.workspace.world()
        order = Order("autumn-sale", "newsletter", again=True, **more)
        return start(world, gather(world, order, self.now), self.now)

    def plan(self) -> None:
        plan.plan_waiting(self.workspace.world())

    def settle(self, **wishes: Any) -> Restored:
        places = self.workspace.places

        def world_of(database: Database, ring: KeyRing) -> Any:
            del database, ring
            return self.workspace.world()

        room = Room(places.keys_file, places.checkpoints_file, world_of)
        return settle(room, self.database, Wishes(**wishes), utc_now())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def write(self, statement: str) -> None:
        with self.database.write() as connection:
            connection.execute(text(statement))

    def problems(self) -> list[str]:
        checks = check(self.database, self.workspace.ring, None)
        return [words for one in checks for words in one.problems]


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Generator[Shop]:
    made = Shop(tmp_path / "shop", database_url)
    yield made
    made.workspace.close()


def test_letters_that_waited_are_in_doubt_and_their_campaigns_paused(shop: Shop):
    shop.start()
    shop.plan()
    shop.start(at=shop.now + A_DAY)
    shop.plan()
    shop.start()
    shop.write(
        "UPDATE delivery SET state = 'accepted', left_at = 1, ended_at = 1, attempt = 1"
        " WHERE id = 1"
    )
    done = shop.settle()
    assert [(one.campaign.state, one.in_doubt) for one in done.campaigns] == [
        ("paused", 3),
        # What was not due yet cannot have left.
        ("paused", 0),
        # What was not planned through is planned, and its letters may have left too.
        ("paused", 4),
    ]
    query = "SELECT cause_id, state, count(*) FROM delivery WHERE cause_id > 0"
    assert shop.rows(f"{query} GROUP BY cause_id, state ORDER BY cause_id, state") == [
        (1, "accepted", 1),
        (1, "in_doubt", 3),
        (2, "queued", 4),
        (3, "in_doubt", 4),
    ]
    assert shop.problems() == []
    assert shop.settle().campaigns[0].in_doubt == 3


def test_a_letter_that_is_due_later_than_its_campaign_began_is_not_in_doubt(shop: Shop):
    shop.start()
    shop.plan()
    later = int((shop.now + A_DAY).timestamp() * 1_000_000)
    shop.write(f"UPDATE delivery SET due_at = {later} WHERE id IN (2, 3)")
    shop.write(
        "UPDATE delivery SET state = 'claimed', owner_id = 1, attempt = 1 WHERE id = 3"
    )
    assert shop.settle().campaigns[0].in_doubt == 3
    assert shop.rows("SELECT id FROM delivery WHERE state = 'queued'") == [(2,)]


def test_numbers_that_may_have_been_given_since_are_not_given_again(shop: Shop):
    shop.start()
    shop.plan()
    floors = shop.settle().floors
    shop.now = utc_now()
    shop.add("new@example.com")
    number = shop.start()
    shop.plan()
    assert number == floors["campaign"] + 1
    assert shop.start() == number + 1
    (newest,) = shop.rows("SELECT max(id) FROM contact")[0]
    assert newest == floors["contact"] + 1
    (lowest,) = shop.rows(f"SELECT min(id) FROM delivery WHERE cause_id = {number}")[0]
    assert lowest > floors["delivery"]
    # A token must still be able to hold them after many restores.
    assert floors["contact"] * 1_000 < 2**40
    assert floors["delivery"] * 1_000 < 2**48
    assert floors["campaign"] * 1_000_000 < 2**32
    assert shop.problems() == []
    sign_up = SignUp(1, "news", 1, {}, None, None, None, shop.now, shop.now)
    with shop.database.write() as connection:
        assert write_sign_up(connection, sign_up) == floors["sign_up"] + 1


def test_a_link_to_a_lost_conversation_or_page_never_shows_another_person_s(shop: Shop):
    # As if they were lost with the database: their people have links to them.
    lost = shop.numbers_given()
    shop.write("DELETE FROM ticket")
    shop.write("DELETE FROM page_request")
    shop.write("DELETE FROM webhook")
    floors = shop.settle().floors
    again = shop.numbers_given()
    assert all(again[name] > 1_000_000 > lost[name] for name in lost)
    assert again == {name: floors[name] + 1 for name in lost}
    # It stands in subjects, in which twelve digits are read.
    assert floors["ticket"] * 1_000 < 10**12
    assert shop.problems() == []


def test_a_campaign_that_only_the_logbook_knows_comes_back_paused_and_in_doubt(shop: Shop):
    shop.start(name="lost")
    shop.plan()
    shop.write("DELETE FROM delivery")
    shop.write("DELETE FROM campaign")
    shop.write("DELETE FROM frozen")
    (one,) = shop.settle().campaigns
    assert (one.campaign.id, one.campaign.name, one.begun_since) == (1, "lost", True)
    assert (one.campaign.state, one.in_doubt) == ("paused", 4)
    assert shop.problems() == []


def test_what_the_logbook_kept_of_a_campaign_may_be_damaged(shop: Shop):
    shop.start()
    shop.plan()
    shop.write("DELETE FROM delivery")
    shop.write("DELETE FROM campaign")
    kept = Path(shop.logbook.folder, "campaigns", "1.json")
    kept.write_text("{", encoding="utf-8")
    (problem,) = shop.settle().problems
    assert "campaign 1 was begun since, and cannot be brought back" in problem
    kept.write_text('{"campaign": {}}', encoding="utf-8")
    (problem,) = shop.settle().problems
    assert "do not start it again" in problem


SCHEDULE = 'zone = "UTC"\ntemplate = "autumn-sale"\nlist = "newsletter"\n'


def test_no_schedule_fires_for_a_moment_since_the_backup(shop: Shop):
    world = shop.workspace.world()
    for file in (shop.folder / "schedules").glob("*.toml"):
        file.unlink()
    file = shop.folder / "schedules" / "hourly.toml"
    file.write_text(f'{SCHEDULE}cron = "0 * * * *"\n', encoding="utf-8")
    fire.tick(world, shop.now - A_DAY)
    with shop.database.read() as connection:
        coming = schedule_states(connection)["hourly"].coming
    assert coming is not None
    assert shop.settle().schedules == {"hourly": 20}
    assert fire.tick(world, utc_now()) == []
    assert shop.rows("SELECT count(*) FROM campaign") == [(0,)]
    (alarm,) = shop.rows("SELECT happened FROM alarm WHERE kind = 'schedule_missed'")
    assert "nothing is sent by itself" in alarm[0]
    with shop.database.read() as connection:
        after = schedule_states(connection)["hourly"].coming
    assert after is not None
    assert after.due_at > utc_now()
    assert skip(world, "hourly", "", utc_now()) == after


def test_a_firing_of_which_the_logbook_knows_is_on_record_again(shop: Shop):
    occurrence = "2026-11-21T09:00"
    shop.start(schedule="weekly", occurrence=occurrence)
    shop.plan()
    shop.write("DELETE FROM delivery")
    shop.write("DELETE FROM campaign")
    shop.settle()
    with shop.database.read() as connection:
        found = find_firing(connection, "weekly", occurrence)
    assert found is not None
    assert (found.state, found.campaign_id) == ("fired", 1)


def a_no(shop: Shop, address: str) -> No:
    hashed = shop.workspace.ring.suppression_hash(address)
    reason = SuppressionReason.UNSUBSCRIBED
    return No(NoAct.WITHDRAWN, hashed, "list:newsletter", reason, shop.now, How.ONE_CLICK)


def test_a_no_is_found_although_a_suppression_key_was_added_since(shop: Shop):
    places = shop.workspace.places
    before = Path(places.keys_file).read_bytes()
    add_key(shop.database, places.keys_file, KeyPurpose.SUPPRESSION, shop.now)
    with_key = Path(places.keys_file).read_bytes()
    assert with_key != before
    # As of a backup that never saw the key, with hashes that are made without it.
    old = shop.workspace.ring
    for number in range(1, 5):
        hashed = old.suppression_hash(f"p{number}@example.com").hex()
        literal = f"x'{hashed}'" if shop.database.is_sqlite else f"'\\x{hashed}'"
        shop.write(f"UPDATE contact SET hash = {literal} WHERE id = {number}")
    shop.write("DELETE FROM key_check WHERE key_id = 4")
    newer = Logbook(shop.logbook.folder, read_keys(places.keys_file))
    no = a_no(shop, "p2@example.com")
    hashed = newer.ring.suppression_hash("p2@example.com")
    newer.note([No(no.act, hashed, no.scope, no.reason, no.at, no.how)])
    done = shop.settle()
    assert (done.noes.read, done.noes.applied) == (1, 1)
    assert shop.rows("SELECT status FROM subscription WHERE contact_id = 2") == [
        ("unsubscribed",)
    ]


def test_further_logbooks_are_read_too(shop: Shop, tmp_path: Path):
    other = Logbook(str(tmp_path / "other machine"), shop.workspace.ring)
    other.note([a_no(shop, "p3@example.com")])
    shop.logbook.note([a_no(shop, "p1@example.com")])
    assert shop.settle(logbooks=[other.folder]).noes.applied == 2
    assert shop.problems() == []


def test_without_a_logbook_that_reaches_back_it_is_refused(shop: Shop):
    opening = shop.logbook.opening()
    assert opening is not None
    shop.write(f"DELETE FROM mark WHERE name = '{mark_name(opening.file_id)}'")
    with pytest.raises(RefusedError, match=r"was begun on .* --without-logbook"):
        shop.settle()
    Path(shop.logbook.file).unlink()
    with pytest.raises(RefusedError, match="there is no logbook"):
        shop.settle()
    assert "who left since is not known" in shop.settle(without_logbook=True).problems[0]


def test_a_database_that_does_not_hold_together_is_refused(shop: Shop):
    shop.write("UPDATE ledger SET source = 'another' WHERE number = 2")
    with pytest.raises(RefusedError, match="does not hold together"):
        shop.settle()


def test_postgresql_is_brought_back_by_pg_restore():
    words = how_on_postgresql("postgresql://u@h/shop", "monday's.dump")
    assert "pg_restore --exit-on-error --dbname=postgresql://u@h/shop" in words
    assert "mailer db restore --brought-back" in words

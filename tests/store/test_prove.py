"""A proof of consent: what it shows, and that nothing in it can be changed unseen."""

import copy
import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from customers import NOW, TITLES, World, a_list
from sqlalchemy import text

from mailer.cli.proof_page import proof_page
from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.logbook import Logbook
from mailer.jobs.prove import anchor, check_proof, consent_record, prove
from mailer.jobs.unsubscribe import unsubscribe
from mailer.jobs.verify_ledger import verify_ledger
from mailer.model.consent import How, SuppressionReason
from mailer.model.key import Key, KeyRing, Purpose
from mailer.model.suppression import Suppression
from mailer.store.contacts import find_contact
from mailer.store.database import Database
from mailer.store.evidence import forget
from mailer.store.lists import see_list
from mailer.store.suppressions import suppress

LATER = NOW + timedelta(days=3)


@pytest.fixture
def world(database: Database, logbook: Logbook) -> World:
    with database.write() as connection:
        for list_id, title in TITLES.items():
            see_list(connection, a_list(list_id, title), NOW)
    return World(database, logbook)


@pytest.fixture
def path(tmp_path) -> str:
    return str(tmp_path / "checkpoints.jsonl")


def proved(world, path, address="kari@example.com"):
    verified = verify_ledger(world.database, world.ring, path)
    return prove(world.database, world.ring, address, verified, LATER)


def left(world):
    person = world.person()
    world.person("ola@example.com")
    unsubscribe(world.database, world.logbook, person.reader, How.ONE_CLICK, NOW)
    return person


def test_it_shows_the_words_the_ways_and_where_the_person_stands(world, path):
    left(world)
    anchor(world.database, world.ring, path, NOW)
    facts = proved(world, path)["facts"]
    assert [(one["act"], one["list_id"], one["how"]) for one in facts["entries"]] == [
        ("granted", "news", "import"),
        ("granted", "courses", "import"),
        ("withdrawn", "news", "one_click"),
    ]
    first = facts["entries"][0]
    assert first["words"] == "Yes, write to me."
    assert (first["list_title"], first["at"]) == (TITLES["news"], "2026-11-21T09:00:00Z")
    assert facts["standing"]["news"]["status"] == "unsubscribed"
    assert facts["standing"]["courses"]["status"] == "subscribed"
    assert [one["scope"] for one in facts["suppressions"]] == ["list:news"]
    ledger = facts["ledger"]
    assert (ledger["verified_entries"], ledger["checkpoints_met"]) == (5, 1)
    assert ledger["findings"] == []


def test_anyone_can_check_it_with_the_public_key_alone(world, path):
    left(world)
    document = json.loads(json.dumps(proved(world, path)))
    signed = json.dumps(
        document["facts"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(document["public_key"]))
    key.verify(bytes.fromhex(document["signature"]), signed.encode())
    with pytest.raises(InvalidSignature):
        key.verify(bytes.fromhex(document["signature"]), signed.encode() + b" ")
    # The anchor of that time says whose key it is.
    taken = anchor(world.database, world.ring, path, LATER)
    assert taken.public_key.hex() == document["public_key"]
    report = check_proof(world.database, world.ring, document)
    assert (report.holds, report.entries) == (True, 3)


CHANGES = [
    ("facts", "address", "someone@example.com"),
    ("facts", "entries", 0, "at", "2020-01-01T00:00:00Z"),
    ("facts", "entries", 0, "words", "Yes to everything."),
    ("facts", "entries", 2, "act", "granted"),
    ("facts", "ledger", "findings", ["x"]),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: ".".join(map(str, one[1:-1])))
def test_whatever_is_changed_in_it_shows(world, path, change):
    left(world)
    document = copy.deepcopy(proved(world, path))
    *way, name, value = change
    place = document
    for step in way:
        place = place[step]
    place[name] = value
    report = check_proof(world.database, world.ring, document)
    assert (report.signed, report.holds) == (False, False)


def test_an_entry_that_is_no_longer_in_the_ledger_shows(world, path):
    left(world)
    document = proved(world, path)
    with world.database.write() as connection:
        connection.execute(text("UPDATE ledger SET mac = who_digest WHERE number = 1"))
    report = check_proof(world.database, world.ring, document)
    assert (report.signed, report.missing, report.holds) == (True, (1,), False)


def test_a_ledger_that_was_changed_says_so_in_the_document(world, path):
    left(world)
    with world.database.write() as connection:
        connection.execute(text("UPDATE ledger SET source = 'x' WHERE number = 3"))
    document = proved(world, path)
    assert "entry 3" in document["facts"]["ledger"]["findings"][0]
    assert "1 thing(s) wrong" in proof_page(document)


def test_somebody_else_s_key_is_not_ours(world, path):
    left(world)
    verified = verify_ledger(world.database, world.ring, path)
    other = KeyRing((*world.ring.keys, Key(9, Purpose.LEDGER, b"o" * 32)))
    document = prove(world.database, other, "kari@example.com", verified, LATER)
    report = check_proof(world.database, world.ring, document)
    assert (report.signed, report.ours, report.holds) == (True, False, False)
    assert check_proof(world.database, other, document).holds


@pytest.mark.parametrize("document", [{}, {"facts": {}}, {"facts": 1, "public_key": "x"}])
def test_what_is_no_proof_is_refused(world, document):
    with pytest.raises(ValueError, match=r"it has no|cannot be read"):
        check_proof(world.database, world.ring, document)


def test_who_is_unknown_or_only_suppressed_has_no_entries_to_show(world, path):
    with pytest.raises(NotFoundError):
        proved(world, path)
    with world.database.write() as connection:
        hashed = world.ring.suppression_hash("kari@example.com")
        held = Suppression("marketing", SuppressionReason.ERASED, NOW, None, "erased")
        suppress(connection, hashed, held)
    with pytest.raises(RefusedError, match="no longer say whose they are"):
        proved(world, path)
    record = consent_record(world.database, world.ring, "kari@example.com", LATER)
    assert (record.contact, record.entries) == (None, ())


def test_what_was_erased_is_gone_and_the_rest_still_verifies(world, path):
    left(world)
    before = proved(world, path)
    with world.database.write() as connection:
        contact = find_contact(connection, "kari@example.com")
        assert contact is not None
        forget(connection, contact.id)
    after = proved(world, path)
    assert {one["who"] for one in after["facts"]["entries"]} == {None}
    assert after["facts"]["ledger"]["findings"] == []
    assert check_proof(world.database, world.ring, before).holds


class _Reader(HTMLParser):
    """What a page loads from elsewhere, and what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.says = ""

    def handle_starttag(self, tag, attrs):
        self.loads += [one for name, one in attrs if name in {"src", "href", "action"}]
        assert tag not in {"script", "iframe", "img", "link", "form"}

    def handle_data(self, data):
        self.says += data


def test_the_page_shows_the_same_and_loads_nothing(world, path):
    left(world)
    document = proved(world, path)
    document["facts"]["entries"][0]["source"] = "<script>alert(1)</script>"
    reader = _Reader()
    reader.feed(proof_page(document))
    assert reader.loads == []
    for words in (
        "Yes, write to me.",
        "<script>alert(1)</script>",
        document["signature"],
        document["public_key"],
        document["facts"]["entries"][2]["seal"],
        TITLES["news"],
    ):
        assert words in reader.says


def test_an_anchor_is_a_checkpoint_that_is_met(world, path):
    left(world)
    taken = anchor(world.database, world.ring, path, datetime(2026, 11, 22, tzinfo=UTC))
    assert taken.checkpoint.number == 5
    assert verify_ledger(world.database, world.ring, path).checkpoints == 1
    with world.database.write() as connection:
        connection.execute(text("DELETE FROM ledger WHERE number = 5"))
        connection.execute(
            text(
                "UPDATE ledger_head SET number = 4,"
                " mac = (SELECT mac FROM ledger WHERE number = 4)"
            )
        )
    found = verify_ledger(world.database, world.ring, path)
    assert any("cut off" in one for one in found.findings)

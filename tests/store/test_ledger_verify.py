"""Whoever changes the ledger in the database is found out."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from mailer.model.consent import Act, Basis, How, NewEntry
from mailer.model.key import Key, KeyRing, Purpose
from mailer.model.mailinglist import MailingList, OptIn, Wording
from mailer.store import evidence, ledger
from mailer.store.ledgercheck import verify_chain
from mailer.store.lists import see_list
from mailer.store.standingcheck import verify_standing

MAC_OF = "SELECT mac FROM ledger WHERE number ="
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def entry(contact, **more):
    facts = {
        "contact_id": contact,
        "who": f"p{contact}@example.com",
        "list_id": "news",
        "wording": 1,
        "act": Act.GRANTED,
        "at": NOW,
        "how": How.FORM,
        "basis": Basis.EXPRESS,
        "source": "stall",
        "network_address": "192.0.2.7",
        "agent": "Firefox",
        "by": "anne",
    }
    return NewEntry(**{**facts, **more})


@pytest.fixture
def written(database, ring):
    mailing_list = MailingList(
        id="news",
        name="news",
        title="",
        purpose="",
        wordings=(Wording(1, "Yes, write to me."),),
        opt_in=OptIn.SINGLE,
        sender_name="",
        sender_address="s@example.com",
        reply_to="",
        postal_address="",
        list_host="news.example.com",
    )
    with database.write() as connection:
        see_list(connection, mailing_list, NOW)
        ledger.append(connection, ring, [entry(contact) for contact in range(1, 9)])
        ledger.append(connection, ring, [entry(3, act=Act.WITHDRAWN, wording=0)])
    return database


def change(database, *statements):
    with database.write() as connection:
        for statement in statements:
            connection.execute(text(statement))


def findings(database, ring, checkpoints=()):
    return verify_chain(database, ring, checkpoints).findings.named


def test_an_untouched_ledger_has_no_findings(written, ring):
    with written.read() as connection:
        mark = evidence.checkpoint(connection, NOW)
    report = verify_chain(written, ring, [mark])
    assert (report.findings.named, report.last[0], report.checkpoints_met) == ([], 9, 1)
    assert verify_standing(written).named == []


@pytest.mark.parametrize(
    "column",
    [
        "contact_id = 77", "list_id = 'other'", "list_id = NULL", "wording = 0",
        "act = 'withdrawn'", "at = at + 1", "how = 'import'", "basis = 'implied'",
        "source = 'fair'", "batch_id = 1", "expires_at = 5", "words_digest = NULL",
        "who_digest = who_salt", "network_digest = NULL", "agent_digest = who_digest",
        "by_digest = who_digest", "mac = who_digest",
        "evidence = 'row'", "consent_at = 5", "confirmed_at = 5", "purchase_at = 5",
    ],
)  # fmt: skip
def test_a_changed_field_names_its_entry(written, ring, column):
    change(written, f"UPDATE ledger SET {column} WHERE number = 4")
    assert any(found.startswith("entry 4 of") for found in findings(written, ring))


@pytest.mark.parametrize("name", ["who", "network", "agent", "by"])
def test_a_changed_personal_value_names_its_entry(written, ring, name):
    change(written, f"UPDATE ledger SET {name}_value = 'other' WHERE number = 4")
    assert [found[:7] for found in findings(written, ring)] == ["entry 4"]


def test_a_removed_entry_is_missed(written, ring):
    change(written, "DELETE FROM ledger WHERE number IN (4, 5)")
    assert findings(written, ring) == ["entries 4 to 5: missing"]


def test_reordered_entries_are_found(written, ring):
    change(
        written,
        "UPDATE ledger SET number = 99 WHERE number = 4",
        "UPDATE ledger SET number = 4 WHERE number = 5",
        "UPDATE ledger SET number = 5 WHERE number = 99",
    )
    found = findings(written, ring)
    assert {one.split(" of ")[0] for one in found} >= {"entry 4", "entry 5"}


def test_a_tail_cut_off_together_with_the_head_shows_by_its_checkpoint(written, ring):
    with written.read() as connection:
        mark = evidence.checkpoint(connection, NOW)
    change(
        written,
        "DELETE FROM ledger WHERE number > 5",
        f"UPDATE ledger_head SET number = 5, mac = ({MAC_OF} 5)",
    )
    assert findings(written, ring) == []
    assert findings(written, ring, [mark]) == [
        "the ledger ends with entry 5, but on 2026-05-01 it had 9: its end was cut off"
    ]


def test_a_tail_written_anew_shows_by_its_checkpoint(written, ring):
    with written.read() as connection:
        mark = evidence.checkpoint(connection, NOW)
    change(
        written,
        "DELETE FROM ledger WHERE number > 8",
        f"UPDATE ledger_head SET number = 8, mac = ({MAC_OF} 8)",
    )
    with written.write() as connection:
        ledger.append(connection, ring, [entry(3)])
    assert findings(written, ring) == []
    assert findings(written, ring, [mark])[0].startswith("entry 9: not the one")


def test_a_head_that_does_not_fit_is_found(written, ring):
    change(written, "DELETE FROM ledger WHERE number = 9")
    assert "the head says that entry 9 is the last one, but it is 8" in findings(
        written, ring
    )


def test_words_changed_after_people_agreed_are_found(written, ring):
    change(written, "UPDATE wording SET words = 'Yes, call me.'")
    assert len(findings(written, ring)) == 1


def test_erasing_the_person_leaves_a_chain_that_verifies(written, ring):
    with written.write() as connection:
        assert evidence.forget(connection, 3) == 2
        shown = evidence.evidence_of(connection, 3)
    assert [(one.who, one.network_address, one.agent, one.by) for one in shown] == [
        (None,) * 4,
        (None,) * 4,
    ]
    assert findings(written, ring) == []
    assert verify_standing(written).named == []


def test_old_entries_verify_after_a_new_key(written, ring):
    newer = KeyRing((*ring.keys, Key(9, Purpose.LEDGER, b"n" * 32)))
    with written.write() as connection:
        ledger.append(connection, newer, [entry(20)])
    assert findings(written, newer) == []
    assert findings(written, ring) == [
        "entry 10: sealed with key 9, which is not in the key file"
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE subscription SET status = 'subscribed' WHERE contact_id = 3",
        "UPDATE subscription SET wording = 2 WHERE contact_id = 3",
        "UPDATE subscription SET ledger_number = 1 WHERE contact_id = 3",
        "DELETE FROM subscription WHERE contact_id = 3",
        "UPDATE subscription SET contact_id = 900 WHERE contact_id = 3",
    ],
)
def test_a_subscription_that_the_ledger_does_not_say_is_found(written, statement):
    change(written, statement)
    assert verify_standing(written).count in (1, 2)

"""Evidence of a person's own row in the ledger, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from people import NEWS, NOW, People, rejected

from mailer.model.consent import Basis, EvidenceOf
from mailer.model.mailinglist import Wording
from mailer.store.evidence import evidence_of, forget

HEADER = "email,consent_at,confirmed_at,consent_ip,wording,purchase_at"
TWO_WORDS = replace(
    NEWS, wordings=(*NEWS.wordings, Wording(2, "Yes, weekly.", editorial=True))
)


@pytest.fixture
def people(database, ring, tmp_path):
    return People(database, ring, tmp_path)


def entries(people, match):
    contact = people.contact(match)
    with people.database.read() as connection:
        return evidence_of(connection, contact.id)


def test_each_entry_says_whose_evidence_it_is(people):
    people.run(
        people.file(
            HEADER,
            "a@example.com,2024-02-01 10:00,2024-02-01 10:05,192.0.2.1,1,",
            "b@example.com,,,,,",
            "c@example.com,,,,2,2025-12-24",
        ),
        mailing_list=TWO_WORDS,
    )
    (one,) = entries(people, "a@example.com")
    assert one.evidence is EvidenceOf.ROW
    assert one.consent_at == datetime(2024, 2, 1, 10, tzinfo=UTC)
    assert one.confirmed_at == datetime(2024, 2, 1, 10, 5, tzinfo=UTC)
    assert (one.network_address, one.wording, one.purchase_at) == ("192.0.2.1", 1, None)
    (other,) = entries(people, "b@example.com")
    assert (other.evidence, other.consent_at) == (EvidenceOf.BATCH, None)
    assert (other.wording, other.source) == (2, "stall")
    (third,) = entries(people, "c@example.com")
    assert (third.wording, third.evidence) == (2, EvidenceOf.ROW)
    assert people.on_list("a@example.com").wording == 1
    assert people.on_list("c@example.com").wording == 2
    assert people.problems() == []


def test_a_file_without_evidence_is_the_batch_speaking(people):
    people.run(people.file("email", "a@example.com"))
    assert entries(people, "a@example.com")[0].evidence is EvidenceOf.BATCH


def test_evidence_can_be_erased_and_the_chain_verifies(people):
    people.run(people.file(HEADER, "a@example.com,2024-02-01,,192.0.2.1,,"))
    contact = people.contact("a@example.com")
    with people.database.write() as connection:
        forget(connection, contact.id)
    assert entries(people, "a@example.com")[0].network_address is None
    assert people.problems() == []


def test_a_row_whose_evidence_cannot_be_is_rejected_with_its_column(people):
    result = people.run(
        people.file(
            HEADER,
            "a@example.com,2031-01-01,,,,",
            "b@example.com,,0000-00-00,,,",
            "c@example.com,,,,,1970-01-01",
            "d@example.com,2024-02-01,,,,",
        )
    )
    assert (result.counts["rejected"], result.counts["added"]) == (3, 1)
    reasons = [line.split(",")[7] for line in rejected(result)[1:]]
    assert [reason.split(":")[0].strip('"') for reason in reasons] == [
        "consent_at", "confirmed_at", "purchase_at",
    ]  # fmt: skip


def test_an_implied_permission_ends_two_years_after_the_purchase(people):
    bought = NOW - timedelta(days=700)
    result = people.run(
        people.file(
            "email,purchase_at",
            f"a@example.com,{bought:%Y-%m-%d}",
            "b@example.com,2020-01-01",
            "c@example.com,",
        ),
        basis=Basis.IMPLIED,
    )
    assert (result.counts["added"], result.counts["rejected"]) == (2, 1)
    midnight = bought.replace(hour=0)
    standing = people.on_list("a@example.com")
    assert standing.expires_at == midnight + timedelta(days=730)
    assert people.on_list("c@example.com").expires_at == result.expires_at
    assert people.problems() == []


def test_newer_evidence_renews_what_it_makes_stronger_and_nothing_else(people):
    people.run(people.file("email", "a@example.com"), mailing_list=TWO_WORDS, wording=1)
    again = people.run(
        people.file("email,wording", "a@example.com,2", name="more.csv"),
        mailing_list=TWO_WORDS,
        wording=1,
    )
    assert again.counts["renewed"] == 1
    assert people.on_list("a@example.com").wording == 2
    assert people.problems() == []


def test_a_column_can_be_said_to_be_evidence(people):
    result = people.run(
        people.file("email,Opted in", "a@example.com,2024-02-01"),
        called={"Opted in": "consent_at"},
    )
    assert ("Opted in", "consent_at") in result.taken
    assert entries(people, "a@example.com")[0].evidence is EvidenceOf.ROW

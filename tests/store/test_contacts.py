"""Contacts on both databases: made, found, changed, shown and exported."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import NEWS, NOW, OFFERS, SPECS, People
from sqlalchemy import text

from mailer.errors import AddressError, NotFoundError, RefusedError
from mailer.jobs.contacts import NewPerson, add_contact, show_contact
from mailer.jobs.export_contacts import as_csv, export_contacts
from mailer.jobs.unsubscribe import unsubscribe
from mailer.model.consent import Basis, How, SubscriptionStatus, SuppressionReason
from mailer.model.contact import Details
from mailer.model.suppression import Suppression
from mailer.model.token import Reader
from mailer.store import contacts
from mailer.store.contacts import (
    change_contacts,
    create_contacts,
    find_contacts,
    get_contact,
    new_row,
    write_json,
)
from mailer.store.evidence import evidence_of
from mailer.store.suppressions import suppress


@pytest.fixture
def people(database, ring, tmp_path):
    return People(database, ring, tmp_path)


def rows(*names):
    return [
        new_row(f"{name}@example.com", b"h", f"{name}@example.com", Details({}), NOW)
        for name in names
    ]


def test_contacts_get_ids_in_order_and_are_found_by_match_form(database):
    with database.write() as connection:
        ids = create_contacts(connection, rows("b", "a", "c"))
        assert ids == [1, 2, 3]
        found = find_contacts(connection, ["a@example.com", "x@example.com"])
        assert {match: one.id for match, one in found.items()} == {"a@example.com": 2}
        assert create_contacts(connection, []) == []


def test_an_id_is_never_used_again(database):
    with database.write() as connection:
        (first,) = create_contacts(connection, rows("a"))
        connection.execute(text("DELETE FROM contact"))
    with database.write() as connection:
        (second,) = create_contacts(connection, rows("b"))
    assert second > first


def test_details_come_back_as_they_were(database):
    details = Details(
        {"name": 'Åse "x" \\', "points": 1.5, "member": True, "n": 1, "interests": ["a"]},
        "nb",
        "Europe/Oslo",
    )
    with database.write() as connection:
        (contact_id,) = create_contacts(
            connection, [new_row("a@x.no", b"h", "A@x.no", details, NOW)]
        )
        contact = get_contact(connection, contact_id)
        assert contact is not None
        assert contact.details == details
        assert (contact.address, contact.created_at) == ("A@x.no", NOW)
        change_contacts(connection, [(contact_id, Details({"points": 2}))], NOW)
        contact = get_contact(connection, contact_id)
        assert contact is not None
        assert contact.details == Details({"points": 2})


_VALUES = st.one_of(
    st.text(), st.booleans(), st.integers(), st.floats(0.1, 1e9), st.lists(st.text())
)  # fmt: skip


@given(st.dictionaries(st.text(), _VALUES))
def test_attributes_are_written_as_the_standard_library_does(values):
    want = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    assert write_json(values) == want


def test_a_person_is_added_with_consent_on_record(people):
    person = NewPerson(
        "Anne@example.com", NEWS, Basis.EXPRESS, "by phone", {"name": "Anne"}, by="bo"
    )
    add = (people.database, people.ring, SPECS, person, people.clock)
    assert add_contact(*add) == "added"
    assert add_contact(*add) == "already_on"
    shown = show_contact(people.database, people.ring, "ANNE@example.com")
    assert shown.contact is not None
    assert shown.contact.attributes == {"name": "Anne"}
    (membership,) = shown.memberships
    assert (membership.title, membership.words) == ("News", "Yes, write to me.")
    with people.database.read() as connection:
        (entry,) = evidence_of(connection, shown.contact.id)
    assert (entry.how, entry.source, entry.by) == (How.COMMAND, "by phone", "bo")
    assert people.problems() == []


def test_who_left_is_not_added_again(people):
    person = NewPerson("a@example.com", NEWS, Basis.DOUBLE_OPT_IN, "stall")
    add = (people.database, people.ring, SPECS, person, people.clock)
    add_contact(*add)
    unsubscribe(people.database, people.logbook, Reader(1, 1, 0), How.PAGE, people.clock())
    with pytest.raises(RefusedError, match="only the person can end that"):
        add_contact(*add)
    standing = people.on_list("a@example.com")
    assert standing is not None
    assert standing.status is SubscriptionStatus.UNSUBSCRIBED


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"address": "nobody"}, "is no email address"),
        ({"address": "abuse@example.com"}, "double opt-in"),
        ({"values": {"points": "many"}}, "points: 'many' is not a number"),
        ({"values": {"nmae": "x"}}, "did you mean 'name'"),
        ({"source": " "}, "--source"),
        ({"wording": 9}, "no version 9"),
    ],
)
def test_what_cannot_be_added_is_refused_in_words(people, more, words):
    facts = {
        "address": "a@example.com",
        "mailing_list": NEWS,
        "basis": Basis.EXPRESS,
        "source": "stall",
    }
    person = NewPerson(**{**facts, **more})
    with pytest.raises(Exception, match=words):
        add_contact(people.database, people.ring, SPECS, person, people.clock)
    with people.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM contact")).scalar() == 0


def test_a_suppression_is_shown_also_of_somebody_who_is_no_contact(people):
    with people.database.write() as connection:
        suppress(
            connection,
            people.ring.suppression_hash("gone@example.com"),
            Suppression("everything", SuppressionReason.ERASED, NOW, None, "by request"),
        )
    shown = show_contact(people.database, people.ring, "Gone@example.com")
    assert shown.contact is None
    assert [one.reason for one in shown.suppressions] == [SuppressionReason.ERASED]
    with pytest.raises(NotFoundError, match="nothing is on record"):
        show_contact(people.database, people.ring, "nobody@example.com")
    with pytest.raises(AddressError):
        show_contact(people.database, people.ring, "nobody")


def test_an_export_of_a_list_has_those_who_may_be_written_to(people, monkeypatch):
    monkeypatch.setattr(contacts, "_PAGE", 2)
    names = ["a", "b", "c", "d", "e"]
    people.run(people.file("email", *(f"{name}@example.com" for name in names)))
    people.run(people.file("email", "z@example.com", name="z.csv"), mailing_list=OFFERS)
    unsubscribe(people.database, people.logbook, Reader(2, 1, 0), How.PAGE, people.clock())
    with people.database.write() as connection:
        suppress(
            connection,
            people.ring.suppression_hash("d@example.com"),
            Suppression("marketing", SuppressionReason.BOUNCED, NOW, None, "550"),
        )

    def exported(list_id):
        return [
            one.contact.address
            for one in export_contacts(people.database, list_id, people.clock())
        ]

    assert exported("news") == ["a@example.com", "c@example.com", "e@example.com"]
    assert len(exported(None)) == 6
    with pytest.raises(NotFoundError):
        exported("unknown")


def test_an_export_can_be_imported_again(people):
    first = people.file(
        "email,name,points,member,interests,language,time_zone",
        'Anne@example.com,"=1+1",-1.5,no,"a;b",nb,Europe/Oslo',
        "bo@example.com,,,,,,",
    )
    people.run(first)
    lines = list(as_csv(export_contacts(people.database, "news", people.clock()), SPECS))
    assert lines[1] == "Anne@example.com,nb,Europe/Oslo,'=1+1,,-1.5,no,a;b,\r\n"
    exported = people.file(*(line.rstrip() for line in lines), name="export.csv")
    again = people.run(exported, mailing_list=OFFERS)
    assert (again.counts["joined"], again.counts.get("changed", 0)) == (2, 0)

"""What a person set herself stays as she set it, whatever others say of her."""

import pytest
from people import NEWS, NOW, SPECS, People

from mailer.jobs.confirm import take_over
from mailer.jobs.contacts import NewPerson, add_contact
from mailer.jobs.undo_import import undo_import
from mailer.model.consent import Basis
from mailer.model.contact import Details
from mailer.store.contacts import change_contacts, mark_own

KARI = "kari@example.com"
HEADER = "email,name,points,language,time_zone"


@pytest.fixture
def people(database, ring, tmp_path):
    found = People(database, ring, tmp_path)
    found.run(found.file(HEADER, f"{KARI},Kari,5,nb,Europe/Oslo"))
    return found


def sets(people, details, *names):
    """Let Kari set some values herself."""
    kari = people.contact(KARI)
    with people.database.write() as connection:
        change_contacts(connection, [(kari.id, details)], NOW)
        mark_own(connection, kari, names, NOW)


def known(people):
    kari = people.contact(KARI)
    return kari.attributes, kari.language, kari.time_zone


def test_an_import_changes_what_others_said_and_leaves_what_she_set(people):
    sets(people, Details({"name": "Kari N.", "points": 5}, "de"), "name", "language")
    result = people.run(
        people.file(HEADER, f"{KARI},KARI NORDMANN,9,nb,Europe/Berlin", name="two.csv")
    )
    assert known(people) == ({"name": "Kari N.", "points": 9}, "de", "Europe/Berlin")
    assert result.counts["changed"] == 1
    assert people.contact(KARI).own == {"name": NOW, "language": NOW}


def test_what_she_emptied_stays_empty(people):
    sets(people, Details({"name": "Kari"}, "nb", None), "points", "time_zone")
    people.run(people.file(HEADER, f"{KARI},Kari,9,nb,Europe/Berlin", name="two.csv"))
    assert known(people) == ({"name": "Kari"}, "nb", None)


def test_staff_do_not_change_it_either(people):
    sets(people, Details({"name": "Kari N.", "points": 5}, "nb"), "name")
    values = {"name": "Other", "points": "7"}
    new = NewPerson(KARI, NEWS, Basis.EXPRESS, "phone", values=values)
    add_contact(people.database, people.ring, SPECS, new, people.clock)
    assert known(people)[0] == {"name": "Kari N.", "points": 7}


def test_undoing_an_import_leaves_what_she_set_meanwhile(people):
    result = people.run(people.file(HEADER, f"{KARI},Kari N.,9,,", name="two.csv"))
    # She looks at her page and says that this is right.
    sets(people, people.contact(KARI).details, "name")
    undo_import(people.database, people.ring, result.batch_id, people.clock)
    assert known(people)[0] == {"name": "Kari N.", "points": 5}


def test_what_anybody_types_into_a_form_changes_it_only_when_she_confirms(people):
    sets(people, Details({"name": "Kari N."}, "nb"), "name")
    for by_herself, name in ((False, "Kari N."), (True, "Kari Nordmann")):
        with people.database.write() as connection:
            answers = {"name": "Kari Nordmann"}
            take_over(connection, people.contact(KARI), answers, NOW, by_herself=by_herself)
        assert known(people)[0] == {"name": name}

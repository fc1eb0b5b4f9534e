"""A no by phone, by post or at the counter, on both databases."""

import pytest
from people import NEWS, NOW, OFFERS, People
from sqlalchemy import text

from mailer.errors import AddressError, RefusedError
from mailer.jobs.contacts import show_contact
from mailer.jobs.requests import Request, record
from mailer.model.consent import Act, SubscriptionStatus, SuppressionReason


@pytest.fixture
def people(database, ring, tmp_path):
    made = People(database, ring, tmp_path)
    path = made.file("email", "kari@example.com", "ola@example.com")
    for mailing_list in (NEWS, OFFERS):
        made.run(path, mailing_list=mailing_list)
    return made


def asked(people, act, mailing_list=None, address="Kari@Example.com", by="Ola"):
    request = Request(address, act, mailing_list, "phone", by)
    return record(people.database, people.logbook, request, NOW)


def entries(people):
    query = "SELECT act, list_id, how, source, by_value FROM ledger ORDER BY number"
    with people.database.read() as connection:
        return [tuple(row) for row in connection.execute(text(query))][4:]


def suppressed(people, address="kari@example.com"):
    found = show_contact(people.database, people.ring, address).suppressions
    return [(one.scope, one.reason, one.source) for one in found]


def test_leaving_one_list_leaves_the_other_standing(people):
    done = asked(people, Act.WITHDRAWN, NEWS)
    assert (done.known, done.entry, done.changed) == (True, 5, True)
    assert people.on_list("kari@example.com").status is SubscriptionStatus.UNSUBSCRIBED
    assert people.on_list("kari@example.com", "offers").status is (
        SubscriptionStatus.SUBSCRIBED
    )
    assert entries(people) == [("withdrawn", "news", "support", "phone", "Ola")]
    reason = SuppressionReason.UNSUBSCRIBED
    assert suppressed(people) == [("list:news", reason, "support phone")]
    assert people.problems() == []


def test_a_request_that_is_written_down_twice_is_one(people):
    asked(people, Act.WITHDRAWN)
    again = asked(people, Act.WITHDRAWN)
    assert (again.known, again.entry, again.changed) == (True, None, False)
    # Who left everything left each list.
    assert not asked(people, Act.WITHDRAWN, NEWS).changed
    assert len(entries(people)) == 1


def test_who_left_may_still_object_and_once_is_enough(people):
    asked(people, Act.WITHDRAWN)
    assert asked(people, Act.OBJECTED).changed
    assert not asked(people, Act.OBJECTED).changed
    assert [entry[0] for entry in entries(people)] == ["withdrawn", "objected"]
    assert suppressed(people) == [
        ("marketing", SuppressionReason.OBJECTED, "support phone")
    ]
    assert not asked(people, Act.WITHDRAWN, NEWS).changed
    assert people.problems() == []


@pytest.mark.parametrize("act", [Act.WITHDRAWN, Act.OBJECTED])
def test_nobody_comes_back_by_an_import(people, act):
    asked(people, act)
    result = people.run(people.file("email", "kari@example.com", name="again.csv"))
    assert result.counts["suppressed"] == 1


def test_an_address_that_is_nobodys_is_kept_away_all_the_same(people):
    done = asked(people, Act.OBJECTED, address="new@example.com")
    assert (done.known, done.entry, done.changed) == (False, None, True)
    assert not asked(people, Act.OBJECTED, address="NEW@example.com").changed
    result = people.run(people.file("email", "new@example.com", name="new.csv"))
    assert result.counts["suppressed"] == 1
    assert people.contact("new@example.com") is None


def test_what_cannot_be_written_down_changes_nothing(people):
    with pytest.raises(AddressError):
        asked(people, Act.OBJECTED, address="kari")
    with pytest.raises(RefusedError, match="--by"):
        asked(people, Act.OBJECTED, by=" ")
    assert entries(people) == []

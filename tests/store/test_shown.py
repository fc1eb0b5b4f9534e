"""What a letter showed of its person: kept as it leaves, forgotten in time, on both."""

from datetime import timedelta

import pytest
from sending import claimed, now
from sqlalchemy import select, update

from mailer.jobs.forget_shown import forget_old_shown
from mailer.model.shown import kept_text, shown_of
from mailer.store.erasing import erase_letters
from mailer.store.groups import Name, Sheet, groups
from mailer.store.history import claim_to_show, shown_in
from mailer.store.tables import ContactRow, DeliveryRow, table

_delivery, _contact = table(DeliveryRow), table(ContactRow)


@pytest.fixture
def left(database, ring):
    """Two claims that have left, the second without anything to keep."""
    one, two = claimed(database, ring, 2)
    one = one._replace(
        attributes={"name": 'Åse "\\u0000" \U0001f600', "size": 42},
        language="nb", time_zone="Europe/Oslo",
    )  # fmt: skip
    writing = groups(database)
    names: list[Name] = [(one.id, one.fence, kept_text(one, "m1")), (two.id, two.fence)]
    assert writing.commit(Sheet.of([], names), now(), None) == {one.id, two.id}
    writing.close()
    return one, two


def kept(database) -> dict[int, str | None]:
    with database.read() as connection:
        return {row.id: row.shown for row in connection.execute(select(_delivery))}


def test_it_is_kept_in_the_commit_in_which_the_letter_leaves(database, left):
    one, two = left
    with database.write() as connection:
        connection.execute(update(_contact).values(attributes={"name": "Other"}))
    with database.read() as connection:
        found, rehearsal = shown_in(connection, one.id)
        claim = claim_to_show(connection, one.id)
        other = claim_to_show(connection, two.id)
    assert found is not None
    assert (found.mark, rehearsal) == ("m1", False)
    assert claim is not None
    assert (claim.attributes, claim.language, claim.time_zone) == (
        one.attributes, "nb", "Europe/Oslo",
    )  # fmt: skip
    # Of what left before it was kept, what is known now is shown.
    assert other is not None
    assert other.attributes == {"name": "Other"}


def test_one_that_may_not_leave_keeps_nothing(database, ring):
    (one,) = claimed(database, ring, 1)
    writing = groups(database)
    names: list[Name] = [(one.id, one.fence + 1, kept_text(one, "m1"))]
    assert writing.commit(Sheet.of([], names), now(), None) == set()
    writing.close()
    assert kept(database) == {one.id: None}


def test_it_is_forgotten_in_time_and_not_before(database, left):
    one, _ = left
    a_day = timedelta(days=1)
    assert forget_old_shown(database, timedelta(0), now() + 9 * a_day) == 0
    assert forget_old_shown(database, a_day, now()) == 0
    assert kept(database)[one.id] is not None
    assert forget_old_shown(database, a_day, now() + 2 * a_day) == 1
    assert kept(database)[one.id] is None


def test_erasing_a_person_forgets_it(database, left):
    one, _ = left
    with database.write() as connection:
        erase_letters(connection, [one.id], now())
    assert kept(database)[one.id] is None


def test_what_is_kept_is_read_as_it_was(left):
    one, _ = left
    found = shown_of(kept_text(one, "m1"))
    assert found is not None
    assert found.attributes == one.attributes
    nobody = shown_of(kept_text(one._replace(contact_id=None), "m1"))
    assert nobody is not None
    assert (nobody.attributes, nobody.language) == ({}, None)
    assert shown_of(None) is None

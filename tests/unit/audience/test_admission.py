"""What an import changes about a contact, and how it is put back."""

from datetime import UTC, datetime, timedelta

import pytest
from people import SPECS

from mailer.audience.admission import (
    Known,
    change,
    details_of,
    expiry,
    undo,
    why_away,
)
from mailer.audience.header import read_header
from mailer.audience.rows import PersonRow, RowReader
from mailer.model.consent import Basis, SuppressionReason
from mailer.model.contact import Details
from mailer.model.suppression import Suppression

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def said(**cells):
    columns = read_header(["email", *cells], SPECS, ignore_unknown=False)
    reader = RowReader(columns, Basis.EXPRESS, frozenset({"Europe/Oslo"}))
    made = reader.read(2, ["a@example.com", *cells.values()])
    assert isinstance(made, PersonRow)
    return details_of(made)


def test_a_row_that_says_nothing_new_changes_nothing():
    known = Details({"name": "Anne", "points": 1}, "nb", None)
    assert change(known, said(name="Anne", points="1", language="nb")) is None
    assert change(known, said(name="", points="")) is None


def test_only_what_changes_is_remembered():
    known = Details({"name": "Anne", "points": 1}, "nb", None)
    changed = change(
        known,
        said(name="Anne", points="2", country="NO", language="nn", time_zone="Europe/Oslo"),
    )
    assert changed is not None
    assert changed.details == Details(
        {"name": "Anne", "points": 2, "country": "NO"}, "nn", "Europe/Oslo"
    )
    assert changed.before == {"points": 1, "language": "nb"}
    assert set(changed.after) == {"points", "country", "language", "time_zone"}
    assert undo(changed.details, changed.before, changed.after) == known


def test_one_is_not_true():
    assert change(Details({"member": 1}), said(member="yes")) is not None


def test_what_was_changed_since_is_not_put_back():
    changed = change(Details({"name": "Anne"}), said(name="Bo", points="2"))
    assert changed is not None
    since = Details({"name": "Carl", "points": 2})
    put_back = undo(since, changed.before, changed.after)
    assert put_back == Details({"name": "Carl"})
    assert undo(Details({"name": "Carl"}), changed.before, changed.after) is None


@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_what_staff_can_end_is_told_from_what_only_the_person_can(reason):
    held = Suppression("marketing", reason, NOW, None, "x")
    words = why_away(Known(is_contact=True, subscription=None, suppression=held))
    by_staff = reason in {SuppressionReason.MANUAL, SuppressionReason.BOUNCED}
    assert ("`mailer suppression lift`" in words) is by_staff
    assert ("only the person" in words) is not by_staff


@pytest.mark.parametrize("basis", list(Basis))
def test_only_implied_permission_ends_when_nothing_is_said(basis):
    assert (expiry(basis, None, NOW) is None) is (basis is not Basis.IMPLIED)
    until = NOW + timedelta(days=1)
    assert expiry(basis, until, NOW) == until

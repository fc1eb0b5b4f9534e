"""Evidence of a person's own row."""

from datetime import UTC, datetime, timedelta

import pytest

from mailer.audience.rowevidence import (
    EVIDENCE_NAMES,
    EvidenceReader,
    Ground,
    RowEvidence,
    merged,
)
from mailer.model.consent import Basis

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
WORDS = {1: "Yes, write to me.", 2: "Yes, every week."}


def read(basis=Basis.EXPRESS, floor=1, *, expires=False, **cells):
    ground = Ground(basis, WORDS, floor, expires=expires, zone=UTC, now=NOW)
    places = {name: place for place, name in enumerate(EVIDENCE_NAMES)}
    reader = EvidenceReader(places, ground)
    return reader.read([cells.get(name, "") for name in EVIDENCE_NAMES])


def test_a_row_may_say_all_of_it():
    assert read(
        consent_at="2024-02-01",
        confirmed_at="2024-02-02 10:00",
        purchase_at="2024-03-01",
        consent_ip=" 192.0.2.1 ",
        wording="2",
    ) == RowEvidence(
        datetime(2024, 2, 1, tzinfo=UTC),
        datetime(2024, 2, 2, 10, tzinfo=UTC),
        datetime(2024, 3, 1, tzinfo=UTC),
        2,
        "192.0.2.1",
        None,
    )


def test_a_row_that_says_nothing_is_no_evidence():
    assert read() is None


@pytest.mark.parametrize("name", ["consent_at", "confirmed_at", "purchase_at"])
@pytest.mark.parametrize("cell", ["2031-01-01", "1970-01-01", "05/03/2024"])
def test_a_date_that_cannot_be_names_its_column(name, cell):
    with pytest.raises(ValueError, match=f"^{name}: '{cell}'"):
        read(**{name: cell})


def test_nobody_confirms_what_was_not_said_yet():
    with pytest.raises(ValueError, match="is before consent_at"):
        read(consent_at="2024-02-02", confirmed_at="2024-02-01")


def test_an_address_of_the_network_is_checked():
    with pytest.raises(ValueError, match="consent_ip: 'home' is no IP address"):
        read(consent_ip="home")
    assert read(consent_ip="2001:DB8::1").network_address == "2001:db8::1"


def test_words_are_named_by_version_or_as_they_were():
    assert read(wording="Yes, every week.").wording == 2
    for cell in ("3", "Yes.", "²"):
        with pytest.raises(ValueError, match="neither a version of the list's words"):
            read(wording=cell)
    with pytest.raises(ValueError, match="version 2 is needed"):
        read(floor=2, wording="1")


def test_an_implied_permission_ends_by_what_it_is_implied_by():
    bought = NOW - timedelta(days=100)
    said = read(Basis.IMPLIED, purchase_at=f"{bought:%Y-%m-%d}")
    assert said.expires_at == said.purchase_at + timedelta(days=730)
    asked = read(Basis.IMPLIED, consent_at=f"{bought:%Y-%m-%d}")
    assert asked.expires_at == asked.consent_at + timedelta(days=183)
    with pytest.raises(ValueError, match="the permission that it implies ended on 2022-01"):
        read(Basis.IMPLIED, purchase_at="2020-01-15")
    assert read(Basis.IMPLIED, expires=True, purchase_at="2020-01-15").expires_at is None


def test_of_two_rows_the_later_speaks_where_it_says_something():
    one = RowEvidence(NOW, None, None, 1, "192.0.2.1", None)
    other = RowEvidence(None, NOW, None, 2, None, None)
    assert merged(one, other) == RowEvidence(NOW, NOW, None, 2, "192.0.2.1", None)
    assert merged(one, None) == merged(None, one) == one

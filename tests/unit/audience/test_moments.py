"""Dates of other programs: read in one way, or not at all."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from mailer.audience.moments import MomentReader

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
OSLO = ZoneInfo("Europe/Oslo")


def read(cell, **more):
    return MomentReader(OSLO, NOW, **more).read(cell)


@pytest.mark.parametrize(
    ("cell", "want"),
    [
        ("2024-03-31", datetime(2024, 3, 30, 23, tzinfo=UTC)),
        ("2024-02-01 14:05", datetime(2024, 2, 1, 13, 5, tzinfo=UTC)),
        (" 2024-02-01 14:05:06 ", datetime(2024, 2, 1, 13, 5, 6, tzinfo=UTC)),
        ("2024-02-01T14:05:06Z", datetime(2024, 2, 1, 14, 5, 6, tzinfo=UTC)),
        ("2024-02-01T14:05:06.123+00:00", datetime(2024, 2, 1, 14, 5, 6, tzinfo=UTC)),
        ("2024-02-01 14:05:06 UTC", datetime(2024, 2, 1, 14, 5, 6, tzinfo=UTC)),
        ("2024-02-01 14:05:06.5 +0200 UTC", datetime(2024, 2, 1, 12, 5, 6, tzinfo=UTC)),
        ("", None),
        ("  ", None),
    ],
)
def test_a_date_is_read_in_its_zone_or_that_of_the_shop(cell, want):
    assert read(cell) == want


@pytest.mark.parametrize(
    "cell",
    ["05/03/2024", "yesterday", "2024-13-01", "2024-02-30", "20240301", "45352", "2024-3-1",
     "2024-02-01 25:00", "0000-00-00 00:00:00", "31-12-2024"],
)  # fmt: skip
def test_what_cannot_be_read_in_one_way_is_not_read(cell):
    with pytest.raises(ValueError, match="no date that can be read in one way"):
        read(cell)


def test_a_program_that_writes_the_day_first_is_read_so():
    assert read("31-12-2024 10:00:00", day_first=True) == datetime(
        2024, 12, 31, 9, tzinfo=UTC
    )
    with pytest.raises(ValueError, match="in one way"):
        read("12-31-2024", day_first=True)


def test_nobody_agreed_in_the_future_or_before_there_was_anything_to_agree_to():
    assert read("2026-05-01 14:00") == NOW
    with pytest.raises(ValueError, match="lies in the future"):
        read("2026-05-01 14:01")
    for cell in ("1970-01-01 00:00:00", "1900-01-01", "1899-12-30"):
        with pytest.raises(ValueError, match="older than can be"):
            read(cell)

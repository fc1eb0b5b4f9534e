"""Suppressions of one address and scope, added to one another."""

from datetime import UTC, datetime, timedelta

import pytest

from mailer.model.consent import SuppressionReason
from mailer.model.kind import Kind
from mailer.model.suppression import Suppression, list_scope, scopes_against, together

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
A_DAY = timedelta(days=1)


def one(reason=SuppressionReason.BOUNCED, since=NOW, until=None, source="first"):
    return Suppression("marketing", reason, since, until, source)


def test_the_later_end_counts():
    short, long = one(until=NOW + A_DAY), one(until=NOW + 2 * A_DAY)
    assert together(short, long).until_at == long.until_at
    assert together(long, short).until_at == long.until_at
    assert together(short, one()).until_at is None
    assert together(one(), short).until_at is None


def test_the_weightier_reason_keeps_its_source():
    bounced = one()
    complained = one(SuppressionReason.COMPLAINED, source="feedback loop")
    for both in (together(bounced, complained), together(complained, bounced)):
        assert (both.reason, both.source) == (complained.reason, complained.source)


def test_what_has_ended_makes_room():
    ended = one(SuppressionReason.ERASED, NOW - 2 * A_DAY, NOW - A_DAY)
    assert together(ended, one()) == one()


@pytest.mark.parametrize("kind", list(Kind))
def test_only_marketing_is_stopped_by_a_list(kind):
    stopped = list_scope("news") in scopes_against(kind, "news")
    assert stopped is (kind in {Kind.MARKETING, Kind.JOURNEY})
    assert all("list" not in scope for scope in scopes_against(kind, None))

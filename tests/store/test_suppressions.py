"""Suppressions on both databases: added twice they are one, and never weaker."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from mailer.model.consent import SuppressionReason
from mailer.model.suppression import Suppression
from mailer.store.suppressions import in_force, lift, suppress, suppressions_of

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
A_DAY = timedelta(days=1)
ONE, OTHER = b"1" * 16, b"2" * 16
SCOPES = {"list:news", "marketing", "everything"}


def one(scope="marketing", reason=SuppressionReason.BOUNCED, until=None, since=NOW):
    return Suppression(scope, reason, since, until, "a bounce")


def test_adding_twice_is_adding_once(database):
    with database.write() as connection:
        assert suppress(connection, ONE, one())
        assert not suppress(connection, ONE, one(since=NOW + A_DAY))
        assert suppressions_of(connection, ONE) == [one()]


def test_what_holds_is_never_weakened(database):
    complained = one(reason=SuppressionReason.COMPLAINED)
    with database.write() as connection:
        suppress(connection, ONE, complained)
        assert not suppress(connection, ONE, one(until=NOW + A_DAY))
        assert suppressions_of(connection, ONE) == [complained]


def test_a_suppression_for_a_while_can_become_one_for_ever(database):
    with database.write() as connection:
        suppress(connection, ONE, one(until=NOW + A_DAY))
        assert suppress(connection, ONE, one())
        assert suppressions_of(connection, ONE)[0].until_at is None


def test_what_has_ended_can_begin_again(database):
    later = NOW + 2 * A_DAY
    with database.write() as connection:
        suppress(connection, ONE, one(until=NOW + A_DAY))
        assert suppress(connection, ONE, one(since=later))
        assert suppressions_of(connection, ONE) == [one(since=later)]


def test_lifting_takes_one_scope_away(database):
    with database.write() as connection:
        suppress(connection, ONE, one())
        suppress(connection, ONE, one("everything"))
        assert lift(connection, ONE, "marketing")
        assert not lift(connection, ONE, "marketing")
        assert suppressions_of(connection, ONE) == [one("everything")]


def test_those_in_force_are_found_for_many_addresses(database):
    with database.write() as connection:
        suppress(connection, ONE, one("list:news"))
        suppress(connection, ONE, one("list:offers"))
        suppress(connection, OTHER, one(until=NOW))
        found = in_force(connection, [ONE, OTHER, b"3" * 16], SCOPES, NOW)
        assert found == {ONE: [one("list:news")]}
        before = NOW - A_DAY
        assert set(in_force(connection, [ONE, OTHER], SCOPES, before)) == {ONE, OTHER}
        assert in_force(connection, [], SCOPES, NOW) == {}


@pytest.mark.parametrize("_round", range(3))
def test_threads_that_suppress_the_same_address_get_along(database, _round):
    reasons = list(SuppressionReason)
    start = threading.Barrier(len(reasons))
    failed = []

    def add(reason):
        start.wait()
        try:
            with database.write() as connection:
                suppress(connection, ONE, one(reason=reason))
        except Exception as problem:  # noqa: BLE001 - any failure is the finding
            failed.append(problem)

    threads = [threading.Thread(target=add, args=(reason,)) for reason in reasons]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with database.read() as connection:
        (held,) = suppressions_of(connection, ONE)
    assert held.reason is SuppressionReason.ERASED

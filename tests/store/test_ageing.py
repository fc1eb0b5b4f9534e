"""Retention: details go, sums stay, and nothing is given twice; on both databases."""

from datetime import timedelta

import pytest
from audiences import NOW, RING, campaign, move, running, world
from sqlalchemy import func, select, text

from mailer.errors import RefusedError
from mailer.jobs.ageing import age, would_age
from mailer.jobs.campaigns import finish_if_done, status
from mailer.jobs.deliveries import retry
from mailer.jobs.explain import explain
from mailer.jobs.plan import plan
from mailer.jobs.report import report
from mailer.jobs.size import measure
from mailer.jobs.slices import Slicer
from mailer.model.delivery import DeliveryState
from mailer.store import verify
from mailer.store.tables import AttemptRow, DeliveryRow, FrozenRow, table

A_DAY = timedelta(days=1)
KEEP = 90 * A_DAY
LATER = NOW + 100 * A_DAY
ALL = {"accepted": 4, "refused": 1, "withheld": 2, "in_doubt": 1}


def ended(database, **values):
    """Make a campaign to eight people that has come to its end."""
    number = running(database, 8, **values)
    with database.write() as connection:
        move(connection, number, [1, 2, 3, 4], state="accepted")
        move(connection, number, [5], state="refused")
        move(connection, number, [6], state="withheld", reason="permission")
        move(connection, number, [7], state="withheld", reason="suppression")
        move(connection, number, [8], state="in_doubt")
        connection.execute(
            text(
                "INSERT INTO attempt (delivery_id, attempt, at, outcome, stage, code,"
                " enhanced, words, relay) SELECT id, 1, 1, 'refused', 'rcpt', 550, '',"
                " 'no such user', 'main' FROM delivery"
            )
        )
    assert finish_if_done(database, number, NOW)
    return number


def letters(database, number):
    counts = status(database, number, LATER).counts
    return {state.value: count for state, count in counts.items() if count}


def rows(database, model=DeliveryRow):
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(table(model))).scalar()


def unsound(database):
    with database.read() as connection:
        return [
            *verify.damage(connection),
            *verify.campaigns_out_of_balance(connection),
            *verify.deliveries_out_of_order(connection),
        ]


def test_details_go_and_the_sums_of_their_campaign_stay(database):
    number = ended(database)
    assert would_age(database, KEEP, LATER) == 7
    assert age(database, KEEP, LATER) == 7
    # What is in doubt waits for somebody to settle it.
    assert (rows(database), rows(database, AttemptRow)) == (1, 1)
    assert letters(database, number) == ALL
    found = status(database, number, LATER)
    assert found.withheld == {"permission": 1, "suppression": 1}
    assert found.campaign.planned == 8
    assert unsound(database) == []
    assert age(database, KEEP, LATER) == 0
    assert letters(database, number) == ALL


def test_nothing_goes_before_its_time_or_without_the_setting(database):
    ended(database)
    assert age(database, KEEP, NOW + 89 * A_DAY) == 0
    assert age(database, timedelta(0), LATER) == 0
    assert rows(database) == 8


def test_a_campaign_that_goes_on_keeps_everything(database):
    number = running(database, 4)
    with database.write() as connection:
        move(connection, number, [1, 2], state="accepted")
    assert age(database, KEEP, LATER) == 0
    assert rows(database) == 4


def test_it_goes_on_where_it_was_ended_and_counts_nothing_twice(database):
    number = ended(database)

    class EndedError(Exception):
        pass

    class Slices(Slicer):
        """Two at a time, and an end in the middle of the second slice."""

        turns = 0

        def __init__(self):
            super().__init__(database)
            self.size = 2

        def turn(self):
            self.turns += 1
            return _Turn(database, breaks=self.turns == 2)

    class _Turn:
        def __init__(self, database, *, breaks):
            self.writing = database.write()
            self.breaks = breaks

        def __enter__(self):
            return self.writing.__enter__()

        def __exit__(self, *exception):
            if self.breaks:
                problem = EndedError()
                self.writing.__exit__(EndedError, problem, None)
                raise problem
            return self.writing.__exit__(*exception)

    with pytest.raises(EndedError):
        age(database, KEEP, LATER, Slices())
    assert rows(database) == 6
    assert letters(database, number) == ALL
    assert age(database, KEEP, LATER) == 5
    assert letters(database, number) == ALL
    assert unsound(database) == []


def test_the_highest_number_stays_so_that_it_is_not_given_again(database):
    number = running(database, 3)
    with database.write() as connection:
        move(connection, number, [1, 2, 3], state="accepted")
    assert finish_if_done(database, number, NOW)
    assert age(database, KEEP, LATER) == 2
    with database.write() as connection:
        again = campaign(connection, name="again")
    plan(world(database, now=LATER), again)
    with database.read() as connection:
        ids = connection.execute(
            select(table(DeliveryRow).c.id).order_by(table(DeliveryRow).c.id)
        ).scalars()
        assert list(ids) == [3, 4, 5, 6]


def test_what_is_gone_cannot_be_tried_again(database):
    number = ended(database)
    age(database, KEEP, LATER)
    again = retry(
        world(database, now=LATER),
        number,
        frozenset({DeliveryState.REFUSED}),
        dry_run=False,
    )
    assert (again.found, again.moved) == (0, 0)
    with pytest.raises(RefusedError):
        retry(world(database), number, frozenset({DeliveryState.ACCEPTED}), dry_run=True)


def test_a_template_that_a_campaign_names_stays_and_one_of_nobody_goes(database):
    ended(database)
    with database.write() as connection:
        connection.execute(
            text("INSERT INTO frozen (hash, body, frozen_at) VALUES ('of nobody', '{}', 1)")
        )
    age(database, KEEP, LATER)
    assert rows(database, FrozenRow) == 1


def test_the_database_is_measured(database):
    ended(database)
    if not database.is_sqlite:
        with database.session() as session:
            session.exec_driver_sql("ANALYZE")
    found = measure(database, KEEP, LATER)
    sizes = {one.name: (one.rows, one.size_bytes) for one in found.tables}
    assert sizes["delivery"][0] == 8
    assert sizes["delivery"][1] > 0
    assert found.whole_bytes >= sum(one.size_bytes for one in found.tables)
    assert (found.per_million_bytes, found.would_age) == (None, 7)


def test_a_report_still_adds_up_and_says_how_many_are_not_kept_singly(database):
    number = ended(database)
    age(database, KEEP, LATER)
    found = report(database, number)
    assert {state.value: count for state, count in found.counts.items() if count} == ALL
    assert found.withheld == {"permission": 1, "suppression": 1}
    assert found.gone == 7


def test_it_is_told_that_nobody_can_tell_any_more(database):
    number = ended(database)
    age(database, KEEP, LATER)
    told = explain(world(database, now=LATER), RING, "person1@example.com", number)
    assert "its details were aged out" in told.stories[0].verdict

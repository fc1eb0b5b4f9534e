from datetime import timedelta

import pytest
from audiences import (
    NOW,
    move,
    running,
    states_of,
    suppress,
    world,
)
from sqlalchemy import select, text, update

from mailer.errors import NotFoundError, RefusedError
from mailer.jobs import campaigns, deliveries
from mailer.jobs.deliveries import Moved
from mailer.jobs.slices import Slicer
from mailer.model.campaign import CampaignState
from mailer.model.delivery import DeliveryState
from mailer.store.database import Database
from mailer.store.deliveries import deliveries_of, ids_of
from mailer.store.settling import RETRIED
from mailer.store.tables import AttemptRow, DeliveryRow, SubscriptionRow, table

REFUSED = frozenset({DeliveryState.REFUSED})
EXPIRED = frozenset({DeliveryState.EXPIRED})
LATER = NOW + timedelta(hours=30)


@pytest.fixture
def mixed(database: Database) -> Database:
    """Campaign 1 with a delivery in each state, and three that are in doubt."""
    number = running(database, 10)
    assert number == 1
    with database.write() as connection:
        for person, state in (
            (1, "claimed"),
            (2, "sending"),
            (3, "accepted"),
            (4, "refused"),
            (5, "expired"),
            (6, "withheld"),
            (7, "in_doubt"),
            (8, "in_doubt"),
            (9, "in_doubt"),
        ):
            move(connection, number, [person], state=state)
    return database


def test_everyone_is_listed_with_state_reason_reply_and_times(mixed: Database):
    found = {one.contact_id: one for one in deliveries.listed(mixed, 1)}
    assert len(found) == 10
    refused = found[4]
    assert refused.address == "person4@example.com"
    assert (refused.state, refused.reply) == (
        DeliveryState.REFUSED,
        "550 5.1.1 no such user",
    )
    assert (refused.attempts, refused.ended_at, refused.left_at) == (1, NOW, None)
    assert found[5].reason == "gave_up"
    assert (found[10].state, found[10].reply, found[10].reason) == (
        DeliveryState.QUEUED,
        "",
        "",
    )


def test_only_some_states_are_listed_when_they_are_named(mixed: Database):
    states = [DeliveryState.REFUSED, DeliveryState.EXPIRED]
    assert [one.contact_id for one in deliveries.listed(mixed, 1, states)] == [4, 5]


def test_the_erased_are_listed_after_the_others(mixed: Database):
    rows = table(DeliveryRow)
    with mixed.write() as connection:
        connection.execute(
            update(rows).where(rows.c.contact_id.in_([2, 4])).values(contact_id=None)
        )
    found = list(deliveries.listed(mixed, 1))
    assert [one.contact_id for one in found] == [1, 3, 5, 6, 7, 8, 9, 10, None, None]
    with mixed.read() as connection:
        counted = campaigns.counts(connection, 1)
    assert sum(counted.values()) == 10
    assert counted[DeliveryState.REFUSED] == 1


def test_a_long_list_comes_whole_whatever_the_size_of_a_page(database: Database):
    number = running(database, 2_500)
    assert [one.contact_id for one in deliveries_of(database, number)] == list(
        range(1, 2_501)
    )
    pages = list(ids_of(database, number, [DeliveryState.QUEUED]))
    assert [len(page) for page in pages] == [1000, 1000, 500]


def test_a_list_of_no_campaign_is_said_so_at_once(database: Database):
    with pytest.raises(NotFoundError, match="there is no campaign 5"):
        deliveries.listed(database, 5)


def test_only_refused_and_expired_letters_are_tried_again(mixed: Database):
    assert {DeliveryState.REFUSED, DeliveryState.EXPIRED} == RETRIED
    for state in set(DeliveryState) - RETRIED:
        with pytest.raises(RefusedError, match="only expired and refused ones are"):
            deliveries.retry(world(mixed), 1, frozenset({state}), dry_run=False)


def test_a_retry_queues_what_was_asked_for_and_nothing_else(mixed: Database):
    before = states_of(mixed, 1)
    assert deliveries.retry(world(mixed), 1, REFUSED, dry_run=False) == Moved(1, 1)
    assert states_of(mixed, 1) == before | {4: "queued"}


def test_a_letter_that_is_tried_again_gets_all_of_its_time(mixed: Database):
    later = world(mixed, now=LATER)
    assert deliveries.retry(later, 1, REFUSED | EXPIRED, dry_run=False) == Moved(2, 2)
    rows = table(DeliveryRow)
    with mixed.read() as connection:
        again = connection.execute(
            select(rows).where(rows.c.contact_id.in_([4, 5])).order_by(rows.c.contact_id)
        ).all()
    for row in again:
        assert (row.due_at, row.give_up_at) == (LATER, LATER + timedelta(hours=24))
        assert (row.deferrals, row.reason, row.ended_at) == (0, None, None)
    # The fence goes on counting.
    assert [row.attempt for row in again] == [1, 3]


def test_a_retry_is_written_down_with_what_was_before(mixed: Database):
    deliveries.retry(world(mixed, now=LATER), 1, EXPIRED, dry_run=False)
    attempts = table(AttemptRow)
    with mixed.read() as connection:
        (row,) = connection.execute(select(attempts)).all()
    assert (row.at, row.outcome, row.words) == (
        LATER,
        "by_hand",
        "expired, tried again by hand",
    )


def test_the_suppressed_and_those_who_left_are_not_tried_again(database: Database):
    number = running(database, 4)
    subscriptions = table(SubscriptionRow)
    with database.write() as connection:
        move(connection, number, [1, 2, 3, 4], state="refused")
        suppress(connection, 1)
        connection.execute(
            update(subscriptions)
            .where(subscriptions.c.contact_id == 2)
            .values(status="unsubscribed")
        )
        connection.execute(
            update(subscriptions).where(subscriptions.c.contact_id == 3).values(wording=1)
        )
    assert deliveries.retry(world(database), number, REFUSED, dry_run=True) == Moved(4, 1)
    assert deliveries.retry(world(database), number, REFUSED, dry_run=False) == Moved(4, 1)
    assert states_of(database, number) == {
        1: "refused",
        2: "refused",
        3: "refused",
        4: "queued",
    }


def test_a_dry_run_changes_nothing(mixed: Database):
    before = states_of(mixed, 1)
    assert deliveries.retry(world(mixed), 1, REFUSED | EXPIRED, dry_run=True) == Moved(2, 2)
    doubts = deliveries.resolve(
        world(mixed), 1, DeliveryState.ACCEPTED, delivery_id=None, dry_run=True
    )
    assert doubts == Moved(3, 3)
    assert states_of(mixed, 1) == before


def test_a_finished_campaign_runs_again_for_what_is_tried_again(database: Database):
    number = running(database, 2)
    with database.write() as connection:
        move(connection, number, [1], state="accepted")
        move(connection, number, [2], state="refused")
    campaigns.finish_if_done(database, number, NOW)
    deliveries.retry(world(database), number, REFUSED, dry_run=False)
    found = campaigns.find(database, number)
    assert (found.state, found.finished_at) == (CampaignState.RUNNING, None)


def test_a_finished_campaign_stays_so_when_nothing_is_tried_again(database: Database):
    number = running(database, 2)
    with database.write() as connection:
        move(connection, number, [1, 2], state="accepted")
    campaigns.finish_if_done(database, number, NOW)
    assert deliveries.retry(world(database), number, REFUSED, dry_run=False) == Moved(0, 0)
    assert campaigns.find(database, number).state is CampaignState.FINISHED


def test_a_cancelled_campaign_sends_nothing_again(mixed: Database):
    campaigns.cancel(world(mixed), 1)
    with pytest.raises(RefusedError, match="campaign 1 is cancelled"):
        deliveries.retry(world(mixed), 1, REFUSED, dry_run=False)
    with pytest.raises(RefusedError, match="campaign 1 is cancelled"):
        deliveries.resolve(
            world(mixed), 1, DeliveryState.QUEUED, delivery_id=None, dry_run=False
        )
    settled = deliveries.resolve(
        world(mixed), 1, DeliveryState.ACCEPTED, delivery_id=None, dry_run=False
    )
    assert settled == Moved(3, 3)


def test_a_campaign_that_is_over_sends_nothing_again(database: Database):
    number = running(database, 1, valid_until=NOW + timedelta(hours=2))
    with database.write() as connection:
        move(connection, number, [1], state="expired")
    with pytest.raises(RefusedError, match="was worth sending until 2026-11-21 11:00"):
        deliveries.retry(world(database, now=LATER), number, EXPIRED, dry_run=False)


@pytest.mark.parametrize("after", ["accepted", "refused"])
def test_what_is_in_doubt_is_settled_as_somebody_found_out(mixed: Database, after: str):
    before = states_of(mixed, 1)
    settled = deliveries.resolve(
        world(mixed, now=LATER), 1, DeliveryState(after), delivery_id=None, dry_run=False
    )
    assert settled == Moved(3, 3)
    assert states_of(mixed, 1) == before | {7: after, 8: after, 9: after}
    attempts = table(AttemptRow)
    with mixed.read() as connection:
        rows = connection.execute(select(attempts)).all()
    assert [row.words for row in rows] == [f"in doubt, settled by hand as {after}"] * 3


def test_one_letter_in_doubt_is_sent_again_on_its_own(mixed: Database):
    doubted = [one.id for one in deliveries.listed(mixed, 1, [DeliveryState.IN_DOUBT])]
    settled = deliveries.resolve(
        world(mixed, now=LATER),
        1,
        DeliveryState.QUEUED,
        delivery_id=doubted[1],
        dry_run=False,
    )
    assert settled == Moved(1, 1)
    assert states_of(mixed, 1)[8] == "queued"
    assert states_of(mixed, 1)[7] == states_of(mixed, 1)[9] == "in_doubt"


def test_a_letter_in_doubt_does_not_go_again_to_somebody_who_left(mixed: Database):
    with mixed.write() as connection:
        suppress(connection, 7)
    settled = deliveries.resolve(
        world(mixed), 1, DeliveryState.QUEUED, delivery_id=None, dry_run=False
    )
    assert settled == Moved(3, 2)
    assert states_of(mixed, 1)[7] == "in_doubt"


def test_only_what_is_in_doubt_can_be_settled(mixed: Database):
    accepted = next(iter(deliveries.listed(mixed, 1, [DeliveryState.ACCEPTED])))
    with pytest.raises(RefusedError, match="is accepted, not in doubt"):
        deliveries.resolve(
            world(mixed), 1, DeliveryState.REFUSED, delivery_id=accepted.id, dry_run=False
        )


def test_a_delivery_of_another_campaign_is_not_found(mixed: Database):
    with pytest.raises(NotFoundError, match="campaign 1 has no delivery 999"):
        deliveries.resolve(
            world(mixed), 1, DeliveryState.REFUSED, delivery_id=999, dry_run=False
        )


def test_many_letters_are_moved_in_slices(database: Database):
    number = running(database, 1_500)
    with database.write() as connection:
        connection.execute(text("UPDATE delivery SET state = 'refused', attempt = 1"))
    slicer = Slicer(database)
    moved = deliveries.retry(world(database), number, REFUSED, dry_run=False, slicer=slicer)
    assert moved == Moved(1_500, 1_500)
    assert set(states_of(database, number).values()) == {"queued"}


def test_moving_letters_keeps_the_sums(mixed: Database):
    deliveries.retry(world(mixed), 1, REFUSED | EXPIRED, dry_run=False)
    deliveries.resolve(
        world(mixed), 1, DeliveryState.QUEUED, delivery_id=None, dry_run=False
    )
    campaigns.cancel(world(mixed), 1)
    with mixed.read() as connection:
        counted = campaigns.counts(connection, 1)
    assert sum(counted.values()) == campaigns.find(mixed, 1).planned == 10

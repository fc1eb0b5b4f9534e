import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from audiences import NOW, add_people, campaign, move, running, see_list, states_of, world
from sqlalchemy import text

from mailer.errors import NotFoundError, RefusedError
from mailer.jobs import campaigns as jobs
from mailer.jobs.plan import plan
from mailer.model.campaign import CAMPAIGN_STEPS, CampaignState, states_before
from mailer.model.delivery import DeliveryState
from mailer.pace.throttle import Rate
from mailer.store.alarms import Alarm, acknowledge, open_alarms, raise_once
from mailer.store.campaigns import (
    change_state,
    find_campaign,
    frozen,
    latest_campaigns,
)
from mailer.store.campaignsearch import same_since
from mailer.store.database import Database
from mailer.store.deliveries import counts
from mailer.store.throttle import lease

STEPS = [
    (before, after)
    for before in CampaignState
    for after in CampaignState
    if before is not after
]


def state_of(database: Database, number: int) -> CampaignState:
    return jobs.find(database, number).state


@pytest.mark.parametrize(("before", "after"), STEPS)
def test_a_campaign_only_takes_the_steps_of_the_table(
    database: Database, before: CampaignState, after: CampaignState
):
    with database.write() as connection:
        number = campaign(connection)
        connection.execute(text("UPDATE campaign SET state = :state"), {"state": before})
        changed = change_state(connection, number, after, NOW)
    assert changed == (after in CAMPAIGN_STEPS[before]) == (before in states_before(after))
    assert state_of(database, number) is (after if changed else before)


def test_the_content_comes_back_as_it_was_frozen(database: Database):
    with database.write() as connection:
        number = campaign(connection)
        found = find_campaign(connection, number)
        assert found is not None
        body = frozen(connection, found.frozen_hash)
        again = campaign(connection)
        other = find_campaign(connection, again)
    assert other is not None
    assert other.frozen_hash == found.frozen_hash
    assert body["list"]["sender_name"] == "Fjell & Fjord"
    assert body["attributes"]["points"] == {"type": "number", "default": 0}


def test_the_same_template_to_the_same_list_is_found_within_its_days(database: Database):
    with database.write() as connection:
        number = campaign(connection)
        before, after = NOW - timedelta(days=7), NOW
        found = same_since(connection, "digest", {"news"}, before)
        assert found is not None
        assert found.id == number
        assert same_since(connection, "digest", {"news"}, after) is None
        assert same_since(connection, "digest", {"other"}, before) is None
        assert same_since(connection, "sale", {"news"}, before) is None


def test_a_paused_campaign_goes_on_where_it_was(database: Database):
    number = running(database, 3)
    paused = jobs.pause(world(database), number, "it rains")
    assert (paused.state, paused.reason) == (CampaignState.PAUSED, "it rains")
    resumed = jobs.resume(world(database), number)
    assert (resumed.state, resumed.reason) == (CampaignState.RUNNING, "")
    assert resumed.started_at == NOW


def test_a_campaign_that_was_paused_while_it_was_planned_is_planned_on(database: Database):
    with database.write() as connection:
        see_list(connection)
        add_people(connection, range(1, 4))
        number = campaign(connection)
    jobs.pause(world(database), number)
    assert jobs.resume(world(database), number).state is CampaignState.PLANNING
    done = plan(world(database), number)
    assert done is not None
    assert done.planned == 3


def test_what_is_not_paused_cannot_be_resumed(database: Database):
    number = running(database, 1)
    with pytest.raises(RefusedError, match="is running: it cannot be resumed"):
        jobs.resume(world(database), number)


def test_letters_that_waited_through_a_long_pause_get_their_time_again(database: Database):
    number = running(database, 3)
    with database.write() as connection:
        move(connection, number, [1], state="refused")
    jobs.pause(world(database), number)
    later = NOW + timedelta(hours=30)
    jobs.resume(world(database, now=later), number)
    with database.read() as connection:
        given_up = connection.execute(
            text("SELECT contact_id, give_up_at FROM delivery ORDER BY contact_id")
        ).all()
    hours = [(row.give_up_at - given_up[0].give_up_at) / 3.6e9 for row in given_up]
    assert hours == [0, 30, 30]


def test_a_campaign_with_an_end_of_its_own_gets_no_more_time(database: Database):
    number = running(database, 1, valid_until=NOW + timedelta(hours=2))
    jobs.pause(world(database), number)
    jobs.resume(world(database, now=NOW + timedelta(hours=3)), number)
    with database.read() as connection:
        late = connection.execute(
            text("SELECT count(*) FROM delivery WHERE give_up_at > :end"),
            {"end": int((NOW + timedelta(hours=2)).timestamp() * 1_000_000)},
        ).scalar_one()
    assert late == 0


def test_cancelling_withholds_what_has_not_left_and_nothing_else(database: Database):
    number = running(database, 8)
    with database.write() as connection:
        for person, state in enumerate(
            ("claimed", "sending", "accepted", "refused", "expired", "in_doubt"), start=1
        ):
            move(connection, number, [person], state=state)
    done = jobs.cancel(world(database), number)
    assert states_of(database, number) == {
        1: "withheld",
        2: "sending",
        3: "accepted",
        4: "refused",
        5: "expired",
        6: "in_doubt",
        7: "withheld",
        8: "withheld",
    }
    assert (done.state, done.finished_at) == (CampaignState.CANCELLED, None)
    with database.read() as connection:
        assert jobs.withheld_counts(connection, number) == {"cancelled": 3}
        row = connection.execute(
            text("SELECT owner_id, lease_until, reason FROM delivery WHERE contact_id = 1")
        ).one()
    assert tuple(row) == (None, None, "cancelled")


def test_what_a_cancelled_campaign_gets_back_from_a_server_is_withheld_too(
    database: Database,
):
    number = running(database, 2)
    with database.write() as connection:
        move(connection, number, [1], state="sending")
    jobs.cancel(world(database), number)
    with database.write() as connection:
        # The server said 4xx.
        move(connection, number, [1], state="queued", owner_id=None)
    jobs.tend(world(database))
    assert states_of(database, number) == {1: "withheld", 2: "withheld"}
    assert jobs.find(database, number).finished_at == NOW


def test_cancelling_goes_on_after_a_crash(database: Database):
    number = running(database, 500)
    with database.write() as connection:
        change_state(connection, number, CampaignState.CANCELLED, NOW, "cancelled")
        jobs.cancel_slice(connection, number, 100, NOW)
    done = jobs.cancel(world(database), number)
    assert set(states_of(database, number).values()) == {"withheld"}
    assert done.finished_at == NOW


def test_a_finished_campaign_cannot_be_cancelled_or_paused(database: Database):
    number = running(database, 1)
    with database.write() as connection:
        move(connection, number, [1], state="accepted")
    assert jobs.finish_if_done(database, number, NOW)
    with pytest.raises(RefusedError, match="is finished: it cannot be cancelled"):
        jobs.cancel(world(database), number)
    with pytest.raises(RefusedError, match="is finished: it cannot be paused"):
        jobs.pause(world(database), number)


@pytest.mark.parametrize("state", ["queued", "claimed", "sending"])
def test_a_campaign_with_an_open_letter_is_not_finished(database: Database, state: str):
    number = running(database, 2)
    with database.write() as connection:
        move(connection, number, [1], state="accepted")
        move(connection, number, [2], state=state)
    assert not jobs.finish_if_done(database, number, NOW)
    assert state_of(database, number) is CampaignState.RUNNING


@pytest.mark.parametrize("state", ["refused", "expired", "withheld", "in_doubt"])
def test_a_campaign_is_finished_when_no_letter_is_open(database: Database, state: str):
    number = running(database, 2)
    with database.write() as connection:
        move(connection, number, [1], state="accepted")
        move(connection, number, [2], state=state)
    assert jobs.tend(world(database)) == [number]
    done = jobs.find(database, number)
    assert (done.state, done.finished_at) == (CampaignState.FINISHED, NOW)
    with database.read() as connection:
        assert open_alarms(connection) == []


def test_a_campaign_of_which_nothing_was_accepted_raises_an_alarm(database: Database):
    number = running(database, 2)
    with database.write() as connection:
        move(connection, number, [1, 2], state="refused")
    assert jobs.finish_if_done(database, number, NOW)
    with database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert alarm.kind == "campaign_nothing_accepted"
    assert "2 refused" in alarm.happened
    assert f"mailer campaign retry {number}" in alarm.todo
    assert "in doubt" not in alarm.todo


def test_a_campaign_that_ended_in_doubt_alone_says_how_that_is_settled(database: Database):
    number = running(database, 2)
    with database.write() as connection:
        move(connection, number, [1], state="refused")
        move(connection, number, [2], state="in_doubt")
    assert jobs.finish_if_done(database, number, NOW)
    with database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert "1 in_doubt" in alarm.happened
    assert f"mailer campaign resolve {number} --all" in alarm.todo


def test_a_campaign_to_nobody_is_finished_with_an_alarm(database: Database):
    with database.write() as connection:
        see_list(connection)
        number = campaign(connection)
    plan(world(database), number)
    assert jobs.finish_if_done(database, number, NOW)
    with database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert alarm.kind == "campaign_empty"


def test_a_campaign_whose_sums_do_not_add_up_is_not_finished(database: Database):
    number = running(database, 2)
    with database.write() as connection:
        move(connection, number, [1, 2], state="accepted")
        connection.execute(text("DELETE FROM delivery WHERE contact_id = 2"))
    for _ in range(2):
        assert not jobs.finish_if_done(database, number, NOW)
    with database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert "2 letters were planned, and there are 1" in alarm.happened


def test_several_who_finish_a_campaign_raise_one_alarm(database: Database):
    number = running(database, 2)
    with database.write() as connection:
        move(connection, number, [1, 2], state="refused")
    finished: list[bool] = []
    threads = [
        threading.Thread(
            target=lambda: finished.append(jobs.finish_if_done(database, number, NOW))
        )
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(finished) == [False] * 5 + [True]
    with database.read() as connection:
        assert len(open_alarms(connection)) == 1


def test_a_campaign_pauses_when_more_than_one_in_a_hundred_cannot_be_composed(
    database: Database,
):
    number = running(database, 200)
    with database.write() as connection:
        move(connection, number, [1, 2], state="withheld", reason="cannot_compose")
    assert not jobs.pause_if_many_fail(world(database), number)
    with database.write() as connection:
        move(connection, number, [3], state="withheld", reason="cannot_compose")
    assert jobs.pause_if_many_fail(world(database), number)
    assert not jobs.pause_if_many_fail(world(database), number)
    paused = jobs.find(database, number)
    assert paused.state is CampaignState.PAUSED
    assert paused.reason == "3 of 200 letters could not be composed"
    with database.read() as connection:
        assert [alarm.kind for alarm in open_alarms(connection)] == ["campaign_paused"]


def test_what_was_known_to_be_missing_at_the_start_pauses_nothing(database: Database):
    number = running(database, 10)
    with database.write() as connection:
        move(
            connection, number, [1, 2], state="withheld", reason="cannot_compose", attempt=0
        )
    assert not jobs.pause_if_many_fail(world(database), number)


def test_the_status_counts_every_state_and_sums_up_to_what_was_planned(database: Database):
    number = running(database, 10)
    now = NOW + timedelta(minutes=6)
    with database.write() as connection:
        move(connection, number, [1], state="accepted", ended_at=NOW)
        move(connection, number, [2, 3, 4], state="accepted", ended_at=now)
        move(connection, number, [5], state="in_doubt")
        move(connection, number, [6], state="withheld", reason="suppression")
        move(connection, number, [7], state="sending")
    found = jobs.status(database, number, now)
    assert set(found.counts) == set(DeliveryState)
    assert sum(found.counts.values()) == found.campaign.planned == 10
    assert found.counts[DeliveryState.ACCEPTED] == 4
    assert found.withheld == {"suppression": 1}
    assert (found.rate_per_s, found.open, found.left_s) == (0.05, 4, 80.0)


def test_nobody_can_tell_how_long_a_campaign_takes_that_stands_still(database: Database):
    number = running(database, 3)
    assert jobs.status(database, number, NOW + timedelta(minutes=1)).left_s is None


def test_the_time_left_is_that_of_the_relays_limits_where_they_take_longer(
    database: Database,
):
    number = running(database, 10)
    now = NOW + timedelta(minutes=6)
    rates = {"main": Rate(per_hour=2)}
    with database.write() as connection:
        lease(connection, "relay:main", rates["main"], 2, now)
    assert jobs.status(database, number, now, rates).left_s == 5 * 3600
    with database.write() as connection:
        move(connection, number, [1, 2], state="accepted", ended_at=now)
    assert jobs.status(database, number, now, rates).left_s == 4 * 3600
    assert jobs.status(database, number, now).left_s == 8 * 30


def test_a_campaign_that_ended_has_no_time_left(database: Database):
    number = running(database, 1)
    with database.write() as connection:
        move(connection, number, [1], state="accepted")
    assert jobs.status(database, number, NOW + timedelta(hours=1)).left_s == 0.0


def test_a_campaign_that_is_not_there_is_said_so(database: Database):
    with pytest.raises(NotFoundError, match="there is no campaign 7"):
        jobs.status(database, 7, NOW)


def test_the_latest_campaigns_come_first(database: Database):
    with database.write() as connection:
        numbers = [campaign(connection) for _ in range(3)]
        found = latest_campaigns(connection, 2)
    assert [one.id for one in found] == [numbers[2], numbers[1]]


def test_counting_looks_at_one_campaign_only(database: Database):
    first = running(database, 3)
    with database.write() as connection:
        second = campaign(connection)
    plan(world(database), second)
    with database.write() as connection:
        move(connection, second, [1], state="accepted")
        assert counts(connection, first)[DeliveryState.QUEUED] == 3
        assert counts(connection, second)[DeliveryState.QUEUED] == 2


def test_an_alarm_is_open_until_somebody_has_seen_it(database: Database):
    alarm = Alarm("schedule_missed", "schedules/a.toml", NOW, "it was missed", "run it")
    with database.write() as connection:
        assert raise_once(connection, alarm)
        assert not raise_once(connection, alarm)
        (found,) = open_alarms(connection)
        assert replace(found, id=0) == alarm
        assert acknowledge(connection, found.id, NOW)
        assert not acknowledge(connection, found.id, NOW)
        assert open_alarms(connection) == []

"""The brakes on real campaigns: what came back pauses or slows them, and says why."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from audiences import world
from sending import a_campaign, now, rows
from sqlalchemy import insert, update

from mailer.jobs.brakes import KIND, look
from mailer.jobs.portions import Portions
from mailer.jobs.shaper import Shaper
from mailer.model.campaign import CampaignState
from mailer.model.key import KeyRing
from mailer.model.provider import OTHER
from mailer.pace.providers import Limits, Provider, Providers
from mailer.pace.shaping import Standing, letters_for, went
from mailer.store.alarms import open_alarms
from mailer.store.campaigns import change_state, find_campaign
from mailer.store.database import Database
from mailer.store.providerstates import keep_states, provider_states
from mailer.store.tables import DeliveryRow, VerdictRow, table
from mailer.store.waiting import Running

DELIVERY, VERDICT = table(DeliveryRow), table(VerdictRow)
KNOWN = Providers({"big": Provider("big", Limits(20))})


def sent(database: Database, ring: KeyRing, letters: int) -> int:
    number = a_campaign(database, ring, letters)
    with database.write() as connection:
        connection.execute(
            update(DELIVERY).values(provider="big", state="accepted", left_at=now())
        )
    return number


def came_back(database: Database, first: int, count: int, **what: object) -> None:
    values = {
        "notice": "complaint", "reason": "", "hard": False, "status": "", "said": "",
        "effect": "complained", "points": 0, "words": "", "at": now(),
    }  # fmt: skip
    with database.write() as connection:
        connection.execute(
            insert(VERDICT),
            [{**values, **what, "delivery_id": first + place} for place in range(count)],
        )


def state(database: Database, number: int) -> CampaignState:
    with database.read() as connection:
        found = find_campaign(connection, number)
    assert found is not None
    return found.state


def test_complaints_pause_a_campaign_with_an_alarm_and_a_way_on(
    database: Database, ring: KeyRing
) -> None:
    number = sent(database, ring, 60)
    came_back(database, rows(database)[0].id, 2)
    assert look(world(database), KNOWN, now()) == []
    came_back(database, rows(database)[2].id, 2)
    assert look(world(database), KNOWN, now()) == [number]
    assert state(database, number) is CampaignState.PAUSED
    with database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert alarm.kind == KIND
    assert "big: 4 of 60 complained" in alarm.happened
    assert f"mailer campaign resume {number}" in alarm.todo
    # Who lets it go on has seen these: only what comes from then on counts.
    later = now() + timedelta(seconds=1)
    with database.write() as connection:
        change_state(connection, number, CampaignState.RUNNING, later)
    assert look(world(database), KNOWN, later) == []


def test_late_complaints_about_earlier_letters_do_not_pause_it_again(
    database: Database, ring: KeyRing
) -> None:
    number = sent(database, ring, 60)
    came_back(database, rows(database)[0].id, 4)
    assert look(world(database), KNOWN, now()) == [number]
    later = now() + timedelta(minutes=5)
    # Complaints come late: while it is paused, and after somebody let it go on.
    came_back(database, rows(database)[10].id, 6, at=later)
    with database.write() as connection:
        change_state(connection, number, CampaignState.RUNNING, later)
        connection.execute(update(DELIVERY).where(DELIVERY.c.id > 50).values(left_at=later))
    assert look(world(database), KNOWN, later) == []
    came_back(database, rows(database)[52].id, 4, at=later)
    assert look(world(database), KNOWN, later) == [number]
    with database.read() as connection:
        *_, alarm = open_alarms(connection)
    assert "big: 4 of 10 complained" in alarm.happened


def test_a_person_whose_complaint_is_reported_twice_complained_once(
    database: Database, ring: KeyRing
) -> None:
    sent(database, ring, 60)
    first = rows(database)[0].id
    for _ in range(2):
        came_back(database, first, 2)
    assert look(world(database), KNOWN, now()) == []


def test_letters_that_were_refused_before_their_content_are_letters_too(
    database: Database, ring: KeyRing
) -> None:
    number = sent(database, ring, 60)
    first = rows(database)[0].id
    with database.write() as connection:
        connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.id < first + 20)
            .values(state="refused", left_at=None, ended_at=now())
        )
    hard = {"notice": "bounce", "effect": "suppressed", "hard": True}
    came_back(database, first, 20, reason="userunknown", **hard)
    assert look(world(database), KNOWN, now()) == [number]
    with database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert "big: 20 of 60 were refused for good (33.33%)" in alarm.happened


def test_refusals_that_are_not_the_lists_fault_or_were_undone_do_not_count(
    database: Database, ring: KeyRing
) -> None:
    number = sent(database, ring, 60)
    first = rows(database)[0].id
    hard = {"notice": "bounce", "effect": "suppressed", "hard": True}
    came_back(database, first, 9, reason="userunknown", **hard)
    came_back(database, first + 9, 20, reason="policyviolation", **hard)
    came_back(database, first + 29, 20, reason="userunknown", undone_at=now(), **hard)
    assert look(world(database), KNOWN, now()) == []
    came_back(database, first + 50, 1, reason="userunknown", **hard)
    assert look(world(database), KNOWN, now()) == [number]


def test_letters_that_come_back_for_what_we_are_pause_it_and_touch_nobody(
    database: Database, ring: KeyRing
) -> None:
    number = sent(database, ring, 60)
    ours = {"notice": "bounce", "effect": "ours", "reason": "authfailure"}
    came_back(database, rows(database)[0].id, 9, **ours)
    assert look(world(database), KNOWN, now()) == []
    came_back(database, rows(database)[9].id, 1, **ours)
    assert look(world(database), KNOWN, now()) == [number]
    with database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert "big: 10 of 60 were refused for what we send or who we are" in alarm.happened


def a_little_too_much(database: Database, ring: KeyRing) -> None:
    """Send 400 letters, of which 12 are refused for good."""
    sent(database, ring, 400)
    hard = {"notice": "bounce", "effect": "suppressed", "hard": True}
    came_back(database, rows(database)[0].id, 12, reason="userunknown", **hard)


def test_a_little_too_much_slows_the_provider_once_an_hour(
    database: Database, ring: KeyRing
) -> None:
    a_little_too_much(database, ring)
    at = now()
    for minutes in (0, 10, 59):
        assert look(world(database), KNOWN, at + timedelta(minutes=minutes)) == []
    with database.read() as connection:
        standing = provider_states(connection)["big"]
    assert standing.per_second == 10
    assert standing.mark == "12 of 400 were refused for good (3.00%)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # It asked for less itself a moment ago, or was not ready for as many at once.
        (Standing(per_second=8, slowed_at=now(), mark="421-4.7.28", marks=3), 4),
        (Standing(at_once=3, slowed_at=now(), mark="421-4.7.0", marks=1), 10),
    ],
)
def test_a_brake_slows_a_provider_whatever_that_asked_for_itself(
    database: Database, ring: KeyRing, before: Standing, after: float
) -> None:
    a_little_too_much(database, ring)
    at = now()
    with database.write() as connection:
        keep_states(connection, {"big": before}, at)
    look(world(database), KNOWN, at)
    with database.read() as connection:
        standing = provider_states(connection)["big"]
    assert standing.per_second == after
    assert standing.at_once == before.at_once
    assert standing.mark == "12 of 400 were refused for good (3.00%)"


def test_a_brake_is_no_answer_to_the_letter_that_tries_a_provider(
    database: Database, ring: KeyRing
) -> None:
    a_little_too_much(database, ring)
    at = now()
    rested = Standing(broken=True, rests=1, rest_until=at, slowed_at=at)
    with database.write() as connection:
        keep_states(connection, {"big": rested}, at)
    look(world(database), KNOWN, at)
    with database.read() as connection:
        standing = provider_states(connection)["big"]
    assert letters_for(standing, at) == 1
    assert standing.per_second == 10


def test_what_a_brake_slowed_stays_slow_for_an_hour_though_its_letters_go(
    database: Database, ring: KeyRing
) -> None:
    a_little_too_much(database, ring)
    at, limits = now(), Limits(20, at_most_per_second=100)
    known = Providers({"big": Provider("big", limits)})
    look(world(database), known, at)
    with database.read() as connection:
        standing = provider_states(connection)["big"]
    for second in range(3600):
        standing = went(standing, limits, 10, at + timedelta(seconds=second))
    assert standing.per_second == 10
    later = went(standing, limits, 10, at + timedelta(hours=1))
    assert later.per_second > 10
    # Or where the clock is put back: not for as much longer.
    assert went(standing, limits, 10, at - timedelta(days=1)).per_second > 10


def test_what_has_no_name_of_its_own_is_slowed_together_until_it_is_forgotten(
    database: Database, ring: KeyRing
) -> None:
    number = sent(database, ring, 400)
    at = now() + timedelta(minutes=1)
    with database.write() as connection:
        connection.execute(update(DELIVERY).values(provider=OTHER, left_at=at))
        # Forty seconds of ten letters each.
        for second in range(40):
            few = DELIVERY.c.id % 40 == second
            left = at - timedelta(seconds=second)
            connection.execute(update(DELIVERY).where(few).values(left_at=left))
    hard = {"notice": "bounce", "effect": "suppressed", "hard": True}
    first = rows(database)[0].id
    came_back(database, first, 12, reason="userunknown", at=at, **hard)
    assert look(world(database), KNOWN, at) == []
    slowed = 400 / 39 / 2
    assert others(database) == pytest.approx(slowed)
    # Nothing more came back: it is not slowed again for the same.
    assert look(world(database), KNOWN, at + timedelta(hours=2)) == []
    assert others(database) == pytest.approx(slowed)
    later = at + timedelta(hours=3)
    came_back(database, first + 12, 1, reason="userunknown", at=later, **hard)
    assert look(world(database), KNOWN, later) == []
    assert others(database) == pytest.approx(slowed / 2)
    assert state(database, number) is CampaignState.RUNNING


def others(database: Database) -> float:
    with database.read() as connection:
        return provider_states(connection)[OTHER].per_second


def test_two_senders_keep_to_what_a_brake_left_to_those_without_a_name(
    database: Database, ring: KeyRing
) -> None:
    number, at = a_campaign(database, ring, 20), now()
    slow = Standing(per_second=2, slowed_at=at, mark="12 of 400 were refused for good")
    with database.write() as connection:
        keep_states(connection, {OTHER: slow}, at)
    running = Running(number, None, (OTHER,))

    def claim(portions: Portions, when: datetime) -> int:
        with database.write() as connection:
            portions.begin(connection, [running])
            shares = portions.shares(running, 20, Counter(), when)
            may = portions.may_claim(connection, OTHER, shares.get(OTHER, 0), when)
            portions.claimed(connection, OTHER, may, when)
        return may

    def sender(when: datetime) -> Portions:
        shaper = Shaper(lambda: when)
        with database.write() as connection:
            shaper.write_down(connection, when)
        return Portions(shaper)

    one, two = sender(at), sender(at)
    taken = [claim(one, at), claim(two, at), claim(one, at)]
    assert taken == [2, 0, 0]
    assert claim(two, at + timedelta(seconds=1)) == 2
    # A day later it is forgotten, and all may go.
    assert claim(sender(at + timedelta(days=2)), at + timedelta(days=2)) == 20

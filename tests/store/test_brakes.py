"""The brakes on real campaigns: what came back pauses or slows them, and says why."""

from datetime import timedelta

from audiences import world
from sending import a_campaign, now, rows
from sqlalchemy import insert, update

from mailer.jobs.brakes import KIND, look
from mailer.model.campaign import CampaignState
from mailer.model.key import KeyRing
from mailer.pace.providers import Limits, Provider, Providers
from mailer.store.alarms import open_alarms
from mailer.store.campaigns import change_state, find_campaign
from mailer.store.database import Database
from mailer.store.providerstates import provider_states
from mailer.store.tables import DeliveryRow, VerdictRow, table

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


def test_a_little_too_much_slows_the_provider_once_an_hour(
    database: Database, ring: KeyRing
) -> None:
    sent(database, ring, 400)
    hard = {"notice": "bounce", "effect": "suppressed", "hard": True}
    came_back(database, rows(database)[0].id, 12, reason="userunknown", **hard)
    at = now()
    for minutes in (0, 10, 59):
        assert look(world(database), KNOWN, at + timedelta(minutes=minutes)) == []
    with database.read() as connection:
        standing = provider_states(connection)["big"]
    assert standing.per_second == 10
    assert standing.mark == "12 of 400 were refused for good (3.00%)"

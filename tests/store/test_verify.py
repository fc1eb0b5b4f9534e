"""`db verify`: a whole database passes, and each way of being wrong is named."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from plans import asked
from sending import a_campaign
from sqlalchemy import update

from mailer.jobs.database import Check, check
from mailer.jobs.watch import watch_sums
from mailer.model.key import KeyRing
from mailer.store import verify
from mailer.store.alarms import open_alarms
from mailer.store.database import Database
from mailer.store.tables import CampaignRow, DeliveryRow, SubscriptionRow, table

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HELD = {"owner_id": 7, "attempt": 1}


@pytest.fixture
def campaign(database: Database, ring: KeyRing) -> int:
    made = a_campaign(database, ring, 3)
    with database.write() as connection:
        # They have no entry in the ledger, which is a problem of its own.
        connection.execute(table(SubscriptionRow).delete())
    return made


def problems(database: Database, ring: KeyRing, folder: Path) -> list[str]:
    checks: list[Check] = check(database, ring, str(folder / "checkpoints.jsonl"))
    assert len(checks) == 4
    return [problem for one in checks for problem in one.problems]


def change_first(database: Database, **values: object) -> None:
    delivery = table(DeliveryRow)
    with database.write() as connection:
        connection.execute(update(delivery).where(delivery.c.id == 1).values(**values))


@pytest.mark.usefixtures("campaign")
def test_a_database_in_order_has_no_problems(
    database: Database, ring: KeyRing, tmp_path: Path
):
    assert problems(database, ring, tmp_path) == []


@pytest.mark.parametrize(
    ("values", "holds"),
    [
        ({"state": "claimed", **HELD}, True),
        ({"state": "sending", **HELD, "left_at": NOW}, True),
        ({"state": "accepted", "left_at": NOW, "ended_at": NOW, "attempt": 1}, True),
        ({"state": "withheld", "reason": "permission", "ended_at": NOW}, True),
        ({"state": "refused", "ended_at": NOW, "attempt": 1}, True),
        ({"state": "in_doubt", "ended_at": NOW, "attempt": 1}, True),
        ({"state": "claimed"}, False),
        ({"state": "sending", "owner_id": 7, "attempt": 0}, False),
        ({"state": "queued", "owner_id": 7}, False),
        ({"state": "accepted", "left_at": NOW}, False),
        ({"state": "withheld"}, False),
        ({"state": "sent"}, False),
    ],
    ids=lambda value: str(value["state"]) if isinstance(value, dict) else str(value),
)
@pytest.mark.usefixtures("campaign")
def test_a_delivery_has_what_its_state_calls_for(
    database: Database,
    ring: KeyRing,
    tmp_path: Path,
    values: dict[str, object],
    *,
    holds: bool,
):
    change_first(database, **values)
    found = problems(database, ring, tmp_path)
    assert (found == []) is holds
    assert all("1" in one for one in found)


def test_a_lost_delivery_shows_in_its_campaign_s_sum(
    database: Database, ring: KeyRing, campaign: int, tmp_path: Path
):
    delivery = table(DeliveryRow)
    with database.write() as connection:
        connection.execute(delivery.delete().where(delivery.c.id == 2))
    assert problems(database, ring, tmp_path) == [
        f"campaign {campaign} (test): 3 planned, but 2 deliveries"
    ]


def test_a_campaign_is_not_finished_with_letters_still_to_send(
    database: Database, ring: KeyRing, campaign: int, tmp_path: Path
):
    change_first(database, state="accepted", left_at=NOW, ended_at=NOW)
    with database.write() as connection:
        connection.execute(update(table(CampaignRow)).values(state="finished"))
    words = "its campaign is finished, or there is none (it is queued)"
    assert campaign > 0
    assert problems(database, ring, tmp_path) == [
        f"delivery 2: {words}", f"delivery 3: {words}"
    ]  # fmt: skip


@pytest.mark.usefixtures("campaign")
def test_deliveries_of_a_campaign_that_is_gone_show(
    database: Database, ring: KeyRing, tmp_path: Path
):
    with database.write() as connection:
        connection.execute(table(CampaignRow).delete())
    assert len(problems(database, ring, tmp_path)) == 3


def test_a_subscription_that_the_ledger_does_not_know_shows(
    database: Database, ring: KeyRing, tmp_path: Path
):
    a_campaign(database, ring, 1)
    (found,) = problems(database, ring, tmp_path)
    assert "contact 1, list news" in found


@pytest.mark.usefixtures("campaign")
def test_while_it_runs_a_broken_sum_is_one_alarm_until_somebody_has_seen_it(
    database: Database,
):
    assert watch_sums(database, NOW)
    delivery = table(DeliveryRow)
    with database.write() as connection:
        connection.execute(delivery.delete().where(delivery.c.id == 2))
    assert not watch_sums(database, NOW)
    assert not watch_sums(database, NOW)
    with database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert alarm.kind == "sums"
    assert "3 planned, but 2 deliveries" in alarm.happened
    assert "mailer db verify" in alarm.todo


@pytest.mark.usefixtures("campaign")
def test_while_it_runs_a_delivery_that_nobody_holds_is_an_alarm(database: Database):
    change_first(database, state="claimed", attempt=1)
    assert not watch_sums(database, NOW)
    with database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert "delivery 1: nobody holds it (it is claimed)" in alarm.happened


def test_where_all_is_well_the_letters_are_read_once(database: Database) -> None:
    with asked(database) as noted, database.read() as connection:
        assert verify.deliveries_out_of_order(connection) == []
    assert sum("FROM delivery" in words for words, _ in noted.statements) == 1

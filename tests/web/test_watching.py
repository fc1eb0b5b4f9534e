"""/health and /metrics, as watchers read them."""

from datetime import timedelta

import pytest
from customers import app_of
from prometheus_client.parser import text_string_to_metric_families
from sending import a_campaign
from sqlalchemy import insert, update
from starlette.testclient import TestClient

from mailer.jobs.metrics import KEPT
from mailer.model.campaign import CampaignState
from mailer.model.consent import SuppressionReason
from mailer.model.delivery import DeliveryState
from mailer.store.tables import AlarmRow, CampaignRow, DeliveryRow, SuppressionRow, table


def figures(client):
    """Return every sample by name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_health_is_ok_while_the_database_answers(client):
    answer = client.get("/health")
    assert answer.status_code == 200
    got = answer.json()
    assert (got["status"], got["database"]) == ("ok", "ok")
    assert got["version"]
    assert client.head("/health").status_code == 200


def test_health_says_503_while_the_database_cannot_be_read(client, world):
    world.rename("delivery", "elsewhere")
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["status"] == "unavailable"
    assert "elsewhere" not in answer.text
    assert client.get("/metrics").status_code == 503
    world.rename("elsewhere", "delivery")
    assert client.get("/health").status_code == 200
    assert client.get("/metrics").status_code == 200


def test_an_empty_database_has_every_figure_at_zero(client):
    got = figures(client)
    for state in DeliveryState:
        assert got["mailer_deliveries", state] == 0
    for state in CampaignState:
        assert got["mailer_campaigns", state] == 0
    for reason in SuppressionReason:
        assert got["mailer_suppressions", reason] == 0
    for name in (
        "mailer_deliveries_due",
        "mailer_deliveries_due_oldest_seconds",
        "mailer_deliveries_in_doubt",
        "mailer_letters_accepted_total",
        "mailer_alarms_open",
        "mailer_totals_age_seconds",
    ):
        assert got[(name,)] == 0


@pytest.fixture
def busy(world):
    """Two campaigns, one of them paused; alarms and suppressions, open and past."""
    running = a_campaign(world.database, world.ring, 9)
    paused = a_campaign(world.database, world.ring, 3)
    delivery, at = table(DeliveryRow), world.now
    with world.database.write() as connection:
        connection.execute(update(delivery).values(due_at=at - timedelta(minutes=1)))
        first = 1
        for state, count in (("accepted", 3), ("refused", 2), ("in_doubt", 1)):
            connection.execute(
                update(delivery)
                .where(delivery.c.id >= first, delivery.c.id < first + count)
                .values(state=state)
            )
            first += count
        connection.execute(
            update(delivery).where(delivery.c.id == first).values(due_at=at + KEPT)
        )
        connection.execute(
            update(table(CampaignRow))
            .where(table(CampaignRow).c.id == paused)
            .values(state="paused")
        )
        connection.execute(
            insert(delivery).values(
                cause_kind="request", cause_id=1, kind="transactional", lane=1,
                hash=b"1", address="x@example.com", state="queued", attempt=0,
                deferrals=0, due_at=at - timedelta(seconds=90), give_up_at=at,
            )
        )  # fmt: skip
        alarm = {"kind": "k", "subject": "s", "at": at, "happened": "h", "todo": "t"}
        connection.execute(
            insert(table(AlarmRow)),
            [{**alarm, "acknowledged_at": seen} for seen in (None, None, at)],
        )
        connection.execute(
            insert(table(SuppressionRow)),
            [
                {
                    "hash": bytes([number]), "scope": "marketing", "reason": reason,
                    "since_at": at, "until_at": until, "source": "",
                }
                for number, (reason, until) in enumerate(
                    [("bounced", None), ("bounced", at), ("complained", at + KEPT)]
                )
            ],
        )  # fmt: skip
    return running


def test_the_figures_are_those_of_the_database(client, busy):
    got = figures(client)
    assert {state: got["mailer_deliveries", state] for state in DeliveryState} == {
        "queued": 7, "claimed": 0, "sending": 0, "accepted": 3, "refused": 2,
        "expired": 0, "withheld": 0, "in_doubt": 1,
    }  # fmt: skip
    assert got["mailer_campaigns", "running"] == got["mailer_campaigns", "paused"] == 1
    assert got[("mailer_letters_accepted_total",)] == 3
    # Three of the running campaign but for one that is due later, and one of no campaign.
    assert got[("mailer_deliveries_due",)] == 3
    assert got[("mailer_deliveries_due_oldest_seconds",)] == 90
    assert got[("mailer_deliveries_in_doubt",)] == 1
    assert got[("mailer_alarms_open",)] == 2
    assert got["mailer_suppressions", "bounced"] == 1
    assert got["mailer_suppressions", "complained"] == 1


def test_nothing_in_the_figures_is_about_a_person(client, busy):
    text = client.get("/metrics").text
    assert "@" not in text
    assert "example" not in text


def test_figures_are_counted_again_only_after_a_while(client, world, busy):
    before = figures(client)
    delivery = table(DeliveryRow)
    with world.database.write() as connection:
        connection.execute(update(delivery).values(state="accepted"))
    world.now += KEPT - timedelta(seconds=1)
    kept = figures(client)
    assert kept["mailer_deliveries", "accepted"] == before["mailer_deliveries", "accepted"]
    assert kept[("mailer_totals_age_seconds",)] == 14
    world.now += timedelta(seconds=1)
    after = figures(client)
    assert after["mailer_deliveries", "accepted"] == 13
    assert after[("mailer_deliveries_due",)] == 0
    assert after[("mailer_totals_age_seconds",)] == 0


def test_a_clock_that_was_put_back_does_not_keep_figures_for_ever(client, world, busy):
    figures(client)
    with world.database.write() as connection:
        connection.execute(update(table(DeliveryRow)).values(state="accepted"))
    world.now -= timedelta(days=1)
    assert figures(client)["mailer_deliveries", "accepted"] == 13


def test_figures_can_be_switched_off(world):
    app = app_of(world, with_metrics=False)
    with TestClient(app) as client:
        assert client.get("/metrics").status_code == 404
        assert client.get("/health").status_code == 200

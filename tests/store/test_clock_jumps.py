"""The clock is put forward or back: nothing is doubled, lost, or waits much longer."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sending import a_campaign, now, rows, states
from sqlalchemy import insert, select, update

from mailer.jobs import owner
from mailer.jobs.owner import Overdue
from mailer.jobs.putback import ClockWatch, look_at_start
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.store.claims import Claims
from mailer.store.database import Database
from mailer.store.doortables import WebhookRow
from mailer.store.tables import CampaignRow, DeliveryRow, table
from mailer.workspace.locks import OwnerLocks

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KEEP_EVERY_S = 5.0


class Seconds:
    """Seconds that go on only when a test says so."""

    s = 0.0

    def __call__(self) -> float:
        return self.s


def test_leases_that_are_over_at_once_take_nothing_from_a_living_sender(
    database: Database, ring: KeyRing, tmp_path: Path
):
    """A clock put forward, or a machine that slept, ends all leases in one moment."""
    campaign = a_campaign(database, ring, 2, kind=Kind.TRANSACTIONAL)
    theirs, mine = OwnerLocks(str(tmp_path)), OwnerLocks(str(tmp_path))
    other, myself = (owner.begin(database, one, now()) for one in (theirs, mine))
    with database.read() as connection:
        claims = Claims(connection, other, HOUR)
    with database.write() as connection:
        claims.of_campaign(connection, campaign, 2, now())
        # As it is after the clock was put forward by a day.
        connection.execute(update(table(DeliveryRow)).values(lease_until=now() - DAY))
    seconds = Seconds()
    overdue = Overdue(KEEP_EVERY_S, seconds)
    assert not owner.recover(database, mine, now, overdue, myself)
    assert states(database) == {"claimed": 2}
    # It lives, so it renews its lease in its next turn.
    with database.write() as connection:
        claims.renew(connection)
    seconds.s += KEEP_EVERY_S
    assert not owner.recover(database, mine, now, overdue, myself)
    seconds.s += HOUR.total_seconds()
    assert not owner.recover(database, mine, now, overdue, myself)
    assert states(database) == {"claimed": 2}
    theirs.close()
    mine.close()


def test_a_living_sender_that_stays_past_its_lease_hangs(
    database: Database, ring: KeyRing, tmp_path: Path
):
    campaign = a_campaign(database, ring, 2)
    theirs, mine = OwnerLocks(str(tmp_path)), OwnerLocks(str(tmp_path))
    other, myself = (owner.begin(database, one, now()) for one in (theirs, mine))
    with database.read() as connection:
        claims = Claims(connection, other, -HOUR)
    with database.write() as connection:
        claims.of_campaign(connection, campaign, 2, now())
    seconds = Seconds()
    overdue = Overdue(KEEP_EVERY_S, seconds)
    for s in (0, 5, 10):
        seconds.s = s
        assert not owner.recover(database, mine, now, overdue, myself)
    seconds.s = 15
    assert owner.recover(database, mine, now, overdue, myself).released == 2
    assert states(database) == {"queued": 2}
    theirs.close()
    mine.close()


def put(database: Database, number: int, **values: Any) -> None:
    """Change one letter."""
    deliveries = table(DeliveryRow)
    with database.write() as connection:
        connection.execute(
            update(deliveries).where(deliveries.c.contact_id == number).values(values)
        )


def hook_due(database: Database, due_at: datetime) -> None:
    """Let an endpoint have something to hear."""
    with database.write() as connection:
        connection.execute(
            insert(table(WebhookRow)).values(
                endpoint="shop", event="joined", source="ledger", source_number=1,
                list_id="news", contact_id=1, happened_at=due_at, state="waiting",
                attempts=1, due_at=due_at, answer="",
            )
        )  # fmt: skip


@pytest.mark.parametrize("back", [HOUR, DAY])
def test_what_was_due_is_due_though_the_clock_is_put_back(
    database: Database, ring: KeyRing, back: timedelta
):
    then = now()
    clock, seconds = [then], Seconds()
    watch = ClockWatch(database, lambda: clock[0], seconds)
    twin = ClockWatch(database, lambda: clock[0], seconds)
    campaign = a_campaign(database, ring, 4)
    minute = timedelta(minutes=1)
    put(database, 1, due_at=then - minute)
    put(database, 2, attempt=1, deferrals=1, due_at=then + 5 * minute)
    put(database, 3, attempt=1, reason="quiet", due_at=then + 9 * minute)
    put(database, 4, due_at=then + 20 * minute)
    hook_due(database, then + 2 * minute)
    clock[0] += timedelta(seconds=5)
    seconds.s += 5
    watch.look()
    clock[0] += 5 * timedelta(seconds=1) - back
    seconds.s += 5
    # Of two programs that see it one brings forward, and only once.
    for one in (watch, twin, watch, twin):
        one.look()
    with database.read() as connection:
        hook = connection.execute(select(table(WebhookRow).c.due_at)).scalar_one()
        starts = connection.execute(
            select(table(CampaignRow).c.due_at).where(table(CampaignRow).c.id == campaign)
        ).scalar_one()
    due = {row.contact_id: row.due_at for row in rows(database)}
    assert due[1] == then - minute - back
    assert due[2] == then + 5 * minute - back
    # These wait for a moment, whatever the clock says meanwhile.
    assert due[3] == then + 9 * minute
    assert due[4] == then + 20 * minute
    assert hook == then + 2 * minute - back
    assert starts < clock[0]


def test_a_clock_that_runs_on_or_jumps_forward_changes_nothing(
    database: Database, ring: KeyRing
):
    then = now()
    clock, seconds = [then], Seconds()
    watch = ClockWatch(database, lambda: clock[0], seconds)
    a_campaign(database, ring, 1)
    put(database, 1, attempt=1, due_at=then + DAY)
    for step in (timedelta(seconds=5), DAY - HOUR, timedelta(seconds=-30)):
        clock[0] += step
        seconds.s += 5
        watch.look()
    assert [row.due_at for row in rows(database)] == [then + DAY]


def test_a_process_that_is_stopped_between_two_looks_at_clocks_changes_nothing(
    database: Database, ring: KeyRing
):
    then, seconds, hour_s = now(), Seconds(), HOUR.total_seconds()
    stops = iter([0.0, hour_s, 0.0, 0.0, hour_s, 0.0])

    def clock() -> datetime:
        read = then + timedelta(seconds=seconds.s)
        # All stands still, and time goes on.
        seconds.s += next(stops, 0.0)
        return read

    watch = ClockWatch(database, clock, seconds)
    a_campaign(database, ring, 1)
    put(database, 1, attempt=1, due_at=then + DAY)
    for _ in range(4):
        seconds.s += 5
        watch.look()
    assert [row.due_at for row in rows(database)] == [then + DAY]


def starts(database: Database) -> dict[int, datetime]:
    """Return when campaigns are due, by number."""
    campaigns = table(CampaignRow)
    with database.read() as connection:
        found = connection.execute(select(campaigns.c.id, campaigns.c.due_at))
        return {row.id: row.due_at for row in found}


def test_the_next_start_finds_that_the_clock_was_put_back_meanwhile(
    database: Database, ring: KeyRing
):
    then, back, minute = now(), 3 * DAY, timedelta(minutes=1)
    late = a_campaign(database, ring, 4)
    put(database, 1, due_at=then - minute)
    put(database, 2, attempt=1, deferrals=1, due_at=then + 5 * minute)
    put(database, 3, attempt=1, reason="quiet", due_at=then + 9 * minute)
    put(database, 4, due_at=then + 20 * minute)
    hook_due(database, then + 2 * minute)
    ClockWatch(database, lambda: then, Seconds()).look()
    later = then - back
    # Somebody plans this one after the clock was put right; it is due when he says.
    planned = a_campaign(database, ring, 1)
    with database.write() as connection:
        connection.execute(
            update(table(CampaignRow))
            .where(table(CampaignRow).c.id == planned)
            .values(created_at=later, due_at=later + DAY)
        )
    before = starts(database)
    for _ in range(2):
        look_at_start(database, later)
        later += HOUR
    with database.read() as connection:
        hook = connection.execute(select(table(WebhookRow).c.due_at)).scalar_one()
    due = {row.contact_id: row.due_at for row in rows(database)}
    assert due[1] == then - minute - back
    assert due[2] == then + 5 * minute - back
    assert due[3] == then + 9 * minute
    assert due[4] == then + 20 * minute
    assert hook == then + 2 * minute - back
    assert starts(database) == {late: before[late] - back, planned: before[planned]}


@pytest.mark.parametrize("later", [timedelta(minutes=-1), HOUR])
def test_a_start_after_a_rest_changes_nothing(
    database: Database, ring: KeyRing, later: timedelta
):
    then = now()
    a_campaign(database, ring, 1)
    put(database, 1, attempt=1, due_at=then + DAY)
    look_at_start(database, then)
    ClockWatch(database, lambda: then, Seconds()).look()
    look_at_start(database, then + later)
    assert [row.due_at for row in rows(database)] == [then + DAY]


def test_the_clock_is_noted_as_time_goes_on(database: Database, ring: KeyRing):
    then, seconds = now(), Seconds()
    watch = ClockWatch(database, lambda: then + timedelta(seconds=seconds.s), seconds)
    a_campaign(database, ring, 1)
    for s in (0.0, 59.0, 600.0):
        seconds.s = s
        watch.look()
    put(database, 1, due_at=then + timedelta(minutes=9))
    look_at_start(database, then)
    (row,) = rows(database)
    assert row.due_at == then - timedelta(minutes=1)

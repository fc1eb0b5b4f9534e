"""How things stand, on both databases."""

import os
import platform
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from audiences import make_folder, move, world, write_schedule, write_template
from sending import a_campaign, now
from sqlalchemy import event, text, update

from mailer.jobs.campaigns import pause
from mailer.jobs.database import backup, note_backup
from mailer.jobs.sender_life import Life
from mailer.jobs.status import Standing, standing
from mailer.jobs.watch import PATIENCE, RelayWatch
from mailer.jobs.world import World
from mailer.model.delivery import DeliveryState
from mailer.model.key import KeyRing
from mailer.model.kind import Lane
from mailer.pace.throttle import Rate
from mailer.store import owners, throttle
from mailer.store.database import Database
from mailer.store.tables import DeliveryRow, table

_BY_INDEX = re.compile(
    r"INDEX (ix_delivery_due_campaign|ix_delivery_due_lane|ix_delivery_owner"
    r"|ix_delivery_in_doubt)\b"
)
_MANY = ("contact", "ledger", "subscription", "suppression", "attempt", "incoming")


@pytest.fixture
def here(database: Database, tmp_path: Path) -> World:
    return world(database, str(make_folder(tmp_path / "shop")))


def seen(here: World) -> Standing:
    return standing(here, ["main"], [here.folder, here.folder], now())


def test_nothing_yet(here: World) -> None:
    found = seen(here)
    assert (found.queue, found.under_way, found.paused, found.doubts) == ({}, (), (), {})
    assert (found.alarms, found.senders, found.schedules) == ((), (), ())
    assert found.present.in_doubt == 0
    assert found.backup_at is None
    assert found.database_bytes > 0
    (disk,) = found.disks
    assert disk.free_bytes > 0


def test_the_queue_is_told_by_state_and_lane_and_campaigns_by_what_is_done(
    here: World, ring: KeyRing
) -> None:
    database = here.database
    first = a_campaign(database, ring, 8)
    second = a_campaign(database, ring, 3)
    rows = table(DeliveryRow)
    with database.write() as connection:
        move(connection, first, [1], state="claimed")
        move(connection, first, [2], state="sending")
        move(connection, first, [3], state="accepted")
        move(connection, first, [4], state="in_doubt")
        # The third letter of the other campaign answers somebody instead.
        connection.execute(
            update(rows)
            .where(rows.c.cause_id == second, rows.c.contact_id == 11)
            .values(cause_kind="request", lane=Lane.ANSWERS.value)
        )
    pause(here, second, "too many bounced")
    found = seen(here)
    assert found.queue == {
        DeliveryState.QUEUED: {Lane.ANSWERS: 1, Lane.CAMPAIGNS: 6},
        DeliveryState.CLAIMED: {Lane.CAMPAIGNS: 1},
        DeliveryState.SENDING: {Lane.CAMPAIGNS: 1},
    }
    (running,) = found.under_way
    assert (running.campaign.id, running.queued, running.held) == (first, 4, 2)
    assert running.done == 2
    (paused,) = found.paused
    assert (paused.campaign.id, paused.campaign.reason) == (second, "too many bounced")
    assert paused.queued == 2
    assert found.doubts == {first: 1}
    assert found.present.in_doubt == 1
    # Not what waits behind the pause.
    assert found.present.due == 5


def test_a_relays_trouble_and_what_it_got_are_told(here: World) -> None:
    watch = RelayWatch(here.database, "main")
    watch.look("connect: refused", now() - PATIENCE)
    watch.look("connect: refused", now())
    RelayWatch(here.database, "other").look("auth: 535 no", now())
    with here.database.write() as connection:
        rate = Rate(per_hour=100)
        throttle.lease(connection, "relay:main", rate, 7, now() - timedelta(hours=3))
        throttle.lease(connection, "relay:main", rate, 5, now())
        throttle.lease(connection, "relay:other", rate, 9, now())
    found = seen(here)
    (trouble,) = found.relay_alarms
    assert (trouble.kind, trouble.subject) == ("relay_trouble", "relay main")
    assert len(found.alarms) == 2
    assert found.sent == {"main": (5, 12)}


def test_senders_that_live_and_that_were_killed_are_told_apart(here: World) -> None:
    gone = os.fork()
    if not gone:
        os._exit(0)
    os.waitpid(gone, 0)
    with here.database.write() as connection:
        owners.register(connection, platform.node(), os.getpid(), now())
        owners.register(connection, platform.node(), gone, now())
        owners.register(connection, "elsewhere.test", 1, now())
        ended = owners.register(connection, platform.node(), os.getpid(), now())
        owners.end(connection, ended, now())
    told = [(one.sender.host, one.life) for one in seen(here).senders]
    assert told == [
        (platform.node(), Life.LIVES),
        (platform.node(), Life.GONE),
        ("elsewhere.test", Life.ELSEWHERE),
    ]


def test_the_next_firing_is_told(here: World) -> None:
    write_template(Path(here.folder), "digest")
    write_schedule(Path(here.folder), "morning", 'cron = "0 9 * * *"')
    (listed,) = seen(here).schedules
    assert listed.name == "morning"
    assert listed.coming[0].due_at > now()


def test_a_backup_by_other_means_is_noted(here: World) -> None:
    at = now()
    note_backup(here.database, at - timedelta(days=1))
    note_backup(here.database, at)
    assert seen(here).backup_at == at


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_is_noted_where_it_was_made_of_and_only_when_it_was(
    here: World, tmp_path: Path
) -> None:
    at, checkpoints = now(), str(tmp_path / "checkpoints.jsonl")
    backup(here.database, str(tmp_path / "copy.db"), checkpoints, at)
    assert seen(here).backup_at == at
    with pytest.raises(Exception, match="exists"):
        backup(here.database, str(tmp_path / "copy.db"), checkpoints, now())
    assert seen(here).backup_at == at


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_that_cannot_be_noted_is_a_backup_all_the_same(
    here: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with here.database.write() as connection:
        connection.execute(text("ALTER TABLE mark RENAME TO away"))
    copy = tmp_path / "copy.db"
    backup(here.database, str(copy), str(tmp_path / "checkpoints.jsonl"), now())
    assert copy.exists()
    assert "the backup is whole" in caplog.text
    with here.database.write() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO mark"))
    assert seen(here).backup_at is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_table_of_letters_or_people_is_read_through(here: World, ring: KeyRing) -> None:
    a_campaign(here.database, ring, 5)
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    event.listen(here.database.engine, "before_cursor_execute", note)
    seen(here)
    event.remove(here.database.engine, "before_cursor_execute", note)
    of_letters = 0
    with here.database.read() as connection:
        for statement, values in asked:
            if not statement.startswith("SELECT"):
                continue
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            for step in [str(row[3]) for row in steps]:
                if re.match(r"(SCAN|SEARCH) delivery\b", step):
                    of_letters += 1
                    assert _BY_INDEX.search(step), (step, statement)
                assert not re.match(rf"SCAN ({'|'.join(_MANY)})\b", step), step
    assert of_letters >= 6

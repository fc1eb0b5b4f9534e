"""What is written in one commit, and what a withdrawal in the same moment does to it."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from sending import LIST, attempts, change, claimed, now, rows, states
from sqlalchemy import Connection, event, update

from mailer.errors import DatabaseError
from mailer.model.campaign import CampaignState
from mailer.model.delivery import Claim, DeliveryState
from mailer.model.key import KeyRing
from mailer.model.outcome import Reply, Stage
from mailer.store.campaigns import change_state
from mailer.store.claims import Cap
from mailer.store.database import Database
from mailer.store.groups import Groups, Sheet, groups
from mailer.store.outcomes import record
from mailer.store.tables import SubscriptionRow, table
from mailer.store.topics import choose_topics


@pytest.fixture
def writing(database: Database) -> Iterator[Groups]:
    made = groups(database)
    yield made
    made.close()


def names(claims: list[Claim]) -> list[tuple[int, int]]:
    return [(claim.id, claim.fence) for claim in claims]


def test_outcomes_of_every_kind_and_leaves_go_into_one_commit(
    database: Database, ring: KeyRing, writing: Groups
) -> None:
    one, two, three, four, five, six = claimed(database, ring, 6)
    assert writing.commit(Sheet.of([], names([one, two, three])), now(), None) == {1, 2, 3}
    later = now() + timedelta(minutes=7)
    said = Reply(451, "4.7.1", 'it\'s "later"; é')
    came = [
        change(one, DeliveryState.ACCEPTED, relay="a", relay_id="Q1"),
        change(two, DeliveryState.REFUSED, reply=Reply(550, "5.1.1", "no"), logged="x"),
        change(three, DeliveryState.QUEUED, due_at=later, deferred=True, reply=said,
               stage=Stage.RCPT, logged="deferred", relay="a"),
        change(four, DeliveryState.WITHHELD, reason="permission"),
        change(five, DeliveryState.EXPIRED, reason="too_late"),
    ]  # fmt: skip
    left = writing.commit(Sheet.of(came, names([six])), now(), None)
    assert left == {6}
    found = {row.id: row for row in rows(database)}
    assert [found[number].state for number in sorted(found)] == [
        "accepted", "refused", "queued", "withheld", "expired", "sending",
    ]  # fmt: skip
    assert found[1].relay_id == "Q1"
    assert (found[3].due_at, found[3].deferrals) == (later, 1)
    assert found[3].reply == '451 4.7.1 it\'s "later"; é'
    assert found[3].ended_at is None
    assert found[4].reason == "permission"
    assert all(found[number].ended_at is not None for number in (1, 2, 4, 5))
    assert all(found[number].owner_id is None for number in (1, 2, 3, 4, 5))
    assert [found[number].relay for number in (1, 2, 3)] == ["a", None, "a"]
    logged = [
        (row.delivery_id, row.attempt, row.outcome, row.stage, row.code, row.enhanced,
         row.words, row.relay)
        for row in attempts(database)
    ]  # fmt: skip
    assert logged == [
        (2, 1, "x", "content", 550, "5.1.1", "no", ""),
        (3, 1, "deferred", "rcpt", 451, "4.7.1", 'it\'s "later"; é', "a"),
    ]
    assert [row.at for row in attempts(database)] == [one.at for one in came[1:3]]


def test_nothing_can_be_recorded_that_the_table_of_states_forbids(
    database: Database, ring: KeyRing, writing: Groups
) -> None:
    (one,) = claimed(database, ring, 1)
    writing.commit(Sheet.of([change(one, DeliveryState.ACCEPTED)], []), now(), None)
    assert states(database) == {"claimed": 1}
    writing.commit(Sheet.of([], names([one])), now(), None)
    writing.commit(Sheet.of([change(one, DeliveryState.WITHHELD)], []), now(), None)
    writing.commit(Sheet.of([change(one, DeliveryState.SENDING)], []), now(), None)
    assert states(database) == {"sending": 1}


def test_words_that_no_database_takes_are_kept_without_what_it_refuses(
    database: Database, ring: KeyRing, writing: Groups
) -> None:
    (one,) = claimed(database, ring, 1)
    nasty = Reply(550, "5.0.0", "a\0b\ud800c\n" + "x" * 2000)
    refused = change(one, DeliveryState.REFUSED, reply=nasty, logged="refused")
    writing.commit(Sheet.of([refused], []), now(), None)
    (row,) = rows(database)
    assert row.reply.startswith("550 5.0.0 a?b?c?xxx")
    assert len(row.reply) == 1000


def test_what_is_written_once_more_is_in_the_log_once(
    database: Database, ring: KeyRing, writing: Groups
) -> None:
    """A refusal counts as a bounce: it must not count twice where an answer was lost."""
    one, two = claimed(database, ring, 2)
    refused = change(
        one, DeliveryState.REFUSED, reply=Reply(550, "5.2.1", "no"), logged="x"
    )
    assert writing.commit(Sheet.of([refused], names([two])), now(), None) == {2}
    deferred = change(two, DeliveryState.QUEUED, deferred=True, logged="deferred")
    for _ in range(2):
        writing.commit(Sheet.of([refused, deferred], []), now(), None)
        with database.write() as connection:
            record(connection, [refused, deferred])
    logged = [(row.delivery_id, row.outcome) for row in attempts(database)]
    assert logged == [(1, "x"), (2, "deferred")]
    assert states(database) == {"refused": 1, "queued": 1}


def test_a_group_with_a_cap_and_one_without_can_follow_each_other(
    database: Database, ring: KeyRing, writing: Groups
) -> None:
    one, two, three = claimed(database, ring, 3)
    week = now() - timedelta(days=7)
    assert writing.commit(Sheet.of([], names([one])), now(), Cap(1, week)) == {1}
    assert writing.commit(Sheet.of([], names([two])), now(), None) == {2}
    assert writing.commit(Sheet.of([], names([three])), now(), Cap(1, week)) == {3}


def test_a_group_that_cannot_be_written_changes_nothing(
    database: Database, ring: KeyRing, writing: Groups
) -> None:
    one, two = claimed(database, ring, 2)
    writing.commit(Sheet.of([], names([one])), now(), None)
    nothing_said: Any = None
    done = change(one, DeliveryState.REFUSED, logged="refused")
    broken = done._replace(reply=Reply(550, nothing_said, ""))
    with pytest.raises((psycopg.IntegrityError, sqlite3.IntegrityError)):
        writing.commit(Sheet.of([broken], names([two])), now(), None)
    assert states(database) == {"sending": 1, "claimed": 1}
    assert writing.commit(Sheet.of([done], names([two])), now(), None) == {2}
    assert states(database) == {"refused": 1, "sending": 1}


def withdraw(connection: Connection) -> None:
    subscription = table(SubscriptionRow)
    connection.execute(
        update(subscription)
        .where(subscription.c.contact_id == 1, subscription.c.list_id == LIST)
        .values(status="unsubscribed")
    )


def pause(connection: Connection) -> None:
    assert change_state(connection, 1, CampaignState.PAUSED, now(), "by hand")


def choose(connection: Connection) -> None:
    choose_topics(connection, 1, LIST, ["tents"], now())


@pytest.mark.parametrize("take_away", [withdraw, pause, choose])
def test_what_takes_permission_away_while_a_group_is_written_stops_it_or_waits(
    database: Database,
    ring: KeyRing,
    writing: Groups,
    take_away: Callable[[Connection], None],
) -> None:
    """On PostgreSQL two transactions overlap; on SQLite one waits for the turn."""
    one, *_ = claimed(database, ring, 2)
    left: list[set[int] | None] = []
    thread = threading.Thread(
        target=lambda: left.append(writing.commit(Sheet.of([], names([one])), now(), None))
    )
    with database.write() as connection:
        take_away(connection)
        thread.start()
        # It cannot end before we do, however long that takes.
        thread.join(0.2)
        assert thread.is_alive()
        assert left == []
    thread.join()
    assert left == [set()]


def test_a_pause_does_not_wait_for_ever_behind_busy_senders(
    database: Database, ring: KeyRing
) -> None:
    letters = claimed(database, ring, 1200)
    paused = threading.Event()
    after: list[int] = []

    def send(mine: list[Claim]) -> None:
        writing = groups(database)
        for start in range(0, len(mine), 3):
            was_paused = paused.is_set()
            left = writing.commit(Sheet.of([], names(mine[start : start + 3])), now(), None)
            if was_paused:
                after.append(len(left or ()))
        writing.close()

    senders = [
        threading.Thread(target=send, args=(letters[place::4],)) for place in range(4)
    ]
    for sender in senders:
        sender.start()
    with database.write() as connection:
        pause(connection)
    paused.set()
    for sender in senders:
        sender.join()
    assert sum(after) == 0
    assert states(database)["claimed"] > 0


def test_when_nobody_can_tell_who_left_nothing_is_written_twice(
    database: Database, ring: KeyRing, writing: Groups, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database.is_sqlite:
        # There it is asked in the same transaction.
        return
    one, two, three = claimed(database, ring, 3)
    assert writing.commit(Sheet.of([], names([one])), now(), None) == {1}
    with database.write() as connection:
        withdraw_two = update(table(SubscriptionRow)).where(
            table(SubscriptionRow).c.contact_id == 2
        )
        connection.execute(withdraw_two.values(status="unsubscribed"))
    broken = SimpleNamespace(spelt=lambda _dialect: ("SELECT id FROM nowhere", {}))
    monkeypatch.setattr(writing, "_have_left", broken)
    done = change(one, DeliveryState.REFUSED, logged="refused")
    assert writing.commit(Sheet.of([done], names([two, three])), now(), None) is None
    assert states(database) == {"refused": 1, "claimed": 1, "sending": 1}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_on_postgresql_a_group_reads_what_it_names_and_no_whole_table(
    database: Database, ring: KeyRing
) -> None:
    def whole_reads() -> dict[str, int]:
        asked = "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname IN ({})"
        names = "'delivery', 'subscription', 'frequency', 'contact', 'suppression'"
        with database.read() as connection:
            return dict(map(tuple, connection.exec_driver_sql(asked.format(names))))

    def ended() -> bool:
        others = "SELECT count(*) FROM pg_stat_activity WHERE pid = %(pid)s"
        with database.read() as connection:
            found = connection.exec_driver_sql(others, {"pid": session}).scalar_one()
        return not found

    claims = claimed(database, ring, 40)
    before = whole_reads()
    writing = groups(database)
    for first in range(0, 40, 4):
        some = claims[first : first + 4]
        assert writing.commit(Sheet.of([], names(some)), now(), Cap(9, now()))
        came = [change(one, DeliveryState.ACCEPTED) for one in some]
        writing.commit(Sheet.of(came, []), now(), None)
    session = writing._opened().info.backend_pid
    writing.close()
    # What a session has read is counted when it ends.
    while not ended():
        pass
    after = whole_reads()
    # Twenty groups; the sessions that got all this ready may have read one or the other.
    assert {name: count for name, count in after.items() if count > before[name] + 5} == {}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_server_that_ends_the_session_at_its_beginning_is_told_and_tried_again(
    database: Database, ring: KeyRing, writing: Groups
) -> None:
    (claim,) = claimed(database, ring, 1)
    sheet = Sheet.of([], names([claim]))

    def end(driver: psycopg.Connection, *_: object) -> None:
        url = database.engine.url.set(drivername="postgresql")
        address = url.render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(%s, 10000)", [driver.info.backend_pid]
            )

    event.listen(database.engine, "checkout", end)
    with pytest.raises(DatabaseError, match="look whether the server runs"):
        writing.commit(sheet, now(), None)
    event.remove(database.engine, "checkout", end)
    assert writing.commit(sheet, now(), None) == {claim.id}

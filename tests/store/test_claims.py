"""Claiming, leaving, recording and taking back, on both databases."""

import random
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sending import LIST, a_campaign, claimed, now, rows, states
from sqlalchemy import Select, insert, select, text, update

from mailer.jobs import owner
from mailer.model.consent import SubscriptionStatus
from mailer.model.delivery import DeliveryState
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.model.outcome import Reply
from mailer.store import due, owners
from mailer.store.claims import Cap, Claims
from mailer.store.compiled import Compiled, Values
from mailer.store.database import Database
from mailer.store.groups import Sheet, groups
from mailer.store.held import held
from mailer.store.outcomes import Change
from mailer.store.plaintexts import choose_plain
from mailer.store.tables import (
    CampaignRow,
    ContactRow,
    DeliveryRow,
    ListRow,
    SubscriptionRow,
    SuppressionRow,
    table,
)
from mailer.store.waiting import due_campaigns

LEASE = timedelta(minutes=5)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

delivery = table(DeliveryRow)


def a_sender(database: Database, lease: timedelta = LEASE) -> Claims:
    with database.write() as connection:
        owner = owners.register(connection, "here", 1, now())
    with database.read() as connection:
        return Claims(connection, owner, lease)


def claim_all(database: Database, claims: Claims, campaign: int, limit: int = 100) -> list:
    with database.write() as connection:
        return claims.read(
            connection, claims.of_campaign(connection, campaign, limit, now())
        )


def leave(database: Database, claimed: list, cap: Cap | None = None) -> set:
    names = [(claim.id, claim.fence) for claim in claimed]
    return commit(database, names=names, cap=cap)


def commit(
    database: Database,
    *changes: Change,
    names: Sequence[tuple[int, int]] = (),
    cap: Cap | None = None,
    lease: timedelta = LEASE,
) -> set[int]:
    writing = groups(database, lease)
    try:
        return writing.commit(Sheet.of(changes, names), now(), cap)
    finally:
        writing.close()


def test_eight_workers_claim_every_delivery_once(database: Database, ring: KeyRing) -> None:
    campaign = a_campaign(database, ring, 2000)
    got: list[int] = []
    problems: list[BaseException] = []

    def work() -> None:
        try:
            claims = a_sender(database)
            while claimed := claim_all(database, claims, campaign, 37):
                got.extend(claim.id for claim in claimed)
        except BaseException as problem:  # noqa: BLE001 - shown below
            problems.append(problem)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert Counter(got) == {row.id: 1 for row in rows(database)}
    assert {row.attempt for row in rows(database)} == {1}


def test_a_claim_holds_what_its_letter_needs(database: Database, ring: KeyRing) -> None:
    campaign = a_campaign(database, ring, 1)
    (claim,) = claim_all(database, a_sender(database), campaign)
    assert claim.address == "p1@example.com"
    assert claim.attributes == {"name": "Person 1"}
    assert claim.kind is Kind.MARKETING
    assert claim.fence == 1
    assert claim.first_attempt_at.tzinfo is not None


def test_the_first_attempts_time_stays_over_later_ones(
    database: Database, ring: KeyRing
) -> None:
    campaign = a_campaign(database, ring, 1)
    claims = a_sender(database)
    (first,) = claim_all(database, claims, campaign)
    with database.write() as connection:
        claims.give_back(connection, [first.id])
    (second,) = claim_all(database, claims, campaign)
    assert second.fence == first.fence + 1
    assert second.first_attempt_at == first.first_attempt_at


def test_an_overtaken_claim_can_neither_leave_nor_record_nor_be_given_back(
    database: Database, ring: KeyRing
) -> None:
    campaign = a_campaign(database, ring, 1)
    old, new = a_sender(database), a_sender(database)
    (overtaken,) = claim_all(database, old, campaign)
    with database.write() as connection:
        old.give_back(connection, [overtaken.id])
    (current,) = claim_all(database, new, campaign)
    assert leave(database, [overtaken]) == set()
    commit(database, Change(overtaken.id, overtaken.fence, DeliveryState.ACCEPTED, now()))
    with database.write() as connection:
        old.give_back(connection, [overtaken.id])
    assert states(database) == {"claimed": 1}
    assert leave(database, [current]) == {current.id}


def test_what_somebody_else_took_over_meanwhile_is_not_read_as_ours(
    database: Database, ring: KeyRing
) -> None:
    campaign = a_campaign(database, ring, 2)
    slow, quick = a_sender(database, timedelta(seconds=-1)), a_sender(database)
    with database.write() as connection:
        taken = slow.of_campaign(connection, campaign, 2, now())
    with database.write() as connection:
        owners.take_back_overdue(connection, owners.overdue(connection), now())
        (first,) = quick.read(connection, quick.of_campaign(connection, campaign, 1, now()))
        assert slow.read(connection, taken) == []
        assert [claim.id for claim in quick.read(connection, taken)] == [first.id]


def test_what_was_claimed_and_not_read_is_given_back(
    database: Database, ring: KeyRing
) -> None:
    campaign = a_campaign(database, ring, 3)
    claims = a_sender(database)
    with database.write() as connection:
        taken = claims.of_campaign(connection, campaign, 2, now())
    with database.read() as connection:
        (left, _) = claimed = claims.read(connection, taken)
    assert leave(database, [left]) == {left.id}
    with database.write() as connection:
        claims.give_back(connection, [claim.id for claim in claimed])
    assert states(database) == {"queued": 2, "sending": 1}


def test_a_late_answer_of_the_same_attempt_settles_a_doubt(
    database: Database, ring: KeyRing
) -> None:
    campaign = a_campaign(database, ring, 1)
    claimed = claim_all(database, a_sender(database), campaign)
    commit(
        database,
        names=[(one.id, one.fence) for one in claimed],
        lease=timedelta(seconds=-1),
    )
    with database.write() as connection:
        taken = owners.take_back_overdue(connection, owners.overdue(connection), now())
    assert taken == owners.Recovered(released=0, in_doubt=1)
    assert states(database) == {"in_doubt": 1}
    (claim,) = claimed
    reply = Reply(250, "2.0.0", "queued as 1")
    commit(
        database,
        Change(claim.id, claim.fence, DeliveryState.ACCEPTED, now(), reply=reply),
    )
    assert states(database) == {"accepted": 1}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_lease_is_renewed_without_waiting_for_what_is_being_written(
    database: Database, ring: KeyRing
) -> None:
    """Else a sender's renewal and its own group commit wait for each other."""
    claims = a_sender(database)
    claimed = claim_all(database, claims, a_campaign(database, ring, 3))
    with database.write() as connection:
        connection.execute(update(delivery).values(lease_until=EPOCH))
    touch = update(delivery).where(delivery.c.id == claimed[1].id).values(reply="250")

    def overdue() -> list[int]:
        return [row.id for row in rows(database) if row.lease_until == EPOCH]

    # Of another process: it takes no turn with this one.
    with database.engine.begin() as writing:
        writing.execute(touch)
        with database.write() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '5s'"))
            claims.renew(connection)
        assert overdue() == [claimed[1].id]
    with database.write() as connection:
        claims.renew(connection)
    assert overdue() == []


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_sender_renews_while_it_writes_and_never_deadlocks(
    database: Database, ring: KeyRing
) -> None:
    claims = a_sender(database)
    claimed = claim_all(database, claims, a_campaign(database, ring, 400), 400)
    problems: list[BaseException] = []
    done = threading.Event()

    def renew() -> None:
        try:
            while not done.is_set():
                with database.engine.begin() as connection:
                    claims.renew(connection)
        except BaseException as problem:  # noqa: BLE001 - shown below
            problems.append(problem)

    keeper = threading.Thread(target=renew)
    keeper.start()
    # As letters leave: not in the order in which they were claimed.
    shuffled = random.Random(2).sample(claimed, len(claimed))
    try:
        for start in range(0, len(shuffled), 20):
            assert len(leave(database, shuffled[start : start + 20])) == 20
    finally:
        done.set()
        keeper.join()
    assert not problems
    assert states(database) == {"sending": 400}


def test_a_renewed_lease_is_not_taken_back(database: Database, ring: KeyRing) -> None:
    campaign = a_campaign(database, ring, 1)
    claims = a_sender(database, timedelta(seconds=60))
    claim_all(database, claims, campaign)
    with database.write() as connection:
        connection.execute(update(table(DeliveryRow)).values(lease_until=now() - LEASE))
        claims.renew(connection)
        assert not owners.take_back_overdue(connection, owners.overdue(connection), now())
    assert states(database) == {"claimed": 1}


def test_a_claim_says_who_wants_text_alone(database: Database, ring: KeyRing) -> None:
    campaign = a_campaign(database, ring, 3)
    with database.write() as connection:
        choose_plain(connection, 2, now(), plain=True)
        choose_plain(connection, 3, now(), plain=True)
        choose_plain(connection, 3, now(), plain=False)
    claims = claim_all(database, a_sender(database), campaign)
    assert {one.contact_id: one.plain for one in claims} == {1: False, 2: True, 3: False}


def withdraw(database: Database) -> None:
    with database.write() as connection:
        connection.execute(update(table(SubscriptionRow)).values(status="unsubscribed"))


def expire(database: Database) -> None:
    with database.write() as connection:
        connection.execute(update(table(SubscriptionRow)).values(expires_at=now()))


def raise_floor(database: Database) -> None:
    with database.write() as connection:
        connection.execute(update(table(ListRow)).values(words_floor=2))


def pause(database: Database) -> None:
    with database.write() as connection:
        connection.execute(update(table(CampaignRow)).values(state="paused"))


def suppress(scope: str):
    def act(database: Database) -> None:
        with database.write() as connection:
            (hash_,) = connection.execute(select(table(ContactRow).c.hash)).scalars()
            connection.execute(
                insert(table(SuppressionRow)).values(
                    hash=hash_, scope=scope, reason="manual", since_at=now(), source=""
                )
            )

    return act


@pytest.mark.parametrize(
    ("act", "clause"),
    [
        (withdraw, "subscribed"),
        (expire, "subscribed"),
        (raise_floor, "subscribed"),
        (pause, "cause_stands"),
        (suppress(f"list:{LIST}"), "suppressed"),
        (suppress("marketing"), "suppressed"),
        (suppress("everything"), "suppressed"),
    ],
)
def test_what_changed_after_the_claim_is_seen_at_leaving(
    database: Database, ring: KeyRing, act, clause: str
) -> None:
    campaign = a_campaign(database, ring, 1)
    claims = a_sender(database)
    (claim,) = claim_all(database, claims, campaign)
    act(database)
    assert leave(database, [claim]) == set()
    with database.read() as connection:
        reasons = held(connection, [(claim.id, claim.fence)], now(), None)[claim.id]
    assert getattr(reasons, clause) is (clause == "suppressed")
    others = {"subscribed", "cause_stands", "in_time", "below_cap", "claimed"} - {clause}
    assert all(getattr(reasons, name) for name in others)


def test_another_persons_or_lists_suppression_holds_nobody_up(
    database: Database, ring: KeyRing
) -> None:
    campaign = a_campaign(database, ring, 1)
    suppress("list:another")(database)
    with database.write() as connection:
        connection.execute(
            insert(table(SuppressionRow)).values(
                hash=b"somebody else....", scope="everything", reason="manual",
                since_at=now(), source="",
            )
        )  # fmt: skip
    claims = a_sender(database)
    assert len(leave(database, claim_all(database, claims, campaign))) == 1


def test_a_cap_counts_what_may_have_reached_the_person(
    database: Database, ring: KeyRing
) -> None:
    first = a_campaign(database, ring, 1)
    claims = a_sender(database)
    cap = Cap(1, now() - timedelta(days=7))
    leave(database, claim_all(database, claims, first), cap)
    with database.write() as connection:
        row = connection.execute(select(table(DeliveryRow))).one()._mapping
        second = {**row, "id": 2, "cause_id": 99, "state": "claimed", "left_at": None}
        connection.execute(insert(table(DeliveryRow)).values(second))
        campaign = table(CampaignRow)
        first = select(campaign).where(campaign.c.id == 1)
        same = dict(connection.execute(first).mappings().one()) | {"id": 99}
        connection.execute(insert(campaign).values(same))
    names = [(2, 1)]
    assert commit(database, names=names, cap=cap) == set()
    with database.read() as connection:
        assert not held(connection, names, now(), cap)[2].below_cap
    assert commit(database, names=names, cap=Cap(2, cap.since)) == {2}


def test_a_paused_campaigns_letters_are_not_due(database: Database, ring: KeyRing) -> None:
    a_campaign(database, ring, 3)
    with database.read() as connection:
        assert due_campaigns(connection, now())
        assert not due_campaigns(connection, now() - timedelta(days=1))
    pause(database)
    with database.read() as connection:
        assert not due_campaigns(connection, now())


def test_a_dead_senders_claims_go_back_and_its_letters_are_in_doubt(
    database: Database, ring: KeyRing
) -> None:
    campaign = a_campaign(database, ring, 5)
    claims = a_sender(database)
    claimed = claim_all(database, claims, campaign)
    leave(database, claimed[:2])
    with database.write() as connection:
        taken = owners.take_back(connection, 1, now())
    assert taken == owners.Recovered(released=3, in_doubt=2)
    assert states(database) == {"queued": 3, "in_doubt": 2}


def test_every_status_but_subscribed_holds_marketing(
    database: Database, ring: KeyRing
) -> None:
    campaign = a_campaign(database, ring, len(SubscriptionStatus))
    with database.write() as connection:
        for person, status in enumerate(SubscriptionStatus, 1):
            connection.execute(
                update(table(SubscriptionRow))
                .where(table(SubscriptionRow).c.contact_id == person)
                .values(status=status.value)
            )
    claims = a_sender(database)
    left = leave(database, claim_all(database, claims, campaign))
    subscribed = list(SubscriptionStatus).index(SubscriptionStatus.SUBSCRIBED) + 1
    assert left == {subscribed}


@pytest.mark.parametrize(
    ("chosen", "values", "index"),
    [
        (due.of_campaign(), {"provider": "other"}, "ix_delivery_due_campaign"),
        (due.of_lane(), {"in_lane": 0}, "ix_delivery_due_lane"),
    ],
)
def test_what_is_due_is_found_by_its_index(
    database: Database, ring: KeyRing, chosen: Select[Any], values: Values, index: str
) -> None:
    """A claim must not walk over the letters that are not due: they are nearly all.

    A partial index serves a prepared statement only if that says its condition literally
    (both plan this one with its values at hand, and would find the index even so).
    """
    campaign = a_campaign(database, ring, 2000)
    with database.write() as connection:
        not_due = update(delivery).where(delivery.c.id > 5).values(state="accepted")
        connection.execute(not_due)
    spelt, constants = Compiled(chosen).spelt(database.engine.dialect)
    assert "due.state = 'queued' AND due.cause_kind" in spelt
    assert not {"queued", "campaign"} & set(map(str, constants.values()))
    given = {"campaign": campaign, "limit": 10, "now": 10**16, **constants, **values}
    with database.write() as connection:
        explain = "EXPLAIN QUERY PLAN"
        if not database.is_sqlite:
            explain = "EXPLAIN"
            connection.execute(text("ANALYZE delivery"))
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = connection.exec_driver_sql(f"{explain} {spelt}", given).all()
    assert index in str(plan)


def test_what_a_dead_one_was_writing_is_taken_back_once_the_server_has_noticed(
    database: Database, ring: KeyRing
):
    claims = claimed(database, ring, 3)
    looked = 0
    with database.engine.connect() as dead:
        if not database.is_sqlite:
            its = select(delivery.c.id).where(delivery.c.id == claims[0].id)
            dead.execute(its.with_for_update())

        def clock() -> datetime:
            nonlocal looked
            looked += 1
            if looked == 3:
                dead.rollback()
            return now()

        with database.read() as connection:
            owner_id = connection.execute(select(delivery.c.owner_id).limit(1)).scalar_one()
        assert owner.take_all(database, owner_id, clock).released == 3
    assert states(database) == {"queued": 3}

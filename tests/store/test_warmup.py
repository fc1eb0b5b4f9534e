"""Warming a sending domain up, through real senders."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from audiences import content
from plans import asked
from sending import Setup, a_campaign, now, rows, states, until
from sqlalchemy import insert, select, update

from mailer.jobs.brought_forward import bring_forward
from mailer.jobs.campaigns import status
from mailer.jobs.frozen import pack
from mailer.jobs.holding import Manners
from mailer.jobs.warmup import WarmUps, stage_words, warming, would_wait
from mailer.model.key import KeyRing
from mailer.pace.warmup import Plan, day_number
from mailer.store import warmups
from mailer.store.campaigns import freeze
from mailer.store.database import Database
from mailer.store.shapingtables import WarmUpDayRow
from mailer.store.tables import CampaignRow, DeliveryRow, SubscriptionRow, table
from mailer.store.waiting import Running
from mailer.wire.sink import Sink

DELIVERY, CAMPAIGN, DAY = table(DeliveryRow), table(CampaignRow), table(WarmUpDayRow)
DOMAIN = "example.com"
PLANS = {DOMAIN: Plan((5, 10))}
A_DAY = timedelta(days=1)


def campaign_of(database: Database, ring: KeyRing, people: int) -> int:
    """Put a running campaign into the database whose letters are from our domain."""
    number = a_campaign(database, ring, people)
    content_hash, body = pack(content())
    with database.write() as connection:
        freeze(connection, content_hash, body, now())
        connection.execute(
            update(CAMPAIGN).where(CAMPAIGN.c.id == number).values(frozen_hash=content_hash)
        )
    return number


def setup(database: Database, folder: Path, port: int) -> Setup:
    made = Setup(database, folder, port)
    made.rules = replace(made.rules, manners=Manners(warm_ups=PLANS))
    return made


@contextlib.asynccontextmanager
async def a_sink() -> AsyncGenerator[tuple[Sink, int]]:
    sink = Sink()
    try:
        yield sink, await sink.start()
    finally:
        await sink.stop()


def waiting(database: Database) -> int:
    """Count what was put off, and not by an earlier day."""
    at = now()
    found = (one for one in rows(database) if one.state == "queued" and one.due_at > at)
    return sum(one.reason == "warm_up" for one in found)


def gone(database: Database) -> int:
    return states(database).get("accepted", 0)


def a_day_later(database: Database) -> None:
    """Make today yesterday, and what was put off due again."""
    with database.write() as connection:
        connection.execute(update(DAY).values(day=DAY.c.day - 1))
        us = int(A_DAY.total_seconds() * 1_000_000)
        for name in ("due_at", "give_up_at", "left_at"):
            column = DELIVERY.c[name]
            found = connection.execute(select(DELIVERY.c.id, column)).all()
            for letter, at in found:
                if at is not None:
                    connection.execute(
                        update(DELIVERY)
                        .where(DELIVERY.c.id == letter)
                        .values({name: at - timedelta(microseconds=us)})
                    )


def test_what_is_over_the_days_share_waits_for_the_next_day_and_says_why(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    number = campaign_of(database, ring, 30)
    due = {one.id: one.due_at for one in rows(database)}

    async def a_day(left: int) -> None:
        async with a_sink() as (_, port):
            made = setup(database, tmp_path, port)
            await made.until(
                lambda: gone(database) == left and waiting(database) == 30 - left
            )

    asyncio.run(a_day(5))
    queued = [one for one in rows(database) if one.state == "queued"]
    assert len(queued) == 25
    for one in queued:
        # At the same time of the day, and tried as long from then on.
        assert (one.due_at - due[one.id]) % A_DAY == timedelta(0)
        assert day_number(one.due_at) == day_number(now()) + 1
        assert one.give_up_at - one.due_at == A_DAY
        assert (
            one.reply == "example.com is being warmed up: day 1 of 2, 5 of 5 letters today"
        )
    found = status(database, number, now(), plans=PLANS)
    assert found.warm_up == (
        "example.com is on day 1 of 2, 5 of 5 letters today;"
        " 25 letters wait for another day; all have left in 2 days, if nothing else does"
    )
    assert found.left_s is not None
    assert found.left_s >= (2 * A_DAY).total_seconds()
    (alarm,) = found.alarms
    assert alarm.kind == "campaign_warm_up"
    assert alarm.happened == (
        f"{DOMAIN} is being warmed up: day 1 of 2, 5 of 5 letters today; the rest waits"
        " for another day, and goes by itself"
    )
    assert "raise `letters` of its domain under [warm_up]" in alarm.todo
    a_day_later(database)
    asyncio.run(a_day(15))
    (one,) = warming(database, PLANS, now())
    assert stage_words(one.stage) == "day 2 of 2, 10 of 10 letters today"
    a_day_later(database)
    asyncio.run(a_day(30))
    (one,) = warming(database, PLANS, now())
    assert stage_words(one.stage) == "through: all 2 days of the plan are over"
    assert status(database, number, now(), plans=PLANS).warm_up == ""


def test_two_senders_and_two_campaigns_share_the_day(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    campaign_of(database, ring, 20)
    campaign_of(database, ring, 20)

    async def run() -> int:
        async with a_sink() as (sink, port):
            first = setup(database, tmp_path, port)
            other = setup(database, tmp_path, port)
            async with first.running() as one, other.running():
                await until(lambda: gone(database) + waiting(database) == 40, one)
            return len(sink.received)

    assert asyncio.run(run()) == 5
    assert gone(database) == 5


def test_what_is_claimed_and_may_not_leave_takes_nothing_of_the_share(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    campaign_of(database, ring, 20)
    with database.write() as connection:
        first = table(SubscriptionRow)
        connection.execute(
            update(first).where(first.c.contact_id <= 4).values(status="unsubscribed")
        )

    async def run() -> None:
        async with a_sink() as (_, port):
            made = setup(database, tmp_path, port)
            await made.until(lambda: waiting(database) == 11)

    asyncio.run(run())
    assert states(database) == {"withheld": 4, "accepted": 5, "queued": 11}


def test_a_letter_that_is_worth_nothing_later_is_not_put_off_beyond_that(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    number = campaign_of(database, ring, 8)
    until_at = now() + timedelta(hours=1)
    with database.write() as connection:
        connection.execute(update(CAMPAIGN).values(valid_until=until_at))
        connection.execute(update(DELIVERY).values(give_up_at=until_at))

    async def run() -> None:
        async with a_sink() as (_, port):
            made = setup(database, tmp_path, port)
            await made.until(lambda: waiting(database) == 3)

    asyncio.run(run())
    late = [one for one in rows(database, number) if one.state == "queued"]
    assert len(late) == 3
    assert all(one.give_up_at == until_at for one in late)
    assert all(one.due_at <= until_at for one in late)


def test_letters_that_somebody_waits_for_go_on(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    campaign_of(database, ring, 12)
    with database.write() as connection:
        connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.contact_id > 6)
            .values(cause_kind="request", kind="transactional", lane=1)
        )

    async def run() -> None:
        async with a_sink() as (_, port):
            made = setup(database, tmp_path, port)
            await made.until(lambda: gone(database) == 11 and waiting(database) == 1)

    asyncio.run(run())


@pytest.mark.parametrize("plans", [{}, {"other.example": Plan((1,))}])
def test_another_domains_plan_holds_nobody(
    database: Database, ring: KeyRing, tmp_path: Path, plans: dict[str, Plan]
) -> None:
    campaign_of(database, ring, 12)

    async def run() -> None:
        async with a_sink() as (_, port):
            made = Setup(database, tmp_path, port)
            made.rules = replace(made.rules, manners=Manners(warm_ups=plans))
            await made.until(lambda: gone(database) == 12)

    asyncio.run(run())
    with database.read() as connection:
        assert connection.execute(select(DAY)).all() == []


def test_a_day_is_kept_by_domain_and_what_is_back_is_said_twice_without_harm(
    database: Database,
) -> None:
    noon = datetime(2026, 11, 27, 12, tzinfo=UTC)
    with database.write() as connection:
        connection.execute(
            insert(DAY).values(
                domain="other.example", day=day_number(noon), claimed=7, back=0
            )
        )
        warmups.charge(connection, DOMAIN, 3, noon - A_DAY)
        warmups.charge(connection, DOMAIN, 4, noon)
        warmups.charge(connection, DOMAIN, 2, noon)
        for _ in range(2):
            warmups.give_back(connection, DOMAIN, 1, noon)
        assert warmups.sent_by(connection, DOMAIN, noon) == warmups.Sent((3,), 6, 1)
        later = warmups.sent_by(connection, DOMAIN, noon + A_DAY)
        assert (later.before, later.today) == ((3, 5), 0)


def test_counting_what_left_takes_a_small_part_of_a_senders_time(
    database: Database, ring: KeyRing
) -> None:
    number = campaign_of(database, ring, 3)
    # A campaign of millions: each counting takes four seconds.
    seconds = itertools.count(step=4.0)
    warm_ups = WarmUps(PLANS, timer=lambda: next(seconds))
    running = Running(number, None, ())
    with database.write() as connection:
        warmups.charge(connection, DOMAIN, 5, now())
        connection.execute(update(DELIVERY).values(state="claimed", owner_id=1, attempt=1))
    counted = 0
    for _ in range(100):
        with asked(database) as noted, database.read() as connection:
            warm_ups.look(connection, [running], now())
            assert warm_ups.room(connection, running, 9, now()) == 0
        counted += any("left_at >=" in words for words, _ in noted.statements)
    assert 2 <= counted <= 5


def test_one_day_is_said_as_one(database: Database, ring: KeyRing) -> None:
    number = campaign_of(database, ring, 12)
    found = status(database, number, now(), plans=PLANS)
    assert found.warm_up.endswith("; all have left in 1 day, if nothing else does")
    with database.read() as connection:
        told = would_wait(connection, content(), PLANS, 12, now())
    assert told.words.endswith("and all have left in 1 day")


@pytest.mark.parametrize(
    ("plans", "due"),
    [({DOMAIN: Plan((5, 10))}, 0), ({DOMAIN: Plan((12, 20))}, 7), ({}, 25)],
)
def test_what_waits_for_another_day_goes_today_where_the_plan_was_raised(
    database: Database,
    ring: KeyRing,
    tmp_path: Path,
    plans: dict[str, Plan],
    due: int,
) -> None:
    campaign_of(database, ring, 30)
    before = {one.id: (one.due_at, one.give_up_at) for one in rows(database)}

    async def a_day() -> None:
        async with a_sink() as (_, port):
            made = setup(database, tmp_path, port)
            await made.until(lambda: gone(database) == 5 and waiting(database) == 25)

    asyncio.run(a_day())
    assert bring_forward(database, plans, now()) == due
    back = [one for one in rows(database) if one.state == "queued" and not one.reason]
    assert len(back) == due
    for one in back:
        assert (one.due_at, one.give_up_at) == before[one.id]
    assert bring_forward(database, {DOMAIN: Plan((5, 10))}, now()) == 0

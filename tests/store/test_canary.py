"""The canary of real campaigns: what leaves first, and when the rest may follow."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from audiences import NOW, add_people, campaign, make_folder, see_list, world
from sending import Setup, a_campaign, nothing_open, now, rows, states, until
from sqlalchemy import insert, select, update

from mailer.jobs.brakes import KIND
from mailer.jobs.campaigns import cancel, pause, resume, status
from mailer.jobs.canary import drawn, look
from mailer.jobs.order import Order
from mailer.jobs.plan import plan
from mailer.jobs.send import Sender
from mailer.jobs.start_campaign import gather, preview, start
from mailer.jobs.world import World
from mailer.model.campaign import CampaignState
from mailer.model.key import KeyRing
from mailer.model.mode import Mode
from mailer.pace.canary import CanaryRule
from mailer.store import canaries
from mailer.store.alarms import open_alarms
from mailer.store.campaigns import find_campaign
from mailer.store.database import Database
from mailer.store.shapingtables import CanaryLetterRow
from mailer.store.tables import ContactRow, DeliveryRow, VerdictRow, table
from mailer.wire.sink import Sink

DELIVERY, VERDICT, LETTER = table(DeliveryRow), table(VerdictRow), table(CanaryLetterRow)
WAIT = timedelta(minutes=10)
RULE = CanaryRule(30, 0.01, WAIT)
HARD = {"notice": "bounce", "effect": "suppressed", "hard": True, "reason": "userunknown"}


def live(database: Database) -> World:
    return replace(world(database), clock=now)


def with_canary(database: Database, ring: KeyRing, people: int) -> int:
    """Put a running campaign into the database of which only the canary may leave."""
    number = a_campaign(database, ring, people)
    with database.write() as connection:
        canaries.ask(connection, number, RULE)
        found = find_campaign(connection, number)
        assert found is not None
        first = drawn(connection, found)
        assert first is not None
        canaries.draw(connection, number, first, now())
    return number


def sampled(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.execute(select(LETTER.c.delivery_id)).scalars())


def came_back(database: Database, letters: list[int], **what: object) -> None:
    values = {
        "notice": "complaint", "reason": "", "hard": False, "status": "", "said": "",
        "effect": "complained", "points": 0, "words": "", "at": now(),
    }  # fmt: skip
    with database.write() as connection:
        connection.execute(
            insert(VERDICT),
            [{**values, **what, "delivery_id": one} for one in letters],
        )


def left(database: Database, letters: list[int], state: str = "accepted") -> None:
    with database.write() as connection:
        connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.id.in_(letters))
            .values(state=state, left_at=now(), attempt=1)
        )


def state(database: Database, number: int) -> CampaignState:
    with database.read() as connection:
        found = find_campaign(connection, number)
    assert found is not None
    return found.state


def settled(database: Database, ring: KeyRing) -> tuple[int, list[int]]:
    """Return a campaign all of whose canary was accepted, and that canary."""
    number = with_canary(database, ring, 200)
    first = sampled(database)
    left(database, first)
    assert look(live(database), now()) == []
    return number, first


def test_the_first_letters_are_drawn_evenly_over_the_providers(database: Database) -> None:
    contact = table(ContactRow)
    with database.write() as connection:
        see_list(connection)
        add_people(connection, range(1, 201), {"name": "Kari"})
        for place, domain in ((range(1, 150), "gmail.com"), (range(150, 158), "gmx.de")):
            for person in place:
                connection.execute(
                    update(contact)
                    .where(contact.c.id == person)
                    .values(address=f"p{person}@{domain}")
                )
        number = campaign(connection)
        canaries.ask(connection, number, RULE)
    done = plan(world(database), number)
    assert done is not None
    assert done.state is CampaignState.RUNNING
    chosen = set(sampled(database))
    of = Counter(row.provider for row in rows(database) if row.id in chosen)
    assert of == {"gmail": 11, "gmx": 8, "other": 11}


def test_a_campaign_that_is_small_for_it_has_none(database: Database) -> None:
    with database.write() as connection:
        see_list(connection)
        add_people(connection, range(1, 150), {"name": "Kari"})
        number = campaign(connection)
        canaries.ask(connection, number, RULE)
    plan(world(database), number)
    assert sampled(database) == []
    with database.read() as connection:
        assert canaries.canary_of(connection, number) is None


async def looked_at(database: Database, first: set[int], sender: Sender) -> None:
    """Look at a canary too soon, almost in time and in time."""
    number = rows(database)[0].cause_id
    await until(lambda: states(database).get("accepted", 0) >= len(first), sender)
    began = now()
    for at in (began, began + WAIT - timedelta(seconds=1)):
        assert await asyncio.to_thread(look, live(database), at) == []
        assert {row.id for row in rows(database) if row.state != "queued"} == first
        words = (await asyncio.to_thread(status, database, number, now())).canary
        assert words.startswith("30 of its first 30 letters were tried; the rest waits")
    assert await asyncio.to_thread(look, live(database), began + WAIT) == []


def test_two_senders_send_nothing_else_until_it_has_been_looked_at(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    number = with_canary(database, ring, 200)
    first = set(sampled(database))
    assert len(first) == 30
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        one, other = (Setup(database, tmp_path, port) for _ in range(2))
        async with one.running() as sender, other.running():
            await looked_at(database, first, sender)
            await until(lambda: nothing_open(database), sender)
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 200}
    assert len(sink.received) == 200
    assert sampled(database) == []
    words = status(database, number, now()).canary
    assert words == "30 letters went first: 30 accepted, 0 refused"


def test_too_many_refusals_pause_it_and_whoever_resumes_it_sends_the_rest(
    database: Database, ring: KeyRing
) -> None:
    number, first = settled(database, ring)
    came_back(database, first[:10], **HARD)
    assert look(live(database), now()) == []
    assert look(live(database), now() + WAIT) == [number]
    assert state(database, number) is CampaignState.PAUSED
    with database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert alarm.kind == KIND
    assert "of its first 30 letters too much came back" in alarm.happened
    assert "other: 10 of 30 were refused for good (33.33%)" in alarm.happened
    assert f"`mailer campaign resume {number}` sends the rest" in alarm.todo
    resume(live(database), number)
    assert look(live(database), now() + 9 * WAIT) == []
    assert state(database, number) is CampaignState.RUNNING
    assert status(database, number, now()).canary.endswith("let go by hand")


def test_complaints_pause_it_too(database: Database, ring: KeyRing) -> None:
    number, first = settled(database, ring)
    came_back(database, first[:3])
    assert look(live(database), now() + WAIT) == [number]


def test_never_is_it_paused_on_fewer_than_three_complaints_or_ten_refusals(
    database: Database, ring: KeyRing
) -> None:
    number, first = settled(database, ring)
    came_back(database, first[:2])
    came_back(database, first[2:11], **HARD)
    # What was taken back does not count either.
    came_back(database, first[11:15], **HARD, undone_at=now())
    assert look(live(database), now() + WAIT) == []
    assert state(database, number) is CampaignState.RUNNING
    words = status(database, number, now()).canary
    assert words == "30 letters went first: 30 accepted, 9 refused"


def test_what_a_server_refuses_for_another_reason_counts_as_well(
    database: Database, ring: KeyRing
) -> None:
    number = with_canary(database, ring, 200)
    first = sampled(database)
    left(database, first[:18])
    left(database, first[18:], "refused")
    assert look(live(database), now()) == []
    assert look(live(database), now() + WAIT) == [number]


def test_a_pause_by_hand_does_not_let_the_rest_go(
    database: Database, ring: KeyRing
) -> None:
    number = with_canary(database, ring, 200)
    pause(live(database), number)
    assert look(live(database), now() + 9 * WAIT) == []
    resume(live(database), number)
    with database.read() as connection:
        found = canaries.canary_of(connection, number)
    assert found is not None
    assert found.holds
    pause(live(database), number)
    resume(live(database), number, whole=True)
    with database.read() as connection:
        found = canaries.canary_of(connection, number)
    assert found is not None
    assert not found.holds


def test_what_is_cancelled_keeps_no_sample(database: Database, ring: KeyRing) -> None:
    number = with_canary(database, ring, 200)
    cancel(live(database), number)
    assert sampled(database) == []
    assert states(database) == {"withheld": 200}


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> World:
    with database.write() as connection:
        add_people(connection, range(1, 201), {"name": "Kari"})
    folder = str(make_folder(tmp_path / "shop"))
    return replace(world(database, folder), canary=RULE)


def started(shop: World, order: Order) -> int:
    number = start(shop, gather(shop, order, NOW), NOW)
    plan(shop, number)
    return number


def test_a_campaign_gets_one_by_itself_unless_somebody_says_no(shop: World) -> None:
    order = Order("digest", "newsletter")
    ready = gather(shop, order, NOW)
    assert preview(shop, ready, NOW).canary == 30
    assert "30 letters" in status(shop.database, started(shop, order), NOW).canary
    without = replace(order, canary=False, again=True)
    assert preview(shop, gather(shop, without, NOW), NOW).canary == 0
    assert status(shop.database, started(shop, without), NOW).canary == ""


def test_a_rehearsal_has_none(shop: World) -> None:
    rehearsing = replace(shop, mode=Mode.REHEARSAL)
    number = started(rehearsing, Order("digest", "newsletter"))
    assert status(shop.database, number, NOW).canary == ""

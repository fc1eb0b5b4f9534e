"""Several relays, each a real server: shares, domains, lanes, spares, one that is dead."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ports import free_port
from sending import (
    PlainComposer,
    Setup,
    a_campaign,
    another_campaign,
    locks_for,
    nothing_open,
    now,
    rows,
    states,
    until,
)
from sqlalchemy import update

from mailer.jobs.relay_status import relay_status
from mailer.jobs.relays import Relay
from mailer.jobs.send import Rules
from mailer.model.delivery import Claim
from mailer.model.key import KeyRing
from mailer.model.kind import Lane
from mailer.pace.routing import Route
from mailer.pace.throttle import Rate
from mailer.store.database import Database
from mailer.store.tables import DeliveryRow, table
from mailer.wire.line import RelayAddress, Timeouts, Tls
from mailer.wire.sink import Answer, Mischief, Received, Sink, Step

# No server here falls silent: an answer that takes long says that the machine is slow.
PATIENT = Timeouts(connect_s=30, envelope_s=30, data_s=30, content_s=30, quit_s=0.3)
RULES = Rules(poll_s=0.02, keep_every_s=0.1, drain_s=5, batch=40)


def other(port: int, name: str = "other", **more: Any) -> Relay:
    address = RelayAddress(
        name, "127.0.0.1", port, Tls.NONE, timeouts=PATIENT, helo_name="client.example.com"
    )
    settings: dict[str, Any] = {
        "connections": 2, "pause_s": 0.05, "pause_at_most_s": 0.2, "idle_s": 0.5,
    }  # fmt: skip
    return Relay(address, **{"reserved": 0} | settings | more)


@contextlib.asynccontextmanager
async def two(
    database: Database,
    folder: Path,
    first: Sink,
    second: Sink,
    main: Route = Route(),  # noqa: B008 - it never changes
    **more: Any,
) -> AsyncGenerator[Setup]:
    """Start two servers, and give the surroundings of a sender that has both."""
    settings = {"route": main}
    ports = await first.start(), await second.start()
    address = {"timeouts": PATIENT}
    setup = Setup(database, folder, ports[0], rules=RULES, relay=settings, address=address)
    setup.others = [other(ports[1], **more)]
    try:
        yield setup
    finally:
        await first.stop()
        await second.stop()


def send(database: Database, folder: Path, first: Sink, second: Sink, **more: Any) -> None:
    composer = more.pop("composer", PlainComposer())

    async def run() -> None:
        async with two(database, folder, first, second, **more) as setup:
            setup.composer = composer
            await setup.until(lambda: nothing_open(database))

    asyncio.run(run())


def each_once(people: int, *sinks: Sink) -> None:
    arrived = sorted(one.recipient for sink in sinks for one in sink.received)
    assert arrived == sorted(f"p{n}@example.com" for n in range(1, people + 1))


def test_letters_are_shared_by_weight_and_each_says_which_relay_took_it(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 200)
    first, second = Sink(), Sink()
    send(database, tmp_path, first, second, main=Route(weight=3))
    assert states(database) == {"accepted": 200}
    each_once(200, first, second)
    assert (len(first.received), len(second.received)) == (150, 50)
    by = [row.relay for row in rows(database)]
    assert (by.count("main"), by.count("other")) == (150, 50)


def test_who_has_no_limit_takes_what_one_that_has_a_limit_cannot(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 300)
    first, second = Sink(), Sink()
    send(database, tmp_path, first, second, rate=Rate(per_second=20))
    each_once(300, first, second)
    assert len(second.received) < 100


class FromTwo(PlainComposer):
    """Letters from two domains: every third from another."""

    def domain_of(self, claim: Claim) -> str:
        return "north.example" if claim.id % 3 == 0 else "example.com"


def test_letters_of_a_domain_go_to_the_relay_that_names_it_and_no_others_do(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 90)
    first, second = Sink(), Sink()
    route = Route(domains=("north.example",))
    send(database, tmp_path, first, second, route=route, composer=FromTwo())
    each_once(90, first, second)
    assert {row.relay for row in rows(database) if row.id % 3 == 0} == {"other"}
    assert {row.relay for row in rows(database) if row.id % 3} == {"main"}


def test_answers_go_by_their_own_relay_though_a_campaign_fills_the_other(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    campaign = a_campaign(database, ring, 300)
    other_one = another_campaign(database, campaign)
    delivery = table(DeliveryRow)
    with database.write() as connection:
        connection.execute(
            update(delivery)
            .where(delivery.c.cause_id == other_one)
            .values(cause_kind="request", kind="acknowledgement", lane=Lane.ANSWERS.value)
        )
    slow, quick = Sink(), Sink()

    async def run() -> None:
        route = Route(lanes=frozenset({Lane.ANSWERS}))
        async with two(database, tmp_path, slow, quick, route=route) as setup:
            setup.relay["rate"] = Rate(per_second=20)
            await setup.until(lambda: states(database, other_one) == {"accepted": 300})

    asyncio.run(run())
    assert len(quick.received) == 300
    assert len(slow.received) < 200


def test_a_spare_gets_nothing_while_another_takes_letters(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 200)
    first, spare = Sink(), Sink()
    send(database, tmp_path, first, spare, route=Route(weight=0))
    assert len(first.received) == 200
    assert spare.connections == 0


def test_a_dead_relay_costs_the_others_nothing_and_its_letters_go_by_them(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 300)
    alive = Sink()

    async def run() -> None:
        port = await alive.start()
        setup = Setup(database, tmp_path, port, rules=RULES)
        setup.others = [other(free_port())]
        try:
            await setup.until(lambda: nothing_open(database))
        finally:
            await alive.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 300}
    each_once(300, alive)
    assert all(row.deferrals == 0 for row in rows(database))


def test_a_relay_that_dies_under_way_is_left_alone_and_probed_and_comes_back(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    # More than the other relay takes while this one is asked how it is.
    a_campaign(database, ring, 3_000)
    bad = [False]
    lines_open: list[int] = []

    def rule(step: Step, received: Received) -> Answer:
        del received
        if bad[0] and step is Step.BANNER:
            lines_open.append(sick.open_now)
            return "421 4.3.2 closing", Mischief.HANG_UP
        if bad[0] and step is Step.MAIL:
            return "421 4.3.2 closing", Mischief.HANG_UP
        return None

    well, sick = Sink(), Sink(rule)

    async def run() -> None:
        async with (
            two(database, tmp_path, well, sick, rate=Rate(per_second=300)) as setup,
            setup.running() as sender,
        ):
            setup.relay["rate"] = Rate(per_second=300)
            await until(lambda: len(sick.received) >= 20, sender)
            bad[0] = True
            await until(lambda: len(lines_open) >= 3, sender)
            taken = len(sick.received)
            before = len(well.received)
            await until(lambda: len(well.received) >= before + 100, sender)
            assert len(sick.received) == taken
            (_, found) = relay_status(database, ["main", "other"], now())
            assert found.state in {"open", "half_open"}
            assert "421" in found.trouble
            bad[0] = False
            await until(lambda: len(sick.received) > taken + 20, sender)
            await until(lambda: nothing_open(database), sender)

    asyncio.run(run())
    assert states(database) == {"accepted": 3_000}
    each_once(3_000, well, sick)
    # While it is half open, one line at a time asks how it is.
    assert max(lines_open) == 1


def test_with_every_relay_dead_letters_wait_uncharged_and_then_go(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 100)
    ports = free_port(), free_port()
    first, second = Sink(), Sink()

    async def run() -> None:
        setup = Setup(database, tmp_path, ports[0], rules=RULES)
        setup.others = [other(ports[1])]
        async with setup.running() as sender:
            await until(lambda: sender.trouble.count("Errno") == 2, sender)
            await first.start(ports[0])
            await second.start(ports[1])
            await until(lambda: nothing_open(database), sender)
        await first.stop()
        await second.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 100}
    each_once(100, first, second)
    assert all(row.deferrals == 0 for row in rows(database))


def test_a_relay_whose_hour_is_full_leaves_the_rest_to_another(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 200)
    first, second = Sink(), Sink()
    found: list[Any] = []

    async def run() -> None:
        rate = Rate(per_hour=30)
        async with (
            two(database, tmp_path, first, second, rate=rate) as setup,
            setup.running() as sender,
        ):
            await until(lambda: nothing_open(database), sender)

            def told() -> bool:
                found[:] = relay_status(database, ["main", "other"], now())
                return found[1].state == "limit"

            await until(told, sender)

    asyncio.run(run())
    assert states(database) == {"accepted": 200}
    each_once(200, first, second)
    assert len(second.received) == 30
    (_, full) = found
    assert full.sent == (30, 30)
    assert full.rest_until is not None


def test_limits_are_of_each_relay_and_kept_over_a_restart(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 100)
    first, second = Sink(), Sink()

    def both_full() -> bool:
        found = relay_status(database, ["main", "other"], now())
        return [one.state for one in found] == ["limit", "limit"]

    async def run() -> None:
        rate = Rate(per_hour=20)
        async with two(database, tmp_path, first, second, rate=rate) as setup:
            setup.relay["rate"] = Rate(per_hour=30)
            await setup.until(both_full)

    for _ in range(2):
        asyncio.run(run())
        assert (len(first.received), len(second.received)) == (30, 20)
        assert states(database) == {"accepted": 50, "queued": 50}


def test_limits_are_of_all_senders_together(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 100)
    first, second = Sink(), Sink()

    def both_full() -> bool:
        found = relay_status(database, ["main", "other"], now())
        full = [(one.state, one.senders) for one in found] == [("limit", 2)] * 2
        return full and states(database) == {"accepted": 50, "queued": 50}

    async def run() -> None:
        rate = Rate(per_hour=20)
        async with two(database, tmp_path, first, second, rate=rate) as setup:
            setup.relay["rate"] = Rate(per_hour=30)
            beside = replace(setup, locks=locks_for(database, tmp_path / "owners"))
            async with setup.running() as one, beside.running():
                await until(both_full, one)

    asyncio.run(run())
    assert (len(first.received), len(second.received)) == (30, 20)
    assert states(database) == {"accepted": 50, "queued": 50}


@pytest.mark.parametrize("alone", [True, False])
def test_what_senders_see_of_relays_is_gone_with_them(
    database: Database, ring: KeyRing, tmp_path: Path, *, alone: bool
) -> None:
    a_campaign(database, ring, 40)
    first, second = Sink(), Sink()

    async def run() -> None:
        async with two(database, tmp_path, first, second) as setup:
            if alone:
                setup.others = []
            async with setup.running() as sender:
                await until(
                    lambda: relay_status(database, ["main"], now())[0].accepted > 0, sender
                )
                (seen,) = relay_status(database, ["main"], now())
                assert (seen.senders, seen.state, seen.trouble) == (1, "closed", "")

    asyncio.run(run())
    (seen,) = relay_status(database, ["main"], now())
    assert (seen.senders, seen.state) == (0, "idle")


def test_lines_are_opened_side_by_side(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    """A relay far away greets none of three before all of them are there."""
    a_campaign(database, ring, 12)

    async def run() -> None:
        sink = Sink()
        port = await sink.start()
        there, came = asyncio.Event(), list[int]()

        async def pass_on(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            while data := await reader.read(1 << 16):
                writer.write(data)
            writer.close()

        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            came.append(1)
            if len(came) == 3:
                there.set()
            await there.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        setup = Setup(
            database, tmp_path, server.sockets[0].getsockname()[1], connections=3,
            rules=RULES, address={"timeouts": PATIENT},
        )  # fmt: skip
        await setup.until(lambda: nothing_open(database))
        server.close()
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 12}


def test_the_more_lines_are_open_the_more_are_opened_side_by_side(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    """Twelve are let in and wait; a dozen more is greeted only once all of it is there."""
    a_campaign(database, ring, 60)

    async def run() -> None:
        sink = Sink()
        port = await sink.start()
        there, came = asyncio.Event(), list[int]()

        async def pass_on(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, held: bool
        ) -> None:
            while data := await reader.read(1 << 16):
                writer.write(data)
                if held:
                    await there.wait()
            writer.close()

        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            came.append(1)
            if len(came) == 24:
                there.set()
            if len(came) > 12:
                await there.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(
                pass_on(reader, far_writer, held=True),
                pass_on(far_reader, writer, held=False),
            )

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        setup = Setup(
            database, tmp_path, server.sockets[0].getsockname()[1], connections=24,
            rules=RULES, address={"timeouts": PATIENT},
        )  # fmt: skip
        await setup.until(lambda: nothing_open(database))
        server.close()
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 60}


def test_what_only_a_dead_relay_may_have_waits_as_long_as_that_rests(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    """Once nothing else is left it is not claimed and given back every few seconds."""
    a_campaign(database, ring, 90)

    def waits() -> bool:
        left = [row for row in rows(database) if row.state != "accepted"]
        soon = now() + timedelta(seconds=20)
        return len(left) == 30 and all(
            row.state == "queued" and row.due_at > soon for row in left
        )

    async def run() -> None:
        first, nobody = Sink(), free_port()
        setup = Setup(
            database, tmp_path, await first.start(), rules=RULES,
            address={"timeouts": PATIENT},
        )  # fmt: skip
        route = Route(domains=("north.example",))
        setup.others = [other(nobody, route=route, pause_s=30, pause_at_most_s=30)]
        setup.composer = FromTwo()
        await setup.until(waits)
        await first.stop()

    asyncio.run(run())

"""Shaping by provider, with a real server that answers as providers do."""

import asyncio
import collections
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sending import (
    QUICK,
    PlainComposer,
    Setup,
    a_campaign,
    nothing_open,
    now,
    rows,
    states,
    until,
)
from sqlalchemy import select, update

from mailer.errors import CannotComposeError
from mailer.jobs.provider_status import resume_provider
from mailer.jobs.putback import ClockWatch
from mailer.jobs.relays import Relay
from mailer.jobs.send import Rules
from mailer.model.delivery import Claim
from mailer.model.key import KeyRing
from mailer.model.letter import Letter
from mailer.pace.providers import Act, Limits, Provider, Providers, Rule
from mailer.store.alarms import Alarm, open_alarms
from mailer.store.database import Database
from mailer.store.providerstates import provider_states
from mailer.store.tables import DeliveryRow, table
from mailer.wire.line import RelayAddress, Timeouts, Tls
from mailer.wire.sink import Answer, Mischief, Received, Sink, Step

DELIVERY = table(DeliveryRow)


def among(database: Database, providers: Mapping[str, range]) -> None:
    """Give some deliveries to providers: their addresses and their names."""
    with database.write() as connection:
        for name, numbers in providers.items():
            for number in numbers:
                connection.execute(
                    update(DELIVERY)
                    .where(DELIVERY.c.id == number)
                    .values(provider=name, address=f"p{number}@{name}.example")
                )


def knowing(*rules: Rule, **limits: Limits) -> Providers:
    known = {name: Provider(name, one) for name, one in limits.items()}
    return Providers(known, rules)


def rule(reply: str, act: Act, **more: Any) -> Rule:
    return Rule(re.compile(reply), act, **more)


def setup(
    database: Database, folder: Path, port: int, providers: Providers, **more: Any
) -> Setup:
    rules = Rules(poll_s=0.02, keep_every_s=0.1, drain_s=5, batch=40, providers=providers)
    return Setup(database, folder, port, rules=rules, connections=6, **more)


def alarms(database: Database) -> list[Alarm]:
    with database.read() as connection:
        return open_alarms(connection)


def is_of(provider: str, received: Received) -> bool:
    return received.recipient.endswith(f"@{provider}.example")


def test_a_big_provider_does_not_arrive_as_a_wall(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 120)
    among(database, {"big": range(1, 101), "small": range(101, 121)})
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        around = setup(database, tmp_path, port, knowing(big=Limits(), small=Limits()))
        await around.until(lambda: nothing_open(database))
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 120}
    first = sink.received[:40]
    assert sum(is_of("small", one) for one in first) >= 10


def test_a_big_domain_in_no_file_does_not_arrive_as_a_wall(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 120)
    with database.write() as connection:
        for number in range(1, 121):
            domain = "big" if number <= 60 else f"small{number}"
            one = update(DELIVERY).where(DELIVERY.c.id == number)
            connection.execute(one.values(address=f"p{number}@{domain}.example"))
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        around = setup(database, tmp_path, port, knowing())
        around.rules = replace(around.rules, batch=240)
        await around.until(lambda: nothing_open(database))
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 120}
    first = sink.received[:40]
    assert 10 <= sum(is_of("big", one) for one in first) <= 30


def test_never_more_letters_are_under_way_than_a_provider_takes_at_once(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 120)
    among(database, {"big": range(1, 61)})
    open_now: set[tuple[int, str]] = set()
    most = 0

    def answer(step: Step, received: Received) -> Answer:
        nonlocal most
        if is_of("big", received):
            here = received.connection, received.recipient
            (open_now.discard if step is Step.CONTENT else open_now.add)(here)
            most = max(most, len(open_now))
        return None

    sink, held = Sink(answer), 0

    def done() -> bool:
        nonlocal held
        in_hand = {"claimed", "sending"}
        found = [one.provider for one in rows(database) if one.state in in_hand]
        held = max(held, found.count("big"))
        return nothing_open(database)

    async def run() -> None:
        port = await sink.start()
        around = setup(database, tmp_path, port, knowing(big=Limits(at_once=2)))
        await around.until(done)
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 120}
    assert len(sink.received) == 120
    assert 1 <= most <= 2
    # Nor are all taken in hand, to wait there (what has ended counts until it is written).
    assert held <= 40


def test_a_provider_that_answers_slowly_leaves_the_others_their_connections(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 80)
    among(database, {"slow": range(1, 41), "fast": range(41, 81)})
    kept_waiting: set[str] = set()

    def answer(step: Step, received: Received) -> Answer:
        if step is Step.CONTENT and is_of("slow", received):
            kept_waiting.add(received.recipient)
            return Mischief.SILENCE
        return None

    sink = Sink(answer)

    def fast() -> int:
        found = [row.state for row in rows(database) if row.provider == "fast"]
        return found.count("accepted")

    async def run() -> None:
        port = await sink.start()
        # Not one of these times runs out: what is kept waiting waits until the end.
        patient = {"timeouts": Timeouts(content_s=600)}
        around = setup(
            database, tmp_path, port, knowing(slow=Limits(), fast=Limits(at_once=20)),
            address=patient,
        )  # fmt: skip
        around.rules = replace(around.rules, drain_s=0.1)
        connections = around.connections
        # On five of six connections a letter may wait whose envelope went with a slow one.
        await around.until(lambda: fast() >= 35 or len(kept_waiting) == connections)
        await sink.stop()

    asyncio.run(run())
    assert fast() >= 35
    assert 1 <= len(kept_waiting) <= 5


def test_what_waits_for_its_provider_at_one_relay_goes_when_another_had_its_letters(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 24)
    among(database, {"big": range(1, 25)})
    open_now: set[tuple[int, int, str]] = set()
    most = 0

    def at(place: int) -> Callable[[Step, Received], Answer]:
        def answer(step: Step, received: Received) -> Answer:
            nonlocal most
            if is_of("big", received):
                here = place, received.connection, received.recipient
                (open_now.discard if step is Step.CONTENT else open_now.add)(here)
                most = max(most, len(open_now))
            return None

        return answer

    first, second = Sink(at(1)), Sink(at(2))

    async def run() -> None:
        port, its_port = await first.start(), await second.start()
        address = RelayAddress("other", "127.0.0.1", its_port, Tls.NONE, timeouts=QUICK)
        other = Relay(address, connections=3, reserved=0, idle_s=0.5)
        providers = knowing(big=Limits(at_once=1))
        around = setup(database, tmp_path, port, providers, others=[other])
        await around.until(lambda: nothing_open(database))
        await first.stop()
        await second.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 24}
    assert first.received
    assert second.received
    assert most == 1


class _NotTheseLetters(PlainComposer):
    """Cannot compose some people's letters."""

    def __init__(self, addresses: set[str]) -> None:
        super().__init__()
        self.addresses = addresses

    def compose(self, claim: Claim) -> Letter:
        if claim.address in self.addresses:
            raise CannotComposeError("its words ask for what is not known")
        return super().compose(claim)

    def failed(self, claim: Claim) -> None:
        assert claim.address in self.addresses


def test_what_waits_for_its_provider_goes_though_the_next_cannot_be_composed(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 24)
    among(database, {"big": range(1, 25)})
    bad = {f"p{number}@big.example" for number in range(2, 25, 3)}
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        providers = knowing(big=Limits(at_once=1))
        composer = _NotTheseLetters(bad)
        around = setup(database, tmp_path, port, providers, composer=composer)
        await around.until(lambda: nothing_open(database))
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 16, "withheld": 8}


def test_a_connection_carries_no_more_letters_to_a_provider_than_it_likes(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 60)
    among(database, {"big": range(1, 41)})
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        limits = Limits(letters_per_connection=5)
        around = setup(database, tmp_path, port, knowing(big=limits))
        await around.until(lambda: nothing_open(database))
        await sink.stop()

    asyncio.run(run())
    over = collections.Counter(one.connection for one in sink.received if is_of("big", one))
    assert sum(over.values()) == 40
    assert max(over.values()) <= 5


def test_a_provider_gets_its_letters_though_the_clock_is_put_back(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 60)
    among(database, {"big": range(1, 61)})
    with database.write() as connection:
        long_ago = now() - timedelta(hours=2)
        connection.execute(update(DELIVERY).values(due_at=long_ago))
    back = timedelta()

    def answer(step: Step, received: Received) -> Answer:
        nonlocal back
        del received
        if step is Step.CONTENT and len(sink.received) == 20:
            back = timedelta(hours=1)
        return None

    sink = Sink(answer)

    async def run() -> None:
        port = await sink.start()
        known = knowing(big=Limits(per_second=20))
        around = setup(database, tmp_path, port, known, clock=lambda: now() - back)
        # The program looks every second.
        watch = ClockWatch(database, around.clock)

        def done() -> bool:
            watch.look()
            return nothing_open(database)

        await around.until(done)
        await sink.stop()

    asyncio.run(run())
    assert back
    assert states(database) == {"accepted": 60}
    assert set(sink.seen.values()) == {1}


def test_a_provider_that_asks_for_a_rest_gets_it_and_the_others_do_not_notice(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 200)
    among(database, {"dead": range(1, 101)})
    asked = 0

    def answer(step: Step, received: Received) -> Answer:
        nonlocal asked
        if step is Step.RCPT and is_of("dead", received):
            asked += 1
            return "421 4.7.0 [TSS04] later"
        return None

    sink = Sink(answer)
    rests = rule("TSS04", Act.REST, rest=timedelta(hours=2))

    def done() -> bool:
        return states(database).get("accepted") == 100

    async def run() -> None:
        port = await sink.start()
        around = setup(database, tmp_path, port, knowing(rests, dead=Limits()))
        async with around.running() as sender:
            await until(done, sender)
            # The provider said it, not the relay.
            assert not sender.trouble
        await sink.stop()

    asyncio.run(run())
    # Those under way when it said so, and no more: nothing is tried while it rests.
    assert 1 <= asked <= 12
    assert states(database) == {"accepted": 100, "queued": 100}
    assert {row.deferrals for row in rows(database)} == {0}
    with database.read() as connection:
        standing = provider_states(connection)["dead"]
    assert standing.mark == "421-4.7.0"
    assert standing.rest_until is not None
    assert standing.rest_until > now() + timedelta(minutes=110)


def test_a_domain_that_nobody_lists_rests_too_and_one_letter_tries_it_again(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 60)
    with database.write() as connection:
        connection.execute(
            update(DELIVERY).where(DELIVERY.c.id > 30).values(address="p@strange.example")
        )
    well = False
    tried: list[bool] = []

    def answer(step: Step, received: Received) -> Answer:
        if step is Step.RCPT and is_of("strange", received):
            tried.append(well)
            return None if well else "450 4.7.1 not now, please"
        return None

    sink = Sink(answer)
    rests = rule("not now", Act.REST, rest=timedelta(seconds=1))

    def waits() -> bool:
        with database.read() as connection:
            found = connection.execute(
                select(DELIVERY.c.state).where(DELIVERY.c.id > 30).distinct()
            )
            others = states(database).get("accepted", 0) >= 30
            return others and set(found.scalars()) == {"queued"}

    async def run() -> None:
        port = await sink.start()
        around = setup(database, tmp_path, port, knowing(rests))
        await around.until(waits)
        await sink.stop()

    asyncio.run(run())
    assert 1 <= len(tried) <= 12
    with database.read() as connection:
        assert provider_states(connection)["strange.example"].broken
        queued = connection.execute(
            select(DELIVERY.c.due_at).where(DELIVERY.c.id > 30)
        ).scalars()
        # All of them wait for the rest's end, not only those that were tried.
        assert min(queued) > now() + timedelta(minutes=2)


def test_a_provider_that_stops_us_raises_an_alarm_and_goes_on_when_somebody_says_so(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 120)
    among(database, {"angry": range(1, 61)})
    well = False

    def answer(step: Step, received: Received) -> Answer:
        if step is Step.RCPT and is_of("angry", received) and not well:
            return "421 5.7.515 access denied"
        return None

    sink = Sink(answer)
    stops = rule("5\\.7\\.515", Act.STOP, after=3)

    def stopped() -> bool:
        others = states(database) == {"accepted": 60, "queued": 60}
        return others and bool(alarms(database))

    async def run() -> None:
        nonlocal well
        port = await sink.start()
        around = setup(database, tmp_path, port, knowing(stops, angry=Limits()))
        await around.until(stopped)
        well = True
        (alarm,) = alarms(database)
        assert (alarm.kind, alarm.subject) == ("provider_stopped", "provider angry")
        assert "421-5.7.515" in alarm.happened
        assert "mailer relay resume angry" in alarm.todo
        resume_provider(database, "angry", now())
        # The first one's answer is heard at once, not when the probe would be lost.
        around.locks = None
        await around.until(lambda: nothing_open(database))
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 120}
    # Whoever let it go on has seen why it was stopped: another stop is told anew.
    assert alarms(database) == []
    with database.read() as connection:
        assert not provider_states(connection)["angry"].stopped
        (probed,) = {one.probe_until for one in provider_states(connection).values()}
        assert probed is None

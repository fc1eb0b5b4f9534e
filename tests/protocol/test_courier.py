"""The courier against a server that answers by rules, where a dialogue is not enough."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import uvloop
from sending import (
    PlainComposer,
    Setup,
    a_campaign,
    attempts,
    nothing_open,
    now,
    rows,
    states,
    until,
)
from sqlalchemy import select, update

from mailer.errors import RefusedError
from mailer.jobs.send import Rules
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.pace.retry import RetryPlan
from mailer.store import owners
from mailer.store.database import Database
from mailer.store.tables import CampaignRow, table
from mailer.wire.line import Timeouts
from mailer.wire.sink import Answer, Mischief, Received, Rule, Sink, Step

PLAIN = ("SIZE 1000000", "8BITMIME")
PIPELINED = ("PIPELINING", "SIZE 1000000", "8BITMIME", "DSN", "SMTPUTF8")
SLOW = Timeouts(content_s=30)


@pytest.fixture(params=[PIPELINED, PLAIN], ids=["pipelining", "one at a time"])
def extensions(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return request.param


def send(database: Database, folder: Path, sink: Sink, **settings) -> None:
    """Send everything that is due to a sink, until all deliveries have ended."""

    async def run() -> None:
        port = await sink.start()
        try:
            setup = Setup(database, folder, port, **settings)
            await setup.until(lambda: nothing_open(database))
        finally:
            await sink.stop()

    asyncio.run(run())


def once(step: Step, answer: Answer, recipient: str = "p1@example.com") -> Rule:
    """Give an answer the first time that a step comes for a recipient."""
    given: list[Step] = []

    def rule(at: Step, received: Received) -> Answer:
        if at is step and received.recipient == recipient and not given:
            given.append(at)
            return answer
        return None

    return rule


def always(step: Step, answer: Answer, recipient: str = "p1@example.com") -> Rule:
    def rule(at: Step, received: Received) -> Answer:
        return answer if at is step and received.recipient == recipient else None

    return rule


def test_every_letter_arrives_once(
    database: Database, ring: KeyRing, tmp_path: Path, extensions: tuple[str, ...]
) -> None:
    a_campaign(database, ring, 120)
    sink = Sink(extensions=extensions)
    send(database, tmp_path, sink)
    assert states(database) == {"accepted": 120}
    assert Counter(letter.recipient for letter in sink.received) == {
        f"p{n}@example.com": 1 for n in range(1, 121)
    }
    assert max(sink.seen.values()) == 1
    assert all(row.relay_id for row in rows(database))
    assert all(row.owner_id is None for row in rows(database))


@pytest.mark.parametrize("step", [Step.RCPT, Step.CONTENT])
def test_a_refusal_ends_the_letter_and_only_it(
    database: Database,
    ring: KeyRing,
    tmp_path: Path,
    extensions: tuple[str, ...],
    step: Step,
) -> None:
    a_campaign(database, ring, 5)
    sink = Sink(always(step, "550 5.1.1 no such user"), extensions=extensions)
    send(database, tmp_path, sink, connections=1)
    assert states(database) == {"accepted": 4, "refused": 1}
    refused = rows(database)[0]
    assert (refused.state, refused.reply) == ("refused", "550 5.1.1 no such user")
    (attempt,) = attempts(database)
    assert (attempt.outcome, attempt.stage) == ("refused", step.value)
    assert (attempt.code, attempt.enhanced) == (550, "5.1.1")


def test_a_letter_that_is_put_off_for_ever_expires(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 2)
    sink = Sink(always(Step.RCPT, "452 4.2.2 mailbox full"))
    plan = RetryPlan((0.01, 0.01, 200_000), 0)
    send(database, tmp_path, sink, rules=Rules(plan=plan, poll_s=0.02, keep_every_s=0.1))
    assert states(database) == {"accepted": 1, "expired": 1}
    assert [row.reason for row in rows(database)] == ["gave_up", None]
    assert [one.outcome for one in attempts(database)] == ["deferred"] * 3


def test_a_recipient_with_354_in_spite_of_its_refusal_gets_no_empty_letter(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    """Some servers answer 354 to DATA without a recipient: a lone dot would be a letter."""
    a_campaign(database, ring, 3)

    sink = Sink(always(Step.RCPT, "550 5.1.1 no such user"))
    sink.careless = True
    send(database, tmp_path, sink, connections=1)
    assert states(database) == {"accepted": 2, "refused": 1}
    assert len(sink.received) == 2
    assert sink.seen.total() == 2


def test_a_letter_over_the_relays_size_is_refused_by_us(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 2)
    sink = Sink(extensions=("PIPELINING", "SIZE 1000"))
    send(database, tmp_path, sink, composer=PlainComposer(b"x" * 2000 + b"\r\n"))
    assert states(database) == {"refused": 2}
    assert rows(database)[0].reply.startswith("5.3.4 the letter has")
    assert not sink.received


def test_dots_at_the_start_of_lines_arrive_as_they_were(
    database: Database, ring: KeyRing, tmp_path: Path, extensions: tuple[str, ...]
) -> None:
    a_campaign(database, ring, 1)
    body = b".\r\n..two\r\n.three\r\n" + b"last line without an end"
    sink = Sink(extensions=extensions)
    send(database, tmp_path, sink, composer=PlainComposer(body))
    (letter,) = sink.received
    assert letter.content.partition(b"\r\n\r\n")[2] == body + b"\r\n"


def test_dsn_and_size_are_asked_for_where_they_are_offered(
    database: Database, ring: KeyRing, tmp_path: Path, extensions: tuple[str, ...]
) -> None:
    a_campaign(database, ring, 1)
    sink = Sink(extensions=extensions)
    send(database, tmp_path, sink)
    (letter,) = sink.received
    asked = set(letter.parameters)
    dsn = {"RET=HDRS", "ENVID=d1", "NOTIFY=FAILURE", "ORCPT=rfc822;p1@example.com"}
    assert any(word.startswith("SIZE=") for word in asked)
    assert asked >= dsn if "DSN" in extensions else not asked & dsn


def test_a_line_carries_no_more_letters_than_it_may(
    database: Database, ring: KeyRing, tmp_path: Path, extensions: tuple[str, ...]
) -> None:
    a_campaign(database, ring, 23)
    sink = Sink(extensions=extensions)
    send(database, tmp_path, sink, connections=1, letters_per_connection=5)
    assert states(database) == {"accepted": 23}
    per_line = Counter(letter.connection for letter in sink.received)
    assert max(per_line.values()) <= 5
    assert sink.open_at_most == 1


def test_a_relay_that_is_down_costs_time_and_nothing_else(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 10)

    async def run() -> None:
        sink = Sink()
        port = await sink.start()
        await sink.stop()
        setup = Setup(database, tmp_path, port)
        async with setup.running() as sender:
            await until(lambda: bool(sender.trouble))
            assert set(states(database)) <= {"queued", "claimed"}
            again = Sink()
            await again.start(port)
            await until(lambda: nothing_open(database))
        await again.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 10}
    assert {row.deferrals for row in rows(database)} == {0}


def test_a_transactional_letter_in_doubt_goes_out_once_more_with_the_same_id(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 2, kind=Kind.TRANSACTIONAL)
    sink = Sink(always(Step.CONTENT, Mischief.HANG_UP))
    send_until(database, tmp_path, sink, {"accepted": 1, "in_doubt": 1}, seen=3)
    assert sink.seen["d1@example.com"] == 2
    assert sink.seen["d2@example.com"] == 1


def send_until(
    database: Database, folder: Path, sink: Sink, wanted: dict[str, int], seen: int
) -> None:
    async def run() -> None:
        port = await sink.start()
        setup = Setup(database, folder, port, connections=1)
        await setup.until(lambda: states(database) == wanted and sink.seen.total() == seen)
        await sink.stop()

    asyncio.run(run())


def test_a_drain_ends_what_is_on_the_line_and_gives_back_the_rest(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 500)

    async def run() -> int:
        sink = Sink()
        port = await sink.start()
        setup = Setup(database, tmp_path, port)
        async with setup.running():
            await until(lambda: len(sink.received) >= 60)
        await sink.stop()
        return len(sink.received)

    received = asyncio.run(run())
    assert states(database) == {"accepted": received, "queued": 500 - received}
    assert {row.owner_id for row in rows(database)} == {None}


def test_a_lease_that_is_never_renewed_does_not_send_twice(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    """A second sender takes over while the first waits for an answer past its lease."""
    a_campaign(database, ring, 3)
    sink = Sink(once(Step.CONTENT, Mischief.SILENCE))
    hung = Rules(lease=timedelta(seconds=1), poll_s=0.02, keep_every_s=60, drain_s=5)

    async def run() -> None:
        port = await sink.start()
        first = Setup(database, tmp_path, port, connections=1, rules=hung)
        first.address["timeouts"] = SLOW
        async with first.running():
            await until(lambda: bool(sink.seen))
            second = Setup(database, tmp_path, port, connections=1)
            await second.until(lambda: nothing_open(database))
            await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 2, "in_doubt": 1}
    assert max(sink.seen.values()) == 1


def test_a_paused_campaigns_stock_costs_no_more_than_one_connection_a_line(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    """What was claimed ahead is put back, not tried letter by letter."""
    campaign = a_campaign(database, ring, 300)
    sink = Sink()

    def rule(step: Step, received: Received) -> Answer:
        if step is Step.CONTENT and len(sink.received) == 20:
            with database.write() as connection:
                connection.execute(update(table(CampaignRow)).values(state="paused"))
        return None

    sink.rule = rule

    async def run() -> None:
        port = await sink.start()
        setup = Setup(database, tmp_path, port, connections=2, rules=Rules(batch=300))
        await setup.until(lambda: paused_and_quiet(database))
        await sink.stop()

    asyncio.run(run())
    assert campaign == 1
    assert states(database)["queued"] > 200
    # A few lines were opened before each heard of it; letter by letter it were 280.
    assert sink.connections <= 20


def paused_and_quiet(database: Database) -> bool:
    with database.read() as connection:
        state = connection.execute(select(table(CampaignRow).c.state)).scalar_one()
    return state == "paused" and not {"claimed", "sending"} & states(database).keys()


def test_the_same_letters_go_over_uvloop(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 50)
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        await Setup(database, tmp_path, port).until(lambda: nothing_open(database))
        await sink.stop()

    uvloop.run(run())
    assert states(database) == {"accepted": 50}


def test_a_letter_that_brings_down_its_line_does_not_keep_the_others_waiting(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 40)
    sink = Sink(always(Step.RCPT, Mischief.HANG_UP))

    async def run() -> None:
        port = await sink.start()
        setup = Setup(database, tmp_path, port, connections=1)
        await setup.until(lambda: states(database).get("accepted") == 39)
        await sink.stop()

    asyncio.run(run())
    assert rows(database)[0].state == "queued"
    assert rows(database)[0].deferrals == 0


def test_a_sender_whose_letters_were_taken_over_ends_and_sends_none_of_them(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    """It is taken for dead while a letter is on its line; another sender does the rest."""
    a_campaign(database, ring, 30)
    sink = Sink(once(Step.CONTENT, Mischief.SILENCE))
    rules = Rules(poll_s=60, keep_every_s=0.1, drain_s=0.5)

    async def run() -> None:
        port = await sink.start()
        first = Setup(database, tmp_path, port, connections=1, rules=rules)
        first.address["timeouts"] = SLOW
        working = asyncio.create_task(first.sender().run())
        await until(lambda: bool(sink.seen))
        with database.write() as connection:
            owners.take_back(connection, 1, now())
            owners.end(connection, 1, now())
        with pytest.raises(RefusedError, match="another program took over its letters"):
            await working
        assert first.locks is not None
        first.locks.close()
        assert len(sink.seen) == 1
        await Setup(database, tmp_path, port).until(lambda: nothing_open(database))
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 29, "in_doubt": 1}
    assert max(sink.seen.values()) == 1

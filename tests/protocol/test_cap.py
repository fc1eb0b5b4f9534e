"""A frequency cap against a server that counts: what it holds costs no connection."""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from databases import opened_at
from sending import Setup, a_campaign, another_campaign, nothing_open, now, rows, states

from mailer.jobs.holding import Manners
from mailer.jobs.send import Rules
from mailer.model.frequency import Frequency
from mailer.model.key import KeyRing
from mailer.pace.cap import CapRule
from mailer.store.database import Database
from mailer.store.frequencies import choose_frequency
from mailer.wire.sink import Received, Sink, Step

WEEKLY = Rules(
    poll_s=0.02, keep_every_s=0.1, drain_s=5, batch=50, manners=Manners(CapRule(1, 7))
)


class Counting(Sink):
    """A sink that counts what it was asked."""

    def __init__(self) -> None:
        super().__init__(self._count)
        self.asked: Counter[Step] = Counter()

    def _count(self, step: Step, received: Received) -> None:
        del received
        self.asked[step] += 1


def in_the_end(database: Database) -> bool:
    """Say whether nothing is in hand, and what is queued was put off."""
    # In one look: between two of them letters may be claimed.
    found = rows(database)
    return not any(
        row.state in {"claimed", "sending"}
        or (row.state == "queued" and row.reason != "cap")
        for row in found
    )


def send(database: Database, folder: Path, sink: Sink) -> None:
    async def run() -> None:
        setup = Setup(database, folder, await sink.start(), rules=WEEKLY)
        try:
            await setup.until(lambda: in_the_end(database))
        finally:
            await sink.stop()

    asyncio.run(run())


def test_letters_that_the_cap_holds_cost_no_connection(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    first = a_campaign(database, ring, 120)
    send(database, tmp_path, Sink())
    assert nothing_open(database)
    second = another_campaign(database, first)
    sink = Counting()
    send(database, tmp_path, sink)
    assert states(database, second) == {"queued": 120}
    assert sink.connections == 0
    assert sink.asked == {}


def test_among_letters_that_the_cap_holds_the_others_leave_on_few_connections(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    first = a_campaign(database, ring, 90)
    send(database, tmp_path, Sink())
    another_campaign(database, first)
    fresh = a_campaign(database, ring, 90)
    sink = Counting()
    send(database, tmp_path, sink)
    assert states(database, fresh) == {"accepted": 90}
    assert sink.connections <= 3
    assert sink.asked[Step.DATA] == 90


def test_of_two_campaigns_at_once_a_person_gets_one_letter_on_few_connections(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    first = a_campaign(database, ring, 90)
    second = another_campaign(database, first)
    sink = Counting()
    send(database, tmp_path, sink)
    # The newer goes first. What of the older was asked for meanwhile waits, or has ended.
    assert states(database, second) == {"accepted": 90}
    left = states(database, first)
    assert left.pop("queued", 0) + left.pop("withheld", 0) == 90
    assert left == {}
    assert {letter.recipient for letter in sink.received} == {
        f"p{number}@example.com" for number in range(1, 91)
    }
    assert sink.connections <= 3
    assert sink.asked[Step.DATA] == 90


@pytest.mark.parametrize("own", [False, True])
def test_of_fifty_campaigns_at_once_by_four_senders_a_person_gets_one_letter(
    database: Database, database_url: str, ring: KeyRing, tmp_path: Path, *, own: bool
) -> None:
    first = a_campaign(database, ring, 1)
    for _ in range(49):
        another_campaign(database, first)
    if own:
        with database.write() as connection:
            choose_frequency(connection, 1, Frequency.WEEKLY, now())
    # One at a time is claimed, so that all four have one in hand at once.
    manners = Manners(None if own else CapRule(1, 7))
    rules = replace(WEEKLY, batch=1, manners=manners)
    sink = Sink()

    def work(port: int) -> None:
        mine = opened_at(database_url, tmp_path)
        setup = Setup(mine, tmp_path, port, rules=rules)
        try:
            asyncio.run(setup.until(lambda: in_the_end(database)))
        finally:
            mine.close()

    async def run() -> None:
        port = await sink.start()
        try:
            await asyncio.gather(*(asyncio.to_thread(work, port) for _ in range(4)))
        finally:
            await sink.stop()

    asyncio.run(run())
    assert len(sink.received) == 1
    assert states(database)["accepted"] == 1
    assert sum(states(database).values()) == 50

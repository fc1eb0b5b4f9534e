"""What holds whichever way letters go: to a relay, all to one address, or into files."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from sending import (
    PlainComposer,
    Setup,
    a_campaign,
    attempts,
    nothing_open,
    rows,
    states,
    until,
)
from sqlalchemy import update

from mailer.jobs.send import Rules
from mailer.model.delivery import Claim
from mailer.model.key import KeyRing
from mailer.model.letter import Letter
from mailer.pace.throttle import Rate
from mailer.store.database import Database
from mailer.store.tables import CampaignRow, DeliveryRow, SubscriptionRow, table
from mailer.wire.outbox import OutboxWay
from mailer.wire.sink import Sink
from mailer.workspace.outbox import Outbox

DESK = "desk@example.net"
WAYS = ("relay", "one address", "outbox")


class Readdressing(PlainComposer):
    """Letters that all go to one address, as the real composer makes them."""

    def compose(self, claim: Claim) -> Letter:
        return super().compose(claim)._replace(recipient=DESK)


@dataclass
class Way:
    """One way to send, and what has come out at its other end."""

    name: str
    folder: Path
    sink: Sink = field(default_factory=Sink)
    broken: bool = False

    @property
    def rehearsing(self) -> bool:
        return self.name != "relay"

    @property
    def arrived(self) -> Counter[str]:
        """Whom the letters that came out were for, by their header."""
        if self.name != "outbox":
            contents = [letter.content for letter in self.sink.received]
        else:
            contents = [one.read_bytes() for one in self.folder.glob("[!.]*")]
        return Counter(str(message_from_bytes(one)["To"]).strip("<>") for one in contents)

    def keep(self, letter: Letter) -> str:
        if self.broken:
            raise OSError(28, "No space left on device")
        return Outbox(str(self.folder), "outbox").keep(letter)

    @contextlib.asynccontextmanager
    async def open(
        self, database: Database, place: Path, **more: Any
    ) -> AsyncIterator[Setup]:
        """Start what takes letters, and give a sender's surroundings."""
        settings: dict[str, Any] = {"rehearsing": self.rehearsing, **more}
        address: dict[str, str] = {}
        composer = PlainComposer()
        if self.name == "outbox":
            settings["other_way"] = OutboxWay(self.keep)
        if self.name == "one address":
            composer, address = Readdressing(), {"only_to": DESK}
        port = await self.sink.start()
        try:
            yield Setup(
                database, place, port, relay=settings, address=address, composer=composer
            )
        finally:
            await self.sink.stop()


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Way:
    return Way(request.param, tmp_path / "outbox")


def campaign(database: Database, ring: KeyRing, way: Way, people: int) -> int:
    number = a_campaign(database, ring, people)
    with database.write() as connection:
        for rows_of in (CampaignRow, DeliveryRow):
            connection.execute(update(table(rows_of)).values(rehearsal=way.rehearsing))
    return number


def send(
    database: Database,
    place: Path,
    way: Way,
    done: Callable[[], bool],
    **more: Any,
) -> None:
    async def run() -> None:
        async with way.open(database, place, **more) as setup:
            await setup.until(done)

    asyncio.run(run())


def to_all(people: int) -> Counter[str]:
    return Counter(f"p{n}@example.com" for n in range(1, people + 1))


def test_every_letter_arrives_once_and_is_on_record(
    database: Database, ring: KeyRing, tmp_path: Path, way: Way
) -> None:
    campaign(database, ring, way, 40)
    send(database, tmp_path, way, lambda: nothing_open(database))
    assert states(database) == {"accepted": 40}
    assert way.arrived == to_all(40)
    assert all(row.relay_id and row.left_at and row.ended_at for row in rows(database))
    assert attempts(database) == []


def test_only_the_relays_own_way_ever_names_a_person_to_a_mail_server(
    database: Database, ring: KeyRing, tmp_path: Path, way: Way
) -> None:
    campaign(database, ring, way, 5)
    send(database, tmp_path, way, lambda: nothing_open(database))
    named = {letter.recipient for letter in way.sink.received}
    assert (
        named
        == {
            "relay": set(to_all(5)),
            "one address": {DESK},
            "outbox": set(),
        }[way.name]
    )


def test_who_has_left_gets_none(
    database: Database, ring: KeyRing, tmp_path: Path, way: Way
) -> None:
    campaign(database, ring, way, 6)
    who = table(SubscriptionRow)
    with database.write() as connection:
        connection.execute(
            update(who).where(who.c.contact_id == 2).values(status="unsubscribed")
        )
    send(database, tmp_path, way, lambda: nothing_open(database))
    assert states(database) == {"accepted": 5, "withheld": 1}
    assert way.arrived == to_all(6) - Counter(["p2@example.com"])


def test_nothing_leaves_of_a_campaign_that_is_paused_meanwhile(
    database: Database, ring: KeyRing, tmp_path: Path, way: Way
) -> None:
    campaign(database, ring, way, 300)

    async def run() -> None:
        async with (
            way.open(database, tmp_path, rate=Rate(per_second=100)) as setup,
            setup.running() as sender,
        ):
            await until(lambda: "accepted" in states(database), sender)
            await asyncio.to_thread(pause)
            await until(lambda: not {"claimed", "sending"} & states(database).keys())

    def pause() -> None:
        with database.write() as connection:
            connection.execute(update(table(CampaignRow)).values(state="paused"))

    asyncio.run(run())
    left = states(database)
    assert left["queued"] + left["accepted"] == 300
    assert sum(way.arrived.values()) == left["accepted"] < 300


def test_a_sender_takes_nothing_of_the_other_mode(
    database: Database, ring: KeyRing, tmp_path: Path, way: Way
) -> None:
    other = Way("outbox" if way.name == "relay" else "relay", tmp_path)
    campaign(database, ring, other, 3)
    rules = Rules(poll_s=0.02, keep_every_s=0.05, drain_s=5)
    turns: list[int] = []

    async def run() -> None:
        async with way.open(database, tmp_path) as setup:
            setup.rules = rules
            async with setup.running() as sender:
                sender._housekeeping = lambda: turns.append(1)
                # It has looked for work many times by then.
                await until(lambda: len(turns) >= 4, sender)

    asyncio.run(run())
    assert states(database) == {"queued": 3}
    assert all(row.attempt == 0 for row in rows(database))
    assert not way.arrived


def test_a_line_for_one_address_refuses_every_other_whatever_was_composed(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    way = Way("one address", tmp_path / "outbox")
    campaign(database, ring, way, 3)

    async def run() -> None:
        async with way.open(database, tmp_path) as setup:
            setup.composer = PlainComposer()
            await setup.until(lambda: nothing_open(database))

    asyncio.run(run())
    assert states(database) == {"refused": 3}
    assert f"letters go to {DESK} and to nobody else" in rows(database)[0].reply
    assert not way.sink.received
    assert not way.sink.seen


def test_a_full_disk_puts_a_rehearsal_off_and_loses_nothing(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    way = Way("outbox", tmp_path / "outbox", broken=True)
    campaign(database, ring, way, 5)

    async def run() -> None:
        async with way.open(database, tmp_path) as setup, setup.running() as sender:
            await until(lambda: bool(sender.trouble), sender)
            assert "No space left" in sender.trouble
            way.broken = False
            await until(lambda: nothing_open(database), sender)

    asyncio.run(run())
    assert states(database) == {"accepted": 5}
    assert way.arrived == to_all(5)

"""A campaign in the database, and a sender at work on it: for tests of the sending side."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from mailer.compose.sign import Signers
from mailer.jobs.composer import Composer
from mailer.jobs.relays import Relay
from mailer.jobs.scribe import Scribe
from mailer.jobs.send import Place, Rules, Sender
from mailer.model.delivery import Claim, DeliveryState
from mailer.model.key import KeyRing
from mailer.model.kind import KINDS, Kind
from mailer.model.letter import Letter
from mailer.store import owners
from mailer.store.claims import Claims
from mailer.store.database import Database
from mailer.store.outcomes import Change
from mailer.store.owners import AdvisoryLock
from mailer.store.tables import (
    AttemptRow,
    CampaignRow,
    ContactRow,
    DeliveryRow,
    ListRow,
    SubscriptionRow,
    table,
)
from mailer.wire.line import RelayAddress, Timeouts, Tls
from mailer.wire.sink import Sink
from mailer.workspace.locks import OwnerLocks

LIST = "news"


def now() -> datetime:
    return datetime.now(UTC)


def a_campaign(
    database: Database, ring: KeyRing, people: int, *, kind: Kind = Kind.MARKETING
) -> int:
    """Put a running campaign with so many subscribed people into the database."""
    at = now() - timedelta(seconds=5)
    with database.write() as connection:
        if connection.execute(select(table(ListRow).c.number)).first() is None:
            connection.execute(
                insert(table(ListRow)).values(
                    id=LIST, name=LIST, title="News", words_floor=1, seen_at=at
                )
            )
        first = (
            connection.execute(select(table(ContactRow).c.id).order_by("id"))
            .scalars()
            .all()
            or [0]
        )[-1]
        ids = range(first + 1, first + 1 + people)
        connection.execute(
            insert(table(ContactRow)),
            [
                {
                    "id": person,
                    "match": f"p{person}@example.com",
                    "match_version": 1,
                    "hash": ring.suppression_hash(f"p{person}@example.com"),
                    "address": f"p{person}@example.com",
                    "attributes": {"name": f"Person {person}"},
                    "created_at": at,
                    "updated_at": at,
                }
                for person in ids
            ],
        )
        connection.execute(
            insert(table(SubscriptionRow)),
            [
                {
                    "contact_id": person,
                    "list_id": LIST,
                    "status": "subscribed",
                    "basis": "express",
                    "wording": 1,
                    "since_at": at,
                    "ledger_number": person,
                }
                for person in ids
            ],
        )
        campaign = connection.execute(
            insert(table(CampaignRow))
            .values(
                name="test", kind=kind.value, state="running", template="t", list_id=LIST,
                segment="", rule="", frozen_hash="", planned=people, planned_up_to=0,
                audience_up_to=0, created_at=at, due_at=at, started_at=at, reason="",
                allow_withheld=False,
            )
            .returning(table(CampaignRow).c.id)
        ).scalar_one()  # fmt: skip
        connection.execute(
            insert(table(DeliveryRow)),
            [
                {
                    "cause_kind": "campaign",
                    "cause_id": campaign,
                    "kind": kind.value,
                    "lane": KINDS[kind].lane.value,
                    "contact_id": person,
                    "hash": ring.suppression_hash(f"p{person}@example.com"),
                    "address": f"p{person}@example.com",
                    "list_id": LIST,
                    "state": "queued",
                    "attempt": 0,
                    "deferrals": 0,
                    "due_at": at,
                    "give_up_at": at + KINDS[kind].try_for,
                }
                for person in ids
            ],
        )
    return int(campaign)


def claimed(
    database: Database, ring: KeyRing, count: int, *, kind: Kind = Kind.MARKETING
) -> list[Claim]:
    """Put a campaign into the database and claim all of it."""
    campaign = a_campaign(database, ring, count, kind=kind)
    with database.write() as connection:
        owner = owners.register(connection, "here", 1, now())
    return claimed_of(database, campaign, owner)


def claimed_of(database: Database, campaign: int, owner: int) -> list[Claim]:
    """Claim all that is due of a campaign."""
    with database.write() as connection:
        claims = Claims(connection, owner, timedelta(minutes=5))
        return claims.read(connection, claims.of_campaign(connection, campaign, 999, now()))


def change(claim: Claim, after: DeliveryState, **more: Any) -> Change:
    """Return what came of a claim."""
    return Change(claim.id, claim.fence, after, now(), **more)


def another_campaign(database: Database, first: int) -> int:
    """Put a running campaign to the people of another one into the database."""
    campaigns, deliveries = table(CampaignRow), table(DeliveryRow)
    at = now() - timedelta(seconds=5)
    with database.write() as connection:
        row = connection.execute(select(campaigns).where(campaigns.c.id == first)).one()
        same = {key: value for key, value in row._mapping.items() if key != "id"}
        campaign = connection.execute(
            insert(campaigns).values(same).returning(campaigns.c.id)
        ).scalar_one()
        same_people = connection.execute(
            select(deliveries).where(deliveries.c.cause_id == first).order_by("id")
        ).all()
        fresh = {
            "cause_id": campaign, "state": "queued", "attempt": 0, "due_at": at,
            "give_up_at": at + timedelta(hours=24), "owner_id": None, "left_at": None,
            "lease_until": None, "first_attempt_at": None, "ended_at": None,
            "relay": None, "relay_id": None, "reply": None, "reason": None,
        }  # fmt: skip
        rows_of = ({**row._mapping, **fresh} for row in same_people)
        connection.execute(
            insert(deliveries),
            [{key: one[key] for key in one if key != "id"} for one in rows_of],
        )
    return int(campaign)


def states(database: Database, campaign: int | None = None) -> dict[str, int]:
    """Count the deliveries in each state."""
    counts: dict[str, int] = {}
    for row in rows(database, campaign):
        counts[row.state] = counts.get(row.state, 0) + 1
    return counts


def rows(database: Database, campaign: int | None = None) -> list[Any]:
    """Return the deliveries, in order."""
    delivery = table(DeliveryRow)
    query = select(delivery).order_by(delivery.c.id)
    if campaign is not None:
        query = query.where(delivery.c.cause_id == campaign)
    with database.read() as connection:
        return list(connection.execute(query))


def attempts(database: Database) -> list[Any]:
    """Return the log of attempts, in order."""
    with database.read() as connection:
        return list(connection.execute(select(table(AttemptRow)).order_by("id")))


class PlainComposer:
    """Letters without a template: who it is for, and which delivery it is."""

    def __init__(self, body: bytes = b"Hello.\r\n") -> None:
        self.body = body

    def get_ready(self, claims: list[Claim]) -> list[Claim]:
        return claims

    def compose(self, claim: Claim) -> Letter:
        head = (
            f"From: News <news@example.com>\r\nTo: <{claim.address}>\r\n"
            f"Message-ID: <d{claim.id}@example.com>\r\nSubject: Hello\r\n\r\n"
        )
        return Letter(
            f"b+{claim.id}@example.com",
            claim.address,
            head.encode() + self.body,
            f"d{claim.id}",
        )

    def domain_of(self, claim: Claim) -> str:
        del claim
        return "example.com"

    def failed(self, claim: Claim) -> None:
        raise AssertionError(claim)


def locks_for(database: Database, folder: Path) -> OwnerLocks | AdvisoryLock:
    """Return the locks that a sender on this database uses."""
    return OwnerLocks(str(folder)) if database.is_sqlite else AdvisoryLock(database)


QUICK = Timeouts(connect_s=2, envelope_s=0.6, data_s=0.6, content_s=0.6, quit_s=0.3)


@dataclass
class Setup:
    """A sender's surroundings with quick settings."""

    database: Database
    folder: Path
    port: int
    connections: int = 3
    letters_per_connection: int = 100
    rules: Rules = field(
        default_factory=lambda: Rules(poll_s=0.02, keep_every_s=0.1, drain_s=5, batch=50)
    )
    tls: Tls = Tls.NONE
    relay: dict[str, Any] = field(default_factory=dict)
    address: dict[str, Any] = field(default_factory=dict)
    composer: Composer = field(default_factory=PlainComposer)
    locks: OwnerLocks | AdvisoryLock | None = None
    scribe: Scribe | None = None
    signers: Signers = field(default_factory=dict)
    others: list[Relay] = field(default_factory=list)
    clock: Callable[[], datetime] = now

    def sender(self) -> Sender:
        address = RelayAddress(
            "main", "127.0.0.1", self.port, self.tls,
            **{"timeouts": QUICK, "helo_name": "client.example.com"} | self.address,
        )  # fmt: skip
        relay = Relay(
            address,
            connections=self.connections,
            letters_per_connection=self.letters_per_connection,
            **{"reserved": 0, "pause_s": 0.05, "pause_at_most_s": 0.2, "idle_s": 0.5}
            | self.relay,
        )
        self.locks = self.locks or locks_for(self.database, self.folder / "owners")
        place = Place(self.database, self.locks, self.clock, self.scribe, self.signers)
        return Sender(place, self.composer, [relay, *self.others], self.rules, lambda: None)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Sender]:
        sender = self.sender()
        task = asyncio.create_task(sender.run())
        task.add_done_callback(lambda _: setattr(sender, "ended", True))
        try:
            yield sender
        finally:
            sender.stop()
            await task
            if isinstance(self.locks, AdvisoryLock):
                self.locks.close()

    async def until(self, done: Callable[[], bool]) -> None:
        """Send until something holds (a test's own time limit ends what never does)."""
        async with self.running() as sender:
            await until(done, sender)


async def until(done: Callable[[], bool], sender: Sender | None = None) -> None:
    """Wait for a condition, or for the sender to end by itself."""
    while not await asyncio.to_thread(done):
        assert sender is None or not sender.ended
        await asyncio.sleep(0.01)


def send_all(setup: Setup, sink: Sink) -> None:
    """Send everything to a sink, until all deliveries have ended."""

    async def run() -> None:
        setup.port = await sink.start()
        try:
            await setup.until(lambda: nothing_open(setup.database))
        finally:
            await sink.stop()

    asyncio.run(run())


def nothing_open(database: Database) -> bool:
    """Say whether every delivery has come to an end."""
    return not {"queued", "claimed", "sending"} & states(database).keys()

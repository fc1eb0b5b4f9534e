"""How things stand, on one screen: what an index answers, whatever the tables hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.jobs.database import last_backup
from mailer.jobs.schedules import Listed, listed
from mailer.jobs.sender_life import Life, life_of
from mailer.jobs.world import World
from mailer.model.campaign import Campaign, CampaignState
from mailer.model.delivery import DeliveryState
from mailer.model.kind import Lane
from mailer.store import mailboxes, metrics, owners, throttle, ticketqueue
from mailer.store.alarms import Alarm, open_alarms
from mailer.store.campaigns import campaigns_in
from mailer.store.database import Connection
from mailer.store.mailboxes import MailboxSeen
from mailer.store.metrics import Present, Waiting
from mailer.store.owners import Registered
from mailer.store.size import whole_size
from mailer.workspace.files import free_bytes

_S = CampaignState
_RELAY = "relay_"


@dataclass(frozen=True, slots=True)
class SenderSeen:
    """A sender that has not said good-bye.

    Args:
        life: `GONE` when it was killed: the next sender takes back what it held.
    """

    sender: Registered
    life: Life


@dataclass(frozen=True, slots=True)
class Progress:
    """A campaign that is not at its end.

    Args:
        queued: Letters that wait.
        held: Letters that senders have in hand.
    """

    campaign: Campaign
    queued: int
    held: int

    @property
    def done(self) -> int:
        """How many letters came to an end, whichever."""
        return self.campaign.planned - self.queued - self.held


@dataclass(frozen=True, slots=True)
class Disk:
    """The room on a folder's disk."""

    folder: str
    free_bytes: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand.

    Args:
        sent: What each relay got in the last hour and day; (0, 0) without such limits.
        relay_alarms: The open alarms about the relays: trouble, or a refused login.
        queue: Letters by state and lane; only those of which there are any.
        doubts: Letters in doubt of each campaign that has any.
        doubts_of_no_campaign: Letters in doubt that no campaign wrote.
        under_way: Campaigns being planned or running.
        paused: Campaigns that a person or a brake has paused; their reason says which.
        mailboxes: Those that mail is read from, as they were when last looked at.
        tickets: How many answers each mailbox owes that owes any, and how many are late.
        backup_at: When the last backup was made; None when none is known of.
    """

    present: Present
    sent: Mapping[str, tuple[int, int]]
    relay_alarms: tuple[Alarm, ...]
    queue: dict[DeliveryState, dict[Lane, int]]
    doubts: dict[int, int]
    doubts_of_no_campaign: int
    under_way: tuple[Progress, ...]
    paused: tuple[Progress, ...]
    alarms: tuple[Alarm, ...]
    schedules: tuple[Listed, ...]
    senders: tuple[SenderSeen, ...]
    disks: tuple[Disk, ...]
    mailboxes: tuple[MailboxSeen, ...]
    tickets: dict[str, tuple[int, int]]
    database_bytes: int
    backup_at: datetime | None


def standing(
    world: World, relays: Sequence[str], folders: Sequence[str], now: datetime
) -> Standing:
    """Say how things stand; no table of letters is read through.

    Args:
        relays: Their names.
        folders: Those whose disks are looked at: of the database and the logbook.
    """
    schedules = listed(world, now)
    with world.database.read() as connection:
        letters = metrics.open_letters(connection)
        alarms = open_alarms(connection)
        doubts, of_none = metrics.doubts(connection)
        return Standing(
            present=metrics.present(connection, now),
            sent={one: throttle.used(connection, f"relay:{one}", now) for one in relays},
            relay_alarms=tuple(one for one in alarms if _is_of(one, relays)),
            queue=_queue(letters),
            doubts=doubts,
            doubts_of_no_campaign=of_none,
            under_way=_progress(connection, letters, _S.PLANNING, _S.RUNNING),
            paused=_progress(connection, letters, _S.PAUSED),
            alarms=tuple(alarms),
            schedules=tuple(schedules),
            senders=tuple(
                SenderSeen(one, life_of(one)) for one in owners.registered(connection)
            ),
            disks=tuple(Disk(one, free_bytes(one)) for one in dict.fromkeys(folders)),
            mailboxes=tuple(mailboxes.seen(connection)),
            tickets=_tickets(connection, now),
            database_bytes=whole_size(connection)[0],
            backup_at=last_backup(connection),
        )


def _tickets(connection: Connection, now: datetime) -> dict[str, tuple[int, int]]:
    owed = ticketqueue.count_owed(connection)
    late = ticketqueue.count_late(connection, now)
    return {name: (many, late.get(name, 0)) for name, many in sorted(owed.items())}


def _is_of(alarm: Alarm, relays: Sequence[str]) -> bool:
    named = alarm.subject.removeprefix("relay ")
    return alarm.kind.startswith(_RELAY) and named in relays


def _queue(letters: Sequence[Waiting]) -> dict[DeliveryState, dict[Lane, int]]:
    found: dict[DeliveryState, dict[Lane, int]] = {}
    for one in sorted(letters, key=lambda one: one.lane):
        lanes = found.setdefault(one.state, {})
        lanes[one.lane] = lanes.get(one.lane, 0) + one.letters
    return found


def _progress(
    connection: Connection, letters: Sequence[Waiting], *states: CampaignState
) -> tuple[Progress, ...]:
    found: list[Progress] = []
    for campaign in campaigns_in(connection, *states):
        mine = [one for one in letters if one.campaign_id == campaign.id]
        queued = sum(one.letters for one in mine if one.state is DeliveryState.QUEUED)
        found.append(Progress(campaign, queued, sum(one.letters for one in mine) - queued))
    return tuple(found)

"""Watching what runs: relay, disk, ledger, sums. What is wrong becomes an alarm."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from mailer.jobs.tell import Ways, is_turn, tell, tell_of, was_told
from mailer.jobs.verify_ledger import verify_ledger
from mailer.jobs.world import World
from mailer.model.key import KeyRing
from mailer.store.alarms import Alarm, raise_unless_open
from mailer.store.database import Database
from mailer.store.noes import mark, set_mark
from mailer.store.summing import Summary, summary
from mailer.store.verify import out_of_balance
from mailer.workspace.files import free_bytes

PATIENCE = timedelta(minutes=10)
"""A relay is in trouble now and then; only what lasts is told."""

_LOGIN = "auth:"
_TAMPERED = (
    "run `mailer db verify`; look who writes to the database, and bring back a backup"
)
_MEGABYTE = 1_000_000


def relay_alarm(relay: str, trouble: str, since: datetime, now: datetime) -> Alarm | None:
    """Say what is to be told of a relay's trouble; None while it may pass by itself.

    Args:
        trouble: The stage at which it is in trouble, a colon, and what it said.
    """
    if trouble.startswith(_LOGIN):
        return Alarm(
            "relay_login",
            f"relay {relay}",
            now,
            f"it refused our login ({trouble}); no letter leaves, and none is lost",
            "look at relay.username and at the password; sending goes on by itself",
        )
    if now - since < PATIENCE:
        return None
    return Alarm(
        "relay_trouble",
        f"relay {relay}",
        now,
        f"it takes no letters since {since:%Y-%m-%d %H:%M} UTC ({trouble}); none is lost",
        "look at the relay and at the line to it; sending goes on by itself",
    )


def watch_disk(
    database: Database, folders: Sequence[str], least_mb: int, now: datetime
) -> int:
    """Raise an alarm for each disk that is filling; return how many were raised.

    Args:
        folders: Where the database and the logbook are.
        least_mb: What must be free; 0 for no alarm.
    """
    raised = 0
    for folder in folders:
        free_mb = free_bytes(folder) // _MEGABYTE
        if free_mb < least_mb:
            alarm = Alarm(
                "disk",
                folder,
                now,
                f"only {free_mb} MB are free on its disk; when it is full no letter leaves",
                "make room: `mailer db size` says what takes it",
            )
            raised += _raise(database, alarm)
    return raised


def _raise(database: Database, alarm: Alarm) -> bool:
    with database.write() as connection:
        return raise_unless_open(connection, alarm)


def watch_ledger(
    database: Database, ring: KeyRing, checkpoints: str, now: datetime
) -> bool:
    """Verify the ledger, and raise an alarm when it does not hold; True when it does.

    Args:
        checkpoints: The file of the ledger's checkpoints.
    """
    report = verify_ledger(database, ring, checkpoints)
    if not report.wrong:
        return True
    alarm = Alarm(
        "ledger",
        "the ledger of consents",
        now,
        f"{report.wrong} thing(s) are wrong with it: {'; '.join(report.findings[:3])}",
        _TAMPERED,
    )
    _raise(database, alarm)
    return False


def watch_sums(database: Database, now: datetime) -> bool:
    """Check what must balance, and raise an alarm when it does not; True when it does.

    Planned = queued + claimed + sending + accepted + refused + expired + withheld + in
    doubt for each campaign, and each delivery has what its state calls for.
    """
    with database.read() as connection:
        wrong = out_of_balance(connection)
    if not wrong:
        return True
    alarm = Alarm(
        "sums",
        "the sums of deliveries",
        now,
        f"they do not hold: {'; '.join([*wrong[:3], *(['…'] if wrong[3:] else [])])}",
        _TAMPERED,
    )
    _raise(database, alarm)
    return False


class RelayWatch:
    """Remembers since when a relay is in trouble."""

    def __init__(self, database: Database, relay: str) -> None:
        self._database = database
        self._relay = relay
        self._since: datetime | None = None
        self._told = False

    def look(self, trouble: str, now: datetime) -> None:
        """Hear how the relay is; "" is well. An alarm is raised once for each trouble."""
        if not trouble:
            self._since, self._told = None, False
            return
        # The clock may be put back meanwhile.
        self._since = min(self._since or now, now)
        alarm = relay_alarm(self._relay, trouble, self._since, now)
        if alarm is not None and not self._told:
            _raise(self._database, alarm)
            self._told = True


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked at every minute.

    Args:
        folders: Where the database and the logbook are.
        least_mb: What must be free there.
        summary_at: When a daily summary is told, in a zone; None for never.
    """

    folders: tuple[str, ...]
    least_mb: int
    summary_at: time | None
    zone: tzinfo


def each_minute(world: World, watched: Watched, ways: Ways, now: datetime) -> None:
    """Look after the disk, and tell what is to be told."""
    watch_disk(world.database, watched.folders, watched.least_mb, now)
    tell(world, ways, now)
    if ways and watched.summary_at is not None:
        tell_summary(world, ways, watched.summary_at, watched.zone, now)


def tell_summary(world: World, ways: Ways, at: time, zone: tzinfo, now: datetime) -> bool:
    """Tell once a day what the last 24 hours brought.

    What nobody took is told again after as long as an alarm would be.

    Returns:
        False when it is not time, or nobody took it.
    """
    here = now.astimezone(zone)
    if here.time() < at:
        return False
    today = here.date().toordinal()
    with world.database.read() as connection:
        if (mark(connection, "summary") or 0) >= today:
            return False
    if not is_turn(world, "summary", ways.every, now):
        return False
    # It reads all letters: no writer should wait for that.
    with world.database.read() as connection:
        facts = summary(connection, now)
    told = tell_of(world, ways, "summary", [_summary(facts, now)], now)
    if was_told(told):
        with world.database.write() as connection:
            set_mark(connection, "summary", today)
    return was_told(told)


def _summary(facts: Summary, now: datetime) -> Alarm:
    campaigns = ", ".join(facts.campaigns) or "none"
    return Alarm(
        "summary",
        "the last 24 hours",
        now,
        f"{facts.accepted} letters were accepted, {facts.refused} refused;"
        f" {facts.in_doubt} are in doubt;"
        f" campaigns that go on: {campaigns}; {facts.alarms} alarms are open",
        "`mailer alarm list` shows the alarms, `mailer campaign list` the campaigns",
    )

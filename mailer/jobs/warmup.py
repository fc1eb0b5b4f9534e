"""Sending domains that are warmed up: how much of campaigns may leave today.

Senders charge what they claim to the day, in the transaction that claims it. When a day's
share is taken, what did not leave of it is counted and given back; what is due after that
waits for the next day, at the same time of the day.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mailer.jobs.campaign_alarms import waits_for_its_domain
from mailer.jobs.frozen import Frozen, unpack
from mailer.model.campaign import Campaign
from mailer.pace.warmup import Plan, Plans, Stage, day_number, days_of, stage
from mailer.store import warmups
from mailer.store.alarms import raise_unless_open
from mailer.store.campaigns import find_campaign, frozen
from mailer.store.database import Connection, Database
from mailer.store.waiting import Running

_COUNT_EVERY_S = 2.0
_COUNTING_SHARE = 25
"""Counting reads a campaign: it takes no more than such a part of a sender's time."""
_AT_A_TIME = 500
"""So many letters are put off in one transaction."""


@dataclass(frozen=True, slots=True)
class Warming:
    """How the warming up of one domain stands."""

    domain: str
    stage: Stage


def domains_of(connection: Connection, campaign: Campaign, plans: Plans) -> list[str]:
    """Return the domains with a plan that letters of a campaign are from."""
    return senders_of(unpack(frozen(connection, campaign.frozen_hash)), plans)


def senders_of(content: Frozen, plans: Plans) -> list[str]:
    """Return the domains with a plan that letters of some content are from."""
    return sorted(content.sender_domains & set(plans))


def stage_of(connection: Connection, domain: str, plan: Plan, now: datetime) -> Stage:
    """Say where a domain stands in its plan."""
    sent = warmups.sent_by(connection, domain, now)
    return stage(plan, sent.before, sent.today)


def warming(database: Database, plans: Plans, now: datetime) -> list[Warming]:
    """Say how the warming up of each domain stands that has a plan."""
    with database.read() as connection:
        return [
            Warming(domain, stage_of(connection, domain, plan, now))
            for domain, plan in sorted(plans.items())
        ]


def stage_words(at: Stage) -> str:
    """Say where a domain stands, in short: `day 3 of 10, 812 of 1,000 letters today`."""
    if at.share is None:
        return f"through: all {at.of} days of the plan are over"
    return f"day {at.day} of {at.of}, {at.sent:,} of {at.share:,} letters today"


@dataclass(frozen=True, slots=True)
class Waits:
    """What of a campaign waits for its domain.

    Args:
        words: Where the domains stand that are not warm yet, and what that means.
        days: How many days pass until all has left.
    """

    words: str
    days: int


NOTHING_WAITS = Waits("", 0)


def waits_of(
    connection: Connection, campaign: Campaign, plans: Plans, still: int, now: datetime
) -> Waits:
    """Say what of a campaign waits for its domain to be warm.

    Args:
        still: How many of its letters have not left.
    """
    if campaign.rehearsal or not plans or not still:
        return NOTHING_WAITS
    names = domains_of(connection, campaign, plans)
    told, days = _told(connection, names, plans, still, now)
    if not told:
        return NOTHING_WAITS
    if waiting := warmups.waiting_days(connection, campaign.id):
        told.append(f"{waiting:,} letters wait for another day")
    if days:
        told.append(f"all have left in {_days(days)}, if nothing else does")
    return Waits("; ".join(told), days)


def would_wait(
    connection: Connection, content: Frozen, plans: Plans, letters: int, now: datetime
) -> Waits:
    """Say what of a campaign would wait for its domain to be warm, if it began now."""
    names = senders_of(content, plans)
    told, days = _told(connection, names, plans, letters, now)
    if not days:
        return NOTHING_WAITS
    told.append(f"what is over a day's share waits, and all have left in {_days(days)}")
    return Waits("; ".join(told), days)


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _told(
    connection: Connection,
    names: Sequence[str],
    plans: Plans,
    letters: int,
    now: datetime,
) -> tuple[list[str], int]:
    """Say where domains stand that are not warm yet, and how many days letters take."""
    told: list[str] = []
    days = 0
    for domain in names:
        at = stage_of(connection, domain, plans[domain], now)
        if at.share is not None:
            days = max(days, days_of(plans[domain], at, letters))
            told.append(f"{domain} is on {stage_words(at)}")
    return told, days


@dataclass(slots=True)
class _Full:
    """A domain whose share of a day is taken.

    Args:
        count_at_s: By the timer, when it is counted (again) what of it did not leave.
        sure: All of it has left: the rest waits for the next day.
    """

    day: int
    count_at_s: float | None = None
    sure: bool = False


@dataclass(slots=True)
class WarmUps:
    """What one sender may claim of campaigns whose domains are warmed up.

    Args:
        moved: How many letters it has put off.
        timer: Seconds, of which only differences mean something.
    """

    plans: Plans = field(default_factory=dict[str, Plan])
    moved: int = 0
    timer: Callable[[], float] = time.perf_counter
    _campaigns: dict[int, tuple[Campaign, list[str]]] = field(
        default_factory=dict[int, tuple[Campaign, list[str]]]
    )
    _full: dict[str, _Full] = field(default_factory=dict[str, _Full])

    def look(
        self, connection: Connection, waiting: Sequence[Running], now: datetime
    ) -> dict[str, int]:
        """Count what did not leave of the shares that are taken, before a transaction.

        Returns:
            The letters to be given back, by domain.
        """
        if not self.plans:
            return {}
        day = day_number(now)
        self._full = {name: one for name, one in self._full.items() if one.day == day}
        asked = {name for one in waiting for name in self._domains(connection, one.id)}
        return {
            name: self._count(connection, name, full, now)
            for name in sorted(asked & set(self._full))
            if not (full := self._full[name]).sure
            and (full.count_at_s is None or self.timer() >= full.count_at_s)
        }

    def _count(
        self, connection: Connection, domain: str, full: _Full, now: datetime
    ) -> int:
        """Return how many of a day's letters did not leave, and are in nobody's hand."""
        began = self.timer()
        sent = warmups.sent_by(connection, domain, now)
        its = [
            one.id
            for one in warmups.at_work(connection, now)
            if domain in self._domains(connection, one.id)
        ]
        left, held = warmups.count_today(connection, its, now)
        ended = self.timer()
        full.count_at_s = ended + max(_COUNT_EVERY_S, _COUNTING_SHARE * (ended - began))
        full.sure = not held and left >= sent.today
        return max(0, sent.claimed - left - held)

    def open_to(self, waiting: Sequence[Running]) -> list[Running]:
        """Return the campaigns of which something may be claimed, or is to be put off."""
        return [one for one in waiting if not self._waits(one)]

    def _waits(self, one: Running) -> bool:
        _, names = self._campaigns.get(one.id, (None, ()))
        full = [self._full[name] for name in names if name in self._full]
        return bool(full) and not any(one.sure for one in full)

    def counts(self, one: Running) -> bool:
        """Say whether rows that senders share are locked for a campaign's letters."""
        return bool(self._campaigns.get(one.id, (None, ()))[1])

    def give_back(
        self, connection: Connection, back: Mapping[str, int], now: datetime
    ) -> None:
        """Write down what did not leave; a share of which something is back is not full."""
        for domain, letters in back.items():
            warmups.give_back(connection, domain, letters, now)
            at = stage_of(connection, domain, self.plans[domain], now)
            if at.room:
                del self._full[domain]

    def room(
        self, connection: Connection, running: Running, wanted: int, now: datetime
    ) -> int:
        """Return how many letters of a campaign may be claimed; the rest is put off."""
        if not self.counts(running):
            return wanted
        campaign, names = self._campaigns[running.id]
        for name in names:
            at = stage_of(connection, name, self.plans[name], now)
            if at.room is None:
                continue
            if not at.room:
                full = self._full.setdefault(name, _Full(day_number(now)))
                if full.sure:
                    self._put_off(connection, campaign, running, name, at, now)
                return 0
            self._full.pop(name, None)
            wanted = min(wanted, at.room)
        return wanted

    def _put_off(
        self,
        connection: Connection,
        campaign: Campaign,
        running: Running,
        domain: str,
        at: Stage,
        now: datetime,
    ) -> None:
        words = f"{domain} is being warmed up: {stage_words(at)}"
        room = _AT_A_TIME
        for provider in running.providers:
            if room > 0:
                room -= warmups.put_off(connection, campaign, provider, room, words, now)
        if moved := _AT_A_TIME - room:
            self.moved += moved
            raise_unless_open(connection, waits_for_its_domain(campaign, words, now))

    def charge(
        self, connection: Connection, running: Running, letters: int, now: datetime
    ) -> None:
        """Charge what was claimed of a campaign to its domains' day."""
        if letters and self.counts(running):
            for name in self._campaigns[running.id][1]:
                warmups.charge(connection, name, letters, now)

    def _domains(self, connection: Connection, campaign_id: int) -> Iterable[str]:
        if campaign_id not in self._campaigns:
            campaign = find_campaign(connection, campaign_id)
            if campaign is None:
                return ()
            names = domains_of(connection, campaign, self.plans)
            self._campaigns[campaign_id] = campaign, names
        return self._campaigns[campaign_id][1]

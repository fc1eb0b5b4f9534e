"""What came of a campaign, in figures that add up, and what can be done about it."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mailer.jobs.bounces import Counted, of_campaign
from mailer.jobs.campaigns import find
from mailer.jobs.frozen import Frozen, unpack
from mailer.model.campaign import Campaign, CampaignState
from mailer.model.delivery import OPEN_STATES, DeliveryState
from mailer.model.reason import WhyLeft
from mailer.store import reporting
from mailer.store.ageing import aged_of
from mailer.store.campaigns import frozen
from mailer.store.campaignsearch import followers
from mailer.store.clicks import followed, links_of
from mailer.store.database import Connection, Database
from mailer.store.incoming import answered_letters
from mailer.store.reasons import reasons_by_campaign
from mailer.store.reporting import Refusal, Tally

_STEPS_AT_MOST = 48
_LENGTHS = (1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 10080)
"""Lengths of a step of time in minutes, for people."""

_S = DeliveryState


@dataclass(frozen=True, slots=True)
class Moment:
    """A step of time, and what was answered in it."""

    at: datetime
    accepted: int
    refused: int


@dataclass(frozen=True, slots=True)
class LinkCount:
    """How often a link was followed; nobody knows by whom.

    Args:
        variant: The language of the letters that it stands in, as a tag.
    """

    url: str
    variant: str
    people: int
    machines: int


@dataclass(frozen=True, slots=True)
class ClickMoment:
    """An hour, and how often links were followed in it."""

    at: datetime
    people: int
    machines: int


@dataclass(frozen=True, slots=True)
class Advice:
    """Something that can be done, in words, with the command that does it."""

    words: str
    command: str


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a campaign.

    Args:
        goes_to: Its lists and segments, as people write them.
        counts: Every state with its count; their sum is what was planned.
        gone: How many of them are not on record singly any more: they were aged out.
        withheld: What was withheld, by reason.
        refused: What was refused, by reply code and provider, the most frequent first.
        expired: What relays put off until its time was over, in the same way.
        left: Who left the list by a link of its letters.
        why_left: Why, of those who cared to say, the most frequent first.
        joined_since: Who joined its lists after its start.
        over_time: When answers came, in steps of `step`.
        followed_by: The campaigns that went to those who had no letter of it.
        replied: How many of its letters people answered.
        came_back: What was reported about its letters afterwards, by reason.
        links: Its counted links, those first that people followed most often.
        clicks_over_time: Hour by hour, only those with clicks.
    """

    campaign: Campaign
    goes_to: str
    counts: dict[DeliveryState, int]
    gone: int
    withheld: dict[str, int]
    refused: tuple[Refusal, ...]
    expired: tuple[Refusal, ...]
    left: int
    joined_since: int
    over_time: tuple[Moment, ...]
    step: timedelta
    followed_by: tuple[Campaign, ...]
    advice: tuple[Advice, ...]
    why_left: Mapping[WhyLeft, int] = field(default_factory=dict[WhyLeft, int])
    replied: int = 0
    came_back: tuple[Counted, ...] = ()
    links: tuple[LinkCount, ...] = ()
    clicks_over_time: tuple[ClickMoment, ...] = ()

    @property
    def clicks(self) -> int:
        """How often people followed one of its links."""
        return sum(one.people for one in self.links)

    @property
    def waiting(self) -> int:
        """How many letters are still to be sent, or on their way."""
        return sum(self.counts[state] for state in OPEN_STATES)


def report(database: Database, campaign_id: int) -> Report:
    """Say what came of a campaign.

    Raises:
        NotFoundError: when there is none of that number.
    """
    campaign = find(database, campaign_id)
    with database.read() as connection:
        return report_within(connection, campaign)


def report_within(connection: Connection, campaign: Campaign) -> Report:
    """Do what `report` does, in a transaction that does more."""
    content = unpack(frozen(connection, campaign.frozen_hash))
    tallies = reporting.tallies(connection, campaign.id)
    counts = dict.fromkeys(_S, 0)
    withheld: dict[str, int] = {}
    for one in tallies:
        counts[one.state] += one.count
        if one.state is _S.WITHHELD:
            reason = one.reason or "unknown"
            withheld[reason] = withheld.get(reason, 0) + one.count
    singly = sum(counts.values())
    for aged in aged_of(connection, campaign.id):
        counts[aged.state] += aged.letters
        if aged.state is _S.WITHHELD:
            withheld[aged.reason] = withheld.get(aged.reason, 0) + aged.letters
    of_lists = [target.mailing_list.id for target in content.targets]
    step, over_time = _over_time(tallies)
    links, hours = _clicks(connection, campaign.id)
    found = Report(
        campaign=campaign,
        goes_to=", ".join(map(str, content.targets)),
        counts=counts,
        gone=campaign.planned - singly,
        withheld=withheld,
        refused=_answers(connection, campaign, counts, _S.REFUSED),
        expired=_answers(connection, campaign, counts, _S.EXPIRED),
        left=reporting.left_by(connection, campaign.id),
        joined_since=reporting.joined_since(connection, of_lists, campaign.created_at),
        over_time=over_time,
        step=step,
        followed_by=tuple(followers(connection, campaign.id)),
        advice=(),
        why_left=reasons_by_campaign(connection, campaign.id),
        replied=answered_letters(connection, campaign.id),
        came_back=of_campaign(connection, campaign.id),
        links=links,
        clicks_over_time=hours,
    )
    return replace(found, advice=tuple(_advice(found, content)))


def _clicks(
    connection: Connection, campaign_id: int
) -> tuple[tuple[LinkCount, ...], tuple[ClickMoment, ...]]:
    links: dict[int, list[int]] = {}
    hours: dict[datetime, list[int]] = {}
    for one in followed(connection, campaign_id):
        for sums in (
            links.setdefault(one.number, [0, 0]),
            hours.setdefault(one.hour_at, [0, 0]),
        ):
            sums[0] += one.people
            sums[1] += one.machines
    found = [
        LinkCount(one.url, one.variant, *links.get(one.number, (0, 0)))
        for one in links_of(connection, campaign_id)
    ]
    return (
        tuple(sorted(found, key=lambda one: (-one.people, -one.machines, one.url))),
        tuple(ClickMoment(at, *sums) for at, sums in sorted(hours.items())),
    )


def _answers(
    connection: Connection,
    campaign: Campaign,
    counts: dict[DeliveryState, int],
    state: DeliveryState,
) -> tuple[Refusal, ...]:
    if not counts[state]:
        return ()
    return tuple(reporting.refusals(connection, campaign.id, [state]))


def _over_time(tallies: Sequence[Tally]) -> tuple[timedelta, tuple[Moment, ...]]:
    """Put minutes together to at most 48 steps of a length that people reckon in."""
    answered = [
        one
        for one in tallies
        if one.minute is not None and one.state in {_S.ACCEPTED, _S.REFUSED}
    ]
    minutes = [one.minute for one in answered if one.minute is not None]
    if not minutes:
        return timedelta(minutes=1), ()
    span = (max(minutes) - min(minutes)) // timedelta(minutes=1) + 1
    length = next((one for one in _LENGTHS if span <= one * (_STEPS_AT_MOST - 1)), span)
    step = timedelta(minutes=length)
    epoch = min(minutes).replace(hour=0, minute=0)
    first = epoch + (min(minutes) - epoch) // step * step
    many = (max(minutes) - first) // step + 1
    sums = {_S.ACCEPTED: [0] * many, _S.REFUSED: [0] * many}
    for one in answered:
        assert one.minute is not None
        sums[one.state][(one.minute - first) // step] += one.count
    return step, tuple(
        Moment(first + place * step, *both)
        for place, both in enumerate(zip(*sums.values(), strict=True))
    )


def _advice(found: Report, content: Frozen) -> list[Advice]:
    """Say what can be done, the most pressing first."""
    campaign, number = found.campaign, found.campaign.id
    advice: list[Advice] = []
    if campaign.state is CampaignState.PAUSED:
        advice.append(
            Advice(
                f"It is paused ({campaign.reason or 'nobody said why'}):"
                f" {found.waiting:,} letters wait.",
                f"mailer campaign resume {number}",
            )
        )
    if doubts := found.counts[_S.IN_DOUBT]:
        advice.append(
            Advice(
                f"{doubts:,} letters are in doubt: the line broke before the answer. Look"
                " for them in the relay's log, then say what came of them.",
                f"mailer campaign deliveries {number} --state in_doubt",
            )
        )
    if campaign.state is not CampaignState.CANCELLED:
        advice += _again(found)
    return [*advice, *_others(found, content)]


def _again(found: Report) -> list[Advice]:
    number, advice = found.campaign.id, list[Advice]()
    if expired := found.counts[_S.EXPIRED]:
        advice.append(
            Advice(
                f"{expired:,} letters did not get through in time. Their people may be"
                " tried once more.",
                f"mailer campaign retry {number} --state expired",
            )
        )
    passing = sum(one.count for one in found.refused if not is_final(one.code))
    if passing:
        advice.append(
            Advice(
                f"{passing:,} letters were refused because of us or the letter, not"
                " because nobody lives there. Put the cause right first, then try again.",
                f"mailer campaign retry {number} --state refused",
            )
        )
    return advice


def is_final(code: str) -> bool:
    """Say whether a refusal blames the address: trying again would not help."""
    return code.partition(" ")[2].startswith(("5.1.", "5.2.1"))


def _others(found: Report, content: Frozen) -> list[Advice]:
    """Say how the others get it: who was withheld for a passing reason, or came later."""
    first = content.targets[0]
    said = [f"--list {target}" for target in content.targets]
    if first.rule and not first.segment:
        said.append(f"--rule {shlex.quote(first.rule)}")
    said += [f"--exclude {one.name}" for one in content.exclude if not one.whatever_came]
    left_out = sum(
        count
        for reason, count in found.withheld.items()
        if reason in {"cannot_compose", "cancelled"}
    )
    command = (
        f"mailer campaign start {content.source.name} {' '.join(said)}"
        f" --since {found.campaign.follows or found.campaign.id}"
    )
    words: list[str] = []
    if left_out:
        words.append(f"{left_out:,} letters were left out that can be sent now")
    if found.joined_since:
        words.append(f"{found.joined_since:,} people joined after the start")
    if not words:
        return []
    return [
        Advice(
            f"{' and '.join(words)}. This goes to just those who have no letter of it;"
            " --dry-run says first who they are.",
            command,
        )
    ]

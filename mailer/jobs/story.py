"""What one campaign meant for one person: whether a letter was planned, and what came."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from mailer.audience.permission import Facts, No, may_write
from mailer.audience.standing import standing
from mailer.jobs.audience import exclusion_of, rule_of
from mailer.jobs.frozen import Frozen, FrozenTarget, unpack
from mailer.jobs.world import World
from mailer.model.campaign import Campaign
from mailer.model.contact import Contact
from mailer.model.delivery import DeliveryState
from mailer.model.evaluate import Facts as Known
from mailer.model.evaluate import deciding, holds
from mailer.model.mailinglist import MailingList
from mailer.model.ruletext import unparse
from mailer.model.suppression import Suppression
from mailer.model.zone import zone_names
from mailer.store import history
from mailer.store.ageing import aged_of
from mailer.store.audience import Exclusion
from mailer.store.campaigns import frozen
from mailer.store.database import Connection
from mailer.store.deliveries import DeliveryView
from mailer.store.evidence import steps_of
from mailer.store.facts import facts
from mailer.store.history import Attempt
from mailer.store.incoming import of_delivery
from mailer.store.topics import topics_chosen


@dataclass(frozen=True, slots=True)
class Story:
    """What one campaign meant for the person.

    Args:
        verdict: One sentence, the answer.
        because: What decided it, a sentence each.
    """

    campaign: Campaign
    verdict: str
    because: tuple[str, ...]
    delivery: DeliveryView | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one of a campaign's targets says of the person."""

    target: FrozenTarget
    permitted: bool
    permission: str
    picked: bool
    segment: tuple[str, ...]


def story_of(
    connection: Connection,
    world: World,
    campaign: Campaign,
    contact: Contact,
    suppressions: list[Suppression],
) -> Story:
    """Tell what a campaign meant for a person, with all that decided it."""
    content = unpack(frozen(connection, campaign.frozen_hash))
    delivery = history.letter_of(connection, campaign.id, contact.id)
    at, rehearsed = campaign.created_at, campaign.rehearsal
    by_id = facts(connection, [contact.id], at, world.zone, rehearsed=rehearsed)
    known = by_id[contact.id]
    asked: list[_Asked] = []
    for target in content.targets:
        permitted, words = _permission(
            connection,
            content,
            target.mailing_list,
            contact,
            suppressions,
            campaign.created_at,
        )
        asked.append(_Asked(target, permitted, words, *_segment(content, target, known)))
    if delivery is None:
        if aged_of(connection, campaign.id) and contact.created_at <= campaign.created_at:
            words = "its details were aged out: nobody can tell any more who got it"
            return Story(campaign, words, (), None, ())
        out = _excluded(connection, content, contact, known)
        verdict, because = _not_planned(campaign, contact, asked, out)
        return Story(campaign, verdict, because, None, ())
    one = _planned_by(asked, delivery)
    because = (
        *_which(asked, one),
        f"planned: {one.permission}",
        *(f"planned: {line}" for line in one.segment),
        *_by_own_clock(campaign, contact),
        *_notice(campaign),
        *came_back(connection, delivery.id),
    )
    if delivery.state is DeliveryState.WITHHELD:
        now = _permission(
            connection,
            content,
            one.target.mailing_list,
            contact,
            suppressions,
            world.clock(),
        )
        if not now[0]:
            because += (f"withheld: {now[1]}",)
    attempts = tuple(history.attempts_of(connection, delivery.id))
    return Story(campaign, verdict_of(delivery), because, delivery, attempts)


def came_back(connection: Connection, delivery_id: int) -> Iterator[str]:
    """Say what was reported about a letter, and what was done about it."""
    for one in of_delivery(connection, delivery_id):
        said = f", which said {one.said}" if one.said else ""
        undone = "" if one.undone_at is None else f" (undone on {_day(one.undone_at)})"
        what = one.notice if one.incoming_id is not None else "refused at once"
        yield (
            f"came back on {_day(one.at)}: {what}, {one.effect}: {one.words}{said}{undone}"
        )


def _permission(
    connection: Connection,
    content: Frozen,
    mailing_list: MailingList,
    contact: Contact,
    suppressions: list[Suppression],
    at: datetime,
) -> tuple[bool, str]:
    """Say whether the person might be written to at a moment, and why."""
    list_id = mailing_list.id
    entries = [
        entry
        for entry in steps_of(connection, [contact.id]).get(contact.id, [])
        if entry.at <= at and entry.list_id in (list_id, None)
    ]
    subscription = standing(entries)
    chosen = topics_chosen(connection, contact.id).get(list_id)
    topics = chosen.topics if chosen is not None and chosen.at <= at else frozenset[str]()
    answer = may_write(
        content.source.kind,
        Facts(
            list_id=list_id,
            subscription=subscription,
            words_floor=mailing_list.words_floor,
            suppressions=[one for one in suppressions if one.since_at <= at],
            topics=topics,
            about=frozenset(content.topics),
        ),
        at,
    )
    if isinstance(answer, No):
        return False, answer.words
    if subscription is None:
        return True, "this kind of letter needs no subscription"
    return True, (
        f"subscribed to {list_id} since {_day(subscription.since_at)}"
        f" ({subscription.basis or 'no basis'}, ledger entry {subscription.ledger_number},"
        f" words version {subscription.wording})"
    )


def _segment(
    content: Frozen, target: FrozenTarget, known: Known
) -> tuple[bool, tuple[str, ...]]:
    """Say whether the segment picks the person by today's values, and what decided it."""
    rule = rule_of(content, target)
    if rule is None:
        return True, ("everyone on the list was picked, there was no segment",)
    clauses = deciding(rule, known)
    picked = all(clause.holds for clause in clauses) if clauses else True
    name = f"segment {target.segment}" if target.segment else "the rule"
    return picked, tuple(
        f"{name}: {unparse(clause.rule)} is"
        f" {'true' if clause.holds else 'false'} (by the values on record now)"
        for clause in clauses
    )


def _excluded(
    connection: Connection, content: Frozen, contact: Contact, known: Known
) -> str | None:
    """Say what excludes the person by what is on record now, None when nothing does."""
    for frozen_one in content.exclude:
        one = exclusion_of(content, frozen_one)
        if one.rule is not None and holds(one.rule, known):
            return f"{one.name} is excluded, and the person is among them"
        letter = _letter_of_any(connection, one, contact)
        if letter is not None:
            return f"has a letter of campaign {letter}, whose people were left out"
    return None


def _letter_of_any(connection: Connection, one: Exclusion, contact: Contact) -> int | None:
    for number in one.campaigns:
        letter = history.letter_of(connection, number, contact.id)
        if letter is not None and letter.state in one.states:
            return number
    return None


def _planned_by(asked: list[_Asked], delivery: DeliveryView) -> _Asked:
    """Return the target by which a letter was planned."""
    mine = [one for one in asked if one.target.mailing_list.id == delivery.list_id]
    return next((one for one in mine if one.picked), (mine or asked)[0])


def _which(asked: list[_Asked], one: _Asked) -> tuple[str, ...]:
    if len(asked) == 1:
        return ()
    names = ", ".join(str(other.target) for other in asked)
    words = f"planned: one letter, under {one.target}, the first to pick the person"
    return (f"{words} of {names}",)


def _notice(campaign: Campaign) -> tuple[str, ...]:
    reason = campaign.notice_reason
    return (f"planned: a notice to everybody, because: {reason}",) if reason else ()


def _by_own_clock(campaign: Campaign, contact: Contact) -> tuple[str, ...]:
    clock = campaign.wall_clock
    if clock is None:
        return ()
    if contact.time_zone in zone_names():
        zone = f"in the person's zone, {contact.time_zone}"
    else:
        zone = f"in {clock.fallback}: the person's own zone is not known"
    return (f"planned: due when it is {clock.at:%Y-%m-%d %H:%M} {zone}",)


def _not_planned(
    campaign: Campaign, contact: Contact, asked: list[_Asked], excluded: str | None
) -> tuple[str, tuple[str, ...]]:
    if contact.created_at > campaign.created_at:
        words = f"became a contact on {_day(contact.created_at)}, after the start"
        return f"not planned: {words}", ()
    one = next((one for one in asked if one.permitted and one.picked), None)
    if one is None:
        return _picked_by_none(asked)
    if excluded is not None:
        return f"not planned: {excluded}", ()
    if contact.id > campaign.planned_up_to and campaign.started_at is None:
        return "not planned yet: planning has not come so far", ()
    if campaign.limit is not None and campaign.planned >= campaign.limit:
        words = f"{campaign.limit} people were drawn by lot, not this one"
        return f"not planned: {words}", one.segment
    return (
        "not planned, although permission and segment would allow it now",
        ("the values on record may have changed since the start", *one.segment),
    )


def _picked_by_none(asked: list[_Asked]) -> tuple[str, tuple[str, ...]]:
    if len(asked) == 1:
        (one,) = asked
        if not one.permitted:
            return f"not planned: {one.permission} when the campaign started", ()
        return "not planned: the segment does not pick this person", one.segment
    return "not planned: none of its lists and segments picked this person", tuple(
        f"{one.target}: {one.permission if not one.permitted else '; '.join(one.segment)}"
        for one in asked
    )


def verdict_of(delivery: DeliveryView) -> str:
    """Say in one sentence where a delivery stands."""
    ended, attempts = _day(delivery.ended_at), delivery.attempts
    by = f" by {delivery.relay}" if delivery.relay else ""
    because = f" ({delivery.reason})" if delivery.reason else ""
    said = f": {delivery.reply}" if delivery.reply else ""
    sentences = {
        DeliveryState.QUEUED: f"waiting{because}, due on {_day(delivery.due_at)}{said}",
        DeliveryState.CLAIMED: "about to leave: a sender has it",
        DeliveryState.SENDING: f"on the line since {_day(delivery.left_at)}",
        DeliveryState.ACCEPTED: f"accepted{by} on {ended}{said}",
        DeliveryState.REFUSED: f"refused{by} on {ended}{said}",
        DeliveryState.EXPIRED: f"expired on {ended} after {attempts} attempts{said}",
        DeliveryState.WITHHELD: f"withheld on {ended}{because}{said}",
        DeliveryState.IN_DOUBT: (
            f"in doubt since {ended}: it may or may not have arrived{said}"
        ),
    }
    return sentences[delivery.state]


def _day(time: datetime | None) -> str:
    return "an unknown day" if time is None else f"{time:%Y-%m-%d %H:%M:%S} UTC"

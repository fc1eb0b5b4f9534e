"""Why somebody got a letter, or did not: all on record that decided it, with times."""

from dataclasses import dataclass
from datetime import datetime

from mailer.audience.permission import Facts, No, may_write
from mailer.audience.standing import standing
from mailer.errors import NotFoundError
from mailer.jobs.audience import rule_of
from mailer.jobs.campaigns import find
from mailer.jobs.frozen import Frozen, unpack
from mailer.jobs.world import World
from mailer.model.address import parse_address
from mailer.model.campaign import Campaign
from mailer.model.contact import Contact
from mailer.model.delivery import DeliveryState
from mailer.model.evaluate import deciding
from mailer.model.key import KeyRing
from mailer.model.ruletext import unparse
from mailer.model.suppression import Suppression
from mailer.store import history
from mailer.store.campaigns import frozen
from mailer.store.contacts import find_contact
from mailer.store.database import Connection
from mailer.store.deliveries import DeliveryView
from mailer.store.evidence import Evidence, evidence_of, steps_of
from mailer.store.facts import facts
from mailer.store.history import Attempt
from mailer.store.lists import words
from mailer.store.suppressions import suppressions_of

_CAMPAIGNS_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class Consent:
    """One entry of the ledger, with the words that were agreed to."""

    entry: Evidence
    words: str


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
class Explanation:
    """All of it.

    Args:
        contact: None for somebody we do not know, who may still be suppressed.
    """

    address: str
    contact: Contact | None
    consents: tuple[Consent, ...]
    suppressions: tuple[Suppression, ...]
    stories: tuple[Story, ...]


def explain(
    world: World, ring: KeyRing, address: str, campaign_id: int | None = None
) -> Explanation:
    """Explain one campaign to a person, or the latest ones of the person's lists.

    Raises:
        AddressError: when it is no address.
        NotFoundError: when there is no such campaign, or nothing is known of the address.
    """
    match = parse_address(address).match
    asked = None if campaign_id is None else find(world.database, campaign_id)
    with world.database.read() as connection:
        contact = find_contact(connection, match)
        suppressions = suppressions_of(connection, ring.suppression_hash(match))
        if contact is None:
            if not suppressions:
                raise NotFoundError(
                    f"nothing is on record about {address}: no contact, no suppression"
                )
            return Explanation(address, None, (), tuple(suppressions), ())
        entries = evidence_of(connection, contact.id)
        consents = tuple(Consent(entry, _words_of(connection, entry)) for entry in entries)
        if asked is not None:
            campaigns = [asked]
        else:
            lists = {entry.list_id for entry in entries if entry.list_id}
            campaigns = history.campaigns_of_lists(connection, lists, _CAMPAIGNS_AT_MOST)
        stories = tuple(
            _story(connection, world, campaign, contact, suppressions)
            for campaign in campaigns
        )
    return Explanation(address, contact, consents, tuple(suppressions), stories)


def _words_of(connection: Connection, entry: Evidence) -> str:
    if entry.list_id is None or not entry.wording:
        return ""
    wording = words(connection, entry.list_id, entry.wording)
    return wording.text if wording else ""


def _story(
    connection: Connection,
    world: World,
    campaign: Campaign,
    contact: Contact,
    suppressions: list[Suppression],
) -> Story:
    content = unpack(frozen(connection, campaign.frozen_hash))
    delivery = history.letter_of(connection, campaign.id, contact.id)
    permission = _permission(
        connection, content, contact, suppressions, campaign.created_at
    )
    segment = _segment(connection, world, content, campaign, contact)
    if delivery is None:
        verdict, because = _not_planned(campaign, contact, permission, segment)
        return Story(campaign, verdict, because, None, ())
    attempts = tuple(history.attempts_of(connection, delivery.id))
    verdict = _verdict(delivery)
    because = (f"planned: {permission[1]}", *(f"planned: {line}" for line in segment[1]))
    if delivery.state is DeliveryState.WITHHELD:
        now = _permission(connection, content, contact, suppressions, world.clock())
        if not now[0]:
            because += (f"withheld: {now[1]}",)
    return Story(campaign, verdict, because, delivery, attempts)


def _permission(
    connection: Connection,
    content: Frozen,
    contact: Contact,
    suppressions: list[Suppression],
    at: datetime,
) -> tuple[bool, str]:
    """Say whether the person might be written to at a moment, and why."""
    list_id = content.mailing_list.id
    entries = [
        entry
        for entry in steps_of(connection, [contact.id]).get(contact.id, [])
        if entry.at <= at and entry.list_id in (list_id, None)
    ]
    subscription = standing(entries)
    answer = may_write(
        content.source.kind,
        Facts(
            list_id=list_id,
            subscription=subscription,
            words_floor=content.mailing_list.words_floor,
            suppressions=[one for one in suppressions if one.since_at <= at],
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
    connection: Connection,
    world: World,
    content: Frozen,
    campaign: Campaign,
    contact: Contact,
) -> tuple[bool, tuple[str, ...]]:
    """Say whether the segment picks the person by today's values, and what decided it."""
    rule = rule_of(content)
    if rule is None:
        return True, ("everyone on the list was picked, there was no segment",)
    known = facts(connection, [contact.id], campaign.created_at, world.zone)[contact.id]
    clauses = deciding(rule, known)
    picked = all(clause.holds for clause in clauses) if clauses else True
    name = campaign.segment or "rule"
    return picked, tuple(
        f"segment {name}: {unparse(clause.rule)} is"
        f" {'true' if clause.holds else 'false'} (by the values on record now)"
        for clause in clauses
    )


def _not_planned(
    campaign: Campaign,
    contact: Contact,
    permission: tuple[bool, str],
    segment: tuple[bool, tuple[str, ...]],
) -> tuple[str, tuple[str, ...]]:
    if contact.created_at > campaign.created_at:
        words = f"became a contact on {_day(contact.created_at)}, after the start"
        return f"not planned: {words}", ()
    if not permission[0]:
        return f"not planned: {permission[1]} when the campaign started", ()
    if not segment[0]:
        return "not planned: the segment does not pick this person", segment[1]
    if contact.id > campaign.planned_up_to and campaign.started_at is None:
        return "not planned yet: planning has not come so far", ()
    return (
        "not planned, although permission and segment would allow it now",
        ("the values on record may have changed since the start", *segment[1]),
    )


def _verdict(delivery: DeliveryView) -> str:
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

"""Why somebody got a letter, or did not: all on record that decided it, with times."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailer.errors import NotFoundError
from mailer.jobs.campaigns import find
from mailer.jobs.story import Story, came_back, story_of, verdict_of
from mailer.jobs.world import World
from mailer.model.address import parse_address
from mailer.model.contact import Contact
from mailer.model.delivery import CauseKind
from mailer.model.key import KeyRing
from mailer.model.suppression import Suppression
from mailer.model.ticket import Ticket
from mailer.store import history
from mailer.store.contacts import find_contact
from mailer.store.database import Connection
from mailer.store.evidence import Evidence, evidence_of
from mailer.store.history import Attempt, OtherLetter
from mailer.store.lists import words
from mailer.store.suppressions import suppressions_of
from mailer.store.tickets import of_person
from mailer.store.transactions import asked_for

_CAMPAIGNS_AT_MOST = 10
_LETTERS_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Consent:
    """One entry of the ledger, with the words that were agreed to."""

    entry: Evidence
    words: str


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a letter that no campaign wrote.

    Args:
        verdict: One sentence.
        because: What came back about it, a sentence each.
    """

    letter: OtherLetter
    verdict: str
    because: tuple[str, ...]
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it.

    Args:
        contact: None for somebody we do not know, who may still be suppressed.
        letters: Confirmations, welcomes and whatever else no campaign wrote, the newest
            first; none where one campaign was asked about.
        tickets: Conversations with support; none where one campaign was asked about.
    """

    address: str
    contact: Contact | None
    consents: tuple[Consent, ...]
    suppressions: tuple[Suppression, ...]
    stories: tuple[Story, ...]
    letters: tuple[Told, ...] = ()
    tickets: tuple[Ticket, ...] = ()


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
            tickets = tuple(of_person(connection, None, match))
            strangers = history.letters_to_nobody(
                connection, ring.suppression_hash(match), _LETTERS_AT_MOST
            )
            if not suppressions and not tickets and not strangers:
                raise NotFoundError(
                    f"nothing is on record about {address}: no contact, no suppression,"
                    " no ticket"
                )
            told = _told(connection, strangers)
            return Explanation(
                address, None, (), tuple(suppressions), (), told, tickets=tickets
            )
        entries = evidence_of(connection, contact.id)
        consents = tuple(Consent(entry, _words_of(connection, entry)) for entry in entries)
        if asked is not None:
            campaigns = [asked]
        else:
            lists = {entry.list_id for entry in entries if entry.list_id}
            campaigns = history.campaigns_of_lists(connection, lists, _CAMPAIGNS_AT_MOST)
        stories = tuple(
            story_of(connection, world, campaign, contact, suppressions)
            for campaign in campaigns
        )
        letters = () if asked is not None else _letters(connection, contact)
        tickets = tuple(
            () if asked is not None else of_person(connection, contact.id, match)
        )
    return Explanation(
        address, contact, consents, tuple(suppressions), stories, letters, tickets
    )


def _letters(connection: Connection, contact: Contact) -> tuple[Told, ...]:
    letters = history.other_letters(connection, contact.id, _LETTERS_AT_MOST)
    return _told(connection, letters)


def _told(connection: Connection, letters: Sequence[OtherLetter]) -> tuple[Told, ...]:
    return tuple(
        Told(
            letter,
            verdict_of(letter.delivery),
            (*_asked(connection, letter), *came_back(connection, letter.delivery.id)),
            tuple(history.attempts_of(connection, letter.delivery.id)),
        )
        for letter in letters
    )


def _asked(connection: Connection, letter: OtherLetter) -> Iterator[str]:
    """Say who asked for a letter, and with what it was sent."""
    if letter.cause_kind is not CauseKind.TRANSACTION:
        return
    found = asked_for(connection, letter.cause_id)
    if found is not None:
        yield (
            f"template {found.template}, asked for by {found.asked_by} on"
            f" {found.asked_at:%Y-%m-%d %H:%M:%S} UTC"
        )
        for name, value in sorted(found.data.items()):
            yield f"data: {name} = {value}"


def _words_of(connection: Connection, entry: Evidence) -> str:
    if entry.list_id is None or not entry.wording:
        return ""
    wording = words(connection, entry.list_id, entry.wording)
    return wording.text if wording else ""

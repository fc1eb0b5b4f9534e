"""What is known about a person, and from where: for her own page and her download."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailer.audience.standing import standing
from mailer.jobs.topics import topics_of_lists
from mailer.jobs.world import World
from mailer.model.consent import Act, How
from mailer.model.contact import Contact
from mailer.model.delivery import CauseKind
from mailer.model.event import Event
from mailer.model.frequency import Frequency
from mailer.model.reason import SaidWhy
from mailer.model.separate import is_separate
from mailer.model.subscription import Entry as Step
from mailer.model.suppression import Suppression, list_of
from mailer.model.ticket import Entry, Ticket
from mailer.model.topic import Topic, named_topics
from mailer.store.campaigns import frozen
from mailer.store.contacts import get_contact
from mailer.store.database import Connection
from mailer.store.events import events_of
from mailer.store.evidence import Evidence, evidence_of, steps_of
from mailer.store.form_messages import helped_of
from mailer.store.frequencies import frequency
from mailer.store.incoming import Judged, of_delivery
from mailer.store.known import ImportedValues, OwnLetter, imported_values, own_letters
from mailer.store.lists import all_lists, words
from mailer.store.plaintexts import plain_since
from mailer.store.reasons import reasons_of
from mailer.store.sharings import Given, given_of
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import suppressions_of
from mailer.store.tickets import entries_of, of_person
from mailer.store.topics import topics_chosen
from mailer.store.transactions import sent_with

LETTERS_AT_MOST = 500
EVENTS_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value is from.

    Args:
        by: `you`, `import`, `form` or `staff`.
        source: Where the company says it is from; "" for nothing.
        at: None where nobody knows.
    """

    by: str
    source: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """One value with where it is from."""

    name: str
    value: object
    origin: Origin


@dataclass(frozen=True, slots=True)
class Agreed:
    """One entry of the ledger, with the exact words that were shown."""

    entry: Evidence
    title: str
    words: str
    why_left: SaidWhy | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """One letter, and why it was written.

    Args:
        subject: As the template has it, `…` for what differs between people.
        title: The list's; "" for none.
        agreed: The consent that it was written under; None where none was needed, or it is
            no longer told.
        segment: The name of the segment that picked her; "" for everyone on the list.
        rule: Its expression.
        events: What came back about it.
        data: With what it was sent, where a program asked for it.
    """

    letter: OwnLetter
    subject: str
    title: str
    agreed: Agreed | None
    segment: str
    rule: str
    events: tuple[Judged, ...]
    data: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Spoken:
    """One conversation with support: what she wrote and what she was answered.

    Args:
        helped: Whether she said that she was helped: yes, no, or "".
    """

    ticket: Ticket
    entries: tuple[Entry, ...]
    helped: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known about a person; the frequency is None where she never said.

    Args:
        plain: She wants letters as text alone.
        given: Which partners were given her data, and when.
        topics: The lists of which she chose topics, each with what she chose.
    """

    contact: Contact
    frequency: Frequency | None
    values: tuple[Value, ...]
    agreed: tuple[Agreed, ...]
    on_lists: tuple[str, ...]
    suppressions: tuple[tuple[Suppression, str], ...]
    letters: tuple[Received, ...]
    tickets: tuple[Spoken, ...] = ()
    did: tuple[Event, ...] = ()
    topics: tuple[tuple[str, tuple[Topic, ...]], ...] = ()
    plain: bool = False
    given: tuple[Given, ...] = ()


def known_about(world: World, contact_id: int) -> Known | None:
    """Look up all that is known about a person; None when nobody is on record."""
    now, there = world.clock(), topics_of_lists(world.folder)
    with world.database.read() as connection:
        contact = get_contact(connection, contact_id)
        if contact is None:
            return None
        titles = {list_id: seen.title for list_id, seen in all_lists(connection).items()}
        why = {one.entry: one for one in reasons_of(connection, contact.id)}
        agreed = tuple(
            Agreed(
                entry,
                titles.get(entry.list_id or "", ""),
                _words(connection, entry),
                why.get(entry.number),
            )
            for entry in evidence_of(connection, contact.id)
        )
        steps = steps_of(connection, [contact.id]).get(contact.id, [])
        imports = imported_values(connection, contact.id)
        places = of_contacts(connection, [contact.id])
        held = suppressions_of(connection, contact.hash)
        often = frequency(connection, contact.id)
        bodies: dict[str, Mapping[str, Any]] = {}
        letters = tuple(
            _received(connection, one, titles, agreed, steps, bodies)
            for one in own_letters(connection, contact.id, LETTERS_AT_MOST)
        )
        topics = tuple(
            (titles.get(list_id, list_id), named_topics(there.get(list_id, ()), one.topics))
            for list_id, one in sorted(topics_chosen(connection, contact.id).items())
        )
        given = tuple(given_of(connection, contact.id))
        plain = plain_since(connection, contact.id) is not None
        did = tuple(events_of(connection, contact.id, EVENTS_AT_MOST))
        tickets = tuple(
            Spoken(
                one,
                tuple(entries_of(connection, one.id)),
                helped_of(connection, one.id),
            )
            for one in of_person(connection, contact.id, contact.match)
            if one.merged_into is None
        )
    return Known(
        contact,
        often,
        _values(world, contact, agreed, imports),
        agreed,
        tuple(
            sorted(
                titles.get(list_id, list_id)
                for (_, list_id), one in places.items()
                if one.stands(now) and not is_separate(list_id)
            )
        ),
        tuple(
            (one, titles.get(list_of(one.scope) or "", ""))
            for one in held
            if one.in_force(now) and not is_separate(list_of(one.scope) or "")
        ),
        letters,
        tickets,
        did,
        topics,
        plain,
        given,
    )


def _values(
    world: World,
    contact: Contact,
    agreed: Sequence[Agreed],
    imports: Sequence[ImportedValues],
) -> tuple[Value, ...]:
    known: dict[str, object] = {
        "language": contact.language,
        "time_zone": contact.time_zone,
        **dict.fromkeys(world.specs),
        **contact.attributes,
    }
    return tuple(
        Value(name, value, _origin(name, contact, agreed, imports))
        for name, value in known.items()
    )


def _origin(
    name: str,
    contact: Contact,
    agreed: Sequence[Agreed],
    imports: Sequence[ImportedValues],
) -> Origin:
    if name in contact.own:
        return Origin("you", "", contact.own[name])
    for one in reversed(imports):
        if name in one.values:
            return Origin("import", one.source, one.at)
    # It has been there since she became a contact, as far as anybody can tell.
    first = agreed[0].entry if agreed else None
    if first is None:
        return Origin("staff", "", contact.created_at)
    by = {How.IMPORT: "import", How.FORM: "form", How.PAGE: "form"}.get(first.how, "staff")
    return Origin(by, first.source, first.at)


def _received(
    connection: Connection,
    letter: OwnLetter,
    titles: Mapping[str, str],
    agreed: Sequence[Agreed],
    steps: Sequence[Step],
    bodies: dict[str, Mapping[str, Any]],
) -> Received:
    list_id = letter.delivery.list_id
    subject = segment = rule = ""
    if letter.frozen_hash is not None:
        if letter.frozen_hash not in bodies:
            bodies[letter.frozen_hash] = frozen(connection, letter.frozen_hash)
        body = bodies[letter.frozen_hash]
        subject = _subject(str(body["template"].get("subject", "")))
        for target in (_first_target(body), *body.get("also", ())):
            if target["mailing_list"]["id"] == list_id:
                segment, rule = target["segment"], target["rule"]
                break
    return Received(
        letter,
        subject,
        titles.get(list_id, ""),
        _agreed_to(letter, agreed, steps),
        segment,
        rule,
        tuple(of_delivery(connection, letter.delivery.id)),
        _data(connection, letter),
    )


def _data(connection: Connection, letter: OwnLetter) -> Mapping[str, object]:
    if letter.cause is not CauseKind.TRANSACTION:
        return {}
    found = sent_with(connection, [letter.cause_id]).get(letter.cause_id)
    return {} if found is None else found.data


def _first_target(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "mailing_list": body["list"],
        "segment": body["segment"],
        "rule": body["rule"],
    }


def _agreed_to(
    letter: OwnLetter, agreed: Sequence[Agreed], steps: Sequence[Step]
) -> Agreed | None:
    """Return the consent that a letter of a list was written under."""
    if letter.cause not in {CauseKind.CAMPAIGN, CauseKind.JOURNEY}:
        return None
    at = letter.created_at or letter.delivery.due_at
    list_id = letter.delivery.list_id
    stood = standing(
        one for one in steps if one.at <= at and one.list_id in (list_id, None)
    )
    if stood is None:
        return None
    return next((one for one in agreed if one.entry.number == stood.ledger_number), None)


def _subject(source: str) -> str:
    """Return a template's subject without its expressions."""
    parts = source.replace("{%", "{{").replace("%}", "}}").split("{{")
    return "…".join([parts[0], *(one.rpartition("}}")[2] for one in parts[1:])])


def _words(connection: Connection, entry: Evidence) -> str:
    if entry.list_id is None or not entry.wording or entry.act is Act.LIFTED:
        return ""
    found = words(connection, entry.list_id, entry.wording)
    return found.text if found else ""

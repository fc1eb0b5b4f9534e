"""What a person does on her own page: she corrects, moves to another address, or erases."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from mailer.audience.answers import Problem, field_of, unreadable
from mailer.jobs.erase import erase
from mailer.jobs.logbook import say_no
from mailer.jobs.page_links import content_of, queue
from mailer.jobs.world import World
from mailer.model.address import Address
from mailer.model.attributes import AttributeSpec, coerce
from mailer.model.consent import Act, How, NewEntry, SuppressionReason
from mailer.model.contact import Contact, Details
from mailer.model.no import No, NoAct
from mailer.model.signup import SignUpRules
from mailer.model.suppression import Suppression
from mailer.model.zone import zone_names
from mailer.store import ledger
from mailer.store.contacts import (
    change_contacts,
    find_contact,
    get_contact,
    mark_own,
    move_contact,
)
from mailer.store.known import readdress
from mailer.store.lists import see_list
from mailer.store.page_requests import (
    PageRequest,
    Purpose,
    asked_for,
    end_sessions,
    find_request,
    open_request,
)
from mailer.store.suppressions import suppress, suppressions_of

CONFIRM_WITHIN = timedelta(hours=24)
"""How long the letter to a new address can confirm it."""

_LANGUAGE, _ZONE = "language", "time_zone"


@dataclass(frozen=True, slots=True)
class Corrected:
    """What was read of a form.

    Args:
        values: What she changed, by name; None for what she emptied.
        problems: What is wrong, by name. Nothing is written then.
    """

    values: dict[str, object] = field(default_factory=dict[str, object])
    problems: dict[str, Problem] = field(default_factory=dict[str, Problem])


class Moved(StrEnum):
    """What came of confirming a new address."""

    DONE = "done"
    TAKEN = "taken"
    CLOSED = "closed"


def session_of(world: World, number: int) -> Contact | None:
    """Return whose page a link has open; None when it has none (any more)."""
    now = world.clock()
    with world.database.read() as connection:
        found = find_request(connection, number)
        if (
            found is None
            or found.contact_id is None
            or found.purpose is not Purpose.PAGE
            or found.session_until is None
            or found.session_until <= now
        ):
            return None
        return get_contact(connection, found.contact_id)


def correct(world: World, contact: Contact, fields: Mapping[str, str]) -> Corrected:
    """Write down what a person corrects; imports leave alone what she set.

    Args:
        fields: By name (`field_of`); what is not among them stays.
    """
    now = world.clock()
    with world.database.write() as connection:
        # An import that reads her at this moment waits, or is waited for.
        ledger.lock(connection)
        known = get_contact(connection, contact.id)
        if known is None:
            return Corrected()
        read = _read(world.specs, known.details, fields)
        if read.problems or not read.values:
            return read
        change_contacts(connection, [(known.id, _after(known.details, read.values))], now)
        mark_own(connection, known, read.values, now)
    return read


def _read(
    specs: Mapping[str, AttributeSpec], known: Details, fields: Mapping[str, str]
) -> Corrected:
    read = Corrected()
    before: dict[str, object] = {
        **known.attributes,
        _LANGUAGE: known.language,
        _ZONE: known.time_zone,
    }
    for name in (_LANGUAGE, _ZONE, *specs):
        said = fields.get(field_of(name))
        if said is None or (name not in specs and said == (before[name] or "")):
            continue
        value: object | None = None
        if said:
            try:
                value = _value(name, said, specs)
            except ValueError:
                problem = Problem.CHOICE
                read.problems[name] = (
                    unreadable(specs[name].type) if name in specs else problem
                )
                continue
        if (type(value), value) != (type(before.get(name)), before.get(name)):
            read.values[name] = value
    return read


def _value(name: str, said: str, specs: Mapping[str, AttributeSpec]) -> object:
    if name == _ZONE and said not in zone_names():
        raise ValueError(said)
    if name == _LANGUAGE and not (said.isascii() and said.replace("-", "").isalnum()):
        raise ValueError(said)
    return coerce(specs[name], said) if name in specs else said[:35]


def _after(known: Details, values: Mapping[str, object]) -> Details:
    attributes = dict(known.attributes)
    others: dict[str, str | None] = {_LANGUAGE: known.language, _ZONE: known.time_zone}
    for name, value in values.items():
        if name in others:
            others[name] = None if value is None else str(value)
        elif value is None:
            attributes.pop(name, None)
        else:
            attributes[name] = value
    return Details(attributes, others[_LANGUAGE], others[_ZONE])


def ask_to_move(world: World, rules: SignUpRules, contact: Contact, to: Address) -> bool:
    """Send the letter that confirms a new address; say whether one is due.

    It is the same whoever the address belongs to.

    Raises:
        MailerError: when there is no list to write in the name of.
    """
    now = world.clock()
    content = content_of(world, Purpose.ADDRESS, contact)
    hashed = world.logbook.ring.suppression_hash(to.match)
    with world.database.write() as connection:
        see_list(connection, content.mailing_list, now)
        asked = asked_for(connection, contact.id, None, now)
        # The link that opened the page is one of them.
        if to.match == contact.match or asked.same_person > rules.letters_a_day:
            return False
        request = PageRequest(
            contact.id, Purpose.ADDRESS, now, now + CONFIRM_WITHIN, to.given
        )
        queue(connection, world, request, content, contact, to.wire, hashed)
    return True


def move(  # noqa: PLR0911 - each way in which it cannot be has its own
    world: World, number: int, to: Address
) -> Moved:
    """Write to a person at the address that she has just confirmed.

    Every no that she said moves along and stays at the old address too. What stands
    against the new one holds from now on.

    Raises:
        WorkspaceError: when the logbook cannot be written; it is done all the same.
    """
    now = world.clock()
    ring = world.logbook.ring
    hashed = ring.suppression_hash(to.match)
    with world.database.read() as connection:
        found = find_request(connection, number)
        if found is None or found.contact_id is None:
            return Moved.CLOSED
        contact = get_contact(connection, found.contact_id)
        if contact is None:
            return Moved.CLOSED
        noes = _hers(suppressions_of(connection, contact.hash))
    content = content_of(world, Purpose.NOTE, contact)
    logged = [
        No(NoAct.SUPPRESSED, hashed, one.scope, one.reason, now, How.PAGE, one.until_at)
        for one in noes
        if one.in_force(now)
    ]
    with say_no(world.database, world.logbook, logged) as connection:
        see_list(connection, content.mailing_list, now)
        ledger.lock(connection)
        contact = get_contact(connection, contact.id)
        if contact is None:
            return Moved.CLOSED
        if contact.match == to.match:
            return Moved.DONE  # the button was pressed twice
        held = suppressions_of(connection, hashed)
        if find_contact(connection, to.match) is not None or any(
            one.reason is SuppressionReason.ERASED for one in held
        ):
            # Whoever was erased there comes back only by signing up.
            return Moved.TAKEN
        if not open_request(connection, number, now, now):
            return Moved.CLOSED
        for one in _hers(suppressions_of(connection, contact.hash)):
            suppress(connection, hashed, one)
        move_contact(connection, contact, to, hashed, now)
        entry = NewEntry(
            contact_id=contact.id,
            who=to.match,
            list_id=None,
            wording=0,
            act=Act.MOVED,
            at=now,
            how=How.PAGE,
            source="confirmed at the new address",
        )
        ledger.append(connection, ring, [entry])
        readdress(connection, contact.id, contact.hash, to.wire, hashed)
        end_sessions(connection, contact.id)
        note = PageRequest(contact.id, Purpose.NOTE, now, now)
        queue(connection, world, note, content, contact, contact.address, contact.hash)
    return Moved.DONE


def _hers(held: list[Suppression]) -> list[Suppression]:
    """Return all but what is about the mailbox: a new one does not bounce for the old."""
    return [one for one in held if one.reason is not SuppressionReason.BOUNCED]


def erase_herself(world: World, contact: Contact) -> None:
    """Erase a person by her own word.

    Raises:
        WorkspaceError: when the logbook cannot be written; do it again then.
    """
    erase(world.database, world.logbook, contact.address, "", world.clock, how=How.PAGE)

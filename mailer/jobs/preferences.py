"""What a person may choose by a letter's link: lists, how often, a pause, the language.

A link is forwarded with its letter. So it may stop letters, and begin them where nothing
stands against it; whoever said no to a list gets the letter that asks to confirm it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailer.jobs.lifting import End, end, note_end
from mailer.jobs.logbook import Logbook, say_no
from mailer.jobs.sign_up import Desk, Wish, join_by_link
from mailer.jobs.topics import Topics
from mailer.model.address import parse_address
from mailer.model.consent import How, SubscriptionStatus, SuppressionReason
from mailer.model.contact import Contact
from mailer.model.event import Event, EventKind
from mailer.model.frequency import Frequency
from mailer.model.kind import Kind, Scope
from mailer.model.no import No, NoAct
from mailer.model.separate import is_separate
from mailer.model.suppression import Suppression, list_scope, scopes_against
from mailer.model.token import Reader
from mailer.model.topic import Topic
from mailer.store import ledger
from mailer.store.contacts import change_contacts, get_contact, mark_own
from mailer.store.database import Database
from mailer.store.events import note_event
from mailer.store.frequencies import frequency
from mailer.store.lists import all_lists
from mailer.store.plaintexts import plain_since
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import suppress, suppressions_of
from mailer.store.topics import topics_chosen

PAUSES_DAYS = (14, 30, 90)
"""How long a pause may be."""

CHANNEL = "preferred_channel"
"""The attribute that holds by which way a person likes to be reached, where declared.

It is a wish: letters still need her consent, and a call or a card needs what the law says.
"""

CHANNELS = ("mail", "phone", "post")

_ALL = scopes_against(Kind.MARKETING, None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the person stands on one list.

    Args:
        name: That of the list's file, for joining it; "" when it has no page for that.
        on: Letters are to be expected.
        waits: A confirmation is awaited.
        topics: What its letters are about.
        chosen: The ids of those that she wants letters about; none for all.
    """

    list_id: str
    name: str
    title: str
    purpose: str
    on: bool
    waits: bool
    topics: Sequence[Topic] = ()
    chosen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Preferences:
    """All that the page shows.

    Args:
        address: "" when nobody is on record any more.
        stopped: All marketing has ended, until the person comes back by herself.
        paused_until: All marketing waits until then.
        time_zone: By which clock she lives, if anybody said.
        channel: By which way she likes to be reached, if anybody said.
        frequency: How often she wants letters; None when she never said.
        plain: She wants letters as text alone.
    """

    address: str
    language: str | None
    places: tuple[Place, ...]
    stopped: bool
    paused_until: datetime | None
    time_zone: str | None = None
    channel: object = None
    frequency: Frequency | None = None
    plain: bool = False


def preferences(
    database: Database,
    reader: Reader,
    desks: Iterable[Desk],
    topics: Topics,
    now: datetime,
) -> Preferences:
    """Look up what the person that a link was made for has chosen; nothing is changed."""
    open_lists = {desk.mailing_list.id: desk.mailing_list for desk in desks}
    with database.read() as connection:
        contact = get_contact(connection, reader.contact_id)
        if contact is None:
            return Preferences("", None, (), stopped=True, paused_until=None)
        held = [
            one for one in suppressions_of(connection, contact.hash) if one.in_force(now)
        ]
        standing = {
            list_id: one
            for (_, list_id), one in of_contacts(connection, [contact.id]).items()
        }
        seen = all_lists(connection)
        often = frequency(connection, contact.id)
        chosen = topics_chosen(connection, contact.id)
        plain = plain_since(connection, contact.id) is not None
    stopping = [one for one in held if one.scope in _ALL]
    pause = next((one for one in stopping if one.reason is SuppressionReason.PAUSED), None)
    stopped = any(one.reason is not SuppressionReason.PAUSED for one in stopping)
    places: list[Place] = []
    for list_id in sorted({*open_lists, *standing} & {*open_lists, *seen}):
        if is_separate(list_id):
            continue
        found, one = open_lists.get(list_id), standing.get(list_id)
        off = stopped or any(other.scope == list_scope(list_id) for other in held)
        status = None if one is None else one.status
        places.append(
            Place(
                list_id=list_id,
                name="" if found is None else found.name,
                title=seen[list_id].title if found is None else found.title,
                purpose="" if found is None else found.purpose,
                on=not off and one is not None and one.stands(now),
                waits=not off and status is SubscriptionStatus.PENDING,
                topics=topics.get(list_id, ()),
                chosen=chosen[list_id].topics if list_id in chosen else frozenset(),
            )
        )
    until = None if pause is None else pause.until_at
    return Preferences(
        contact.address,
        contact.details.language,
        tuple(places),
        stopped=stopped,
        paused_until=until,
        frequency=often,
        plain=plain,
        time_zone=contact.time_zone,
        channel=contact.attributes.get(CHANNEL),
    )


def reader_on(database: Database, reader: Reader, list_id: str) -> Reader | None:
    """Return the same reader of another list; None when there is no such list."""
    with database.read() as connection:
        seen = all_lists(connection).get(list_id)
    return None if seen is None else reader._replace(list_number=seen.number)


def join(
    desk: Desk, reader: Reader, network_address: str | None, agent: str | None
) -> bool | None:
    """Put the person on another list, or send the letter that asks to confirm it.

    Returns:
        Whether she is on it; False when she must confirm, None when nobody is on record.
    """
    with desk.world.database.read() as connection:
        contact = get_contact(connection, reader.contact_id)
    if contact is None:
        return None
    wish = Wish(
        parse_address(contact.address),
        {},
        contact.details.language,
        network_address,
        agent,
    )
    return join_by_link(desk, wish)


def pause(
    database: Database, logbook: Logbook, reader: Reader, days: int, now: datetime
) -> bool:
    """Let all marketing wait for some days; say whether somebody is on record.

    Raises:
        WorkspaceError: when the logbook cannot be written; it waits all the same.
    """
    contact = _contact(database, reader)
    if contact is None:
        return False
    waits = Suppression(
        Scope.MARKETING.value,
        SuppressionReason.PAUSED,
        now,
        now + timedelta(days=days),
        How.PAGE.value,
    )
    no = No(
        NoAct.SUPPRESSED,
        contact.hash,
        waits.scope,
        waits.reason,
        now,
        How.PAGE,
        waits.until_at,
    )
    with say_no(database, logbook, [no]) as connection:
        suppress(connection, contact.hash, waits)
    return True


def resume(database: Database, logbook: Logbook, reader: Reader, now: datetime) -> bool:
    """End a pause, and nothing else; say whether there was one."""
    contact = _contact(database, reader)
    if contact is None:
        return False
    with database.write() as connection:
        ledger.lock(connection)
        paused = tuple(
            one
            for one in suppressions_of(connection, contact.hash)
            if one.reason is SuppressionReason.PAUSED
        )
        ending = End(paused, How.PAGE, now)
        end(connection, logbook.ring, contact.hash, None, ending)
        note_event(connection, contact.id, Event(EventKind.VISITED, now))
    note_end(logbook, contact.hash, ending)
    return bool(paused)


def speak(database: Database, reader: Reader, language: str, now: datetime) -> bool:
    """Write down which language a person reads; say whether somebody is on record."""
    return _set(database, reader, "language", language, now)


def live_in(database: Database, reader: Reader, zone: str, now: datetime) -> bool:
    """Write down by which clock a person lives; say whether somebody is on record."""
    return _set(database, reader, "time_zone", zone, now)


def reach_by(database: Database, reader: Reader, channel: str, now: datetime) -> bool:
    """Write down by which way a person likes to be reached, one of `CHANNELS`.

    Returns:
        Whether somebody is on record.
    """
    return _set(database, reader, CHANNEL, channel, now)


def _set(database: Database, reader: Reader, name: str, value: str, now: datetime) -> bool:
    with database.write() as connection:
        # An import that reads her at this moment waits, or is waited for.
        ledger.lock(connection)
        contact = get_contact(connection, reader.contact_id)
        if contact is None:
            return False
        known = contact.details
        match name:
            case "language":
                details = replace(known, language=value)
            case "time_zone":
                details = replace(known, time_zone=value)
            case _:
                details = replace(known, attributes={**known.attributes, name: value})
        change_contacts(connection, [(contact.id, details)], now)
        mark_own(connection, contact, [name], now)
        note_event(connection, contact.id, Event(EventKind.VISITED, now))
    return True


def _contact(database: Database, reader: Reader) -> Contact | None:
    with database.read() as connection:
        return get_contact(connection, reader.contact_id)

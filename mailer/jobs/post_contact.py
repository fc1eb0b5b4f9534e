"""What a shop or a till posts about a person: put on the list, asked by letter, or refused.

With the consent's evidence she is on the list at once, as in an import; without it she
confirms by a letter of ours. Who has left or must not get mail stays away in both cases:
only she can come back, on the sign-up page. Doing the same twice changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from mailer.audience.admission import (
    IMPLIED_FOR,
    STAY_AWAY,
    Admission,
    admit,
    why_away,
)
from mailer.audience.joining import Answer
from mailer.audience.posted import Evidence, Fault, Posted
from mailer.audience.rowevidence import PURCHASE_FOR
from mailer.errors import NotFoundError
from mailer.jobs.contacts import known_about, write_details
from mailer.jobs.sign_up import Desk, Wish, sign_up
from mailer.jobs.transact import LetterDesk
from mailer.jobs.world import World
from mailer.model.consent import (
    Act,
    Basis,
    EvidenceOf,
    How,
    NewEntry,
    SubscriptionStatus,
)
from mailer.model.event import Event, EventKind
from mailer.model.key import KeyRing
from mailer.model.mailinglist import MailingList
from mailer.model.mode import Mode
from mailer.model.subscription import step
from mailer.store import ledger
from mailer.store.contacts import find_contact
from mailer.store.database import Connection
from mailer.store.events import events_of, note_event
from mailer.store.lists import see_list
from mailer.store.sign_ups import only_rehearsed
from mailer.workspace.lists import list_names, read_list


class Result(StrEnum):
    """What came of it."""

    JOINED = "joined"
    """The person is on the list from now on."""
    RENEWED = "renewed"
    """She was on it, and this consent holds for longer, or for newer words."""
    ALREADY_ON = "already_on"
    """She was on it; what was said about her is known from now on."""
    ASKED = "confirmation_sent"
    """A letter asks her to confirm."""
    WAITING = "waiting"
    """She was asked before and has not confirmed; no other letter goes out."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it, and whom it was about."""

    result: Result
    contact_id: int | None


@dataclass(frozen=True, slots=True)
class Away:
    """The person stays away, and why."""

    detail: str


@dataclass(frozen=True, slots=True)
class Later:
    """Too many people were signed up at once."""


Outcome = Done | Away | Later | Fault


@dataclass(frozen=True, slots=True)
class Door:
    """What posts are worked with.

    Args:
        desk: Finds the desk of a list's sign-up by its file's name; raises NotFoundError.
        letters: Takes orders for letters to one address.
    """

    world: World
    ring: KeyRing
    desk: Callable[[str], Desk]
    letters: LetterDesk


_ORDERS_LOOKED_AT = 1_000
_RESULTS = {
    Admission.ADDED: Result.JOINED,
    Admission.JOINED: Result.JOINED,
    Admission.RENEWED: Result.RENEWED,
    Admission.ALREADY_ON: Result.ALREADY_ON,
}


def post_contact(door: Door, key_name: str, posted: Posted) -> Outcome:
    """Do what a post asks for.

    Args:
        key_name: The name of the key that it was posted with; the ledger keeps it.

    Raises:
        MailerError: when our own files do not hold.
    """
    if posted.list_name not in list_names(door.world.folder):
        return Fault("/list", f"there is no lists/{posted.list_name[:40]}.toml")
    mailing_list = read_list(door.world.folder, posted.list_name)
    if posted.evidence is None:
        return _ask(door, key_name, posted, mailing_list)
    entry = _entry(key_name, posted, posted.evidence, mailing_list, door.world.clock())
    return entry if isinstance(entry, Fault) else _put_on(door, posted, mailing_list, entry)


def _entry(
    key_name: str,
    posted: Posted,
    evidence: Evidence,
    mailing_list: MailingList,
    now: datetime,
) -> NewEntry | Fault:
    known = {one.version for one in mailing_list.wordings}
    floor = mailing_list.words_floor
    if evidence.wording not in known:
        versions = ", ".join(map(str, sorted(known)))
        return Fault("/consent/wording", f"the list's words have the versions {versions}")
    if evidence.wording < floor:
        return Fault(
            "/consent/wording",
            f"who agreed to version {evidence.wording} may not be written to now; version"
            f" {floor} is needed",
        )
    expires_at, bought_at = None, evidence.purchase_at
    if evidence.basis is Basis.IMPLIED:
        implied_by = "at" if bought_at is None else "purchase_at"
        expires_at = bought_at + PURCHASE_FOR if bought_at else evidence.at + IMPLIED_FOR
        if expires_at <= now:
            return Fault(
                f"/consent/{implied_by}", "the permission that it implies has ended"
            )
    return NewEntry(
        contact_id=0,
        who=posted.address.match,
        list_id=mailing_list.id,
        wording=evidence.wording,
        act=Act.GRANTED,
        at=now,
        how=How.API,
        basis=evidence.basis,
        source=evidence.form,
        expires_at=expires_at,
        network_address=evidence.network_address,
        by=f"key {key_name}",
        evidence=EvidenceOf.ROW,
        consent_at=evidence.at,
        confirmed_at=evidence.confirmed_at,
        purchase_at=bought_at,
    )


def _put_on(
    door: Door, posted: Posted, mailing_list: MailingList, entry: NewEntry
) -> Outcome:
    address, now = posted.address, entry.at
    hashed = door.ring.suppression_hash(address.match)
    with door.world.database.write() as connection:
        see_list(connection, mailing_list, now)
        ledger.lock(connection)
        contact = find_contact(connection, address.match)
        known = known_about(connection, contact, hashed, mailing_list.id, now)
        admission = admit(known, step(entry, 0))
        if admission in STAY_AWAY:
            return Away(why_away(known))
        who = write_details(connection, address, posted.details, contact, hashed, now)
        if admission is not Admission.ALREADY_ON:
            ledger.append(connection, door.ring, [replace(entry, contact_id=who)])
        _note_purchase(connection, who, entry)
    return Done(_RESULTS[admission], who)


def _note_purchase(connection: Connection, contact_id: int, entry: NewEntry) -> None:
    """Write down that she ordered; once, however often it is posted."""
    bought_at = entry.purchase_at
    if bought_at is None:
        return
    known = events_of(connection, contact_id, _ORDERS_LOOKED_AT, EventKind.ORDERED)
    if all(one.at != bought_at for one in known):
        bought = Event(EventKind.ORDERED, bought_at, entry.source)
        note_event(connection, contact_id, bought)


def _ask(door: Door, key_name: str, posted: Posted, mailing_list: MailingList) -> Outcome:
    """Let the person confirm by letter, unless she is on the list or must not get one."""
    stands = _as_it_stands(door, posted, mailing_list)
    if stands is not None:
        return stands
    if posted.details.time_zone is not None:
        return Fault("/time_zone", "can be said only with the consent's evidence")
    try:
        desk = door.desk(posted.list_name)
    except NotFoundError as problem:
        return Fault("/consent", f"is missing, and nobody can be asked: {problem}")
    details = posted.details
    wish = Wish(
        posted.address,
        details.attributes,
        details.language,
        None,
        None,
        by=f"key {key_name}",
    )
    match sign_up(desk, wish):
        case Answer.LATER:
            return Later()
        case Answer.LETTER:
            return Done(Result.ASKED, _id_of(door, posted))
        case Answer.NOTHING | Answer.JOINED:
            return Done(Result.WAITING, _id_of(door, posted))


def _as_it_stands(door: Door, posted: Posted, mailing_list: MailingList) -> Outcome | None:
    """Return what can be said without asking the person; None when she must be asked."""
    address, now = posted.address, door.world.clock()
    hashed = door.ring.suppression_hash(address.match)
    with door.world.database.write() as connection:
        ledger.lock(connection)
        contact = find_contact(connection, address.match)
        known = known_about(connection, contact, hashed, mailing_list.id, now)
        on_list = known.subscription
        if known.suppression is not None or (
            on_list is not None and on_list.status is SubscriptionStatus.UNSUBSCRIBED
        ):
            return Away(why_away(known))
        if contact is None or on_list is None:
            return None
        if on_list.stands(now):
            write_details(connection, address, posted.details, contact, hashed, now)
            return Done(Result.ALREADY_ON, contact.id)
        # The links of a rehearsed letter change nothing: nobody has asked her yet.
        unasked = door.world.mode is Mode.LIVE and only_rehearsed(
            connection, contact.id, mailing_list.id
        )
        if on_list.status is SubscriptionStatus.PENDING and not unasked:
            return Done(Result.WAITING, contact.id)
    return None


def _id_of(door: Door, posted: Posted) -> int | None:
    with door.world.database.read() as connection:
        return _found(connection, posted)


def _found(connection: Connection, posted: Posted) -> int | None:
    contact = find_contact(connection, posted.address.match)
    return None if contact is None else contact.id

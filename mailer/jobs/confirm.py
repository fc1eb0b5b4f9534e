"""Confirming a sign-up by its letter's link: the one thing that ends a person's own no."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mailer.audience.admission import change
from mailer.audience.joining import coming_back, may_confirm
from mailer.errors import WorkspaceError
from mailer.jobs.agreeing import write_yes
from mailer.jobs.lifting import End, end, note_end
from mailer.jobs.logbook import Logbook
from mailer.jobs.welcome import greet
from mailer.model.consent import Act, Basis, How, NewEntry
from mailer.model.contact import Contact, Details
from mailer.model.key import KeyRing
from mailer.model.kind import KINDS, Kind
from mailer.store import ledger
from mailer.store.contacts import change_contacts, get_contact, mark_own
from mailer.store.database import Connection, Database
from mailer.store.lists import all_lists, words
from mailer.store.sign_ups import SignUp, find_sign_up, mark_confirmed
from mailer.store.suppressions import suppress, suppressions_of

_log = logging.getLogger(__name__)

_SOURCE = "confirmation letter"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a confirmation's link stands for.

    Args:
        title: The list's title.
        address: The person's address.
        open: The link still does something.
        confirmed: It was confirmed before.
        language: The person's language, or the one that the sign-up was read in.
        also: Separate purposes that were ticked on the page: titles and words.
    """

    title: str
    address: str
    list_name: str
    open: bool
    confirmed: bool
    language: str | None = None
    also: tuple[tuple[str, str], ...] = ()


def invitation(database: Database, number: int, now: datetime) -> Invitation | None:
    """Look up what a confirmation's link stands for; None when nothing is on record."""
    with database.read() as connection:
        found = find_sign_up(connection, number)
        contact = None if found is None else get_contact(connection, found.contact_id)
        if found is None or contact is None:
            return None
        return _invitation(connection, found, contact, now)


def confirm(  # noqa: PLR0913 - each is a thing of its own, and the page names them
    database: Database,
    logbook: Logbook,
    number: int,
    now: datetime,
    *,
    network_address: str | None = None,
    agent: str | None = None,
    rehearsing: bool = False,
    with_also: bool = False,
) -> Invitation | None:
    """Put a person on the list that she signed up to, once.

    Whatever kept the list's letters from her ends, with an entry in the ledger; what was
    answered on the page is known from now on. Where the list welcomes people, the letter
    is written down with her first yes.

    Args:
        rehearsing: The letter goes where a rehearsal's letters go.
        with_also: She says yes to the separate purposes too that were ticked.

    Returns:
        What the link stood for before; None when nothing is on record.
    """
    with database.write() as connection:
        ledger.lock(connection)
        found = find_sign_up(connection, number)
        contact = None if found is None else get_contact(connection, found.contact_id)
        if found is None or contact is None:
            return None
        shown = _invitation(connection, found, contact, now)
        if not shown.open:
            return shown
        entry = NewEntry(
            contact_id=contact.id,
            who=contact.match,
            list_id=found.list_id,
            wording=found.wording,
            act=Act.CONFIRMED,
            at=now,
            how=How.FORM,
            basis=Basis.DOUBLE_OPT_IN,
            source=_SOURCE,
            network_address=network_address,
            agent=agent,
        )
        greet(
            connection, contact, found.list_id, found.welcome_id, now, rehearsing=rehearsing
        )
        ledger.append(connection, logbook.ring, [entry])
        endings = [_come_back(connection, logbook.ring, contact, found.list_id, now)]
        if with_also:
            endings += _agree(connection, logbook.ring, contact, entry, found)
        take_over(connection, contact, found.answers, now, found.language, by_herself=True)
        mark_confirmed(connection, number, now)
    try:
        for ending in endings:
            note_end(logbook, contact.hash, ending)
    except WorkspaceError as problem:
        # She is on the list. The alarm of the logbook says what to do about the file.
        _log.error("that somebody came back is not in the logbook: %s", problem)
    return shown


def take_over(
    connection: Connection,
    contact: Contact,
    answers: Mapping[str, object],
    now: datetime,
    language: str | None = None,
    *,
    by_herself: bool = False,
) -> None:
    """Write what a person answered beside what is known; her language if none is known.

    Args:
        by_herself: She confirmed it by a letter's link. Otherwise anybody may have typed
            it, and it changes nothing that she set herself.
    """
    said = Details(dict(answers), None if contact.details.language else language, None)
    changed = change(contact.details, said, () if by_herself else contact.own)
    if changed is not None:
        change_contacts(connection, [(contact.id, changed.details)], now)
    if by_herself and answers:
        mark_own(connection, contact, answers, now)


def _invitation(
    connection: Connection, found: SignUp, contact: Contact, now: datetime
) -> Invitation:
    seen = all_lists(connection)
    its = seen.get(found.list_id)
    stopped = {scope.value for scope in KINDS[Kind.CONFIRMATION].stopped_by}
    held = suppressions_of(connection, contact.hash)
    return Invitation(
        title="" if its is None else its.title,
        address=contact.address,
        list_name="" if its is None else its.name,
        open=may_confirm(found.confirm_by, found.confirmed_at, now)
        and not any(one.scope in stopped and one.in_force(now) for one in held),
        confirmed=found.confirmed_at is not None,
        language=found.language or contact.details.language,
        also=tuple(
            (seen[one].title, said.text)
            for one, version in (found.also or {}).items()
            if one in seen and (said := words(connection, one, version)) is not None
        ),
    )


def _agree(
    connection: Connection, ring: KeyRing, contact: Contact, entry: NewEntry, found: SignUp
) -> list[End]:
    """Write the yes to separate purposes that comes with the one to the list."""
    return [
        write_yes(
            connection, ring, contact, replace(entry, list_id=list_id, wording=version)
        )
        for list_id, version in (found.also or {}).items()
    ]


def _come_back(
    connection: Connection, ring: KeyRing, contact: Contact, list_id: str, now: datetime
) -> End:
    held = [one for one in suppressions_of(connection, contact.hash) if one.in_force(now)]
    back = coming_back(held, list_id, all_lists(connection))
    ending = End(back.ended, How.FORM, now)
    end(connection, ring, contact.hash, contact, ending)
    for kept in back.kept:
        suppress(connection, contact.hash, kept)
    return ending

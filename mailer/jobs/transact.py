"""Sending one letter that a program or a person of the company asks for: once.

What is asked for is composed at once, so that whoever asks hears what is wrong with it. The
letter and its key are written down in one commit: asked for again it is the same letter.
"""

import collections
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from mailer.audience.posted import Fault
from mailer.audience.wanted import LetterReader, Wanted
from mailer.compose.prepared import Prepared, prepare
from mailer.compose.template import TemplateSource
from mailer.errors import CannotComposeError, NotFoundError
from mailer.jobs.absent import what_is_missing
from mailer.jobs.frozen import Frozen, keep_enclosures, pack, put_down
from mailer.jobs.orders import Asked, Named, named_by
from mailer.jobs.page_links import readable_lists
from mailer.jobs.world import World
from mailer.model.contact import Contact
from mailer.model.delivery import CauseKind
from mailer.model.key import KeyRing
from mailer.model.kind import KINDS, Kind
from mailer.model.letter import Letter
from mailer.model.mailinglist import MailingList
from mailer.model.person import Person
from mailer.store.contacts import find_contact
from mailer.store.contents import Recipient, queue_letter
from mailer.store.database import Connection
from mailer.store.lists import see_list
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import suppressions_of
from mailer.store.transactions import Transaction, asked_before, begin_transaction
from mailer.workspace.lists import list_names, read_list
from mailer.workspace.templates import read_template

_PREPARED_AT_MOST = 50


class Answer(StrEnum):
    """What became of a letter that was asked for."""

    QUEUED = "queued"
    """It leaves next, or has left."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A letter that is owed.

    Args:
        letter: Its number; None for one that was only tried.
        composed: What was only tried, as a message; b"" for one that is on its way.
    """

    letter: int | None
    composed: bytes = b""


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with what was asked for."""

    all: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class MustNot:
    """Nobody may write to this address, and why."""

    detail: str


@dataclass(frozen=True, slots=True)
class OtherLetter:
    """The key was used for another letter, and its number."""

    letter: int


Outcome = Owed | Faults | MustNot | OtherLetter


class LetterDesk:
    """Takes orders for letters; it keeps templates that it prepared."""

    def __init__(self, world: World, ring: KeyRing) -> None:
        self._world = world
        self._ring = ring
        self._prepared: collections.OrderedDict[str, Prepared] = collections.OrderedDict()

    def send(
        self, reader: LetterReader, wanted: Wanted, asked: Asked, *, dry_run: bool = False
    ) -> Outcome:
        """Write a letter down, or say why not.

        Args:
            reader: Reads the data, once the template says what it must be.
            dry_run: Compose it and write nothing down.

        Raises:
            MailerError: when our own files do not hold.
        """
        named = named_by(self._world, self._ring, asked)
        # What was promised once holds, whatever has changed since: first of all.
        before = None if dry_run else self._before(named)
        return before or self._take(reader, wanted, asked.by, named, dry_run=dry_run)

    def _take(
        self,
        reader: LetterReader,
        wanted: Wanted,
        by: str,
        named: Named,
        *,
        dry_run: bool,
    ) -> Outcome:
        source = self._source(wanted)
        if isinstance(source, Faults):
            return source
        data = reader.read_data(wanted.data, source.data_specs())
        if reader.faults:
            return Faults(tuple(reader.faults))
        now = self._world.clock()
        hashed = self._ring.suppression_hash(wanted.to.match)
        with self._world.database.read() as connection:
            contact = find_contact(connection, wanted.to.match)
            held = _held(connection, hashed, now)
        content = Frozen(source, self._list(wanted, contact), "", "", self._world.specs, ())

        def composed(data: Mapping[str, object]) -> Letter:
            person = _person(wanted, contact, data)
            return self._ready(content).compose(person, 0, 0, now)

        try:
            letter = composed(data)
        except CannotComposeError as problem:
            of_all = (Fault("/data", str(problem)),)
            return Faults(what_is_missing(source, data, composed) or of_all)
        if held:
            return MustNot(held)
        if dry_run:
            return Owed(None, letter.content)
        order = Transaction(
            source.name,
            "",
            by,
            now,
            named.key_hash,
            named.body_hash,
            hashed,
            wanted.language,
            data,
        )
        return self._write(content, order, wanted, contact)

    def _source(self, wanted: Wanted) -> TemplateSource | Faults:
        folder = self._world.folder
        try:
            source = read_template(folder, wanted.template)
        except NotFoundError as problem:
            return Faults((Fault("/template", str(problem)),))
        if source.kind is not Kind.TRANSACTIONAL:
            return Faults((Fault("/template", _not_transactional(source)),))
        if wanted.list_name and wanted.list_name not in list_names(folder):
            words = f"there is no lists/{wanted.list_name[:40]}.toml"
            return Faults((Fault("/list", words),))
        return source

    def _write(
        self, content: Frozen, order: Transaction, wanted: Wanted, contact: Contact | None
    ) -> Outcome:
        world, now = self._world, order.asked_at
        keep_enclosures(world.database, content.source, now)
        with world.database.write() as connection:
            see_list(connection, content.mailing_list, now)
            frozen_hash = put_down(connection, content, now)
            number = begin_transaction(connection, replace(order, frozen_hash=frozen_hash))
            if number is not None:
                to = Recipient(
                    contact.id if contact else None,
                    wanted.to.wire,
                    order.hash,
                    rehearsal=world.rehearsing,
                )
                cause = (CauseKind.TRANSACTION, number)
                list_id = content.mailing_list.id
                queue_letter(connection, cause, Kind.TRANSACTIONAL, to, now, list_id)
                return Owed(number)
        # Somebody else asked for it at the same moment, and was first.
        before = self._before(Named(order.key_hash, order.body_hash))
        assert before is not None, "the key was there a moment ago"
        return before

    def _before(self, named: Named) -> Owed | OtherLetter | None:
        """Return what was answered to the same key; None for a new one."""
        if named.key_hash is None:
            return None
        with self._world.database.read() as connection:
            found = asked_before(connection, named.key_hash)
        if found is None:
            return None
        number, body_hash = found
        return Owed(number) if body_hash == named.body_hash else OtherLetter(number)

    def _list(self, wanted: Wanted, contact: Contact | None) -> MailingList:
        """Return in whose name it goes: as asked, one the person is on, or the first."""
        if wanted.list_name:
            return read_list(self._world.folder, wanted.list_name)
        lists = readable_lists(self._world)
        if not lists:
            raise NotFoundError("there is no list, so a letter would have no sender")
        on: set[str] = set()
        if contact is not None:
            with self._world.database.read() as connection:
                on = {list_id for _, list_id in of_contacts(connection, [contact.id])}
        return next((one for one in lists if one.id in on), lists[0])

    def _ready(self, content: Frozen) -> Prepared:
        content_hash, _ = pack(content)
        found = self._prepared.get(content_hash)
        if found is None:
            world = self._world
            found = self._prepared[content_hash] = prepare(
                content.source,
                content.mailing_list,
                0,
                content.specs,
                world.site,
                world.tokens,
                world.limits,
            )
            while len(self._prepared) > _PREPARED_AT_MOST:
                self._prepared.popitem(last=False)
        return found


def _not_transactional(source: TemplateSource) -> str:
    where = source.shown("letter.toml")
    words = f"{where} says kind = {source.kind.value!r}, and only transactional letters"
    if KINDS[source.kind].needs_subscription:
        return (
            f"{words} go to one address: who gets this one agreed to a list of yours,"
            " so send it by `mailer campaign start` or a schedule"
        )
    return f"{words} are sent this way"


def _held(connection: Connection, hashed: bytes, now: datetime) -> str:
    """Say why nobody may write to an address a letter of this kind; "" when they may."""
    scopes = KINDS[Kind.TRANSACTIONAL].stopped_by
    for one in suppressions_of(connection, hashed):
        if one.scope in scopes and one.in_force(now):
            return (
                f"mail to this address is suppressed since {one.since_at:%Y-%m-%d}"
                f" ({one.reason}, scope {one.scope})"
            )
    return ""


def _person(wanted: Wanted, contact: Contact | None, data: Mapping[str, object]) -> Person:
    known = {} if contact is None else contact.attributes
    language = None if contact is None else contact.language
    return Person(
        contact_id=None if contact is None else contact.id,
        address=wanted.to.wire,
        attributes={**known, **data},
        language=wanted.language or language,
        time_zone=None if contact is None else contact.time_zone,
    )

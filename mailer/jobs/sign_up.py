"""Signing up on a page: written down, and answered by a letter that asks to confirm it.

The page's answer is the same whoever the address belongs to: see `audience.joining`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailer.audience.joining import Answer, Joiner, answer, network_hash
from mailer.compose.template import TemplateSource
from mailer.jobs.agreeing import see_separate
from mailer.jobs.confirm import take_over
from mailer.jobs.frozen import Frozen, keep_enclosures, put_down
from mailer.jobs.welcome import Greeting, greet, put_by
from mailer.jobs.world import World
from mailer.model.address import Address, Role, role_of
from mailer.model.consent import Act, Basis, How, NewEntry
from mailer.model.contact import Contact, Details
from mailer.model.delivery import CauseKind
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.model.mailinglist import MailingList, OptIn
from mailer.model.mode import Mode
from mailer.model.separate import Separate
from mailer.model.signup import SignUpRules
from mailer.model.suppression import list_scope
from mailer.store import ledger
from mailer.store.contacts import create_contacts, find_contact, get_contact, new_row
from mailer.store.contents import Recipient, queue_letter
from mailer.store.database import Connection
from mailer.store.lists import see_list
from mailer.store.sign_ups import SignUp, asked_lately, write_sign_up
from mailer.store.subscriptions import subscription
from mailer.store.suppressions import suppressions_of

_SOURCE = "sign-up page"
_LINK = "preferences link of a letter"
_POSTED = "posted by another program"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody typed into the page of a list.

    Args:
        answers: Attributes by name, read as they were declared.
        language: The language that the page was read in, or None.
        network_address: Where the request came from (an IP address), or None.
        agent: The browser, or None.
        by: Which other program asks for it, or None; she confirms then, on every list.
        also: The ids of the separate purposes that were ticked.
    """

    address: Address
    answers: dict[str, object]
    language: str | None
    network_address: str | None
    agent: str | None
    by: str | None = None
    also: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Desk:
    """What every sign-up of one list is worked with.

    Args:
        letter: The template of the confirmation letter.
        greeting: What the list welcomes people with; None for nothing.
        separates: What the page asks for by an empty box each.
    """

    world: World
    ring: KeyRing
    mailing_list: MailingList
    letter: TemplateSource
    rules: SignUpRules
    greeting: Greeting | None = None
    separates: tuple[Separate, ...] = ()


def join_by_link(desk: Desk, wish: Wish) -> bool:
    """Put a reader on a list by a letter's link; say whether she is on it now.

    The link was in her mailbox, which is what a confirmation shows. But it is forwarded
    with the letter: where she has said no, she must confirm by a letter of its own.
    """
    return sign_up(desk, wish, by_link=True) is Answer.JOINED


def sign_up(desk: Desk, wish: Wish, *, by_link: bool = False) -> Answer:
    """Write down that somebody wants to join a list, in one short transaction.

    Nothing that stands is changed by it. The confirmation letter is due at once.

    Args:
        by_link: The wish came by a link in a letter to that address.
    """
    now = desk.world.clock()
    list_id = desk.mailing_list.id
    network = network_hash(desk.ring, wish.network_address)
    content = Frozen(desk.letter, desk.mailing_list, "", "", desk.world.specs, ())
    _keep_enclosures(desk, now)
    also = [one for one in desk.separates if one.id in wish.also]
    with desk.world.database.write() as connection:
        _see(connection, desk, also, now)
        ledger.lock(connection)
        contact = find_contact(connection, wish.address.match)
        decided = answer(
            _joiner(connection, desk, wish, contact, now, by_link=by_link),
            asked_lately(
                connection,
                contact.id if contact else 0,
                list_id,
                network,
                now,
                rehearsing=desk.world.mode is Mode.REHEARSAL,
            ),
            desk.rules,
            list_id,
        )
        if decided in {Answer.NOTHING, Answer.LATER}:
            return decided
        if contact is None:
            contact = _create(connection, desk.ring, wish, now)
        entry = _entry(desk, wish, contact, decided, now)
        if by_link and decided is Answer.JOINED:
            entry = replace(
                entry,
                act=Act.CONFIRMED,
                how=How.PAGE,
                basis=Basis.DOUBLE_OPT_IN,
                source=_LINK,
            )
        by_letter = decided is Answer.LETTER
        welcome_id = (
            None if desk.greeting is None else put_by(connection, desk.greeting, now)
        )
        if not by_letter:
            greet(
                connection,
                contact,
                list_id,
                welcome_id,
                now,
                rehearsing=desk.world.rehearsing,
            )
        ledger.append(connection, desk.ring, [entry])
        content_hash = put_down(connection, content, now) if by_letter else None
        number = write_sign_up(
            connection,
            SignUp(
                contact_id=contact.id,
                list_id=list_id,
                wording=desk.mailing_list.wording.version,
                answers=wish.answers if by_letter else {},
                language=wish.language,
                network_hash=network,
                frozen_hash=content_hash,
                asked_at=now,
                confirm_by=now + desk.rules.confirm_within,
                confirmed_at=None if by_letter else now,
                welcome_id=welcome_id,
                also={one.id: one.wording.version for one in also}
                if by_letter and also
                else None,
            ),
        )
        if not by_letter:
            _agree_at_once(connection, desk.ring, contact, entry, also)
            take_over(connection, contact, wish.answers, now)
            return decided
        queue_letter(
            connection,
            (CauseKind.SIGN_UP, number),
            Kind.CONFIRMATION,
            Recipient(
                contact.id,
                wish.address.wire,
                contact.hash,
                rehearsal=desk.world.rehearsing,
            ),
            now,
            list_id,
        )
    return decided


def _keep_enclosures(desk: Desk, now: datetime) -> None:
    keep_enclosures(desk.world.database, desk.letter, now)
    if desk.greeting is not None:
        keep_enclosures(desk.world.database, desk.greeting.content.source, now)


def _see(
    connection: Connection, desk: Desk, also: Sequence[Separate], now: datetime
) -> None:
    see_list(connection, desk.mailing_list, now)
    for one in also:
        see_separate(connection, one, now)


def _agree_at_once(
    connection: Connection,
    ring: KeyRing,
    contact: Contact,
    entry: NewEntry,
    also: Sequence[Separate],
) -> None:
    """Write the yes to separate purposes that came with one to a list without letter.

    Anybody may have typed it: it ends nobody's own no.
    """
    no = {one.scope for one in suppressions_of(connection, contact.hash)}
    yes = [
        replace(entry, list_id=one.id, wording=one.wording.version)
        for one in also
        if list_scope(one.id) not in no
    ]
    if yes:
        ledger.append(connection, ring, yes)


def _joiner(
    connection: Connection,
    desk: Desk,
    wish: Wish,
    contact: Contact | None,
    now: datetime,
    *,
    by_link: bool,
) -> Joiner:
    hashed = desk.ring.suppression_hash(wish.address.match)
    return Joiner(
        opt_in=_opt_in(desk, wish, by_link=by_link),
        is_person=role_of(wish.address) is not Role.REFUSED,
        subscription=None
        if contact is None
        else subscription(connection, contact.id, desk.mailing_list.id),
        suppressions=[
            one for one in suppressions_of(connection, hashed) if one.in_force(now)
        ],
    )


def _opt_in(desk: Desk, wish: Wish, *, by_link: bool) -> OptIn:
    """Say whether the wish itself is enough: not when it comes from another program."""
    if by_link:
        return OptIn.SINGLE
    return desk.mailing_list.opt_in if wish.by is None else OptIn.DOUBLE


def _create(connection: Connection, ring: KeyRing, wish: Wish, now: datetime) -> Contact:
    """Make a contact of whom nothing is known but the address."""
    match = wish.address.match
    details = Details({}, wish.language, None)
    row = new_row(match, ring.suppression_hash(match), wish.address.wire, details, now)
    (contact_id,) = create_contacts(connection, [row])
    made = get_contact(connection, contact_id)
    assert made is not None
    return made


def _entry(
    desk: Desk, wish: Wish, contact: Contact, decided: Answer, now: datetime
) -> NewEntry:
    return NewEntry(
        contact_id=contact.id,
        who=contact.match,
        list_id=desk.mailing_list.id,
        wording=desk.mailing_list.wording.version,
        act=Act.GRANTED,
        at=now,
        how=How.FORM,
        basis=Basis.EXPRESS if decided is Answer.JOINED else Basis.DOUBLE_OPT_IN,
        source=_SOURCE if wish.by is None else _POSTED,
        network_address=wish.network_address,
        agent=wish.agent,
        by=wish.by,
    )

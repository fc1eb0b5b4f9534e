"""Acknowledging a person's message: the rules, the quotas, the words, and the letter.

Each decision is put on record with its reason, whether a letter follows or not.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from mailer.compose.acknowledging import (
    Facts,
    acknowledgement_text,
    language_for,
)
from mailer.compose.links import Site
from mailer.errors import TemplateError
from mailer.jobs.helping import suggested, text_name, ticket_page
from mailer.model.address import Address
from mailer.model.contact import Contact
from mailer.model.delivery import CauseKind
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.model.ticket import EntryKind, Envelope
from mailer.model.token import TokenBox, TokenKind, in_mailbox
from mailer.store import acknowledging as store
from mailer.store import tickets
from mailer.store.acknowledging import Asking
from mailer.store.alarms import Alarm, raise_unless_open
from mailer.store.contents import Recipient, queue_letter
from mailer.store.database import Connection
from mailer.triage.acknowledging import Arrival, Silence, silence, subject_of_quota
from mailer.triage.attribution import signed_by_us
from mailer.triage.deskrules import NOTHING, DeskRule, Treatment
from mailer.triage.mailboxes import NOWHERE, Mailbox
from mailer.triage.manners import Manners
from mailer.triage.message import Message
from mailer.triage.quotas import Over, Quotas, for_series, over
from mailer.triage.ranking import Articles, Shelf
from mailer.triage.tickets import (
    Ids,
    clean,
    dues_of_new,
    form_language,
    references_after,
    said_hash,
)
from mailer.triage.workinghours import at_work, next_shift

_log = logging.getLogger(__name__)

_SAID_BEFORE = timedelta(hours=1)
_LOCAL_MAX = 64  # RFC 5321 §4.5.3.1.1
_SUBJECT_AT_MOST = 200
_NUMBERED = re.compile(r"\s*\[#\d{1,12}\]\s*")
_IS_ANSWER = re.compile(r"(?:re|aw|sv|vs|antw)\s*:", re.IGNORECASE)

NO_ARTICLES = Shelf()
NO_TEXTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FrontDesk:
    """What tickets are made and acknowledged with.

    Args:
        manners: Whom nobody acknowledges; None to acknowledge nobody.
        ours: All addresses of ours, in small letters.
        our_domains: Domains of our return paths, in small letters.
        our_servers: By what names our own mail server signs what it found out.
        texts: The acknowledgements' texts by file name.
        rules: The workspace's own, for what people write.
        list_names: The names of lists by their id.
        rehearsing: Letters go where a rehearsal's go; None when the settings do not say.
        shelf: The articles that people help themselves with.
        site: Where our pages are; None for nowhere.
    """

    mailboxes: tuple[Mailbox, ...] = ()
    manners: Manners | None = None
    ours: frozenset[str] = frozenset()
    our_domains: frozenset[str] = frozenset()
    our_servers: frozenset[str] = frozenset()
    texts: Mapping[str, str] = field(default_factory=lambda: NO_TEXTS)
    quotas: Quotas = field(default_factory=Quotas)
    rules: tuple[DeskRule, ...] = ()
    list_names: Mapping[str, str] = field(default_factory=lambda: NO_TEXTS)
    rehearsing: bool | None = False
    shelf: Articles = NO_ARTICLES
    site: Site | None = None

    def mailbox(self, name: str) -> Mailbox:
        """Return a mailbox by its name; one that is gone promises nothing."""
        return next((one for one in self.mailboxes if one.name == name), NOWHERE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that may be acknowledged.

    Args:
        address: Where the acknowledgement would go.
        person: The name that was written under, or "".
        continues: Its ticket was there before.
        treatment: What the workspace's own rules do with it.
    """

    incoming_id: int
    ticket_id: int
    message: Message
    ids: Ids
    address: Address
    person: str
    contact: Contact | None
    continues: bool
    treatment: Treatment = NOTHING


def acknowledge(
    connection: Connection,
    front: FrontDesk,
    keys: tuple[KeyRing, TokenBox],
    mailbox: Mailbox,
    asked: Asked,
    now: datetime,
) -> None:
    """Decide whether a message is acknowledged, put that on record, and owe the letter."""
    asking = Asking(
        asked.incoming_id,
        asked.ticket_id,
        mailbox.name,
        asked.address.match,
        asked.address.domain,
        subject_of_quota(asked.message.subject),
        said_hash(asked.message),
    )
    no = _silence(connection, front, keys[1], mailbox, asked, asking, now)
    name, does, text = "", asked.treatment, ""
    if no is None:
        name = text_name(connection, front.texts, does, mailbox.words, asking)
        if not name:
            no = Silence(0, f"the story {does.series} has been told to its end")
    if name:
        text = _text(connection, front, keys[1], replace(mailbox, words=name), asked, now)
    if no is None and text:
        entry_id, delivery_id = _owe(connection, front, keys, mailbox, asked, text, now)
        tickets.note_letter(connection, entry_id, delivery_id)
        store.decide(connection, asking, now, delivery_id=delivery_id)
        return
    why = no.why if no is not None else "its text cannot be written: an alarm says why"
    rule = no.rule if no is not None and no.rule else None
    store.decide(connection, asking, now, rule=rule, why=clean(why, 500))
    if isinstance(no, Over) and no.alarm:
        raise_unless_open(connection, _stopped(mailbox, no, now))


def _silence(  # noqa: PLR0913, PLR0917 - each is a thing of its own
    connection: Connection,
    front: FrontDesk,
    tokens: TokenBox,
    mailbox: Mailbox,
    asked: Asked,
    asking: Asking,
    now: datetime,
) -> Silence | None:
    """Return why a message is not acknowledged; rule 0 where it is none of the fifteen."""
    if front.manners is None or mailbox is NOWHERE:
        return Silence(0, "it was written to no mailbox of ours")
    arrival = Arrival(
        mail_from=None,
        ours=front.ours | mailbox.addresses,
        our_domains=front.our_domains,
        signed_by_us=signed_by_us(tokens),
        our_servers=front.our_servers,
        # A story goes on with each answer; its own limit stands for rule 12.
        continues=asked.continues and not asked.treatment.series,
        said_before=store.said_since(connection, asking, now - _SAID_BEFORE),
        must_name_us=mailbox.must_name_us,
    )
    found = silence(asked.message, arrival, front.manners)
    if found is not None:
        return found
    free = asking.domain in front.manners.free_mail
    recent = store.recent(connection, asking, now)
    quotas = for_series(front.quotas) if asked.treatment.series else front.quotas
    return over(recent, quotas, free_mail=free) or _unable(front, mailbox, asked, now)


def _unable(
    front: FrontDesk, mailbox: Mailbox, asked: Asked, now: datetime
) -> Silence | None:
    why = ""
    does = asked.treatment
    # Whoever is told that a person answers must be answered by one.
    ends = does.closes and not (does.sends or does.series)
    if does.silent or does.spam or ends:
        why = f"a rule of ours says so: {', '.join(asked.treatment.rules)}"
    elif not mailbox.acknowledges:
        why = f"mailboxes.{mailbox.name} acknowledges nothing"
    elif not mailbox.promises or dues_of_new(mailbox, now).first is None:
        why = f"mailboxes.{mailbox.name} does not say who is there, and when"
    elif front.rehearsing is None:
        why = "config.toml does not say whether letters go to people"
    return Silence(0, why) if why else None


def _text(
    connection: Connection,
    front: FrontDesk,
    tokens: TokenBox,
    mailbox: Mailbox,
    asked: Asked,
    now: datetime,
) -> str:
    """Write what the acknowledgement says; "" with an alarm when its text is wrong."""
    hours, first = mailbox.hours, dues_of_new(mailbox, now).first
    assert hours is not None
    assert first is not None
    facts = Facts(
        asked.ticket_id,
        at_work(hours, now),
        first,
        next_shift(hours, now) or first,
        mailbox.sender_name or mailbox.address,
        mailbox.address,
        asked.person,
    )
    wished = asked.contact.language if asked.contact else None
    wished = wished or form_language(asked.message)
    try:
        language = language_for(front.texts, mailbox.words, wished, mailbox.language)
        facts = replace(
            facts,
            answers=suggested(front.shelf, front.site, asked.message, language),
            page=ticket_page(front.site, tokens, asked.ticket_id),
        )
        return acknowledgement_text(
            front.texts, mailbox.words, language, mailbox.zone, facts
        )
    except TemplateError as problem:
        _log.error("message %d is not acknowledged: %s", asked.incoming_id, problem)
        raise_unless_open(
            connection,
            Alarm(
                "acknowledgement_unwritten",
                f"mailboxes.{mailbox.name}",
                now,
                f"people are not acknowledged: {problem}",
                "put the text right; `mailer check` tries it",
            ),
        )
        return ""


def _owe(  # noqa: PLR0913, PLR0917 - each is a thing of its own
    connection: Connection,
    front: FrontDesk,
    keys: tuple[KeyRing, TokenBox],
    mailbox: Mailbox,
    asked: Asked,
    text: str,
    now: datetime,
) -> tuple[int, int]:
    """Put the letter down and owe it, in the first lane; return entry and delivery."""
    ring, tokens = keys
    envelope = Envelope(
        mailbox.sender_name,
        mailbox.address,
        mailbox.bounce_domain,
        asked.person,
        reply_to=reply_address(mailbox.address, tokens, asked.ticket_id),
        in_reply_to=asked.ids.own,
        references=references_after(asked.ids),
    )
    entry_id = tickets.add_entry(
        connection,
        asked.ticket_id,
        EntryKind.ACKNOWLEDGEMENT,
        now,
        subject=answer_subject(asked.message.subject, asked.ticket_id),
        text=text,
        incoming_id=asked.incoming_id,
        envelope=envelope,
    )
    contact, match = asked.contact, asked.address.match
    recipient = Recipient(
        contact.id if contact is not None and contact.match == match else None,
        asked.address.wire,
        ring.suppression_hash(match),
        rehearsal=bool(front.rehearsing),
    )
    cause = (CauseKind.INCOMING, asked.incoming_id)
    return entry_id, queue_letter(connection, cause, Kind.ACKNOWLEDGEMENT, recipient, now)


def answer_subject(subject: str, ticket_id: int) -> str:
    """Return the subject of an answer, with the ticket's number once."""
    bare = _NUMBERED.sub(" ", clean(" ".join(subject.split()), _SUBJECT_AT_MOST)).strip()
    answered = bare if _IS_ANSWER.match(bare) else f"Re: {bare}".strip()
    return f"{answered} [#{ticket_id}]"


def reply_address(address: str, tokens: TokenBox, ticket_id: int) -> str:
    """Return an address of a mailbox that names a ticket; "" where there is no room."""
    local, _, domain = address.rpartition("@")
    token = in_mailbox(tokens.for_number(TokenKind.TICKET, ticket_id))
    spelt = f"{local}+{token}"
    return f"{spelt}@{domain}" if len(spelt) <= _LOCAL_MAX else ""


def _stopped(mailbox: Mailbox, why: Over, now: datetime) -> Alarm:
    return Alarm(
        "acknowledging_stopped",
        f"mailboxes.{mailbox.name}",
        now,
        f"nobody who writes there is acknowledged at the moment: {why.why}",
        "`mailer inbox list` shows who wrote; it goes on by itself when fewer do",
    )

"""Making the letters of claims: each cause's content is loaded and prepared once.

A retry is composed again from what was frozen, with the person's values as they are now;
the Message-ID and the date depend on the delivery alone.
"""

import collections
import logging
from collections.abc import Callable
from dataclasses import dataclass

from mailer.compose.correspondence import Correspondence, compose_correspondence
from mailer.compose.limits import Limits
from mailer.compose.links import Site
from mailer.compose.prepared import Prepared, Ways, prepare
from mailer.errors import CannotComposeError, MailerError
from mailer.jobs.composer import NotReadyError, contained
from mailer.jobs.frozen import taken_up
from mailer.jobs.preview import as_if_sent, sample_person
from mailer.model.delivery import CauseKind, Claim
from mailer.model.kind import Kind
from mailer.model.letter import Letter
from mailer.model.mode import Rehearsal
from mailer.model.person import Person
from mailer.model.token import Link, TokenBox
from mailer.store.clickrecords import agreeing_of
from mailer.store.clicks import links_of
from mailer.store.contents import content_hash_of
from mailer.store.database import Connection, Database
from mailer.store.lists import find_list
from mailer.store.ticketfiles import files_of
from mailer.store.tickets import get_entry, letter_of_incoming
from mailer.store.transactions import Sent, sent_with

_log = logging.getLogger(__name__)

_KEPT_AT_MOST = 50
_OF_ONE_AT_MOST = 2_000
"""Letters to one person are small, and what they have in common is kept once."""
_FILES_AT_MOST_BYTES = 5_000_000
"""So much of files stays in memory beside those that are needed now."""

_Key = tuple[CauseKind, int, str | None]
"""A cause, and the list under whose words the letter goes."""
_Made = Prepared | Correspondence | str


def _key(claim: Claim) -> _Key:
    return claim.cause_kind, claim.cause_id, claim.list_id


@dataclass(frozen=True, slots=True)
class Pen:
    """What every letter is written with.

    Args:
        rehearsal: Where letters go instead, when they do not go to people.
    """

    site: Site
    tokens: TokenBox
    limits: Limits
    rehearsal: Rehearsal | None = None


_AS_IT_IS = Sent(None, {})


def _reader(claim: Claim, prepared: Prepared, sent: Sent) -> Person:
    """Return who the letter is for, with what goes along; for a test perhaps the sample."""
    if claim.kind is Kind.TEST and claim.contact_id is None:
        return sample_person(prepared.source)._replace(address=claim.address)
    attributes = {**claim.attributes, **sent.data} if sent.data else claim.attributes
    reader = Person(
        contact_id=claim.contact_id,
        address=claim.address,
        # A letter about her page may go to an address that nobody has confirmed yet.
        attributes={} if claim.cause_kind is CauseKind.REQUEST else attributes,
        language=sent.language or claim.language,
        time_zone=claim.time_zone,
        plain=claim.plain,
    )
    return as_if_sent(prepared.source, reader) if claim.kind is Kind.TEST else reader


def _correspondence(
    connection: Connection, cause: CauseKind, cause_id: int
) -> Correspondence | str:
    """Return what was written to one person; words where it is not on record any more."""
    if cause is CauseKind.INCOMING:
        entry, kind = letter_of_incoming(connection, cause_id), Kind.ACKNOWLEDGEMENT
    else:
        entry, kind = get_entry(connection, cause_id), Kind.REPLY
    if entry is None or entry.envelope is None:
        return f"there is no text on record for {cause} {cause_id}"
    files = files_of(connection, cause_id) if kind is Kind.REPLY else ()
    return Correspondence(kind, entry.envelope, entry.subject, entry.text, files)


class Letters:
    """Composes for one sender; used by its feed's thread and its couriers' loop."""

    def __init__(
        self, database: Database, pen: Pen, could_not: Callable[[int], None]
    ) -> None:
        """Build it.

        Args:
            could_not: Called off the loop with the number of a campaign of which a letter
                could not be composed.
        """
        self._database = database
        self._pen = pen
        self._could_not = could_not
        self._ready: collections.OrderedDict[_Key, _Made] = collections.OrderedDict()
        self._sent: dict[_Key, Sent] = {}
        self._same: collections.OrderedDict[tuple[str, str | None], Prepared] = (
            collections.OrderedDict()
        )
        """What several causes have in common, by content and list."""

    def get_ready(self, claims: list[Claim]) -> list[Claim]:
        """Load and prepare what these claims need and is not there yet.

        Returns:
            The claims, with who agreed that her clicks are on record where a list asks.
        """
        needed = {_key(claim) for claim in claims}
        self._get_ready(needed)
        asking = {key: list_id for key in needed if (list_id := self._asks(key))}
        if not asking:
            return claims
        agreed = {
            list_id: self._agreeing(
                list_id, [one for one in claims if asking.get(_key(one)) == list_id]
            )
            for list_id in set(asking.values())
        }
        return [
            one._replace(clicks=one.contact_id in agreed[list_id])
            if one.clicks is None and (list_id := asking.get(_key(one)))
            else one
            for one in claims
        ]

    def _asks(self, key: _Key) -> str | None:
        """Return the list that asks whose clicks these are; None where none does."""
        made = self._ready[key]
        if key[0] is not CauseKind.CAMPAIGN or not isinstance(made, Prepared):
            return None
        if made.mailing_list is None or not made.asks_for_clicks:
            return None
        return made.mailing_list.id

    def _agreeing(self, list_id: str, claims: list[Claim]) -> frozenset[int]:
        people = {one.contact_id for one in claims if one.contact_id is not None}
        now = max(one.first_attempt_at for one in claims)
        with self._database.read() as connection:
            return agreeing_of(connection, list_id, people, now)

    def _get_ready(self, needed: set[_Key]) -> None:
        for key in needed - self._ready.keys():
            with self._database.read() as connection:
                if key[0] is CauseKind.TRANSACTION:
                    self._sent[key] = sent_with(connection, [key[1]]).get(key[1], _AS_IT_IS)
                self._ready[key] = self._prepared(connection, *key)
        # What is needed now stays; the oldest of the others goes, and what is heavy first.
        for key in needed:
            self._ready.move_to_end(key)
        heavy = {
            key: made.files_bytes
            for key, made in self._ready.items()
            if isinstance(made, Correspondence)
        }
        whole = sum(heavy.values())
        for key, its_bytes in heavy.items():
            if whole > _FILES_AT_MOST_BYTES and its_bytes and key not in needed:
                whole -= its_bytes
                del self._ready[key]
        for old in self._too_old(needed):
            del self._ready[old]
            self._sent.pop(old, None)

    def _too_old(self, needed: set[_Key]) -> list[_Key]:
        """Return what is forgotten: of campaigns all but a few, of letters to one many."""
        found: list[_Key] = []
        for kept, of_campaigns in ((_KEPT_AT_MOST, True), (_OF_ONE_AT_MOST, False)):
            mine = [
                key
                for key in self._ready
                if (key[0] is CauseKind.CAMPAIGN) is of_campaigns and key not in needed
            ]
            found += mine[: max(0, len(mine) - kept)]
        return found

    def _prepared(
        self, connection: Connection, cause: CauseKind, cause_id: int, list_id: str | None
    ) -> _Made:
        if cause in {CauseKind.INCOMING, CauseKind.TICKET}:
            return _correspondence(connection, cause, cause_id)
        content_hash = content_hash_of(connection, cause, cause_id)
        if content_hash is None:
            return f"there is no content on record for {cause} {cause_id}"
        shared = cause is not CauseKind.CAMPAIGN
        if shared and (same := self._same.get((content_hash, list_id))) is not None:
            return same
        try:
            made = self._make(connection, content_hash, cause, cause_id, list_id)
        except MailerError as problem:
            _log.error("%s %d cannot be composed: %s", cause, cause_id, problem)
            return str(problem)
        if shared:
            self._same[content_hash, list_id] = made
            while len(self._same) > _KEPT_AT_MOST:
                self._same.popitem(last=False)
        return made

    def _make(
        self,
        connection: Connection,
        content_hash: str,
        cause: CauseKind,
        cause_id: int,
        list_id: str | None,
    ) -> Prepared:
        content = taken_up(connection, content_hash)
        mailing_list = content.list_of(list_id)
        seen = find_list(connection, mailing_list.id)
        ways = self._ways(connection, cause, cause_id)
        with contained(f"{cause} {cause_id}"):
            return prepare(
                content.source,
                mailing_list,
                seen.number if seen else 0,
                content.specs,
                self._pen.site,
                self._pen.tokens,
                self._pen.limits,
                self._pen.rehearsal.to if self._pen.rehearsal else "",
                ways,
            )

    def _ways(self, connection: Connection, cause: CauseKind, cause_id: int) -> Ways:
        """Return by which pages of ours the links of a campaign are counted."""
        ways: dict[str, dict[str, str]] = {}
        if cause is CauseKind.CAMPAIGN:
            for one in links_of(connection, cause_id):
                token = self._pen.tokens.for_link(Link(cause_id, one.number))
                there = ways.setdefault(one.variant, {})
                there[one.url] = self._pen.site.counted(token)
        return ways

    def compose(self, claim: Claim) -> Letter:
        """Make the letter of one claim.

        Raises:
            NotReadyError: it was prepared so long ago that it is forgotten.
            CannotComposeError: when this person's letter can't be made.
        """
        key = _key(claim)
        # First: the feed's thread forgets it last.
        sent = self._sent.get(key, _AS_IT_IS) if self._sent else _AS_IT_IS
        prepared = self._ready.get(key)
        if prepared is None:
            raise NotReadyError(f"{claim.cause_kind} {claim.cause_id} is not prepared")
        if isinstance(prepared, str):
            raise CannotComposeError(prepared)
        if isinstance(prepared, Correspondence):
            return self._to_one(prepared, claim)
        person = _reader(claim, prepared, sent)
        # Nobody is contact 0, and nothing sign-up 0: the links of a rehearsal's letter
        # leave no list and agree to nothing in somebody else's name.
        rehearsed = self._pen.rehearsal is not None
        kind = None if rehearsed else claim.cause_kind
        campaign_id = claim.cause_id if claim.cause_kind is CauseKind.CAMPAIGN else 0
        return prepared.compose(
            person._replace(contact_id=0) if rehearsed else person,
            claim.id,
            campaign_id,
            claim.first_attempt_at,
            test=claim.kind is Kind.TEST,
            sign_up=claim.cause_id if kind is CauseKind.SIGN_UP else 0,
            request=claim.cause_id if kind is CauseKind.REQUEST else None,
            clicks=not rehearsed and claim.clicks is True,
        )

    def prepared(self, cause: CauseKind, cause_id: int, list_id: str | None) -> Prepared:
        """Return what the letters of a cause to a list are made of.

        Raises:
            CannotComposeError: when they cannot be made.
        """
        key = (cause, cause_id, list_id)
        self._get_ready({key})
        found = self._ready[key]
        if not isinstance(found, Prepared):
            words = found if isinstance(found, str) else f"{cause} has no template"
            raise CannotComposeError(words)
        return found

    def _to_one(self, letter: Correspondence, claim: Claim) -> Letter:
        to = self._pen.rehearsal.to if self._pen.rehearsal else ""
        return compose_correspondence(
            letter, claim.address, self._pen.tokens, claim.id, claim.first_attempt_at, to
        )

    def domain_of(self, claim: Claim) -> str:
        """Return the domain of the letter's sender, in lower case; "" when unknown."""
        prepared = self._ready.get(_key(claim))
        return (
            "" if prepared is None or isinstance(prepared, str) else prepared.sender_domain
        )

    def failed(self, claim: Claim) -> None:
        """Hear that a letter was withheld because it can't be made."""
        if claim.cause_kind is CauseKind.CAMPAIGN:
            self._could_not(claim.cause_id)

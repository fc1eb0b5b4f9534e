"""A template made ready: all that can be done once is done, and a letter is filled in.

    source ─ assembled ─ checked ─ folded ─ styled ─ split ─▶ Prepared ─ a person ─▶ Letter

Nothing after this may change a byte: a signature will cover what is composed here.
"""

import quopri
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from mailer.compose.cleaning import clean
from mailer.compose.counting import CLICKER, NO_WAYS
from mailer.compose.document import Seen
from mailer.compose.edition import Edition, with_data
from mailer.compose.head import Fields, Head
from mailer.compose.headers import address_field, wire_address
from mailer.compose.languages import choose, editions_of, written
from mailer.compose.limits import Limits
from mailer.compose.links import Site
from mailer.compose.making import Bodies, make_bodies
from mailer.compose.template import TemplateSource
from mailer.errors import CannotComposeError
from mailer.model.attributes import AttributeSpec, read
from mailer.model.kind import KINDS
from mailer.model.letter import Letter
from mailer.model.mailinglist import MailingList
from mailer.model.person import Person
from mailer.model.token import Reader, TokenBox, TokenKind

_LANGUAGES_MAX = 1_000

Ways = Mapping[str, Mapping[str, str]]
NOTHING_COUNTED: Ways = MappingProxyType({})


def prepare(  # noqa: PLR0913, PLR0917 - each is a thing of its own, and wiring names them all
    source: TemplateSource,
    mailing_list: MailingList | None,
    list_number: int,
    specs: Mapping[str, AttributeSpec],
    site: Site,
    tokens: TokenBox,
    limits: Limits,
    rehearsal_to: str = "",
    ways: Ways = NOTHING_COUNTED,
) -> "Prepared":
    """Make a template ready for any number of letters.

    Args:
        mailing_list: The list that the letters go to, None for letters of no list.
        list_number: The list's number in the database, 0 for none.
        specs: What is known about contacts, by name.
        rehearsal_to: The one address that all letters go to instead, "" for none; they
            show whom they were for.
        ways: In each language, from where a link leads to the page by which it is counted.

    Raises:
        TemplateError: names the file, the line and what to do.
    """
    return Prepared(
        source, mailing_list, list_number, specs, site, tokens, limits, rehearsal_to, ways
    )


class Prepared:
    """A template made ready. It never changes, so threads may share it."""

    def __init__(  # noqa: PLR0913, PLR0917 - see prepare
        self,
        source: TemplateSource,
        mailing_list: MailingList | None,
        list_number: int,
        specs: Mapping[str, AttributeSpec],
        site: Site,
        tokens: TokenBox,
        limits: Limits,
        rehearsal_to: str,
        ways: Ways,
    ) -> None:
        if mailing_list is not None and not KINDS[source.kind].tracked:
            mailing_list = mailing_list.untracked
        self.source = source
        self.mailing_list = mailing_list
        specs = with_data(source, specs)
        self._rehearsal_to = wire_address(rehearsal_to) if rehearsal_to else ""
        self._list_number = list_number
        self.site = site
        self._tokens = tokens
        self._head = Head(source.kind, mailing_list, site)
        self._bounce_domain = mailing_list.bounce_domain if mailing_list else ""
        self._needs_reader = KINDS[source.kind].needs_unsubscribe
        self._fallback, sources = editions_of(source, mailing_list)
        self._editions = {
            language: Edition(
                one,
                make_bodies(
                    one,
                    language,
                    mailing_list,
                    specs,
                    limits,
                    site,
                    ways.get(written(language), NO_WAYS),
                ),
                specs,
            )
            for language, one in sources.items()
        }
        self._only = self._editions[self._fallback] if len(sources) == 1 else None
        self._chosen = lru_cache(_LANGUAGES_MAX)(self._choose)

    @property
    def sender_domain(self) -> str:
        """The domain of From, as an A-label in lower case."""
        return self._head.domain.lower()

    @property
    def asks_for_clicks(self) -> bool:
        """Whether the letters' list asks to know who follows which link."""
        return self.mailing_list is not None and self.mailing_list.clicks is not None

    @property
    def bodies(self) -> Bodies:
        """The bodies in the fallback's language."""
        return self._editions[self._fallback].bodies

    @property
    def seen(self) -> tuple[Seen, ...]:
        """What a check reads, in each language, the fallback first."""
        others = sorted(set(self._editions) - {self._fallback})
        return tuple(
            self._editions[language].bodies.seen for language in (self._fallback, *others)
        )

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that there are letters in, as tags, the fallback first."""
        others = sorted(set(self._editions) - {self._fallback})
        return tuple(map(written, (self._fallback, *others)))

    @property
    def needs(self) -> frozenset[str]:
        """The names that a person must have: nothing in the template stands in for them.

        They are attributes, and perhaps `language` and `time_zone`. A name counts when any
        language needs it. What the letter is sent with is no person's.
        """
        names = (name for one in self._editions.values() for name in one.bodies.needs)
        return frozenset(names) - self.source.data.keys()

    @property
    def countable(self) -> tuple[tuple[str, str], ...]:
        """The links that can be counted: the language, as a tag, and where each leads."""
        return tuple(
            (written(language), url)
            for language, one in sorted(self._editions.items())
            for url in one.bodies.countable
        )

    def language_for(self, person: Person) -> str:
        """Return the language, as a tag, in which somebody gets the letter."""
        return written(choose(person.language, self._editions, self._fallback))

    def _choose(self, language: str | None) -> "Edition":
        return self._editions[choose(language, self._editions, self._fallback)]

    def compose(  # noqa: PLR0913, PLR0917 - each is a thing of its own
        self,
        person: Person,
        delivery_id: int,
        campaign_id: int,
        date: datetime,
        test: bool = False,  # noqa: FBT001, FBT002 - part of the agreed interface
        sign_up: int = 0,
        request: int | None = None,
        *,
        clicks: bool = False,
    ) -> Letter:
        """Compose one person's letter: the same arguments always give the same bytes.

        Args:
            campaign_id: 0 for none.
            date: When the letter was first tried; a retry gives the same again.
            test: The subject says so, and the links leave no list.
            sign_up: The number of the sign-up that the letter asks to confirm; 0 for none.
            request: That of the request for the person's page that it leads to, instead.
            clicks: The person agreed that it is on record which links she follows.

        Raises:
            CannotComposeError: when this person lacks a value, or a value cannot be where
                the template puts it.
        """
        edition = self._only or self._chosen(person.language)
        recipient = wire_address(person.address)
        reader = self._reader(person, campaign_id, test=test)
        # Made all at once, because each letter of a list needs nearly all of them.
        tokens = self._tokens.for_letter(reader, delivery_id)
        token = url = ""
        if self._needs_reader or "unsubscribe_url" in edition.links:
            token = tokens.unsubscribe
            url = self.site.unsubscribe(token)
        names = self._names(edition, person, recipient, url, tokens.preferences)
        if "confirm_url" in edition.links:
            names["confirm_url"] = self._confirm_url(sign_up, request)
        if "browser_url" in edition.links:
            names["browser_url"] = self.site.browser(
                self._tokens.for_delivery(TokenKind.BROWSER, delivery_id)
            )
        if clicks and self.asks_for_clicks:
            names[CLICKER] = self._tokens.for_reader(TokenKind.CLICK, reader)
        text = edition.bodies.text.fill(names)
        page = [] if person.plain else edition.bodies.html.fill(names)
        message_id = tokens.message
        frame = self._head.frame(
            Fields(
                to=self._to(person, recipient),
                subject=edition.subject(names, test=test, mark=self._mark(recipient)),
                message_id=message_id,
                date=date,
                campaign_id=campaign_id,
                unsubscribe_url=url,
                token=token,
            ),
            edition.enclosing,
            plain=person.plain,
        )
        pieces = [frame.head, *text, frame.between, *page, frame.end]
        return Letter(
            sender=self._rehearsal_to or self._return_path(tokens.return_path),
            recipient=self._rehearsal_to or recipient,
            content=b"".join(pieces),
            envelope_id=message_id,
            dotless=True,
            pieces=pieces,
        )

    def for_everybody(self, instead: str) -> tuple[str, str]:
        """Return subject and HTML as anybody may read them: with no person's values.

        Fallbacks take their places; what has none is the made-up person's of the sample.

        Args:
            instead: The address that the links that belong to one person lead to.

        Raises:
            CannotComposeError: when the sample lacks a value that the template needs.
        """
        edition = self._editions[self._fallback]
        names = edition.bodies.common.copy()
        for name, kind in edition.attributes:
            value = read(kind, self.source.sample.get(name))
            if name in edition.bodies.needs and value is not None:
                names[name] = clean(value)
        if "language" in edition.bodies.needs:
            names["language"] = written(self._fallback)
        if "time_zone" in edition.bodies.needs:
            names["time_zone"] = "UTC"
        names |= {"email": "", **dict.fromkeys(edition.links, instead)}
        page = quopri.decodestring(b"".join(edition.bodies.html.fill(names)))
        return edition.line(names), page.decode().replace("\r\n", "\n")

    def _confirm_url(self, sign_up: int, request: int | None) -> str:
        if request is None:
            token = self._tokens.for_number(TokenKind.CONFIRM, sign_up)
            return self.site.confirmation(token)
        return self.site.own_page(self._tokens.for_number(TokenKind.PAGE, request))

    def _reader(self, person: Person, campaign_id: int, *, test: bool) -> Reader:
        contact_id = person.contact_id
        if contact_id is None and self._needs_reader and not test:
            raise CannotComposeError(
                f"a {self.source.kind.value} letter goes to a contact: this address belongs"
                " to none, so nobody could leave the list by its links"
            )
        # Nobody is contact 0: who tries the links of a test letter changes nothing.
        return Reader(0 if test else contact_id or 0, self._list_number, campaign_id)

    def _names(
        self,
        edition: "Edition",
        person: Person,
        recipient: str,
        unsubscribe_url: str,
        preferences: str,
    ) -> dict[str, object]:
        names = edition.bodies.common.copy()
        for name, kind in edition.attributes:
            value = read(kind, person.attributes.get(name))
            if value is not None:
                names[name] = clean(value)
        for name in edition.optional:
            value = person.language if name == "language" else person.time_zone
            if value is not None:
                names[name] = clean(value)
        names["email"] = recipient
        names["unsubscribe_url"] = unsubscribe_url
        if "preferences_url" in edition.links:
            names["preferences_url"] = self.site.preferences(preferences)
        return names

    def _to(self, person: Person, recipient: str) -> str:
        if self._rehearsal_to:
            return address_field("To", f"for {recipient}", self._rehearsal_to)
        return address_field("To", _display_name(person), recipient)

    def _mark(self, recipient: str) -> str:
        return f"[Rehearsal for {recipient}] " if self._rehearsal_to else ""

    def _return_path(self, token: str) -> str:
        if not self._bounce_domain:
            return self._head.address
        return f"b+{token}@{self._bounce_domain}"


def _display_name(person: Person) -> str:
    name = person.attributes.get("name")
    return name if isinstance(name, str) else ""

"""The live preview: a template's letter as somebody sees it, made anew after each save.

What was made ready is kept until a file changes, so another reader is shown at once.
"""

import email
import email.policy
import re
from dataclasses import dataclass
from threading import Lock

from mailer.compose.checking import mistake
from mailer.compose.head import TEST_MARK
from mailer.compose.prepared import Prepared, prepare
from mailer.errors import MailerError, NotFoundError
from mailer.jobs.check_template import Asked, check_template
from mailer.jobs.preview import as_if_sent, body_of, html_of, sample_person
from mailer.jobs.trial import known_contact
from mailer.jobs.world import World
from mailer.model.finding import Finding
from mailer.model.mailinglist import MailingList
from mailer.store.prospects import addresses_on_list
from mailer.workspace.lists import read_lists
from mailer.workspace.templates import read_template
from mailer.workspace.watching import stamp

_NAMED = 100
_SOURCE_SHOWN_BYTES = 500_000
_HEAD = re.compile(r"(?i)<head\b[^>]*>")
_LIGHT = re.compile(r"(?i)\(\s*prefers-color-scheme\s*:\s*light\s*\)")
_DARK = re.compile(r"(?i)\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
_KNOWS_DARK = re.compile(r"(?i)<meta[^>]*color-scheme[^>]*dark")
_ALWAYS, _NEVER = "(min-width: 0px)", "(max-width: 0px)"


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks at the letter, and how.

    Args:
        list_name: Whose sender and words; "" for the first list.
        address: Whose values; "" for the template's sample.
        language: The sample's; "" for none.
    """

    list_name: str = ""
    address: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter as it is shown.

    Args:
        html: As it would be sent, with the template's own images inside it.
        source: Its beginning, when attachments make it long.
        languages: The languages that the template speaks.
        language: The one of this letter.
    """

    subject: str
    headers: tuple[tuple[str, str], ...]
    html: str
    text: str
    source: str
    html_bytes: int
    size_bytes: int
    languages: tuple[str, ...]
    language: str


class LivePreview:
    """One template, looked at while it is written. Threads may share it."""

    def __init__(self, world: World, template: str) -> None:
        self.template = template
        self._world = world
        self._lock = Lock()
        self._ready: dict[str, tuple[str, Prepared]] = {}

    def stamp(self) -> str:
        """Return a word that changes when a file is saved."""
        return stamp(self._world.folder)

    def lists(self) -> tuple[MailingList, ...]:
        """Return the lists that it may be shown for.

        Raises:
            WorkspaceError: when one of them does not parse.
        """
        found = read_lists(self._world.folder)
        if not found:
            raise NotFoundError("there is no list yet: make lists/NAME.toml first")
        return found

    def addresses(self, look: Look) -> list[str]:
        """Return the first people of the list, to choose from."""
        with self._world.database.read() as connection:
            return addresses_on_list(connection, self._list(look).id, _NAMED)

    def show(self, look: Look) -> Shown:
        """Compose the letter for somebody; its links leave no list.

        Raises:
            MailerError: when it cannot be composed; says where and why.
        """
        prepared = self._prepared(look)
        reader = sample_person(prepared.source)
        if look.language:
            reader = reader._replace(language=look.language)
        if look.address:
            known = known_contact(self._world.database, look.address).person
            reader = as_if_sent(prepared.source, known)
        letter = prepared.compose(reader, 0, 0, self._world.clock(), test=True)
        message = email.message_from_bytes(letter.content, policy=email.policy.default)
        sent = body_of(message, "html")
        return Shown(
            subject=str(message["subject"]).removeprefix(TEST_MARK),
            headers=tuple((name, str(value)) for name, value in message.items()),
            html=html_of(message, prepared),
            text=body_of(message, "plain"),
            source=letter.content[:_SOURCE_SHOWN_BYTES].decode("utf-8", "replace"),
            html_bytes=len(sent.encode()),
            size_bytes=len(letter.content),
            languages=prepared.languages,
            language=prepared.language_for(reader),
        )

    def findings(self, look: Look) -> tuple[Finding, ...]:
        """Check the template for the list; SpamAssassin, which takes long, is not asked."""
        try:
            checked = check_template(
                self._world,
                self.template,
                self._list(look),
                Asked(spam=False),
                self._world.clock(),
            )
        except MailerError as problem:
            return (mistake(problem),)
        return checked.findings

    def _list(self, look: Look) -> MailingList:
        lists = self.lists()
        return next((one for one in lists if one.name == look.list_name), lists[0])

    def _prepared(self, look: Look) -> Prepared:
        """Return the template made ready as its files are now."""
        with self._lock:
            # Read first: what is saved while we read shows with the next look.
            now = self.stamp()
            mailing_list = self._list(look)
            before, prepared = self._ready.get(mailing_list.name, ("", None))
            if prepared is None or before != now:
                world = self._world
                prepared = prepare(
                    read_template(world.folder, self.template),
                    mailing_list,
                    0,
                    world.specs,
                    world.site,
                    world.tokens,
                    world.limits,
                )
                self._ready[mailing_list.name] = (now, prepared)
            return prepared


def on_screen(html: str, *, dark: bool) -> str:
    """Return a letter as a light or a dark screen shows it, whatever this one is.

    Its links open in a window of their own.
    """
    html = _DARK.sub(_ALWAYS if dark else _NEVER, html)
    html = _LIGHT.sub(_NEVER if dark else _ALWAYS, html)
    # A letter that says nothing of dark screens keeps its white background.
    scheme = "dark" if dark and _KNOWS_DARK.search(html) else "only light"
    more = (
        '<base target="_blank">'
        f"<style>:root {{ color-scheme: {scheme} !important }}</style>"
        '<meta name="referrer" content="no-referrer">'
    )
    return _HEAD.sub(lambda head: head[0] + more, html, count=1)

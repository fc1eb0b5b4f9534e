"""The desk of a list's sign-up page: read anew each time, and the last good one is kept."""

import logging
from collections.abc import Mapping
from contextlib import suppress

from mailer.errors import ConfigError, MailerError, NotFoundError, did_you_mean
from mailer.jobs.sign_up import Desk
from mailer.jobs.welcome import Greeting, check_greeting, read_greeting
from mailer.jobs.world import World
from mailer.model.attributes import AttributeSpec
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.model.mailinglist import MailingList
from mailer.model.separate import Separate, click_record_of
from mailer.model.signup import SignUpPage, SignUpRules
from mailer.store.alarms import Alarm, raise_unless_open
from mailer.workspace.lists import list_names, read_list
from mailer.workspace.partners import PARTNERS_FILE, read_partners
from mailer.workspace.templates import read_template

_log = logging.getLogger(__name__)


class Desks:
    """Finds the desk of a list by the name of its file."""

    def __init__(self, world: World, ring: KeyRing, rules: SignUpRules) -> None:
        self._world = world
        self._ring = ring
        self._rules = rules
        self._last: dict[str, Desk] = {}
        self._checked: dict[str, Greeting] = {}
        self._faults: dict[str, str] = {}

    def of(self, name: str) -> Desk:
        """Return a list's desk.

        A file that does not parse (any more) is logged, and people go on joining by the
        last one that did.

        Raises:
            NotFoundError: when there is no such list, or it has no sign-up page.
            MailerError: when its files never held since the program was started.
        """
        try:
            self._last[name] = self._read(name)
        except NotFoundError:
            self._last.pop(name, None)
            raise
        except MailerError as problem:
            _log.error("the sign-up page of %s: %s", name, problem)
            if name not in self._last:
                raise
        return self._last[name]

    def open_lists(self) -> list[Desk]:
        """Return the desks of all lists that have a page, by name."""
        desks: list[Desk] = []
        for name in list_names(self._world.folder):
            with suppress(MailerError):
                desks.append(self.of(name))
        return desks

    def _read(self, name: str) -> Desk:
        mailing_list = read_list(self._world.folder, name)
        page = mailing_list.sign_up
        if page is None:
            raise NotFoundError(f"lists/{name}.toml has no [sign_up]: no page to join it")
        check_page(mailing_list, page, self._world.specs)
        try:
            letter = read_template(self._world.folder, page.template)
        except NotFoundError as problem:
            # The list is there: who comes to its page must hear that it is our mistake.
            raise ConfigError(f"lists/{name}.toml, [sign_up]: {problem}") from problem
        if letter.kind is not Kind.CONFIRMATION:
            raise ConfigError(
                f"lists/{name}.toml, [sign_up]: the template {page.template!r} is of the"
                f" kind {letter.kind.value!r}, but must be {Kind.CONFIRMATION.value!r}"
            )
        greeting = self._greeting(mailing_list)
        separates = separates_of(self._world, mailing_list)
        return Desk(
            self._world, self._ring, mailing_list, letter, self._rules, greeting, separates
        )

    def _greeting(self, mailing_list: MailingList) -> Greeting | None:
        """Return what the list welcomes people with; nothing when that does not hold.

        Nobody is kept from joining by it.
        """
        name = mailing_list.name
        try:
            greeting = read_greeting(self._world, mailing_list)
            if greeting is not None and self._checked.get(name) != greeting:
                check_greeting(self._world, greeting)
                self._checked[name] = greeting
        except MailerError as problem:
            self._tell(name, str(problem))
            return None
        self._faults.pop(name, None)
        return greeting

    def _tell(self, name: str, problem: str) -> None:
        """Log that a welcome does not hold, and raise an alarm: once for each fault."""
        if self._faults.get(name) == problem:
            return
        _log.error("nobody who joins %s is welcomed: %s", name, problem)
        alarm = Alarm(
            "welcome_broken",
            f"lists/{name}.toml",
            self._world.clock(),
            f"{problem}. People join as always, and get no welcome.",
            "put it right; `mailer check --offline` says whether it holds",
        )
        try:
            with self._world.database.write() as connection:
                raise_unless_open(connection, alarm)
        except MailerError as trouble:
            _log.error("that is no alarm on record yet: %s", trouble)
            return
        self._faults[name] = problem


def separates_of(world: World, mailing_list: MailingList) -> tuple[Separate, ...]:
    """Return what a list's page asks for by an empty box each.

    Raises:
        MailerError: names what `partners.toml` does not have.
    """
    page, record = mailing_list.sign_up, click_record_of(mailing_list)
    asked: tuple[Separate, ...] = () if record is None else (record,)
    if page is None or not page.partners:
        return asked
    partners = {one.name: one for one in read_partners(world.folder, world.specs)}
    for name in page.partners:
        if name not in partners:
            raise ConfigError(
                f"lists/{mailing_list.name}.toml, [sign_up]: there is no partner {name!r}"
                f" in {PARTNERS_FILE}{did_you_mean(name, partners)}"
            )
    return (*(partners[name] for name in page.partners), *asked)


def check_page(
    mailing_list: MailingList, page: SignUpPage, specs: Mapping[str, AttributeSpec]
) -> None:
    """Refuse a page that asks for what no contact has.

    Raises:
        ConfigError: names the question and the nearest right name.
    """
    for question in page.questions:
        if question.attribute not in specs:
            raise ConfigError(
                f"lists/{mailing_list.name}.toml, [sign_up]: no such attribute"
                f" {question.attribute!r}{did_you_mean(question.attribute, specs)}"
            )

"""People with links from their letters, over a real database: for tests of the pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from starlette.applications import Starlette

from mailer.compose.limits import Limits
from mailer.compose.links import Site
from mailer.config.example import EXAMPLE_ATTRIBUTES
from mailer.jobs.hooks import HookDoor
from mailer.jobs.logbook import Logbook
from mailer.jobs.post_contact import Door
from mailer.jobs.sign_up_desk import Desks
from mailer.jobs.transact import LetterDesk
from mailer.jobs.world import World as JobsWorld
from mailer.model.consent import Act, Basis, How, NewEntry
from mailer.model.key import KeyRing
from mailer.model.mailinglist import MailingList, OptIn, Wording
from mailer.model.mode import Mode
from mailer.model.privacy import NOTHING_SAID, Handling
from mailer.model.signup import SignUpRules
from mailer.model.token import Reader, TokenBox, TokenKind
from mailer.store import contacts, ledger
from mailer.store.database import Database
from mailer.store.lists import all_lists
from mailer.store.subscriptions import of_contacts
from mailer.store.tables import LedgerRow, table
from mailer.triage.mailboxes import Mailbox
from mailer.triage.ranking import shelf_of
from mailer.web.app import put_together
from mailer.web.means import Joining, Threads
from mailer.web.pages import Pages
from mailer.web.words import words_of
from mailer.workspace.articles import read_articles
from mailer.workspace.catalogues import read_catalogues
from mailer.workspace.webpages import read_web_pages

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
ROOT = Path(__file__).parent.parent
SITE = Site("https://mail.example.com", "Fjell & Fjord", "hello@example.com")
TITLES = {"news": "News from the <mountains>", "courses": "Course dates"}


@dataclass(frozen=True)
class Someone:
    """A person who holds a letter of the list `news`."""

    contact_id: int
    reader: Reader
    unsubscribe: str
    preferences: str


@dataclass
class World:
    """A database with two lists, and a clock that stands still until it is put forward."""

    database: Database
    logbook: Logbook
    now: datetime = NOW
    mode: Mode = Mode.LIVE

    @property
    def ring(self) -> KeyRing:
        return self.logbook.ring

    @property
    def tokens(self) -> TokenBox:
        return TokenBox(self.ring)

    def person(self, address: str = "kari@example.com") -> Someone:
        """Put somebody on both lists, as an import does."""
        key = self.ring.suppression_hash(address)
        rows = contacts.new_rows([(address, key, address, "{}", None, None)], NOW)
        with self.database.write() as connection:
            (contact_id,) = contacts.create_contacts(connection, rows)
            ledger.append(
                connection,
                self.ring,
                [
                    NewEntry(
                        contact_id, address, list_id, 1, Act.GRANTED, NOW, How.IMPORT,
                        Basis.EXPRESS, "trade fair",
                    )
                    for list_id in TITLES
                ],
            )  # fmt: skip
            number = all_lists(connection)["news"].number
        reader = Reader(contact_id, number, 1)
        return Someone(
            contact_id,
            reader,
            f"/u/{self.tokens.for_reader(TokenKind.UNSUBSCRIBE, reader)}",
            f"/p/{self.tokens.for_reader(TokenKind.PREFERENCES, reader)}",
        )

    def lists_of(self, person: Someone) -> set[str]:
        """Return the lists that somebody is on."""
        with self.database.read() as connection:
            places = of_contacts(connection, [person.contact_id])
        return {list_id for (_, list_id), one in places.items() if one.stands(self.now)}

    def entries(self) -> list[Any]:
        """Return the ledger's rows, in order."""
        rows = table(LedgerRow)
        with self.database.read() as connection:
            return list(connection.execute(select(rows).order_by(rows.c.number)))

    def count(self, model: Any) -> int:
        with self.database.read() as connection:
            query = select(func.count()).select_from(table(model))
            return connection.execute(query).scalar_one()

    def rename(self, before: str, after: str) -> None:
        """Take a table away from the program, or give it back."""
        with self.database.alter() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {before} RENAME TO {after}")


RULES = SignUpRules()
SPECS = {name: one.spec(name) for name, one in EXAMPLE_ATTRIBUTES.items()}


@cache
def pages(sender_name: str = SITE.sender_name, notice: str = "") -> Pages:
    """Return the example's pages: tried once, they are the same in every app."""
    words = words_of(read_catalogues(str(ROOT)))
    templates = read_web_pages(str(ROOT))
    return Pages(templates, sender_name, words, notice, privacy_url="/privacy")


def joining(world: World, folder: Path = ROOT, rules: SignUpRules = RULES) -> Joining:
    """Return what the sign-up pages of a workspace's folder work with."""
    around = JobsWorld(
        database=world.database,
        logbook=world.logbook,
        folder=str(folder),
        specs=SPECS,
        site=SITE,
        tokens=world.tokens,
        limits=Limits(),
        clock=lambda: world.now,
        mode=world.mode,
    )
    proxies = (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"))
    desks = Desks(around, world.ring, rules)
    door = Door(around, world.ring, desks.of, LetterDesk(around, world.ring))
    return Joining(
        desks.of, desks.open_lists, proxies, Threads(1), around, rules, door=door
    )


def app_of(
    world: World,
    *,
    site: Site = SITE,
    clock: Callable[[], datetime] | None = None,
    folder: Path = ROOT,
    rules: SignUpRules = RULES,
    with_metrics: bool = True,
    lists: Callable[[], Sequence[MailingList]] = tuple,
    handling: Handling = NOTHING_SAID,
    mailboxes: tuple[Mailbox, ...] = (),
    hooks: HookDoor | None = None,
) -> Starlette:
    """Put the pages together over a world, with the example's pages."""
    return put_together(
        world.database,
        world.logbook,
        site,
        pages(site.sender_name),
        clock or (lambda: world.now),
        joining(world, folder, rules),
        with_metrics=with_metrics,
        lists=lists,
        handling=handling,
        shelf=shelf_of(read_articles(str(folder))),
        mailboxes=mailboxes,
        hooks=hooks,
    )


def a_list(id: str, title: str) -> MailingList:
    return MailingList(
        id=id,
        name=id,
        title=title,
        purpose=title,
        wordings=(Wording(1, "Yes, write to me."),),
        opt_in=OptIn.DOUBLE,
        sender_name="Fjell & Fjord",
        sender_address="news@example.com",
        reply_to="",
        postal_address="Storgata 1, Bergen",
        list_host="news.example.com",
    )

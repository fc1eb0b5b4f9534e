"""Files of people and what is declared about them: for tests of imports."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mailer.jobs.import_contacts import ImportOrder, import_contacts
from mailer.jobs.import_run import ImportResult
from mailer.jobs.logbook import Logbook
from mailer.model.attributes import AttributeSpec, AttributeType
from mailer.model.consent import Basis
from mailer.model.contact import Contact
from mailer.model.key import KeyRing
from mailer.model.mailinglist import MailingList, OptIn, Wording
from mailer.model.subscription import Subscription
from mailer.store.contacts import find_contact
from mailer.store.database import Database
from mailer.store.ledgercheck import verify_chain
from mailer.store.standingcheck import verify_standing
from mailer.store.subscriptions import subscription

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NEWS = MailingList(
    id="news",
    name="news",
    title="News",
    purpose="What is new",
    wordings=(Wording(1, "Yes, write to me."),),
    opt_in=OptIn.SINGLE,
    sender_name="Fjell & Fjord",
    sender_address="hello@example.com",
    reply_to="",
    postal_address="Storgata 1, Oslo",
    list_host="news.example.com",
)
OFFERS = replace(NEWS, id="offers", name="offers", title="Offers")
SPECS = {
    spec.name: spec
    for spec in (
        AttributeSpec("name", AttributeType.TEXT),
        AttributeSpec("country", AttributeType.TEXT),
        AttributeSpec("points", AttributeType.NUMBER),
        AttributeSpec("member", AttributeType.BOOLEAN),
        AttributeSpec("interests", AttributeType.TEXTS),
    )
}


class Clock:
    """A clock that goes on by a second whenever somebody looks at it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class People:
    """A database, and files of people to import into it."""

    def __init__(self, database: Database, ring: KeyRing, folder: Path) -> None:
        self.database = database
        self.ring = ring
        self.logbook = Logbook(str(folder / "logbook"), ring)
        self.folder = folder
        self.clock = Clock()

    def file(self, *lines: str, name: str = "people.csv") -> str:
        """Write a file of lines and return its path."""
        path = self.folder / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return str(path)

    def run(
        self,
        path: str,
        on_progress: Any = lambda *_: None,
        **declared: Any,
    ) -> ImportResult:
        """Import a file."""
        facts = {"mailing_list": NEWS, "basis": Basis.EXPRESS, "source": "stall"}
        order = ImportOrder(path=path, **{**facts, **declared})
        return import_contacts(
            self.database, self.ring, SPECS, order, self.clock, on_progress
        )

    def contact(self, match: str) -> Contact | None:
        """Return a contact by match form."""
        with self.database.read() as connection:
            return find_contact(connection, match)

    def on_list(self, match: str, list_id: str = "news") -> Subscription | None:
        """Return where somebody stands."""
        with self.database.read() as connection:
            contact = find_contact(connection, match)
            return contact and subscription(connection, contact.id, list_id)

    def problems(self) -> list[str]:
        """Return what is wrong with the ledger and the subscriptions."""
        chain = verify_chain(self.database, self.ring, []).findings.named
        return chain + verify_standing(self.database).named


def rejected(result: ImportResult) -> list[str]:
    """Return the lines of a file of rejected rows, the header first."""
    assert result.rejected_path is not None
    return Path(result.rejected_path).read_text(encoding="utf-8-sig").splitlines()


def total(counts: Iterable[tuple[str, int]]) -> int:
    """Add up the counts of rows."""
    return sum(number for name, number in counts if name not in {"changed", "shared"})

"""People on a list, and campaigns to them, made for tests with plain statements."""

import atexit
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, update

from mailer.compose.limits import Limits
from mailer.compose.links import Site
from mailer.compose.template import TemplateSource
from mailer.jobs.frozen import Frozen, pack
from mailer.jobs.logbook import Logbook
from mailer.jobs.plan import plan
from mailer.jobs.world import World
from mailer.model.attributes import AttributeSpec, AttributeType
from mailer.model.key import Key, KeyRing, Purpose
from mailer.model.kind import Kind
from mailer.model.mailinglist import MailingList, OptIn, Wording
from mailer.model.token import TokenBox
from mailer.store.campaigns import NewCampaign, freeze, make_campaign
from mailer.store.database import Database
from mailer.store.deliveries import deliveries_of
from mailer.store.tables import (
    ContactRow,
    DeliveryRow,
    ListRow,
    SubscriptionRow,
    SuppressionRow,
    table,
)

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
SPECS = {
    "name": AttributeSpec("name", AttributeType.TEXT),
    "country": AttributeSpec("country", AttributeType.TEXT),
    "points": AttributeSpec("points", AttributeType.NUMBER, 0),
}
RING = KeyRing(
    (
        Key(1, Purpose.TOKEN, b"t" * 32),
        Key(2, Purpose.LEDGER, b"l" * 32),
        Key(3, Purpose.SUPPRESSION, b"s" * 32),
    )
)
NEWS = MailingList(
    id="news",
    name="newsletter",
    title="News",
    purpose="News from the mountains",
    wordings=(Wording(1, "Yes please"), Wording(2, "Yes, weekly")),
    opt_in=OptIn.DOUBLE,
    sender_name="Fjell & Fjord",
    sender_address="news@example.com",
    reply_to="",
    postal_address="Storgata 1, Bergen",
    list_host="news.example.com",
    segments={"norway": "country == 'NO'"},
)


def hash_of(contact_id: int) -> bytes:
    return contact_id.to_bytes(16, "big")


def see_list(connection: Connection, words_floor: int = 2) -> None:
    connection.execute(
        insert(table(ListRow)).values(
            id="news", name="newsletter", title="News", words_floor=words_floor, seen_at=NOW
        )
    )


def add_people(
    connection: Connection,
    ids: range | list[int],
    attributes: Mapping[str, Any] | None = None,
    **subscription: Any,
) -> None:
    """Add contacts with an address and a subscription each."""
    connection.execute(
        insert(table(ContactRow)),
        [
            {
                "id": number,
                "match": f"person{number}@example.com",
                "match_version": 1,
                "hash": hash_of(number),
                "address": f"person{number}@example.com",
                "attributes": dict(attributes or {}),
                "created_at": NOW,
                "updated_at": NOW,
            }
            for number in ids
        ],
    )
    defaults = {
        "list_id": "news",
        "status": "subscribed",
        "basis": "double_opt_in",
        "wording": 2,
        "since_at": NOW - timedelta(days=30),
        "expires_at": None,
        "ledger_number": 1,
    }
    connection.execute(
        insert(table(SubscriptionRow)),
        [{"contact_id": number, **defaults, **subscription} for number in ids],
    )


def suppress(
    connection: Connection,
    number: int,
    scope: str = "marketing",
    until_at: datetime | None = None,
) -> None:
    connection.execute(
        insert(table(SuppressionRow)).values(
            hash=hash_of(number),
            scope=scope,
            reason="complained",
            since_at=NOW,
            until_at=until_at,
            source="",
        )
    )


def content(segment: str = "", rule: str = "", *needs: str) -> Frozen:
    source = TemplateSource(
        name="digest",
        subject="News",
        preview="",
        kind=Kind.MARKETING,
        sample={},
        html="<p>Hello</p>",
        text=None,
        files={},
    )
    return Frozen(source, NEWS, segment, rule, SPECS, needs)


def campaign(connection: Connection, frozen: Frozen | None = None, **values: Any) -> int:
    """Make a campaign that is to be planned."""
    frozen = frozen or content()
    content_hash, body = pack(frozen)
    freeze(connection, content_hash, body, NOW)
    new = NewCampaign(
        **{
            "name": "digest",
            "kind": Kind.MARKETING,
            "template": "digest",
            "list_id": "news",
            "segment": frozen.segment,
            "rule": frozen.rule,
            "frozen_hash": content_hash,
            "due_at": NOW,
            **values,
        }
    )
    return make_campaign(connection, new, NOW)


_LOGBOOK = tempfile.TemporaryDirectory(prefix="mailer-test-logbook-")
atexit.register(_LOGBOOK.cleanup)


def world(database: Database, folder: str = "", now: datetime = NOW) -> World:
    return World(
        database,
        folder,
        SPECS,
        Site("https://mail.example.com"),
        TokenBox(RING),
        Limits(),
        lambda: now,
        Logbook(_LOGBOOK.name, RING),
    )


def move(
    connection: Connection, campaign_id: int, people: list[int], **values: Any
) -> None:
    """Put some people's deliveries into a state, as a sender would have left them."""
    defaults: dict[str, dict[str, Any]] = {
        "claimed": {"attempt": 1, "owner_id": 1},
        "sending": {"attempt": 1, "owner_id": 1, "left_at": NOW},
        "accepted": {"attempt": 1, "left_at": NOW, "ended_at": NOW, "reply": "250 ok"},
        "refused": {"attempt": 1, "ended_at": NOW, "reply": "550 5.1.1 no such user"},
        "expired": {"attempt": 3, "deferrals": 3, "ended_at": NOW, "reason": "gave_up"},
        "withheld": {"attempt": 1, "ended_at": NOW, "reason": "permission"},
        "in_doubt": {"attempt": 1, "left_at": NOW, "ended_at": NOW},
    }
    rows = table(DeliveryRow)
    connection.execute(
        update(rows)
        .where(rows.c.cause_id == campaign_id, rows.c.contact_id.in_(people))
        .values(**{**defaults.get(values["state"], {}), **values})
    )


def states_of(database: Database, campaign_id: int) -> dict[int | None, str]:
    """Return each person's delivery's state."""
    return {one.contact_id: one.state.value for one in deliveries_of(database, campaign_id)}


def running(database: Database, people: int, **values: Any) -> int:
    """Make a campaign to so many people that is planned through; return its number."""
    with database.write() as connection:
        see_list(connection)
        add_people(connection, range(1, people + 1), {"name": "Kari", "country": "NO"})
        number = campaign(connection, **values)
    plan(world(database), number)
    return number


LIST_TOML = """
id = "news"
title = "News"
purpose = "News from the mountains"
opt_in = "double"
language = "en"
from = "Fjell & Fjord <news@example.com>"
postal_address = "Storgata 1, Bergen"
list_host = "news.example.com"

[[wordings]]
version = 1
text = "Yes please"

[[wordings]]
version = 2
text = "Yes, weekly"

[segments]
norway = "country == 'NO'"
wrong = "shoesize > 40"
"""

BODY = """<!doctype html>
<html><body><p>Hello {{ name|default('you') }}</p>
<p>{{ postal_address }} <a href="{{ unsubscribe_url }}">Leave</a></p></body></html>
"""


def write_template(
    folder: Path, name: str, *, body: str = BODY, kind: str = "marketing"
) -> None:
    place = folder / "templates" / "mail" / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "letter.toml").write_text(f'subject = "News"\nkind = "{kind}"\n')
    (place / "body.html").write_text(body)


def write_schedule(folder: Path, name: str, lines: str, template: str = "digest") -> None:
    (folder / "schedules").mkdir(exist_ok=True)
    text = f'zone = "Europe/Oslo"\ntemplate = "{template}"\nlist = "newsletter"\n{lines}\n'
    (folder / "schedules" / f"{name}.toml").write_text(text)


def make_folder(folder: Path) -> Path:
    """Write a list with a segment, and a template that suits it."""
    (folder / "lists").mkdir(parents=True)
    (folder / "lists" / "newsletter.toml").write_text(LIST_TOML)
    write_template(folder, "digest")
    return folder

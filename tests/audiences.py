"""People on a list, and campaigns to them, made for tests with plain statements."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from mailer.compose.template import TemplateSource
from mailer.jobs.frozen import Frozen, pack
from mailer.jobs.world import World
from mailer.model.attributes import AttributeSpec, AttributeType
from mailer.model.kind import Kind
from mailer.model.mailinglist import MailingList, OptIn, Wording
from mailer.store.campaigns import NewCampaign, freeze, make_campaign
from mailer.store.database import Database
from mailer.store.tables import (
    ContactRow,
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


def suppress(connection: Connection, number: int, scope: str = "marketing") -> None:
    connection.execute(
        insert(table(SuppressionRow)).values(
            hash=hash_of(number), scope=scope, reason="complained", since_at=NOW, source=""
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


def world(database: Database, folder: str = "", now: datetime = NOW) -> World:
    return World(database, folder, SPECS, lambda: now)

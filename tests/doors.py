"""Every page that strangers can ask for, each with a way in that works: for tests of all.

A page that is new belongs into `doors_of`; a test compares it with the table of routes.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from audiences import NEWS, SPECS, campaign, move
from audiences import world as jobs_world
from customers import NOW, ROOT, Someone, World, app_of
from frontdesks import SUPPORT, a_desk, all_tickets
from images import png
from signing_hooks import KEYS, of_sendgrid
from sqlalchemy import inspect, select, text
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message

from mailer.compose.template import TemplateSource
from mailer.jobs.frozen import Frozen
from mailer.jobs.hooks import HookDoor
from mailer.jobs.incoming import handle_all
from mailer.jobs.plan import plan
from mailer.model.enclosure import Enclosure
from mailer.model.kind import Kind
from mailer.model.mailinglist import Wording
from mailer.model.signup import SignUpRules
from mailer.model.token import Link, TokenKind
from mailer.store.clicks import keep_links
from mailer.store.contacts import change_contacts, get_contact
from mailer.store.deliveries import deliveries_of
from mailer.store.enclosures import keep
from mailer.store.tables import PageRequestRow, SignUpRow, table

KARI, NEW_HERE = "kari@example.com", "new@example.org"
SECRETS = {"name": "Secretname", "city": "Hiddenville", "points": 4711}
ASKED = "Where is my order 90210?"
STRANGER = "192.0.2.1"

_LIST = replace(NEWS, archive=True, wordings=(Wording(1, "Yes, write to me."),))

_LETTER = """<html lang="en"><body><p>Hello</p>
<p><a href="{{ browser_url }}">In the browser</a>
<a href="{{ unsubscribe_url }}">Leave</a> <a href="{{ preferences_url }}">Less</a></p>
<p>{{ postal_address }}</p></body></html>"""

_SURVEY = """
title = "Your next tour"

[[questions]]
attribute = "city"
label = "From where?"
kind = "choice"
choices = ["Oslo", "Bergen"]
"""

OPEN = SignUpRules(from_network_an_hour=100_000, an_hour=100_000)

SIGNED = (
    "u/{token:path}",
    "p/{token}/{name}",
    "p/{token:path}",
    "r/{token:path}",
    "b/{token:path}",
    "t/{token:path}",
    "c/{token:path}",
    "m/{token:path}",
)
"""Pages behind a signed link."""

POSTED = (
    "u/{token:path}",
    "p/{token}/{name}",
    "p/{token:path}",
    "t/{token:path}",
    "c/{token:path}",
    "m/{token:path}",
    "me",
    "join/{name}",
    "contact/{name}",
    "hooks/{provider}",
)
"""Pages that take something."""

READ = (
    "i/{name:path}",
    "archive/{name}",
    "archive/{name}/feed.xml",
    "archive/{name}/{number:int}",
    "answers",
    "answers/{name}",
    "privacy",
    "health",
    "metrics",
)
"""Pages that are for everybody alike, and take nothing."""

ALL = tuple(dict.fromkeys((*SIGNED, *POSTED, *READ)))
OTHERS = tuple(one for one in ALL if one not in SIGNED)


@dataclass(frozen=True)
class Door:
    """One page.

    Args:
        route: As the table of routes has it.
        path: One that works.
        form: What its own form sends; None where nothing is posted.
        token: The signed part of the path; "" where there is none.
        in_letter: A letter to many leads there, and is forwarded with it.
        entries: How many entries of the ledger its form writes.
        headers: What its form is sent with.
        body: What is posted where it is no form.
    """

    route: str
    path: str
    form: dict[str, str] | None = None
    token: str = ""
    in_letter: bool = False
    entries: int = 0
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    def with_token(self, token: str) -> str:
        """Return the path with something else in the place of the token."""
        return self.path.replace(self.token, token) if self.token else self.path

    @property
    def posted(self) -> dict[str, Any]:
        """What `client.post` takes."""
        if self.body:
            return {"content": self.body, "headers": self.headers}
        return {"data": self.form}


@dataclass
class House:
    """Pages with somebody behind every door: Kari, of whom much is known."""

    world: World
    kari: Someone
    app: Starlette
    doors: dict[str, Door]

    def opened(self, address: str = STRANGER) -> TestClient:
        """Return a browser at some address."""
        return TestClient(
            self.app,
            "https://mail.example.com",
            client=(address, 5000),
            follow_redirects=False,
            raise_server_exceptions=False,
        )

    def looks(self, asked: Iterable[tuple[str, str, str]]) -> set[int]:
        """Ask for pages, one after the other and without a browser's cost.

        Args:
            asked: Methods, paths and what the client calls itself.

        Returns:
            The status codes of all answers.
        """
        return asyncio.run(_ask(self.app, asked))

    def everything(self) -> dict[str, list[Any]]:
        """Return all that the database holds."""
        with self.world.database.read() as connection:
            return {
                name: sorted(map(repr, connection.execute(text(f'SELECT * FROM "{name}"'))))
                for name in inspect(connection).get_table_names()
            }


async def _ask(app: Starlette, asked: Iterable[tuple[str, str, str]]) -> set[int]:
    found: set[int] = set()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            found.add(message["status"])

    for method, url, agent in asked:
        path, _, query = url.partition("?")
        fields = [(b"host", b"mail.example.com"), (b"user-agent", agent.encode())]
        await app(
            {
                "type": "http", "method": method, "path": path, "raw_path": path.encode(),
                "query_string": query.encode(), "headers": fields, "scheme": "https",
                "server": ("mail.example.com", 443), "client": (STRANGER, 5000),
                "root_path": "", "http_version": "1.1", "asgi": {"version": "3.0"},
            },
            receive,
            send,
        )  # fmt: skip
    return found


def routes_of(app: Starlette) -> dict[str, set[str]]:
    """Return the paths of the pages for customers, with their methods."""
    found: dict[str, set[str]] = {}
    for one in app.routes:
        if isinstance(one, Route):
            found.setdefault(one.path, set()).update((one.methods or set()) - {"HEAD"})
    return found


def house_of(world: World, folder: Path, rules: SignUpRules = OPEN) -> House:
    """Make the pages, and somebody behind every door."""
    (folder / "surveys").mkdir(exist_ok=True)
    (folder / "surveys" / "tour.toml").write_text(_SURVEY)
    kari = world.person(KARI)
    with world.database.write() as connection:
        details = get_contact(connection, kari.contact_id).details  # type: ignore[union-attr]
        details.attributes.update(SECRETS)
        change_contacts(connection, [(kari.contact_id, details)], NOW)
    number = _sent(world)
    app = app_of(
        world,
        folder=folder,
        rules=rules,
        lists=lambda: [_LIST],
        mailboxes=(SUPPORT,),
        hooks=HookDoor(world.database, KEYS, lambda: NOW, lambda _: b""),
    )
    house = House(world, kari, app, {})
    with house.opened() as page:
        asked = _asked(world, folder, page)
    house.doors = {
        one.route.strip("/"): one for one in _doors(world, kari, number, **asked)
    }
    return house


def _sent(world: World) -> int:
    """Send a letter to Kari; return its campaign."""
    source = TemplateSource(
        name="digest", subject="News", preview="", kind=Kind.MARKETING, sample={},
        html=_LETTER, text=None, files={},
    )  # fmt: skip
    with world.database.write() as connection:
        number = campaign(connection, Frozen(source, _LIST, "", "", SPECS, ()))
        keep_links(connection, number, [("en", "https://shop.example.com/")])
        image = png()
        keep(connection, Enclosure("a" * 64, "image/png", len(image)), image, NOW)
    plan(jobs_world(world.database), number)
    with world.database.write() as connection:
        people = [1, 2, 3]
        move(connection, number, people, state="accepted", first_attempt_at=NOW)
    return number


def _asked(world: World, folder: Path, page: TestClient) -> dict[str, int]:
    """Let her write to support, sign up, and ask for her page; return the numbers."""
    page.post("/contact/support", data={"email": KARI, "text": ASKED, "sure": "yes"})
    desk = a_desk(world.database, world.logbook, world.ring, ROOT, SUPPORT)
    list(handle_all(desk, NOW))
    page.post("/join/news", data={"email": "eva@example.org"})
    page.post("/me", data={"email": KARI})
    with world.database.read() as connection:
        sign_up = connection.execute(select(table(SignUpRow).c.id)).scalar_one()
        request = connection.execute(select(table(PageRequestRow).c.id)).scalar_one()
    (ticket,) = all_tickets(desk)
    return {"ticket": ticket.id, "sign_up": sign_up, "request": request}


def _doors(
    world: World, kari: Someone, number: int, *, ticket: int, sign_up: int, request: int
) -> Iterator[Door]:
    yield from _of_letters(world, kari, number)
    yield from _of_machines_and_answers(world, ticket, sign_up, request)
    yield from _for_everybody(number)


def _of_letters(world: World, kari: Someone, number: int) -> Iterator[Door]:
    tokens = world.tokens
    (delivery,) = deliveries_of(world.database, number)
    leave = kari.unsubscribe.removeprefix("/u/")
    less = kari.preferences.removeprefix("/p/")
    browser = tokens.for_delivery(TokenKind.BROWSER, delivery.id)
    link = tokens.for_link(Link(number, 0))
    yield Door("/u/{token:path}", f"/u/{leave}", {"leave": "list"}, leave, True, 1)
    yield Door("/p/{token}/{name}", f"/p/{less}/tour", {"a.city": "Oslo"}, less, True)
    yield Door("/p/{token:path}", f"/p/{less}", {"pause": "30"}, less, True)
    yield Door("/r/{token:path}", f"/r/{link}", None, link, True)
    yield Door("/b/{token:path}", f"/b/{browser}", None, browser, True)
    yield Door("/i/{name:path}", f"/i/{'a' * 64}.png", in_letter=True)


def _of_machines_and_answers(
    world: World, ticket: int, sign_up: int, request: int
) -> Iterator[Door]:
    page = world.tokens.for_number(TokenKind.PAGE, request)
    talk = world.tokens.for_number(TokenKind.TICKET_PAGE, ticket)
    joins = world.tokens.for_number(TokenKind.CONFIRM, sign_up)
    headers, body = of_sendgrid([{"event": "delivered", "sg_event_id": "e"}], NOW)
    yield Door("/t/{token:path}", f"/t/{talk}", {"text": "And the red one?"}, talk)
    yield Door("/c/{token:path}", f"/c/{joins}", {"yes": "yes"}, joins, entries=1)
    yield Door("/m/{token:path}", f"/m/{page}", {"open": "yes"}, page)
    yield Door("/hooks/{provider}", "/hooks/sendgrid", {}, headers=headers, body=body)
    yield Door("/health", "/health")
    yield Door("/metrics", "/metrics")


def _for_everybody(number: int) -> Iterator[Door]:
    asks = {"email": NEW_HERE, "text": "Is the blue tent back?", "sure": "yes"}
    joins = {"email": NEW_HERE}
    yield Door("/contact/{name}", "/contact/support", asks)
    yield Door("/join/{name}", "/join/news", joins, in_letter=True, entries=1)
    yield Door("/me", "/me", {"email": KARI}, in_letter=True)
    for route, path in (
        ("/archive/{name}", "/archive/newsletter"),
        ("/archive/{name}/feed.xml", "/archive/newsletter/feed.xml"),
        ("/archive/{name}/{number:int}", f"/archive/newsletter/{number}"),
        ("/answers", "/answers?q=return"),
        ("/answers/{name}", "/answers/returns"),
        ("/privacy", "/privacy"),
    ):
        yield Door(route, path, in_letter=True)

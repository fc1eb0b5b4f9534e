"""Letters on the web: one person's behind its link, and a list's archive with its feed."""

import re
from collections.abc import Generator
from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

import pytest
from audiences import NEWS, NOW, SPECS, add_people, campaign, move, see_list, world
from customers import SITE, World, joining, pages
from sqlalchemy import update
from starlette.testclient import TestClient

from mailer.compose.template import TemplateSource
from mailer.jobs.frozen import Frozen
from mailer.jobs.letters import Letters, Pen
from mailer.jobs.logbook import Logbook
from mailer.jobs.plan import plan
from mailer.model.kind import Kind
from mailer.model.mailinglist import MailingList
from mailer.model.token import TokenKind
from mailer.store.database import Database
from mailer.store.deliveries import deliveries_of
from mailer.store.erasing import erase_contact, erase_letters
from mailer.store.history import claim_to_show
from mailer.store.tables import CampaignRow, ContactRow, table
from mailer.web.app import put_together

HTML = """<html lang="en"><head></head><body>
<p>Hello {{ name|default("friend") }}, {{ country }} <script>alert(1)</script></p>
<p><a href="{{ browser_url }}">In the browser</a> {{ email }}
<a href="{{ unsubscribe_url }}">Leave</a> <a href="{{ preferences_url }}">Less</a></p>
<p>{{ postal_address }}</p></body></html>"""


@dataclass
class Shop:
    """A campaign to three people, two of whose letters have left."""

    world: World
    number: int
    lists: list[MailingList]

    def delivery_of(self, contact_id: int) -> int:
        found = deliveries_of(self.world.database, self.number)
        return next(one.id for one in found if one.contact_id == contact_id)

    def link_of(self, contact_id: int) -> str:
        token = self.world.tokens.for_delivery(
            TokenKind.BROWSER, self.delivery_of(contact_id)
        )
        return f"https://mail.example.com/b/{token}"


def letter(**values: object) -> Frozen:
    source = TemplateSource(
        name="digest",
        subject="News for {{ name|default('all') }}",
        preview="",
        kind=Kind.MARKETING,
        sample={"name": "Ingrid", "country": "NO"},
        html=HTML,
        text=None,
        files={},
    )
    return Frozen(replace(source, **values), NEWS, "", "", SPECS, ())


@pytest.fixture
def shop(database: Database, logbook: Logbook) -> Shop:
    with database.write() as connection:
        see_list(connection)
        add_people(connection, range(1, 4), {"name": "Kari", "country": "SE"})
        number = campaign(connection, letter())
    plan(world(database), number)
    with database.write() as connection:
        move(connection, number, [1, 2], state="accepted", first_attempt_at=NOW)
    return Shop(World(database, logbook), number, [replace(NEWS, archive=True)])


@pytest.fixture
def notice() -> str:
    """What stands above every page."""
    return ""


@pytest.fixture
def rehearsing() -> bool:
    """Whether letters go to nobody."""
    return False


@pytest.fixture
def client(
    shop: Shop, notice: str, *, rehearsing: bool
) -> Generator[TestClient, None, None]:
    app = put_together(
        shop.world.database,
        shop.world.logbook,
        SITE,
        pages(notice=notice),
        lambda: NOW,
        replace(joining(shop.world), rehearsing=rehearsing),
        lists=lambda: shop.lists,
    )
    with TestClient(app, "https://mail.example.com", follow_redirects=False) as opened:
        yield opened


def sent_to(shop: Shop, contact_id: int) -> str:
    """Return the letter as it was sent, as text."""
    with shop.world.database.read() as connection:
        claim = claim_to_show(connection, shop.delivery_of(contact_id))
    assert claim is not None
    pen = Pen(SITE, shop.world.tokens, world(shop.world.database).limits)
    letters = Letters(shop.world.database, pen, lambda _: None)
    letters.get_ready([claim])
    return letters.compose(claim).content.decode().replace("=\r\n", "")


def test_the_link_in_a_letter_shows_that_letter(shop: Shop, client: TestClient):
    link = shop.link_of(1)
    assert link in sent_to(shop, 1).replace("=3D", "=")
    page = client.get(link)
    assert page.status_code == 200
    assert "Hello Kari, SE" in page.text
    assert "person1@example.com" in page.text
    assert link in page.text
    [leave] = re.findall(r'href="(https://mail\.example\.com/u/[^"]+)"', page.text)
    assert leave in sent_to(shop, 1).replace("=3D", "=")
    assert client.get(f"{link}>.").status_code == 200


@pytest.mark.parametrize("notice", ["This is a rehearsal"])
def test_a_letter_of_a_rehearsal_says_so_in_the_browser(shop: Shop, client: TestClient):
    for place in (shop.link_of(1), f"/archive/newsletter/{shop.number}"):
        page = client.get(place).text
        assert page.index("This is a rehearsal") < page.index("Hello"), place


def test_nothing_runs_is_kept_or_is_found_there(shop: Shop, client: TestClient):
    headers = client.get(shop.link_of(1)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_a_link_that_was_changed_or_is_of_another_kind_shows_nothing(
    shop: Shop, client: TestClient
):
    link = shop.link_of(1)
    changed = link[:-1] + ("0" if link[-1] != "0" else "1")
    message = shop.world.tokens.for_delivery(TokenKind.MESSAGE, shop.delivery_of(1))
    nobody = shop.world.tokens.for_delivery(TokenKind.BROWSER, 10**9)
    for one in (changed, "https://mail.example.com/b/", f"/b/{message}", f"/b/{nobody}"):
        assert client.get(one).status_code == 404
    assert client.post(link).status_code == 405


def test_who_was_erased_has_no_letter_any_more(shop: Shop, client: TestClient):
    link = shop.link_of(1)
    with shop.world.database.write() as connection:
        erase_letters(connection, [shop.delivery_of(1)], NOW)
        erase_contact(connection, 1)
    assert client.get(link).status_code == 404
    assert client.get(shop.link_of(2)).status_code == 200


def test_values_are_those_of_now_as_in_a_retry(shop: Shop, client: TestClient):
    people = table(ContactRow)
    with shop.world.database.write() as connection:
        connection.execute(
            update(people).where(people.c.id == 1).values(attributes={"country": "NO"})
        )
    assert "Hello friend, NO" in client.get(shop.link_of(1)).text


def test_an_archive_shows_letters_without_a_person(shop: Shop, client: TestClient):
    page = client.get("/archive/newsletter")
    assert page.status_code == 200
    assert "News for all" in page.text
    assert "noindex" not in page.text
    assert page.headers["X-Robots-Tag"] == "all"
    assert page.headers["Cache-Control"] == "public, max-age=300"
    for language, day in (("en", "November 21, 2026"), ("nb", "21. november 2026")):
        asked = client.get("/archive/newsletter", headers={"Accept-Language": language})
        assert f'<time datetime="2026-11-21">{day}</time>' in asked.text
    one = client.get(f"/archive/newsletter/{shop.number}")
    assert "Hello friend, NO" in one.text, "a fallback, and the sample where there is none"
    assert "sandbox" in one.headers["Content-Security-Policy"]
    links = set(re.findall(r'href="([^"]+)"', one.text))
    assert links == {"https://mail.example.com/archive/newsletter"}
    for personal in ("Kari", "person", "/u/", "/p/", "/b/"):
        assert personal not in one.text.replace("Hello", "")


def test_the_feed_is_atom_and_names_each_letter(shop: Shop, client: TestClient):
    answer = client.get("/archive/newsletter/feed.xml")
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    atom = "{http://www.w3.org/2005/Atom}"
    root = ET.fromstring(answer.content)
    assert root.tag == f"{atom}feed"
    for name in ("id", "title", "updated"):
        assert root.findtext(f"{atom}{name}")
    [entry] = root.findall(f"{atom}entry")
    assert entry.findtext(f"{atom}title") == "News for all"
    assert entry.findtext(f"{atom}updated") == "2026-11-21T09:00:00Z"
    link = entry.find(f"{atom}link")
    assert link is not None
    assert client.get(link.get("href", "")).status_code == 200


@pytest.mark.parametrize("rehearsing", [False, True])
def test_an_archive_shows_no_rehearsal_unless_it_is_one(
    shop: Shop, client: TestClient, *, rehearsing: bool
):
    with shop.world.database.write() as connection:
        connection.execute(update(table(CampaignRow)).values(rehearsal=True))
    shown = 200 if rehearsing else 404
    assert client.get(f"/archive/newsletter/{shop.number}").status_code == shown
    listed = f"/archive/newsletter/{shop.number}" in client.get("/archive/newsletter").text
    fed = f"/{shop.number}" in client.get("/archive/newsletter/feed.xml").text
    assert (listed, fed) == (rehearsing, rehearsing)


def test_a_list_that_wants_no_archive_has_none(shop: Shop, client: TestClient):
    assert client.get("/archive/newsletter").status_code == 200
    shop.lists[:] = [NEWS]
    for path in ("", f"/{shop.number}", "/feed.xml"):
        assert client.get(f"/archive/newsletter{path}").status_code == 404
    assert client.get("/archive/nothing").status_code == 404


def test_what_went_to_some_or_has_not_left_or_cannot_be_shown_is_not_in_it(
    shop: Shop, client: TestClient
):
    with shop.world.database.write() as connection:
        some = campaign(connection, replace(letter(), segment="norway"), name="some")
        waiting = campaign(connection, letter(subject="Waiting"), name="waiting")
        needy = campaign(
            connection, letter(html=HTML + "{{ name }}", sample={}), name="needy"
        )
    for number in (some, waiting, needy):
        plan(world(shop.world.database), number)
    with shop.world.database.write() as connection:
        for number in (some, needy):
            move(connection, number, [1], state="accepted", first_attempt_at=NOW)
    page = client.get("/archive/newsletter").text
    assert page.count("/archive/newsletter/") == 3, "one letter, and the feed twice"
    for number in (some, waiting, needy, 10**30):
        assert client.get(f"/archive/newsletter/{number}").status_code == 404

"""A link that is counted leads on, for everybody, and nobody can make one."""

import pytest
from customers import World
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mailer.model.token import Link, Reader, TokenBox, TokenKind
from mailer.store.clicks import followed, keep_links

URL = "https://shop.test/telt/\u00e6?a=1&b=%20#x"
PHONE = {"User-Agent": "Mozilla/5.0 (iPhone) Safari/604.1"}


@pytest.fixture
def token(world: World) -> str:
    with world.database.write() as connection:
        keep_links(connection, 7, [("en", URL)])
    return TokenBox(world.ring).for_link(Link(7, 0))


def sums(world: World, app: Starlette) -> tuple[int, int]:
    app.state.clicks.write(world.now, everything=True)
    with world.database.read() as connection:
        found = followed(connection, 7)
    return sum(one.people for one in found), sum(one.machines for one in found)


def test_it_leads_on_and_is_counted(
    world: World, app: Starlette, client: TestClient, token: str
):
    for more in ("", "/", ".", ")"):
        answer = client.get(f"/r/{token}{more}", headers=PHONE)
        assert answer.status_code == 302
        assert answer.headers["location"] == "https://shop.test/telt/%C3%A6?a=1&b=%20#x"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers
    assert client.head(f"/r/{token}", headers=PHONE).status_code == 302
    assert sums(world, app) == (4, 1)


def test_nobody_can_make_one(world: World, app: Starlette, client: TestClient, token: str):
    box = TokenBox(world.ring)
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    strangers = [
        "", "x", changed, token[:-1], token + "A", "https://evil.test/", "a" * 5000,
        box.for_reader(TokenKind.UNSUBSCRIBE, Reader(1, 1, 7)),
        box.for_number(TokenKind.CONFIRM, 7 << 16),
        box.for_link(Link(7, 1)), box.for_link(Link(8, 0)),
    ]  # fmt: skip
    for one in strangers:
        answer = client.get(f"/r/{one}", headers=PHONE)
        assert answer.status_code == 404, one
        assert "location" not in answer.headers
    assert client.post(f"/r/{token}").status_code == 405
    assert sums(world, app) == (0, 0)


def test_a_thousand_scanners_change_nobody_s_state(
    world: World, app: Starlette, client: TestClient, token: str
):
    her = world.person()
    before = world.lists_of(her), len(world.entries())
    paths = [f"/r/{token}", her.unsubscribe, her.preferences]
    for number in range(334):
        for path in paths:
            ask = client.head if number % 3 == 0 else client.get
            assert ask(path).status_code in {200, 302}
    assert (world.lists_of(her), len(world.entries())) == before
    assert sums(world, app) == (0, 334)

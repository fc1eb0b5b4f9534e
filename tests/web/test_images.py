"""/i/<hash>: images of letters, the same for ever, and nothing else."""

import hashlib

import pytest
from customers import NOW, World
from images import png
from starlette.testclient import TestClient

from mailer.model.enclosure import Enclosure
from mailer.store.enclosures import keep

IMAGE, PDF = png(), b"%PDF-1.7"


def kept(world: World, content: bytes, kind: str = "image/png") -> str:
    found = hashlib.sha256(content).hexdigest()
    with world.database.write() as connection:
        keep(connection, Enclosure(found, kind, len(content)), content, NOW)
    return found


def test_an_image_is_served_for_ever(world: World, client: TestClient) -> None:
    name = kept(world, IMAGE)
    for path in (f"/i/{name}.png", f"/i/{name}"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.content == IMAGE
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    head = client.head(f"/i/{name}.png")
    assert head.headers["Content-Length"] == str(len(IMAGE))
    assert head.content == b""


def test_who_has_an_image_gets_no_second_copy(world: World, client: TestClient) -> None:
    path = f"/i/{kept(world, IMAGE)}.png"
    tag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": f'W/"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == tag
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/i/",
        "/i/x",
        f"/i/{'0' * 64}.png",
        f"/i/{'0' * 63}",
        f"/i/{'A' * 64}",
        f"/i/{'0' * 64}.png/..",
        "/i/../health",
        "/i/..%2f..%2fkeys.toml",
        "/i/%2e%2e/%2e%2e/etc/passwd",
        "/i//etc/passwd",
        f"/i/{'0' * 64}%00.png",
        f"/i/{'0' * 64}.png%0a",
    ],
)
def test_nothing_else_is_given_out(world: World, client: TestClient, path: str) -> None:
    kept(world, IMAGE)
    answer = client.get(path)
    assert answer.status_code == (200 if path == "/i/../health" else 404)
    assert IMAGE not in answer.content


def test_an_attachment_is_not_served(world: World, client: TestClient) -> None:
    name = kept(world, PDF, "application/pdf")
    assert client.get(f"/i/{name}.pdf").status_code == 404
    assert client.post(f"/i/{name}.png").status_code == 405

"""/hooks/…, as providers post to it."""

import pytest
from customers import NOW, app_of
from signing_hooks import KEYS, certificate, of_postmark, of_sendgrid, of_sns
from starlette.testclient import TestClient

from mailer.jobs.hooks import HookDoor
from mailer.store.tables import IncomingRow

EVENT = {"event": "delivered", "email": "p1@example.com", "sg_event_id": "e-1"}


@pytest.fixture
def posting(world) -> TestClient:
    door = HookDoor(world.database, KEYS, lambda: NOW, lambda _: b"")
    app = app_of(world, hooks=door)
    return TestClient(app, "https://mail.example.com", raise_server_exceptions=False)


def test_what_is_answered_is_on_disk_and_what_is_forged_is_not(posting, world):
    headers, body = of_sendgrid([EVENT], NOW)
    assert posting.post("/hooks/sendgrid", content=body, headers=headers).status_code == 200
    assert world.count(IncomingRow) == 1
    forged = posting.post("/hooks/sendgrid", content=body + b" ", headers=headers)
    assert (forged.status_code, forged.json()) == (403, {"result": "refused"})
    headers, body = of_postmark({"RecordType": "Bounce"}, NOW, "post:guess")
    assert posting.post("/hooks/postmark", content=body, headers=headers).status_code == 403
    assert world.count(IncomingRow) == 1


def test_it_is_posted_again_when_it_can_t_be_kept(posting, world):
    headers, body = of_sendgrid([EVENT], NOW)
    world.rename("incoming", "gone")
    later = posting.post("/hooks/sendgrid", content=body, headers=headers)
    assert later.status_code >= 500
    world.rename("gone", "incoming")
    assert posting.post("/hooks/sendgrid", content=body, headers=headers).status_code == 200
    assert world.count(IncomingRow) == 1


def test_it_is_posted_again_when_amazon_s_certificate_can_t_be_got(world):
    # Amazon posts again what a server could not do, and nothing that it refused.
    there: list[bytes] = []
    door = HookDoor(world.database, KEYS, lambda: NOW, lambda _: there[0] if there else b"")
    app = app_of(world, hooks=door)
    posting = TestClient(app, "https://mail.example.com", raise_server_exceptions=False)
    headers, body = of_sns({"eventType": "Bounce", "bounce": {}}, NOW)
    later = posting.post("/hooks/ses", content=body, headers=headers)
    assert (later.status_code, later.json()) == (503, {"result": "later"})
    assert world.count(IncomingRow) == 0
    there.append(certificate(NOW))
    assert posting.post("/hooks/ses", content=body, headers=headers).status_code == 200
    assert world.count(IncomingRow) == 1


def test_only_posts_to_known_providers_that_are_set_up_are_taken(posting, client):
    assert posting.get("/hooks/sendgrid").status_code == 405
    assert posting.post("/hooks/other", content=b"{}").status_code == 404
    assert client.post("/hooks/sendgrid", content=b"{}").status_code == 404
    large = posting.post("/hooks/sendgrid", content=b"x" * 8_000_001)
    assert large.status_code == 413

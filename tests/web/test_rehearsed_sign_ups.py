"""What was tried in a rehearsal keeps nobody from being asked in earnest."""

import pytest
from customers import NOW, World, app_of
from plans import asked, read_through
from sqlalchemy import select
from starlette.testclient import TestClient

from mailer.jobs.api_keys import make_api_key
from mailer.model.mode import Mode
from mailer.store.tables import DeliveryRow, table

ASKED, WAITING = "confirmation_sent", "waiting"


def ask(world: World, key: str, mode: Mode, idempotency: str | None) -> str:
    """Post somebody without consent, as a shop's program does in a mode."""
    world.mode = mode
    headers = {"Authorization": f"Bearer {key}"}
    if idempotency is not None:
        headers["Idempotency-Key"] = idempotency
    with TestClient(app_of(world), "https://mail.example.com") as client:
        body = {"address": "kari@example.com", "list": "newsletter"}
        answer = client.post("/api/contacts", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    result: str = answer.json()["result"]
    return result


def rehearsed(world: World) -> list[bool]:
    """Return of each letter, oldest first, whether it was a rehearsal's."""
    rows = table(DeliveryRow)
    with world.database.read() as connection:
        found = select(rows.c.rehearsal).order_by(rows.c.id)
        return list(connection.execute(found).scalars())


@pytest.mark.parametrize("idempotency", ["sign-up-7", None])
def test_who_was_asked_in_a_rehearsal_only_is_asked_in_earnest(
    world: World, idempotency: str | None
) -> None:
    key = make_api_key(world.database, "shop", NOW)
    assert ask(world, key, Mode.REHEARSAL, idempotency) == ASKED
    again = ask(world, key, Mode.REHEARSAL, idempotency)
    assert again == (WAITING if idempotency is None else ASKED)
    assert rehearsed(world) == [True]
    assert ask(world, key, Mode.LIVE, idempotency) == ASKED
    again = ask(world, key, Mode.LIVE, idempotency)
    assert again == (WAITING if idempotency is None else ASKED)
    # Asked once in earnest, however often she is posted.
    assert ask(world, key, Mode.LIVE, "another") == WAITING
    assert rehearsed(world) == [True, False]


def test_whoever_asks_reads_no_table_of_letters_through(world: World) -> None:
    key = make_api_key(world.database, "shop", NOW)
    assert ask(world, key, Mode.REHEARSAL, None) == ASKED
    with asked(world.database) as noted:
        assert ask(world, key, Mode.LIVE, None) == ASKED
        assert ask(world, key, Mode.LIVE, None) == WAITING
    assert "delivery" not in read_through(world.database, noted)

"""The ledger's head goes out by letter, once a day."""

from datetime import timedelta
from pathlib import Path

import pytest
from audiences import NOW, RING, make_folder, world
from sqlalchemy import select

from mailer.errors import WorkspaceError
from mailer.jobs.frozen import unpack
from mailer.jobs.mail_anchor import mail_anchor
from mailer.model.delivery import CauseKind
from mailer.store.campaigns import frozen
from mailer.store.contents import content_hash_of
from mailer.store.database import Database
from mailer.store.tables import DeliveryRow, table
from mailer.workspace.checkpoints import read_checkpoints


def test_the_head_is_mailed_once_a_day_and_is_the_one_in_the_file(
    database: Database, tmp_path: Path
) -> None:
    around = world(database, str(make_folder(tmp_path / "shop")))
    kept = str(tmp_path / "checkpoints.jsonl")

    def mailed(days: int, to: str = "notary@example.com") -> bool:
        return mail_anchor(around, RING, kept, to, NOW + timedelta(days=days))

    assert [mailed(0), mailed(0), mailed(1), mailed(2, to="")] == [True, False, True, False]
    rows = table(DeliveryRow)
    with database.read() as connection:
        letters = connection.execute(select(rows).order_by(rows.c.id)).all()
        assert [(one.kind, one.address) for one in letters] == [
            ("alarm", "notary@example.com")
        ] * 2
        content_hash = content_hash_of(connection, CauseKind.ALARM, letters[0].cause_id)
        assert content_hash is not None
        text = unpack(frozen(connection, content_hash)).source.text
    assert text is not None
    first, _ = read_checkpoints(kept)
    assert f"head: {first.mac.hex()}" in text
    assert f"entries: {first.number}" in text


def test_a_head_that_has_no_room_is_mailed_on_the_same_day_when_there_is_some(
    database: Database, tmp_path: Path
) -> None:
    around = world(database, str(make_folder(tmp_path / "shop")))
    disk = tmp_path / "disk"

    def mailed() -> bool:
        kept = str(disk / "checkpoints.jsonl")
        return mail_anchor(around, RING, kept, "notary@example.com", NOW)

    with pytest.raises(WorkspaceError, match="cannot be written"):
        mailed()
    disk.mkdir()
    assert [mailed(), mailed()] == [True, False]

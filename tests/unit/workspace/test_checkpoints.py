"""The ledger's checkpoints, kept where the database is not."""

from datetime import UTC, datetime

import pytest

from mailer.errors import WorkspaceError
from mailer.model.chain import Checkpoint
from mailer.workspace.checkpoints import append_checkpoint, read_checkpoints

NOW = datetime(2026, 5, 1, 12, 0, 0, 123, tzinfo=UTC)
ONE, TWO = Checkpoint(7, b"m" * 32, NOW), Checkpoint(9, b"n" * 32, NOW)


def test_checkpoints_come_back_as_they_were(tmp_path):
    path = str(tmp_path / "ledger-checkpoints.jsonl")
    assert read_checkpoints(path) == ()
    append_checkpoint(path, ONE)
    append_checkpoint(path, TWO)
    assert read_checkpoints(path) == (ONE, TWO)


def test_a_line_that_a_crash_cut_short_was_never_one(tmp_path):
    path = tmp_path / "ledger-checkpoints.jsonl"
    append_checkpoint(str(path), ONE)
    append_checkpoint(str(path), TWO)
    path.write_bytes(path.read_bytes()[:-5])
    assert read_checkpoints(str(path)) == (ONE,)
    append_checkpoint(str(path), TWO)
    assert read_checkpoints(str(path)) == (ONE, TWO)


@pytest.mark.parametrize(
    "line", ["x", "{}", '{"number": 1, "mac": "zz", "at": "2026"}', "[]"]
)
def test_a_line_that_says_nothing_is_named(tmp_path, line):
    path = tmp_path / "ledger-checkpoints.jsonl"
    append_checkpoint(str(path), ONE)
    path.write_text(path.read_text() + f"{line}\n")
    with pytest.raises(WorkspaceError, match="line 2: no checkpoint"):
        read_checkpoints(str(path))

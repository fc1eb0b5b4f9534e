"""Copies: whole or not there, and never over another file."""

import os
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailer.errors import RefusedError
from mailer.workspace.backup import new_copy, swap_in, upgrade_copy


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, text: str) -> None:
    with new_copy(str(path)) as part:
        Path(part).write_text(text, encoding="utf-8")


def test_a_copy_gets_its_name_when_it_is_whole(tmp_path: Path):
    path = tmp_path / "sub" / "a.db"
    write(path, "whole")
    assert path.read_text(encoding="utf-8") == "whole"
    assert names(path.parent) == ["a.db"]


def test_only_its_owner_can_read_a_copy(tmp_path: Path):
    write(tmp_path / "a.db", "personal")
    assert stat.S_IMODE((tmp_path / "a.db").stat().st_mode) == 0o600


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), new_copy(str(tmp_path / "a.db")):
        _ = 1 / 0
    assert names(tmp_path) == []


_KILLED = """
import os, signal, sqlite3, sys
from mailer.workspace.backup import new_copy
with new_copy(sys.argv[1]) as part:
    copy = sqlite3.connect(part)
    copy.execute("CREATE TABLE person (name)")
    copy.execute("INSERT INTO person VALUES ('Kari')")
    if sys.argv[2] == "whole":
        copy.commit()
    else:
        # Some of it is in the file, as of a copy that is larger than the memory for it.
        copy.execute("PRAGMA cache_spill = 1")
        copy.execute("PRAGMA cache_size = 2")
        copy.executemany("INSERT INTO person VALUES (?)", [("Kari" * 999,)] * 99)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("how_far", ["whole", "half"])
def test_the_next_copy_takes_away_what_one_that_was_killed_began(
    tmp_path: Path, how_far: str
):
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(tmp_path / "a.db"), how_far], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert names(tmp_path) != []
    write(tmp_path / "b.db", "whole")
    assert names(tmp_path) == ["b.db"]


def test_a_copy_that_another_one_writes_is_left_alone(tmp_path: Path):
    with new_copy(str(tmp_path / "a.db")) as part:
        Path(part).write_bytes(b"SQLite format 3\0 and more")
        write(tmp_path / "b.db", "whole")
    assert names(tmp_path) == ["a.db", "b.db"]


def test_files_of_others_that_are_named_so_are_left_alone(tmp_path: Path):
    (tmp_path / ".film.123.part").write_text("half a film", encoding="utf-8")
    (tmp_path / ".data.db").write_bytes(b"SQLite format 3\0 and more")
    os.mkfifo(tmp_path / ".pipe.1.part")
    write(tmp_path / "b.db", "whole")
    assert names(tmp_path) == [".data.db", ".film.123.part", ".pipe.1.part", "b.db"]


def test_a_copy_is_never_written_over_a_file(tmp_path: Path):
    write(tmp_path / "a.db", "first")
    with pytest.raises(RefusedError, match="exists"):
        write(tmp_path / "a.db", "second")
    assert (tmp_path / "a.db").read_text(encoding="utf-8") == "first"


def test_a_file_that_comes_up_meanwhile_is_kept(tmp_path: Path):
    with (
        pytest.raises(RefusedError, match="exists"),
        new_copy(str(tmp_path / "a.db")),
    ):
        (tmp_path / "a.db").write_text("other", encoding="utf-8")
    assert (tmp_path / "a.db").read_text(encoding="utf-8") == "other"
    assert names(tmp_path) == ["a.db"]


def test_the_copy_before_an_upgrade_says_from_which_version_and_when():
    now = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    assert upgrade_copy("/x/mailer.db", "0001", now) == (
        "/x/mailer.db.0001-20261121-093000.backup"
    )


def test_what_is_replaced_twice_in_a_second_is_kept_twice(tmp_path: Path):
    now = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    database = tmp_path / "mailer.db"
    for text in ("first", "second", "third"):
        prepared = tmp_path / "prepared"
        prepared.write_text(text, encoding="utf-8")
        swap_in(str(prepared), str(database), now)
    kept = "mailer.db.replaced-20261121-093000"
    assert names(tmp_path) == ["mailer.db", kept, f"{kept}-2"]
    held = [(tmp_path / name).read_text(encoding="utf-8") for name in names(tmp_path)]
    assert held == ["third", "first", "second"]


def test_an_upgrade_that_was_killed_in_this_second_is_no_hindrance(tmp_path: Path):
    now = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    for _ in range(2):
        write(Path(upgrade_copy(str(tmp_path / "mailer.db"), "0001", now)), "whole")
    copy = "mailer.db.0001-20261121-093000"
    assert names(tmp_path) == [f"{copy}-2.backup", f"{copy}.backup"]

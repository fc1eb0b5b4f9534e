"""Files: a crash leaves the old or the new one, and a mistake names the file."""

import os
import resource
import stat
from pathlib import Path

import pytest

from mailer.errors import WorkspaceError
from mailer.workspace.files import (
    PRIVATE,
    exists,
    inside,
    read_secret,
    read_text,
    replace,
    write_new,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_relative_path_begins_in_the_workspace(tmp_path: Path):
    assert inside(str(tmp_path), "a/b.toml") == str(tmp_path / "a" / "b.toml")
    assert inside(str(tmp_path), "/etc/x") == "/etc/x"


def test_a_new_file_is_never_written_over_another(tmp_path: Path):
    path = str(tmp_path / "sub" / "a.toml")
    assert write_new(path, b"one")
    assert not write_new(path, b"two")
    assert Path(path).read_bytes() == b"one"
    assert names(tmp_path / "sub") == ["a.toml"]


def test_a_private_file_can_be_read_by_its_owner_only(tmp_path: Path):
    path = tmp_path / "keys.toml"
    write_new(str(path), b"one", PRIVATE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    replace(str(path), b"two", PRIVATE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"two"


def test_a_part_left_by_a_crash_is_no_hindrance(tmp_path: Path):
    part = tmp_path / f".a.toml.{os.getpid()}.part"
    part.write_text("half", encoding="utf-8")
    replace(str(tmp_path / "a.toml"), b"whole")
    assert names(tmp_path) == ["a.toml"]


def test_what_has_no_room_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path):
    file = tmp_path / "a.json"
    replace(str(file), b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            replace(str(file), b"new" * 4096)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(WorkspaceError, match=r"lists/a.toml: there is no such file"):
        read_text(str(tmp_path / "a.toml"), "lists/a.toml")


def test_a_file_in_another_encoding_is_named_with_the_place(tmp_path: Path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"title = 'K\xf8benhavn'")
    with pytest.raises(WorkspaceError, match=r"a.toml: byte 10 is not UTF-8"):
        read_text(str(path), "a.toml")


def test_a_byte_order_mark_is_no_text(tmp_path: Path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfid = 1")
    assert read_text(str(path), "a.toml") == "id = 1"


def test_a_folder_instead_of_a_file_is_named(tmp_path: Path):
    with pytest.raises(WorkspaceError, match=r"a.toml cannot be read"):
        read_text(str(tmp_path), "a.toml")


def test_a_secret_is_the_first_line_of_its_file(tmp_path: Path):
    path = tmp_path / "password"
    path.write_text("hunter2\nnote\n", encoding="utf-8")
    assert read_secret(str(path), "password") == "hunter2"


def test_an_empty_secret_is_refused(tmp_path: Path):
    path = tmp_path / "password"
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(WorkspaceError, match="password is empty"):
        read_secret(str(path), "password")


def test_existing_says_so(tmp_path: Path):
    assert exists(str(tmp_path))
    assert not exists(str(tmp_path / "nothing"))

"""The key file: what is written is read back, and a damaged one is named."""

import stat
from pathlib import Path

import pytest
from permissions import anybody_s_folder, unreadable

from mailer.errors import KeyFileError
from mailer.model.key import Key, KeyRing, Purpose
from mailer.workspace.keyfile import read_keys, replace_keys, write_new_keys


def test_keys_are_read_back_oldest_first(tmp_path: Path, ring: KeyRing):
    path = str(tmp_path / "keys.toml")
    assert write_new_keys(path, KeyRing(ring.keys[::-1]))
    assert read_keys(path) == ring


def test_a_key_file_is_never_written_over(tmp_path: Path, ring: KeyRing):
    path = str(tmp_path / "keys.toml")
    write_new_keys(path, ring)
    assert not write_new_keys(path, KeyRing(()))
    assert read_keys(path) == ring


def test_only_its_owner_can_read_it(tmp_path: Path, ring: KeyRing):
    path = tmp_path / "keys.toml"
    write_new_keys(str(path), ring)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    replace_keys(str(path), KeyRing((*ring.keys, Key(4, Purpose.TOKEN, b"n" * 32))))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_keys(str(path)).newest(Purpose.TOKEN).id == 4


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path):
    path = tmp_path / "keys.toml"
    with pytest.raises(KeyFileError) as caught:
        read_keys(str(path))
    assert str(path) in str(caught.value)
    assert "bring back this file" in str(caught.value)


def test_a_file_of_somebody_else_is_not_called_lost(ring: KeyRing):
    with anybody_s_folder() as folder:
        path = folder / "keys.toml"
        write_new_keys(str(path), ring)
        with unreadable(path), pytest.raises(KeyFileError) as caught:
            read_keys(str(path))
    assert str(caught.value) == (
        f"{path} cannot be read: Permission denied: let the user that runs this program"
        " read it (chown, chmod)"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("id = 2", "id = 1"), "two keys have the same id"),
        (("id = 2", "id = 256"), "must be 1 … 255"),
        (('"ledger"', '"legder"'), "must be token, ledger, suppression"),
        (('secret = "bGxs', 'secret = "Gxs'), "the secret is damaged"),
        (('secret = "bGxs', 'secret = "?Gxs'), "the secret is damaged"),
        (("secret", "secert"), "secret is missing"),
        (("[[keys]]", "[[keys"), "keys.toml"),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_a_damaged_file_is_refused(
    tmp_path: Path, ring: KeyRing, change: tuple[str, str], words: str
):
    path = tmp_path / "keys.toml"
    write_new_keys(str(path), ring)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(KeyFileError) as caught:
        read_keys(str(path))
    assert words in str(caught.value)


def test_no_message_holds_a_secret(tmp_path: Path, ring: KeyRing):
    path = tmp_path / "keys.toml"
    write_new_keys(str(path), ring)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("id = 2\n", 'id = "x"\n'), encoding="utf-8")
    with pytest.raises(KeyFileError) as caught:
        read_keys(str(path))
    assert "bGxs" not in str(caught.value)

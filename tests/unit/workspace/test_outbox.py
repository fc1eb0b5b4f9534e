"""The outbox of a rehearsal: a file for each letter, in the folder and nowhere else."""

import stat
from pathlib import Path

import pytest

from mailer.model.letter import Letter
from mailer.workspace.outbox import Outbox


def letter(recipient: str = "kari@example.com", number: str = "1") -> Letter:
    return Letter("b@example.com", recipient, b"Subject: Hi\r\n\r\nHello\r\n", number)


def test_a_letter_is_in_a_file_named_for_whom_it_was_for(tmp_path: Path):
    box = Outbox(str(tmp_path / "outbox"), "outbox")
    name = box.keep(letter())
    assert name.startswith("outbox/kari@example.com-")
    file = tmp_path / name
    assert file.read_bytes() == letter().content
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_same_letter_has_the_same_file_and_another_another(tmp_path: Path):
    box = Outbox(str(tmp_path), "outbox")
    assert box.keep(letter()) == box.keep(letter())
    assert box.keep(letter(number="2")) != box.keep(letter())
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    "recipient",
    [
        "../../etc/passwd@example.com",
        "a/b@example.com",
        ".hidden@example.com",
        "bjørn@xn--blbr-roah.example.com",
        "x" * 64 + "@" + "y." * 90 + "example.com",
        "a\0b@example.com",
    ],
)
def test_no_address_leads_out_of_the_folder(tmp_path: Path, recipient: str):
    inner = tmp_path / "outbox"
    Outbox(str(inner), "outbox").keep(letter(recipient))
    assert [one.parent for one in tmp_path.rglob("*.eml")] == [inner]
    assert not [one for one in inner.iterdir() if one.name.startswith(".")]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path):
    taken = tmp_path / "outbox"
    taken.write_text("a file, where the folder should be", encoding="utf-8")
    with pytest.raises(OSError, match="exists"):
        Outbox(str(taken), "outbox").keep(letter())
    assert list(tmp_path.iterdir()) == [taken]

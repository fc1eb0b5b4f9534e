"""A full disk: each command says so in words, and loses nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from journey.program import LIMITED, MAILER, Shop


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A file to which nothing can be written: the kernel says that the disk is full."""
    device = Path("/dev/full")
    assert device.exists(), "this needs the device /dev/full, which every Linux has"
    return device


def test_an_export_to_a_full_disk_says_so(shop: Shop, full: Path):
    shop.make(1)
    shop.import_people([f"p{number}@example.com,P" for number in range(2_000)])
    with full.open("wb") as disk:
        ended = subprocess.run(
            [*MAILER, "-w", str(shop.folder), "contact", "export"],
            stdout=disk, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert ended.returncode == 2
    assert "No space left on device: make room on the disk" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(("db", "backup", "copy.db"), id="backup"),
        pytest.param(
            ("template", "preview", "autumn-sale", "--html", "x.html"), id="preview"
        ),
    ],
)
def test_what_cannot_write_its_file_names_it(shop: Shop, order: tuple[str, ...]):
    shop.make(1)
    # The same errors as on a full disk, from a folder where nothing may be made.
    file = order[-1]
    code = (
        "import errno, os, sys\n"
        "from mailer.cli.main import run\n"
        "real = os.open\n"
        "def no_room(path, flags, *rest, **more):\n"
        f"    ours = {file!r} in str(path) or 'checkpoints' in str(path)\n"
        "    if flags & os.O_CREAT and ours:\n"
        "        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))\n"
        "    return real(path, flags, *rest, **more)\n"
        "os.open = no_room\n"
        "run()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, "-w", str(shop.folder), *order],
        cwd=shop.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    assert "No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "yes" in shop.run("db", "verify")


def test_a_backup_that_finds_no_room_to_be_brought_back_to_is_not_called_bad(shop: Shop):
    shop.make(1)
    backup = shop.folder / "monday.db"
    shop.run("db", "backup", str(backup))
    before = (shop.folder / "mailer.db").read_bytes()
    most = str(backup.stat().st_size // 2)
    program = [*MAILER, "-w", str(shop.folder), "db", "restore", str(backup)]
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, most, *program],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    assert f"{backup} is whole, and nothing was changed: make room" in ended.stderr
    assert "take another" not in ended.stderr
    assert list(shop.folder.glob("mailer.db.restoring*")) == []
    assert (shop.folder / "mailer.db").read_bytes() == before
    assert "brought back" in shop.run("db", "restore", str(backup))

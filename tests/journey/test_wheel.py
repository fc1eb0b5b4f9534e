"""What is published: the wheel alone makes a workspace that works."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files, without the repository around them."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"),
            *("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT),
        ],
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    return folder / "site"


def mailer(installed: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mailer", *arguments],
        env={**os.environ, "PYTHONPATH": str(installed)},
        cwd=installed.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_init_works_from_the_wheel_alone(installed: Path, tmp_path: Path):
    shop = tmp_path / "my shop"
    assert "made  templates/mail/autumn-sale/body.html" in mailer(
        installed, "init", str(shop)
    )
    assert "the file is whole" in mailer(installed, "-w", str(shop), "db", "verify")
    for kind in ("lists", "schedules", "templates"):
        ours = sorted(
            path.relative_to(ROOT)
            for path in (ROOT / kind).rglob("*")
            if path.is_file() and not path.name.startswith(".")
        )
        theirs = sorted(path.relative_to(shop) for path in (shop / kind).rglob("*.*"))
        assert theirs == ours


def test_the_wheel_has_the_migrations_and_the_types(installed: Path):
    assert (installed / "mailer" / "py.typed").exists()
    versions = installed / "mailer" / "store" / "migrations" / "versions"
    ours = ROOT / "mailer" / "store" / "migrations" / "versions"
    assert sorted(path.name for path in versions.glob("*.py")) == sorted(
        path.name for path in ours.glob("*.py")
    )

"""The demonstration runs through, and its sums add up."""

import subprocess
import sys
from pathlib import Path


def test_the_demonstration_ends_well(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "mailer", "demo", str(tmp_path / "shop"), "--people", "400"],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "DOES NOT HOLD" not in ran.stdout
    assert ran.stdout.count("  holds: ") == 7
    for state in ("accepted", "refused", "withheld"):
        assert f"Why was this letter {state}?" in ran.stdout


def test_a_folder_that_is_a_workspace_already_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("# mine")
    ran = subprocess.run(
        [sys.executable, "-m", "mailer", "demo", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "is a workspace already" in ran.stderr
    assert (tmp_path / "config.toml").read_text() == "# mine"

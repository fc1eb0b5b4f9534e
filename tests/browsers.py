"""Chromium for tests: the machine's own. `python tests/browsers.py` installs it by apt."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--window-size=1000,1600",
)  # fmt: skip
_WITHIN_S = 240


def chromium() -> str:
    """Return the browser's path; a machine without it is told what it misses."""
    found = next((path for one in _NAMES if (path := shutil.which(one))), None)
    assert found, "the package chromium is missing: apt-get install chromium"
    return found


def shown(page: Path, *, dark: bool) -> str:
    """Open a page as people with dark or light screens see it; return what became of it."""
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [
                *(chromium(), *QUIET, scheme, f"--user-data-dir={profile}"),
                *("--virtual-time-budget=10000", "--dump-dom", page.as_uri()),
            ],
            capture_output=True,
            text=True,
            timeout=_WITHIN_S,
            check=True,
        )
    return done.stdout


def install() -> None:
    """Install it where that is allowed without asking anybody; else say what is missing."""
    if any(map(shutil.which, _NAMES)):
        return
    may = [] if os.geteuid() == 0 else ["sudo", "-n"]
    install = ("apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium")
    for order in (install, ("apt-get", "update", "-q"), install):
        if shutil.which([*may, *order][0]) is not None:
            subprocess.run([*may, *order], capture_output=True, check=False)
        if any(map(shutil.which, _NAMES)):
            return
    print("tests in a browser will miss the package chromium", file=sys.stderr)


if __name__ == "__main__":
    install()

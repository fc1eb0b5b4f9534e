"""Files that the user of the tests may not read, also where that is root."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_NOBODY = 65534


@contextmanager
def anybody_s_folder() -> Generator[Path, None, None]:
    """Make a folder that each user of the machine can look into."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


@contextmanager
def unreadable(path: Path) -> Generator[None, None, None]:
    """Take from everybody the leave to read something, and from root to be root."""
    mode, root = path.stat().st_mode, os.geteuid() == 0
    path.chmod(0)
    if root:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        path.chmod(mode)

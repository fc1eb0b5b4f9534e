"""`templates/canned/*.txt`: answers that a workspace gives often."""

from pathlib import Path

from mailer.compose.canned import ENDING, FOLDER
from mailer.workspace.files import read_text


def read_canned(folder: str) -> dict[str, str]:
    """Return the texts by file name; only the workspace's own.

    Raises:
        WorkspaceError: when a file cannot be read, or is not UTF-8.
    """
    return {
        path.name: read_text(str(path), f"{FOLDER}/{path.name}")
        for path in sorted(Path(folder, FOLDER).glob(f"[!.]*{ENDING}"))
    }

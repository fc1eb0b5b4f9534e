"""The marketer's folder: where each file is, and what the files of one kind are called."""

from pathlib import Path

from mailer.workspace.files import inside
from mailer.workspace.tomlfiles import read_toml

CONFIG = "config.toml"


def read_config(folder: str) -> dict[str, object]:
    """Read `config.toml` as it is written; nothing when there is none.

    Raises:
        WorkspaceError: when the folder is no workspace, or the file does not parse.
    """
    return read_toml(inside(folder, CONFIG), CONFIG)


def names(folder: str, kind: str) -> list[str]:
    """Return the names of all `<kind>/<name>.toml`, sorted."""
    return sorted(path.stem for path in Path(folder, kind).glob("[!._]*.toml"))

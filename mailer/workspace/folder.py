"""The marketer's folder: where each file is, and what the files of one kind are called."""

from pathlib import Path

from mailer.errors import WorkspaceError
from mailer.workspace.files import exists, inside
from mailer.workspace.tomlfiles import read_toml

CONFIG = "config.toml"


def read_config(folder: str) -> dict[str, object]:
    """Read `config.toml` as it is written.

    Raises:
        WorkspaceError: when the folder is no workspace, or the file does not parse.
    """
    path = inside(folder, CONFIG)
    if not exists(path):
        raise WorkspaceError(
            f"there is no {path}: go into a workspace's folder, name it with"
            " `mailer --workspace DIR`, or make one with `mailer init DIR`"
        )
    return read_toml(path, CONFIG)


def names(folder: str, kind: str) -> list[str]:
    """Return the names of all `<kind>/<name>.toml`, sorted."""
    return sorted(path.stem for path in Path(folder, kind).glob("[!._]*.toml"))

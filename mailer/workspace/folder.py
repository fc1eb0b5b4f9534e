"""The marketer's folder: where each file is, and what the files of one kind are called."""

import stat
from pathlib import Path

from mailer.errors import WorkspaceError
from mailer.workspace.files import exists, inside, read_text, replace
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


def append_to_config(folder: str, text: str, *, write: bool) -> str:
    """Return `config.toml` with something behind it, and write it so.

    Args:
        write: Without it nothing is changed.

    Raises:
        WorkspaceError: when it cannot be read or written.
    """
    path = inside(folder, CONFIG)
    whole = f"{read_text(path, CONFIG).rstrip()}\n{text}"
    if write:
        try:
            replace(path, whole.encode(), stat.S_IMODE(Path(path).stat().st_mode))
        except OSError as problem:
            raise WorkspaceError(f"{path} cannot be written: {problem.strerror}") from None
    return whole


def names(folder: str, kind: str) -> list[str]:
    """Return the names of all `<kind>/<name>.toml`, sorted."""
    return sorted(path.stem for path in Path(folder, kind).glob("[!._]*.toml"))

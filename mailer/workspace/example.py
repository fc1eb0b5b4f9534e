"""The example workspace: in the installed package, or at the top of the repository."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

KINDS = ("lists", "schedules", "templates")

GITIGNORE = """\
# What must not get into git: the keys, a password, the state.
/keys.toml
/dkim/
/relay-password
/mailer.db*
/logbook/
/backups/
/outbox/
*.rejected.csv
"""


def example_files() -> dict[str, bytes]:
    """Return the files of the example by their path in the workspace, sorted."""
    root = _root()
    found: dict[str, bytes] = {".gitignore": GITIGNORE.encode()}
    for kind in KINDS:
        found |= _under(root / kind, kind)
    return dict(sorted(found.items()))


def example_texts(folder: str, ending: str) -> dict[str, str]:
    """Return the example's files in one folder that end so, by name, sorted; {} if none.

    Args:
        folder: Such as `templates/web`; those in folders of it are left out.
    """
    there = _root().joinpath(*folder.split("/"))
    if not there.is_dir():
        return {}
    names = (one.name for one in there.iterdir() if one.is_file())
    wanted = (name for name in names if name.endswith(ending) and name[0] != ".")
    return {name: (there / name).read_bytes().decode() for name in sorted(wanted)}


def example_folder() -> str:
    """Return where the example lies, to read a file of it that a workspace has not."""
    return str(_root())


def _root() -> Traversable:
    packed = files("mailer") / "example"
    if packed.is_dir():
        return packed
    # An editable install: the example is the repository's own folders.
    return Path(__file__).parent.parent.parent


def _under(folder: Traversable, path: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for one in folder.iterdir():
        if one.name.startswith("."):
            continue
        inner = f"{path}/{one.name}"
        found |= _under(one, inner) if one.is_dir() else {inner: one.read_bytes()}
    return found

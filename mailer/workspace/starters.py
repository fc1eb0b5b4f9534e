"""What a new letter begins with: a starter of the workspace, or else of the example.

A starter is a folder in `templates/mail/_starters/`, with the name of the layout that it
uses. Layouts that an older workspace lacks come with it.
"""

from pathlib import Path

from mailer.compose.template import FOLDER, SETTINGS_FILE
from mailer.workspace.example import example_files
from mailer.workspace.files import inside, write_new

_STARTERS = f"{FOLDER}/_starters/"
_LAYOUTS = f"{FOLDER}/_layouts/"


def starters(folder: str) -> dict[str, dict[str, bytes]]:
    """Return the files of all starters: by the starter's name, then by their path in it."""
    found = _sorted_out(
        {
            path.removeprefix(_STARTERS): content
            for path, content in example_files().items()
            if path.startswith(_STARTERS)
        }
    )
    return found | _sorted_out(_under(Path(folder, _STARTERS)))


def letter_files(folder: str, name: str) -> dict[str, bytes]:
    """Return the files of a template of the workspace by their path in it."""
    return _under(Path(folder, FOLDER, name))


def has_letter(folder: str, name: str) -> bool:
    """Say whether there is a template by that name, or a folder of it with files."""
    place = Path(folder, FOLDER, name)
    return place.exists() and (not place.is_dir() or any(place.iterdir()))


def write_letter(folder: str, name: str, files: dict[str, bytes]) -> list[str]:
    """Write a new template, and the layouts that the workspace lacks.

    Returns:
        The paths of what was written. Nothing is overwritten.
    """
    # The settings come last: a folder without them is no template yet.
    order = sorted(files, key=lambda path: (path == SETTINGS_FILE, path))
    wanted = {
        path: content
        for path, content in example_files().items()
        if path.startswith(_LAYOUTS)
    } | {f"{FOLDER}/{name}/{path}": files[path] for path in order}
    return [
        path for path, content in wanted.items() if write_new(inside(folder, path), content)
    ]


def _under(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def _sorted_out(files: dict[str, bytes]) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        name, _, inner = path.partition("/")
        if inner:
            found.setdefault(name, {})[inner] = content
    return {name: one for name, one in found.items() if SETTINGS_FILE in one}

"""`templates/web/*.html`: the pages that customers see, a workspace's or the example's."""

from pathlib import Path

from mailer.errors import WorkspaceError
from mailer.workspace.example import example_files
from mailer.workspace.files import read_text

FOLDER = "templates/web"
_ENDING = ".html"


def read_web_pages(folder: str) -> dict[str, str]:
    """Return the sources of all pages by file name, the example's where one is missing.

    Raises:
        WorkspaceError: when a file cannot be read, or is not UTF-8.
    """
    pages = {
        path.removeprefix(f"{FOLDER}/"): content.decode()
        for path, content in example_files().items()
        if path.startswith(f"{FOLDER}/") and path.endswith(_ENDING)
    }
    if not pages:
        raise WorkspaceError(
            f"the program was installed without its {FOLDER}: install it again"
        )
    for path in sorted(Path(folder, FOLDER).glob(f"[!.]*{_ENDING}")):
        pages[path.name] = read_text(str(path), f"{FOLDER}/{path.name}")
    return pages

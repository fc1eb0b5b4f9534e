"""`templates/web/*.html`: the pages that customers see, a workspace's or the example's."""

from pathlib import Path

from mailer.errors import WorkspaceError
from mailer.workspace.example import example_texts
from mailer.workspace.files import read_text

FOLDER = "templates/web"
WORDS_FOLDER = f"{FOLDER}/words"


def read_web_pages(folder: str) -> dict[str, str]:
    """Return the sources of all pages by file name, the example's where one is missing.

    Raises:
        WorkspaceError: when a file cannot be read, or is not UTF-8.
    """
    pages = files_below(folder, FOLDER, ".html")
    if not pages:
        raise WorkspaceError(
            f"the program was installed without its {FOLDER}: install it again"
        )
    return pages


def read_web_words(folder: str) -> dict[str, str]:
    """Return the catalogues of the pages' words by language, as `read_web_pages` does."""
    found = files_below(folder, WORDS_FOLDER, ".po")
    return {name.removesuffix(".po"): source for name, source in found.items()}


def files_below(folder: str, below: str, ending: str) -> dict[str, str]:
    """Return the files of a folder that end so by name, the example's below them."""
    found = example_texts(below, ending)
    for path in sorted(Path(folder, below).glob(f"[!.]*{ending}")):
        found[path.name] = read_text(str(path), f"{below}/{path.name}")
    return found

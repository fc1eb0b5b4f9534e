"""`templates/answers/*.md`: what people are answered before they ask, in each language.

`returns.md` is in English, `returns.nb.md` in Norwegian. The first line is the title
(`# Sending something back`); a comment below it (`<!-- asked: refund, wrong size -->`) has
other words that people ask for it with.
"""

import re
from pathlib import Path

from mailer.compose.languages import FALLBACK, in_small
from mailer.errors import WorkspaceError
from mailer.model.article import Article
from mailer.workspace.files import read_text

FOLDER = "templates/answers"
ENDING = ".md"

_NAME = re.compile(r"([a-z0-9][a-z0-9-]{0,60})(?:\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?))?")
_TITLE = re.compile(r"\s*#[ \t]+([^\n]{1,200})\n?")
_ASKED = re.compile(r"\s*<!--\s*asked:\s*(.{1,2000}?)-->", re.DOTALL)


def read_articles(folder: str) -> tuple[Article, ...]:
    """Read all articles of a workspace; it has none where it has no such folder.

    The example's stand in for nobody's: what they promise is not theirs.

    Raises:
        WorkspaceError: names the file and what is wrong with it.
    """
    return tuple(
        article_of(path.name, read_text(str(path), f"{FOLDER}/{path.name}"))
        for path in sorted(Path(folder, FOLDER).glob(f"[!.]*{ENDING}"))
    )


def articles_seen(folder: str) -> tuple[tuple[str, int, int], ...]:
    """Return what is another when a file of theirs is: names, times and sizes."""
    found: list[tuple[str, int, int]] = []
    for path in sorted(Path(folder, FOLDER).glob(f"[!.]*{ENDING}")):
        try:
            one = path.stat()
        except OSError:
            continue
        found.append((path.name, one.st_mtime_ns, one.st_size))
    return tuple(found)


def articles_problem(folder: str) -> str | None:
    """Return what is wrong with a workspace's articles, "" for nothing; None without any.

    Each is read by itself, so that all that is wrong is named at once.
    """
    found: list[str] = []
    paths = sorted(Path(folder, FOLDER).glob(f"[!.]*{ENDING}"))
    for path in paths:
        try:
            article_of(path.name, read_text(str(path), f"{FOLDER}/{path.name}"))
        except WorkspaceError as problem:
            found.append(str(problem))
    return "; ".join(found) if paths else None


def article_of(file: str, text: str) -> Article:
    """Read one article.

    Raises:
        WorkspaceError: names the file and what is wrong with it.
    """
    where = f"{FOLDER}/{file}"
    name = _NAME.fullmatch(file.removesuffix(ENDING))
    if name is None:
        raise WorkspaceError(
            f"{where}: its name must be small letters, digits and -, then perhaps a"
            " language: returns.md, returns.nb.md"
        )
    title = _TITLE.match(text.lstrip("\ufeff"))
    if title is None:
        raise WorkspaceError(
            f"{where}: its first line must be its title, as in '# Sending something back'"
        )
    rest = text.lstrip("\ufeff")[title.end() :]
    asked = _ASKED.match(rest)
    body = (rest[asked.end() :] if asked else rest).strip()
    if not body:
        raise WorkspaceError(f"{where}: it says nothing below its title")
    return Article(
        name[1],
        in_small(name[2]) if name[2] else FALLBACK,
        title[1].strip(),
        " ".join(asked[1].split()) if asked else "",
        body,
    )

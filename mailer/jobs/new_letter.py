"""A new letter from a starter or from a letter that is there: files to write on."""

import re
from collections.abc import Collection

from mailer.compose.template import FOLDER
from mailer.errors import NotFoundError, RefusedError, did_you_mean
from mailer.workspace.lettertable import NAME
from mailer.workspace.starters import has_letter, letter_files, starters, write_letter
from mailer.workspace.templates import template_names

_FALLBACK = re.compile(r"""\{\{\s*([a-z]\w*)\|default\((["'])(.*?)\2\)\s*\}\}""")
_TEXTS = (".html", ".md", ".toml", ".txt")


def new_letter(
    folder: str, name: str, beginning: str, attributes: Collection[str]
) -> list[str]:
    """Write a new template; return the paths of what was written.

    Args:
        beginning: The name of a starter, or of a template to copy.
        attributes: What contacts have: what a starter greets by and nobody has, is replaced
            by its fallback, so that the letter composes at once.

    Raises:
        NotFoundError: when there is no such beginning.
        RefusedError: when the name cannot be one, or is taken; nothing is written then.
    """
    if not NAME.fullmatch(name):
        raise RefusedError(
            f"{name!r} cannot be a template's name: write letters, digits, - and _, as in"
            " spring-sale"
        )
    if has_letter(folder, name):
        raise RefusedError(
            f"{FOLDER}/{name} is there already, and nothing is overwritten: take another"
            " name, or remove the folder first"
        )
    known = starters(folder)
    if beginning in known:
        files = {
            path: _known_only(path, content, attributes)
            for path, content in known[beginning].items()
        }
    elif beginning in (letters := template_names(folder)):
        files = letter_files(folder, beginning)
    else:
        raise NotFoundError(
            f"there is no layout and no template {beginning!r}"
            f"{did_you_mean(beginning, [*known, *letters])}"
        )
    return write_letter(folder, name, files)


def _known_only(path: str, content: bytes, attributes: Collection[str]) -> bytes:
    """Put a fallback into the place of what no contact has."""
    if not path.endswith(_TEXTS):
        return content

    def known(found: re.Match[str]) -> str:
        return found[0] if found[1] in attributes else found[3]

    return _FALLBACK.sub(known, content.decode()).encode()

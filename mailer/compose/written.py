"""What a file of a template is written in, and how it becomes HTML: by its ending."""

import importlib
import re
from collections.abc import Mapping
from types import ModuleType

from mailer.compose import markdown
from mailer.compose.tags import Lines
from mailer.compose.template import MARKDOWN, MJML
from mailer.errors import TemplateError

_MJML_MODULE = "mailer.compose.mjml"
_INCLUDE = re.compile(r"<mj-include\b[^>]*?\bpath\s*=\s*[\"'](?:\./)?([^\"']+)[\"']")


def written(
    text: str, name: str, shown: str, layout: str, files: Mapping[str, str]
) -> tuple[str, Lines] | None:
    """Turn a file that is not written in HTML into HTML; None for one that is.

    Args:
        name: The file's name.
        shown: What the file is called in messages.
        layout: The file of the layout that a body in Markdown is put into; "" for none.
        files: What it can extend, import and include, by name.

    Raises:
        TemplateError: when it does not parse, or what reads it is not installed.
    """
    if name.endswith(MARKDOWN):
        return markdown.page_of(text, layout, files)
    if not name.endswith(MJML):
        return None
    try:
        reader: ModuleType = importlib.import_module(_MJML_MODULE)
    except ModuleNotFoundError as missing:
        raise TemplateError(
            f"{shown}: to read MJML the extra `mjml` must be installed: pip install"
            " 'permission-mailer[mjml]'"
        ) from missing
    try:
        found: tuple[str, Lines] = reader.page_of(text, files)
    except ValueError as problem:
        raise TemplateError(f"{shown}: it is no MJML: {problem}") from problem
    return found


def included_files(text: str, name: str) -> list[str]:
    """Return the files that a body in MJML includes by its own means."""
    return _INCLUDE.findall(text) if name.endswith(MJML) else []

"""Whom nobody acknowledges: the package's lists, and a workspace's own."""

from importlib.resources import files

from mailer.triage.manners import Manners, manners
from mailer.workspace.files import exists, inside
from mailer.workspace.tomlfiles import parse_toml, read_toml

FILE = "silence.toml"
"""A workspace's own lists, added to the package's."""


def read_manners(folder: str | None = None) -> Manners:
    """Read the lists, and those of a workspace when it has a file of its own.

    Raises:
        WorkspaceError: when the workspace's file says something that can't be.
    """
    text = (files("mailer.triage") / FILE).read_text(encoding="utf-8")
    own = inside(folder, FILE) if folder is not None else ""
    return manners(
        parse_toml(text, FILE), read_toml(own, FILE) if own and exists(own) else {}, FILE
    )

"""`[topics]` of a list's file: what its letters are about, for people to choose among."""

import re

from mailer.errors import WorkspaceError, shorten
from mailer.model.topic import Topic
from mailer.workspace.tomlfiles import Table

MOST_TOPICS = 50
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_LONGEST = 100


def topics_of(file: Table) -> tuple[Topic, ...]:
    """Read the topics of a list, in their order.

    Raises:
        WorkspaceError: names the place that is wrong.
    """
    table = Table(file.table("topics"), f"{file.where}, [topics]")
    names = table.keys()
    found = tuple(_topic(table, name) for name in names)
    if len(found) > MOST_TOPICS:
        raise WorkspaceError(
            f"{table.where}: {len(found)} topics are more than anybody chooses among:"
            f" {MOST_TOPICS} at most"
        )
    table.end()
    return found


def _topic(table: Table, name: str) -> Topic:
    if not _ID.fullmatch(name):
        raise WorkspaceError(
            f"{table.where}: {shorten(repr(name))} must be small letters, digits, '_' or"
            " '-', as in tents = \"Tents and tarps\""
        )
    if not table.is_table(name):
        return Topic(name, {"": _line(table, name)})
    words = Table(table.table(name), f"{table.where}, {name}")
    tags = words.keys()
    for tag in tags:
        if not _TAG.fullmatch(tag):
            raise WorkspaceError(
                f"{words.where}: {shorten(repr(tag))} is no language, as in"
                ' tents = { en = "Tents", nb = "Telt" }'
            )
    if not tags:
        raise WorkspaceError(f"{words.where}: say in words what it is about")
    return Topic(name, {tag: _line(words, tag) for tag in tags})


def _line(table: Table, key: str) -> str:
    text = table.text(key).strip()
    if not text.isprintable() or len(text) > _LONGEST:
        raise WorkspaceError(
            f"{table.where}: {key} must be one line of at most {_LONGEST} characters"
        )
    return text


def named_topics(table: Table) -> tuple[str, ...]:
    """Read which topics a letter or a schedule names: `topics = ["tents"]`."""
    return tuple(dict.fromkeys(table.texts("topics")))

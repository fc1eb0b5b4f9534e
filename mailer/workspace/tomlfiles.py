"""TOML files of the workspace, and how their mistakes are told: where and what to write."""

import re
import tomllib
from ast import literal_eval
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from mailer.errors import WorkspaceError, did_you_mean, shorten
from mailer.workspace.files import read_text


def read_toml(path: str, shown: str) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        WorkspaceError: when it cannot be read or does not parse; names the line.
    """
    return parse_toml(read_text(path, shown), shown)


def parse_toml(text: str, shown: str) -> dict[str, Any]:
    """Turn the text of a TOML file into its values.

    Raises:
        WorkspaceError: when it does not parse; names the line.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise WorkspaceError(f"{shown}: {_in_plain_words(str(problem))}") from None


_TWICE = re.compile(r"Cannot declare (\(.+\)) twice \(at line (\d+)")
_REMEDIES = {
    "Invalid value": 'text stands in straight quotes, "…"; yes and no are true and false',
    "Cannot overwrite a value": "the same name is there twice: keep one of them",
    "Illegal character '\\n'": 'the quote " at the end of a text is missing',
    "Unescaped '\\' in a string": "write \\\\ for each \\",
}
"""What Python's reader says of mistakes that are often made, and what to do about them."""


def _in_plain_words(problem: str) -> str:
    """Return what the reader of TOML says with what to do about it, where that is known."""
    if twice := _TWICE.match(problem):
        names = (
            one if re.fullmatch(r"[\w-]+", one, re.ASCII) else f'"{one}"'
            for one in literal_eval(twice[1])
        )
        return (
            f"[{'.'.join(names)}] is there twice, the second time in line {twice[2]}:"
            " put what stands below it under the first"
        )
    for beginning, remedy in _REMEDIES.items():
        if problem.startswith(beginning):
            return f"{problem}: {remedy}"
    return problem


class Table:
    """One table of a file: each key is asked for by name and type, then none may be left.

    Args:
        where: What begins each message, such as `lists/news.toml` or
            `lists/news.toml, [[wordings]] 2`.
    """

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self._values = values
        self._asked: set[str] = set()
        self.where = where

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there and say something."""
        value = self._get(key, str, default)
        if default is None and not value.strip():
            raise WorkspaceError(f"{self.where}: {key} is empty")
        return str(value)

    def number(self, key: str, default: int | None = None) -> int:
        """Return a whole number."""
        return int(self._get(key, int, default))

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        return bool(self._get(key, bool, default))

    def keys(self) -> tuple[str, ...]:
        """Return the names of all that is there."""
        return tuple(self._values)

    def is_table(self, key: str) -> bool:
        """Say whether a key has keys of its own."""
        return isinstance(self._values.get(key), dict)

    def texts(self, key: str) -> list[str]:
        """Return a list of texts, [] when there is none."""
        found = self._get(key, list, [])
        if not all(isinstance(one, str) and one.strip() for one in found):
            raise WorkspaceError(f'{self.where}: {key} must be a list of texts: ["…", "…"]')
        return [one.strip() for one in found]

    def is_list(self, key: str) -> bool:
        """Say whether a key has a list."""
        return isinstance(self._values.get(key), list)

    def table(self, key: str) -> dict[str, Any]:
        """Return a table, {} when there is none."""
        return dict(self._get(key, dict, {}))

    def has(self, key: str) -> bool:
        """Say whether the file says anything about it."""
        return key in self._values

    def tables(self, key: str) -> list["Table"]:
        """Return the tables of `[[key]]` in their order."""
        found = self._get(key, list, [])
        for one in found:
            if not isinstance(one, dict):
                raise WorkspaceError(f"{self.where}: {key} must be tables: write [[{key}]]")
        return [
            Table(one, f"{self.where}, [[{key}]] {number}")
            for number, one in enumerate(found, 1)
        ]

    def end(self) -> None:
        """Refuse what nobody asked for."""
        for key in self._values:
            if key not in self._asked:
                raise WorkspaceError(
                    f"{self.where}: no such setting {key!r}{did_you_mean(key, self._asked)}"
                )

    def _get(self, key: str, kind: type, default: object) -> Any:
        self._asked.add(key)
        value = self._values.get(key, default)
        if value is None:
            raise WorkspaceError(f"{self.where}: {key} is missing{self.misspelt(key)}")
        # In Python true is a number too; in a file it is a mistake.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise WorkspaceError(
                f"{self.where}: {key} is {shorten(repr(value))}, but must be {_WORDS[kind]}"
            )
        return value

    def misspelt(self, key: str) -> str:
        """Return the end of a message about what is missing: under which name it may be."""
        unasked = [one for one in self._values if one not in self._asked]
        near = get_close_matches(key, unasked, n=1, cutoff=0.7)
        return f"; is {near[0]!r} meant to be it?" if near else ""


_WORDS = {
    str: "text in quotes",
    int: "a whole number",
    bool: "true or false",
    dict: "a table",
    list: "a list",
}


MOST_PRIORITY = 100


def read_priority(table: Table, default: int = 0) -> int:
    """Read which letter goes first where several compete for a person.

    Raises:
        WorkspaceError: when it is too far from 0.
    """
    priority = table.number("priority", default)
    if abs(priority) > MOST_PRIORITY:
        raise WorkspaceError(
            f"{table.where}: priority is {priority}, but must be from {-MOST_PRIORITY} to"
            f" {MOST_PRIORITY}: the highest goes first"
        )
    return priority

"""Whom nobody acknowledges, as `silence.toml` lists them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from mailer.errors import WorkspaceError
from mailer.triage.phrasebook import texts_of


@dataclass(frozen=True, slots=True)
class Manners:
    """The lists of `silence.toml`, ready to be asked.

    Args:
        machines: Matches the whole local part of a machine, in small letters.
        list_fields: Fields that only lists and bulk mailings have, in small letters.
        machine_fields: Fields that only machines write, in small letters.
        subjects: How the subjects of a machine's answers begin, in small letters.
        answering: The same, where only an answer to another message is a machine's.
        free_mail: Domains that strangers share.
    """

    machines: re.Pattern[str]
    list_fields: tuple[str, ...]
    machine_fields: tuple[str, ...]
    subjects: tuple[str, ...]
    answering: tuple[str, ...]
    free_mail: frozenset[str]


def manners(values: Mapping[str, Any], own: Mapping[str, Any], where: str) -> Manners:
    """Make them of a file's values and a workspace's own.

    Args:
        own: A workspace's `silence.toml`, whose lists are added; tables may be missing.

    Raises:
        WorkspaceError: when a list is missing or holds something else than words.
    """

    def words(table: str, key: str) -> tuple[str, ...]:
        return _words(values, table, key, f"the package's {where}") + (
            _words(own, table, key, where) if _has(own, table, key) else ()
        )

    return Manners(
        re.compile("|".join(_whole(one) for one in words("machines", "local_parts"))),
        words("fields", "lists"),
        words("fields", "machines"),
        words("subjects", "begin"),
        words("subjects", "answering"),
        frozenset(words("free_mail", "domains")),
    )


def _has(values: Mapping[str, Any], table: str, key: str) -> bool:
    inner = values.get(table)
    return isinstance(inner, dict) and key in cast("dict[str, Any]", inner)


def _words(values: Mapping[str, Any], table: str, key: str, where: str) -> tuple[str, ...]:
    inner = values.get(table)
    if not isinstance(inner, dict):
        raise WorkspaceError(f"{where}: there is no table [{table}]")
    listed = cast("dict[str, Any]", inner).get(key)
    return tuple(one.lower() for one in texts_of(listed, f"{where}, [{table}] {key}"))


def _whole(pattern: str) -> str:
    return "(?:" + ".*".join(re.escape(piece) for piece in pattern.split("*")) + r")\Z"

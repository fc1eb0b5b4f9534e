"""Reading what is known about mailbox providers: ours, and the marketer's file over it."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from importlib.resources import files
from typing import Any, cast

from mailer.errors import AddressError, WorkspaceError
from mailer.model.address import parse_domain
from mailer.model.provider import OTHER
from mailer.pace.providers import Act, Limits, Provider, Providers, Rule
from mailer.workspace.files import exists, inside
from mailer.workspace.tomlfiles import parse_toml, read_toml

PROVIDERS_FILE = "providers.toml"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LIMITS = ("per_second", "at_most_per_second", "at_once", "letters_per_connection")
_KEYS = {"mx", "domains", *_LIMITS}
_RULE_KEYS = {"reply", "do", "providers", "rest_minutes", "after"}


def read_providers(folder: str) -> Providers:
    """Read what is known: the package's data, and `providers.toml` of a folder over it.

    Raises:
        WorkspaceError: names the place in the file that is wrong.
    """
    text = (files("mailer.pace") / PROVIDERS_FILE).read_text(encoding="utf-8")
    ours = parse_toml(text, PROVIDERS_FILE)
    path = inside(folder, PROVIDERS_FILE)
    theirs = read_toml(path, PROVIDERS_FILE) if exists(path) else {}
    return providers_from(ours, theirs)


class ProvidersFile:
    """What is known, read anew each time; while the file does not hold, as it was before.

    Work that goes on is not to end because somebody edits a file.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._last: Providers | None = None

    def read(self) -> Providers:
        """Read it.

        Raises:
            WorkspaceError: when it never held.
        """
        try:
            self._last = read_providers(self._folder)
        except WorkspaceError:
            if self._last is None:
                raise
        return self._last


def providers_from(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Providers:
    """Lay one file's values over another's.

    Raises:
        WorkspaceError: names the place that is wrong.
    """
    tables: dict[str, dict[str, Any]] = {}
    for source in (ours, theirs):
        for name, table in source.items():
            if name != "rules":
                _refuse(name, table)
                tables[name] = {**tables.get(name, {}), **table}
    known = {name: _provider(name, table) for name, table in tables.items()}
    _refuse_doubles(known)
    rules = [*_rules(theirs, known), *_rules(ours, known)]
    return Providers(known, tuple(rules))


def _refuse(name: str, table: object) -> None:
    if not _NAME.fullmatch(name) or name == OTHER:
        raise WorkspaceError(
            f"{PROVIDERS_FILE}: [{name}]: a name is of small letters, digits, - and _,"
            f" 40 at most, and not {OTHER!r}"
        )
    if not isinstance(table, dict):
        raise WorkspaceError(f"{PROVIDERS_FILE}: {name} must be a table: [{name}]")
    for key, value in cast("dict[str, Any]", table).items():
        where = f"{PROVIDERS_FILE}: [{name}] {key}"
        if key not in _KEYS:
            keys = ", ".join(sorted(_KEYS))
            raise WorkspaceError(f"{where}: there is no such key; there are: {keys}")
        if key in _LIMITS:
            whole = key in {"at_once", "letters_per_connection"}
            kinds = int if whole else (int, float)
            number = isinstance(value, kinds) and not isinstance(value, bool)
            if not number or not 0 <= value <= 1_000_000:  # noqa: PLR2004 - a bound
                words = "a whole number" if whole else "a number"
                raise WorkspaceError(f"{where}: must be {words}, 0 for no limit")
        elif not _is_names(value):
            raise WorkspaceError(f'{where}: must be a list such as ["example.org"]')


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, str) and one and one == one.lower().strip(".")
        for one in cast("list[object]", value)
    )


def _provider(name: str, table: Mapping[str, Any]) -> Provider:
    limits = Limits(**{key: table.get(key, 0) for key in _LIMITS})
    if 0 < limits.at_most_per_second < limits.per_second:
        limits = Limits(
            limits.at_most_per_second,
            limits.at_most_per_second,
            limits.at_once,
            limits.letters_per_connection,
        )
    mx, domains = (_hosts(name, key, table.get(key, ())) for key in ("mx", "domains"))
    return Provider(name, limits, mx, domains)


def _hosts(name: str, key: str, hosts: Iterable[str]) -> tuple[str, ...]:
    """Spell hosts and domains as letters and DNS have them: with A-labels (RFC 5891)."""
    try:
        return tuple(one if one.isascii() else parse_domain(one) for one in hosts)
    except AddressError as problem:
        where = f"{PROVIDERS_FILE}: [{name}] {key}"
        raise WorkspaceError(f"{where}: must be domains: {problem}") from None


def _refuse_doubles(known: Mapping[str, Provider]) -> None:
    whose: dict[str, str] = {}
    for one in known.values():
        for domain in one.domains:
            other = whose.setdefault(domain, one.name)
            if other != one.name:
                raise WorkspaceError(
                    f"{PROVIDERS_FILE}: {domain} stands in the domains of [{other}] and of"
                    f" [{one.name}]: take it out of one"
                )


def _rules(source: Mapping[str, Any], known: Mapping[str, Provider]) -> list[Rule]:
    rules = source.get("rules", [])
    each = cast("list[object]", rules) if isinstance(rules, list) else [None]
    if not all(isinstance(rule, dict) for rule in each):
        raise WorkspaceError(f"{PROVIDERS_FILE}: rules are tables, each under [[rules]]")
    return [
        _rule(cast("dict[str, Any]", rule), f"{PROVIDERS_FILE}: rule {number}", known)
        for number, rule in enumerate(each, 1)
    ]


def _reply(words: object, where: str) -> re.Pattern[str]:
    if not isinstance(words, str) or not words:
        raise WorkspaceError(f"{where}: `reply` must say which words it is for")
    try:
        return re.compile(words, re.IGNORECASE)
    except re.error as problem:
        raise WorkspaceError(f"{where}: `reply` is no expression: {problem}") from None


def _rule(rule: Mapping[str, Any], where: str, known: Mapping[str, Provider]) -> Rule:
    if strange := set(rule) - _RULE_KEYS:
        keys = ", ".join(sorted(_RULE_KEYS))
        words = ", ".join(sorted(strange))
        raise WorkspaceError(f"{where}: no such key: {words}; there are: {keys}")
    try:
        act = Act(rule.get("do", ""))
    except ValueError:
        acts = ", ".join(Act)
        raise WorkspaceError(f"{where}: `do` must be one of: {acts}") from None
    reply = _reply(rule.get("reply"), where)
    whose = rule.get("providers", [])
    unknown = set(whose) - set(known) if _is_names(whose) else {str(whose)}
    if unknown:
        raise WorkspaceError(f"{where}: no such provider: {', '.join(sorted(unknown))}")
    minutes, after = rule.get("rest_minutes", 0), rule.get("after", 1)
    for key, number in (("rest_minutes", minutes), ("after", after)):
        whole = isinstance(number, int) and not isinstance(number, bool)
        if not whole or not 0 <= number <= 100_000:  # noqa: PLR2004
            raise WorkspaceError(f"{where}: {key} must be a whole number")
    return Rule(reply, act, frozenset(whose), timedelta(minutes=minutes), max(1, after))

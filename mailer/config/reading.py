"""How settings are put together: from the file, the environment and the defaults.

A value from the environment wins: `MAILER_RELAY__HOST` is `[relay] host`. Secrets are not
settings: a setting only names the variable or file that holds one.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from mailer.config.dkim import Dkim
from mailer.config.fields import Attribute, Settings
from mailer.config.mailboxes import MailboxSettings
from mailer.config.relay import Relay
from mailer.config.section import Section
from mailer.errors import ConfigError, did_you_mean, shorten

PREFIX = "MAILER_"
_TABLES: dict[str, type[Section]] = {
    "attributes": Attribute,
    "mailboxes": MailboxSettings,
    "dkim": Dkim,
    "relays": Relay,
}
"""What tables of tables are made of."""
Path = tuple[str, ...]
_WEBHOOK = ("alarms", "webhook")
_WEB_HOST = re.compile(r"https?://[\w.:-]+(?=[/?#]|$)")
_PASSWORD = re.compile(r"(//?[^:/@]*):.*@|(\bpassword=)[^&]*")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting in force, as people may see it.

    Args:
        path: Such as `relay.host`.
        source: `config.toml`, `default` or `environment MAILER_RELAY__HOST`.
    """

    path: str
    value: object
    source: str


def read_settings(
    written: Mapping[str, object],
    environment: Mapping[str, str],
    where: str = "config.toml",
) -> Settings:
    """Make the settings from what the file and the environment say.

    Raises:
        ConfigError: names every wrong or unknown setting, what was found, and what may be.
    """
    overrides = _overrides(environment)
    merged = _merged(written, overrides)
    try:
        return Settings.model_validate(merged)
    except ValidationError as problem:
        lines = [_explained(error, overrides, where) for error in problem.errors()]
        raise ConfigError("\n".join(lines)) from None


def settings_in_force(
    settings: Settings,
    written: Mapping[str, object],
    environment: Mapping[str, str],
    where: str = "config.toml",
    preset: Mapping[Path, str] = MappingProxyType({}),
) -> list[Setting]:
    """List every setting with its value and where it came from; passwords are left out.

    Args:
        preset: Those that came from a relay's preset, with its name.
    """
    overrides = _overrides(environment)
    listed: list[Setting] = []
    for path, value in _leaves(settings):
        if path in overrides:
            source = f"environment {_variable(path)}"
        else:
            source = where if _is_written(written, path) else "default"
            if path in preset:
                source = f"preset {preset[path]}"
        shown = _printable(path, value) if isinstance(value, str) else value
        listed.append(Setting(".".join(path), shown, source))
    return listed


def without_password(url: str) -> str:
    """Return a URL with `***` in place of its password."""
    return _PASSWORD.sub(
        lambda found: f"{found[2]}***" if found[2] else f"{found[1]}:***@", url
    )


def _printable(path: Path, text: str) -> str:
    """Return a value as it may be shown: whoever knows a chat's hook can write there."""
    if path != _WEBHOOK or not text:
        return without_password(text)
    host = _WEB_HOST.match(text)
    return f"{host[0]}/***" if host else "***"


def _variable(path: Path) -> str:
    return PREFIX + "__".join(path).upper()


def _fields(section: type[Section]) -> dict[str, FieldInfo]:
    return section.model_fields


def _inner(field: FieldInfo) -> type[Section] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _overrides(environment: Mapping[str, str]) -> dict[Path, object]:
    found: dict[Path, object] = {}
    for name, field in _fields(Settings).items():
        section = _inner(field)
        inner = {name: field} if section is None else _fields(section)
        for key, one in inner.items():
            path = (name,) if section is None else (name, key)
            text = environment.get(_variable(path))
            if text is not None:
                found[path] = _value(text, one)
    _refuse_unknown(environment)
    return found


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """Two underscores can only be meant for a setting; other names may be anybody's."""
    known = [
        _variable((name, key))
        for name, field in _fields(Settings).items()
        if (section := _inner(field)) is not None
        for key in _fields(section)
    ]
    for name in environment:
        if name.startswith(PREFIX) and "__" in name and name not in known:
            raise ConfigError(
                f"environment: no such setting {name!r}{did_you_mean(name, known)}"
            )


def _value(text: str, field: FieldInfo) -> object:
    if field.annotation is str or str in {type(one) for one in get_args(field.annotation)}:
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _merged(
    written: Mapping[str, object], overrides: Mapping[Path, object]
) -> dict[str, object]:
    merged: dict[str, Any] = dict(written)
    for path, value in overrides.items():
        if len(path) == 1:
            merged[path[0]] = value
            continue
        section = merged.get(path[0], {})
        # A section that is no table is reported by the check that follows.
        if isinstance(section, dict):
            merged[path[0]] = {**section, path[1]: value}
    return merged


def _leaves(section: Section, above: Path = ()) -> list[tuple[Path, object]]:
    leaves: list[tuple[Path, object]] = []
    for name in _fields(type(section)):
        value = getattr(section, name)
        if isinstance(value, Section):
            leaves += _leaves(value, (*above, name))
        elif isinstance(value, dict):
            for key, one in cast("dict[str, Section]", value).items():
                leaves += _leaves(one, (*above, name, key))
        else:
            leaves.append(((*above, name), value))
    return leaves


def _is_written(written: Mapping[str, object], path: Path) -> bool:
    here: Mapping[str, object] = written
    for name in path[:-1]:
        # What was written has been checked: what is not the last one is a table.
        here = cast("Mapping[str, object]", here.get(name, {}))
    return path[-1] in here


def _explained(error: ErrorDetails, overrides: Mapping[Path, object], where: str) -> str:
    path = tuple(str(part) for part in error["loc"])
    place = f"environment {_variable(path)}" if path[:2] in overrides else where
    name = ".".join(path)
    if error["type"] == "extra_forbidden":
        return f"{place}: no such setting {name!r}{_nearest(path)}"
    words = error["msg"].removeprefix("Value error, ")
    words = words.replace("Input should be", "must be")
    if error["type"] == "model_type":
        return f"{place}: {name} must be a table, as in [{name}]"
    found = error["input"]
    if isinstance(found, (dict, Section)):
        return f"{place}: [{name}] {words}"
    shown = repr(_printable(path, found) if isinstance(found, str) else found)
    return f"{place}: {name} is {shorten(shown)}, but {words}"


def _nearest(path: Path) -> str:
    name = path[-1]
    if name in {"password", "imap_password"}:
        return (
            ": a password does not belong into this file;"
            f" name its variable with '{name}_env' or its file with '{name}_file'"
        )
    section: type[Section] | None = Settings
    if path[0] in _TABLES and len(path) > 1:
        section = _TABLES[path[0]]
    elif len(path) > 1:
        section = _inner(_fields(Settings)[path[0]])
    return did_you_mean(name, _fields(section)) if section is not None else ""

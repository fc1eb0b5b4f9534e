"""Presets of well-known relays: what a table says not is filled in before it is checked."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from mailer.config.reading import Path
from mailer.config.relay import Relay
from mailer.errors import ConfigError, did_you_mean

ABOUT = "about"
"""What a preset says to people; no setting."""

Presets = Mapping[str, Mapping[str, object]]
"""By name: settings of a relay."""


def with_presets(
    written: Mapping[str, object], presets: Presets, where: str = "config.toml"
) -> tuple[dict[str, object], dict[Path, str]]:
    """Fill in what relays' presets say.

    Under [relay], where the example writes every default, one of these counts as not said.

    Args:
        written: What the settings file says.

    Returns:
        The same with more in it, and which preset each of the new settings came from.

    Raises:
        ConfigError: when there is no such preset.
    """
    filled: dict[str, Any] = dict(written)
    origins: dict[Path, str] = {}
    for path, table in _relays(written):
        name = table.get("preset", "")
        if not isinstance(name, str) or not name:
            continue
        if name not in presets:
            place = ".".join((*path, "preset"))
            near = did_you_mean(name, presets)
            raise ConfigError(f"{where}: {place}: there is no preset {name!r}{near}")
        said = {key for key, value in table.items() if not _is_example(path, key, value)}
        known = presets[name].items()
        more = {key: value for key, value in known if key not in {*said, ABOUT}}
        merged = {**table, **more}
        if len(path) == 1:
            filled[path[0]] = merged
        else:
            filled[path[0]] = {**filled[path[0]], path[1]: merged}
        origins |= {(*path, key): name for key in more}
    return filled, origins


def _is_example(path: Path, key: str, value: object) -> bool:
    """Say whether a value may only stand there because the example writes all defaults."""
    field = Relay.model_fields.get(key)
    return path == ("relay",) and field is not None and field.default == value


def _relays(written: Mapping[str, object]) -> Iterator[tuple[Path, dict[str, object]]]:
    one, several = written.get("relay"), written.get("relays")
    if isinstance(one, dict):
        yield ("relay",), cast("dict[str, object]", one)
    if isinstance(several, dict):
        for name, table in cast("dict[str, object]", several).items():
            # What is no table is reported by the check that follows.
            if isinstance(table, dict):
                yield ("relays", name), cast("dict[str, object]", table)

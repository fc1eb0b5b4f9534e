"""Reading JSON of which nothing is known: every value is looked at before it is used."""

import json
from collections.abc import Mapping
from typing import Any, cast

Table = Mapping[str, Any]


def parse(raw: bytes) -> object:
    """Read JSON; None when it is none, or is nested too deep."""
    try:
        found: object = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found


def as_table(found: object) -> Table:
    """Return a table, or an empty one."""
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def tables(found: object, at_most: int) -> list[Table]:
    """Return the tables of a list."""
    items = cast("list[object]", found)[:at_most] if isinstance(found, list) else []
    return [one for one in map(as_table, items) if one]


def table(values: Table, key: str) -> Table:
    """Return a table in a table, or an empty one."""
    return as_table(values.get(key))


def text(values: Table, *keys: str) -> str:
    """Return the first text or number that stands at one of some keys, or ""."""
    for key in keys:
        found = values.get(key)
        if isinstance(found, str) and found:
            return found
        if isinstance(found, int | float) and not isinstance(found, bool):
            return str(found)
    return ""


def texts(values: Table, key: str) -> list[str]:
    """Return the texts of a list that stands at a key."""
    found = values.get(key)
    items = cast("list[object]", found)[:200] if isinstance(found, list) else []
    return [one for one in items if isinstance(one, str)]


def canonical(values: Table) -> bytes:
    """Spell a table so that the same table is always the same bytes."""
    return json.dumps(
        values, sort_keys=True, separators=(",", ":"), ensure_ascii=True
    ).encode()

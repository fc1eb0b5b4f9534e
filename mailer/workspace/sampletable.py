"""`[sample]` of a letter: the values of a made-up person."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import cast

from mailer.errors import TemplateError
from mailer.workspace.tomlfiles import Table


def read_sample(table: Table) -> dict[str, object]:
    """Return the values of the made-up person that a letter is previewed with.

    Raises:
        TemplateError: when one is of a type that no contact has.
    """
    values: Mapping[str, object] = table.table("sample")
    return {name: _value(table, name, value) for name, value in values.items()}


def _value(table: Table, name: str, value: object) -> object:
    """Return a sample value as contacts have them: dates are text there."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        value = None
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list):
        items = cast("list[object]", value)
        if all(isinstance(one, str) for one in items):
            return items
    raise TemplateError(
        f"{table.where}, [sample]: {name} must be text, a number, true or false, a date, or"
        " a list of texts"
    )

"""`mailer/compose/clients.toml`: what big mail clients do not support, read once."""

from functools import cache
from typing import Any, cast

from mailer.compose.support import Clients, Feature, Match
from mailer.workspace.packaged import packaged_text
from mailer.workspace.tomlfiles import parse_toml

_FILE = "clients.toml"


@cache
def read_clients() -> Clients:
    """Read the extract of Can I Email's data that comes with the program."""
    values = parse_toml(packaged_text("mailer.compose", _FILE), _FILE)
    features = tuple(
        _feature(cast("dict[str, Any]", one))
        for one in values.values()
        if isinstance(one, dict)
    )
    return Clients(str(values["date"]), features)


def _feature(values: dict[str, Any]) -> Feature:
    match = next(one for one in Match if one.value in values)
    return Feature(
        title=values["title"],
        match=match,
        what=values[match.value],
        breaks=values["breaks"],
        lacking=tuple(values["lacking"]),
        todo=values["todo"],
    )

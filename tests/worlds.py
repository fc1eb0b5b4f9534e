"""Whole workspaces for tests, made as `mailer init` makes them."""

from datetime import UTC, datetime
from pathlib import Path

from mailer.config.example import EXAMPLE_ATTRIBUTES, toml_value
from mailer.config.places import places_of
from mailer.jobs.init import make_files, make_state
from mailer.wiring import Workspace, database_of, open_workspace, settings_of

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def config_text(**settings: object) -> str:
    """Write a `config.toml`: `config_text(database="…", relay={"port": 2525})`.

    It is live unless the mode is given. The attributes are those of the example workspace.
    """
    plain: dict[str, object] = {"mode": "live"}
    plain |= {key: value for key, value in settings.items() if not isinstance(value, dict)}
    tables = {key: value for key, value in settings.items() if isinstance(value, dict)}
    for name, attribute in EXAMPLE_ATTRIBUTES.items():
        declared = {"type": attribute.type, "default": attribute.default}
        tables[f"attributes.{name}"] = {
            key: value for key, value in declared.items() if value is not None
        }
    lines = [f"{key} = {toml_value(value)}" for key, value in plain.items()]
    for name, table in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {toml_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def make_workspace(folder: Path, **settings: object) -> Workspace:
    """Make a workspace with the example's files and open it; close it at the end."""
    make_files(str(folder), config_text(**settings))
    places = places_of(str(folder), settings_of(str(folder)))
    database = database_of(places)
    try:
        make_state(database, places.database_file, places.keys_file, LONG_AGO)
    finally:
        database.close()
    return open_workspace(str(folder))

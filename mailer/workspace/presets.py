"""What is known about well-known relays: their hosts and what they allow."""

from importlib.resources import files
from typing import Any, cast

from mailer.workspace.tomlfiles import parse_toml

_FILE = "presets.toml"


def read_presets() -> dict[str, dict[str, Any]]:
    """Read the presets, by name: settings of a relay, and `about` for people."""
    text = (files("mailer.pace") / _FILE).read_text(encoding="utf-8")
    return cast("dict[str, dict[str, Any]]", parse_toml(text, _FILE))

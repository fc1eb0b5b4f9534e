"""Declaring attributes in `config.toml`, whose comments stay."""

from collections.abc import Mapping

from mailer.config.reading import read_settings
from mailer.model.attributes import AttributeSpec
from mailer.workspace.folder import CONFIG, append_to_config
from mailer.workspace.tomlfiles import parse_toml


def declare_attributes(
    folder: str, text: str, environment: Mapping[str, str]
) -> dict[str, AttributeSpec]:
    """Write attributes behind what `config.toml` says; its comments stay.

    Returns:
        All that are declared from now on.

    Raises:
        ConfigError: when it would not be right any more; nothing is written then.
        WorkspaceError: when it cannot be written.
    """
    whole = append_to_config(folder, text, write=False)
    specs = read_settings(parse_toml(whole, CONFIG), environment).specs()
    append_to_config(folder, text, write=True)
    return specs

"""`python tests/docs/commands.py > docs/commands.md` writes every command with its help."""

import sys
from collections.abc import Iterator
from importlib import import_module

import click

from mailer.cli.main import COMMANDS, mailer

# A command remembers its option for help from when it was first asked for.
_HELP: list[str] = mailer.context_settings["help_option_names"]

_HEAD = """\
# Commands

Made from the program by `python tests/docs/commands.py > docs/commands.md`; a test holds it
current. `mailer COMMAND --help` says the same.
"""


def commands() -> Iterator[tuple[str, click.Command]]:
    """Give each command that can be typed, with its full name."""
    for noun, (place, _) in COMMANDS.items():
        module, _, attribute = place.partition(":")
        yield from _below(f"mailer {noun}", getattr(import_module(module), attribute))


def _below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for verb, one in command.commands.items():
            yield from _below(f"{name} {verb}", one)
    else:
        yield name, command


def document() -> str:
    """Write the document."""
    parts = [_HEAD]
    for name, command in commands():
        context = click.Context(
            command, info_name=name, max_content_width=88, help_option_names=_HELP
        )
        help_text = command.get_help(context)
        parts.append(f"\n## {name}\n\n```text\n{help_text}\n```\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.stdout.write(document())

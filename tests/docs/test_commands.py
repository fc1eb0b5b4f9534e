"""Every command has help with an example, and the quick help says what the commands say."""

from collections.abc import Iterator

import click
import pytest

from mailer.cli.main import COMMANDS, mailer

WIDE = 200


def commands(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(("mailer", *path)), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*path, name))


@pytest.mark.parametrize("noun", COMMANDS)
def test_the_quick_help_says_what_the_command_says(noun: str):
    command = mailer.get_command(click.Context(mailer), noun)
    assert command is not None
    assert command.get_short_help_str(WIDE) == COMMANDS[noun][1]


@pytest.mark.parametrize("noun", COMMANDS)
def test_every_command_has_help_with_an_example_of_itself(noun: str):
    loaded = mailer.get_command(click.Context(mailer), noun)
    assert loaded is not None
    for path, command in commands(loaded, (noun,)):
        assert command.help, path
        assert "Example: " in command.help, path
        example = command.help.split("Example: ", 1)[1]
        assert path in example, path


@pytest.mark.parametrize("noun", COMMANDS)
def test_every_option_says_what_it_does(noun: str):
    loaded = mailer.get_command(click.Context(mailer), noun)
    assert loaded is not None
    for path, command in commands(loaded, (noun,)):
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, f"{path} {option.opts[0]}"


@pytest.mark.parametrize("noun", COMMANDS)
def test_a_command_s_line_in_the_list_is_a_whole_sentence(noun: str):
    loaded = mailer.get_command(click.Context(mailer), noun)
    assert loaded is not None
    for path, command in commands(loaded, (noun,)):
        line = command.get_short_help_str(WIDE)
        assert line.count("(") == line.count(")"), f"{path}: {line}"

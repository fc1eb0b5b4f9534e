"""Every command has help with an example, and the quick help says what the commands say."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import mailer as package
from mailer.cli.main import COMMANDS, mailer

WIDE = 200
SOURCES = sorted(Path(package.__path__[0]).rglob("*.py"))
SAID = re.compile(r"`mailer ([a-z][a-z-]*(?: [a-z][a-z-]*)*)")


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


def texts(source: Path) -> Iterator[str]:
    """Give what a module says, with a line's end in place of each value."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=values):
                yield "".join(
                    str(one.value) if isinstance(one, ast.Constant) else "\n"
                    for one in values
                )
            case _:
                pass


def is_there(words: list[str]) -> bool:
    """Say whether a command can be typed; what follows it may be anything."""
    command: click.Command | None = mailer
    context = click.Context(mailer)
    for word in words:
        if not isinstance(command, click.Group):
            return True
        if word not in command.list_commands(context):
            return False
        command = command.get_command(context, word)
    return True


def test_every_command_that_is_named_to_a_person_is_there():
    said = {
        named
        for source in SOURCES
        for text in texts(source)
        for named in SAID.findall(text)
    }
    assert len(said) > 50
    # Of several at once, as in `mailer campaign pause|resume`, the first is looked at.
    assert [one for one in sorted(said) if not is_there(one.split())] == []

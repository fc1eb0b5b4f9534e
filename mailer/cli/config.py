"""`mailer config`: what is in force, where it came from, and what may be said."""

import click

from mailer.cli.output import as_json, print_rows
from mailer.config.example import example
from mailer.wiring import settings_listed, settings_of


@click.group
def config() -> None:
    """Show the settings in force, or an example.

    Example: mailer config show
    """


@config.command
@as_json
@click.pass_obj
def show(folder: str, *, as_json: bool) -> None:
    """Show each setting in force and where it came from. Passwords are never shown.

    Example: MAILER_RELAY__PORT=2525 mailer config show
    """
    for warning in settings_of(folder).warnings():
        click.echo(f"mailer: {warning}", err=True)
    settings = settings_listed(folder)
    print_rows(
        ({"setting": one.path, "value": one.value, "from": one.source} for one in settings),
        as_json=as_json,
    )


@config.command(name="example")
def print_example() -> None:
    """Print a config.toml with every setting, its default and what it means.

    Example: mailer config example > config.toml
    """
    click.echo(example(), nl=False)

"""What is declared about people who are added: the options that commands share."""

from collections.abc import Iterable

import click

from mailer.model.consent import Basis

list_option = click.option(
    "--list", "list_name", required=True, help="The list that they agreed to be on."
)
basis_option = click.option(
    "--basis",
    type=click.Choice([basis.value for basis in Basis]),
    required=True,
    help="What kind of permission they gave.",
)
source_option = click.option(
    "--source", required=True, help="Where they agreed, in words: 'stall at the fair'."
)
wording_option = click.option(
    "--wording",
    type=int,
    help="The version of the list's words that they saw; else the newest.",
)
expires_option = click.option(
    "--expires",
    metavar="DATE",
    help="When the permission ends by itself, as 2028-05-01; implied: else in six months.",
)


def read_pairs(texts: Iterable[str], option: str, example: str) -> dict[str, str]:
    """Read what was typed as NAME=VALUE, as often as it was."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(
                f"{option} {text!r} is not NAME=VALUE, such as {example}"
            )
        found[name.strip()] = value
    return found

"""`mailer key`: the keys in force, and adding one."""

import click

from mailer.cli.output import as_json, print_rows
from mailer.jobs.keys import add_key, list_keys
from mailer.model.key import Purpose
from mailer.wiring import open_workspace, utc_now


@click.group
def key() -> None:
    """List the keys, or add one.

    Example: mailer key list
    """


@key.command(name="list")
@as_json
@click.pass_obj
def list_(folder: str, *, as_json: bool) -> None:
    """List the keys: what each is for, since when, and what is wrong with it.

    Example: mailer key list --json
    """
    with open_workspace(folder, need_keys=False) as workspace:
        statuses = list_keys(workspace.database, workspace.places.keys_file)
    print_rows(
        (
            {
                "id": one.id,
                "purpose": one.purpose,
                "since": one.since,
                "problem": one.problem,
            }
            for one in statuses
        ),
        as_json=as_json,
    )


@key.command
@click.option(
    "--purpose",
    type=click.Choice([purpose.value for purpose in Purpose]),
    required=True,
    help="What the key is for: links, the chain of the ledger, or hashes of addresses.",
)
@click.pass_obj
def add(folder: str, purpose: str) -> None:
    """Add a key; old ones verify for ever. Stop `mailer serve` before.

    A suppression key is laid over every hash on record, which takes a while.

    Example: mailer key add --purpose token
    """
    with open_workspace(folder, alone=True) as workspace:
        file = workspace.places.keys_file
        done = add_key(workspace.database, file, Purpose(purpose), utc_now())
    click.echo(f"key {done.id} ({done.purpose}) is in force", nl=not done.hashes)
    if done.hashes:
        click.echo(f", laid over {done.hashes} hashes")
    click.echo(f"Copy {file} anew to where you keep its copy: nothing starts without it.")

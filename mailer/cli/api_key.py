"""`mailer api-key`: the keys of other programs, such as a shop or a till."""

import click

from mailer.cli.output import as_json, print_json, print_rows
from mailer.jobs.api_keys import list_api_keys, make_api_key, revoke
from mailer.wiring import open_workspace, utc_now


@click.group(name="api-key")
def api_key() -> None:
    """Let other programs in: make, list and revoke keys.

    Example: mailer api-key add till-3
    """


@api_key.command
@click.argument("name")
@as_json
@click.pass_obj
def add(folder: str, name: str, *, as_json: bool) -> None:
    """Make a key and show it, this once: only a hash of it is kept.

    The ledger says by its NAME who wrote a consent down.

    Example: mailer api-key add till-3
    """
    with open_workspace(folder, need_keys=False) as workspace:
        made = make_api_key(workspace.database, name, utc_now())
    if as_json:
        print_json({"name": name, "key": made})
        return
    click.echo(made)
    click.echo(
        "Copy it now: nobody can show it again. docs/api.md says what for.", err=True
    )


@api_key.command(name="list")
@as_json
@click.pass_obj
def list_(folder: str, *, as_json: bool) -> None:
    """List the keys: since when each opens, and since when not any more.

    Example: mailer api-key list --json
    """
    with open_workspace(folder, need_keys=False) as workspace:
        keys = list_api_keys(workspace.database)
    print_rows(
        (
            {"name": one.name, "made": one.made_at, "revoked": one.revoked_at}
            for one in keys
        ),
        as_json=as_json,
    )


@api_key.command(name="revoke")
@click.argument("name")
@as_json
@click.pass_obj
def revoke_(folder: str, name: str, *, as_json: bool) -> None:
    """Let a key open nothing from now on. What it wrote down stays.

    Example: mailer api-key revoke till-3
    """
    with open_workspace(folder, need_keys=False) as workspace:
        gone = revoke(workspace.database, name, utc_now())
    if as_json:
        print_json({"name": name, "revoked": gone.revoked_at})
        return
    click.echo(f"{name} opens nothing since {gone.revoked_at:%Y-%m-%d %H:%M} UTC")

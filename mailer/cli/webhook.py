"""`mailer webhook`: who is told what happens to people, and telling it again."""

import base64
import secrets
from datetime import timedelta

import click

from mailer.cli.output import as_json, print_json, print_rows
from mailer.jobs.webhooks import Replay, list_endpoints, replay
from mailer.model.webhook import SECRET_PREFIX, HookState
from mailer.wiring import open_workspace, utc_now

_SECRET_BYTES = 32


@click.group
def webhook() -> None:
    """Show who is told what happens to people, and tell it again.

    Example: mailer webhook list
    """


@webhook.command
def secret() -> None:
    """Make a secret for an endpoint, to be given to both sides.

    Example: mailer webhook secret > shop.secret
    """
    made = secrets.token_bytes(_SECRET_BYTES)
    click.echo(SECRET_PREFIX + base64.b64encode(made).decode())


@webhook.command(name="list")
@as_json
@click.pass_obj
def list_(folder: str, *, as_json: bool) -> None:
    """List the endpoints: what waits for each, what it took, what was given up.

    Example: mailer webhook list --json
    """
    with open_workspace(folder, need_keys=False) as workspace:
        found = list_endpoints(workspace.database, workspace.settings.webhooks)
    print_rows(
        (
            {
                "endpoint": one.name,
                "since": one.since_at,
                **{state.value: one.states.get(state, 0) for state in HookState},
                "last_failure": one.last_failure,
            }
            for one in found
        ),
        as_json=as_json,
    )


@webhook.command(name="replay")
@click.argument("endpoint")
@click.option(
    "--hours",
    type=click.FloatRange(min=0, min_open=True),
    default=24.0,
    show_default=True,
    help="What happened in the last so many hours; at most 720.",
)
@click.option("--all", "delivered_too", is_flag=True, help="Also what it took already.")
@click.option("--dry-run", is_flag=True, help="Only say how many.")
@as_json
@click.pass_obj
def replay_(
    folder: str,
    endpoint: str,
    hours: float,
    *,
    delivered_too: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Tell an endpoint again what was given up, under the same ids.

    \b
    Example: mailer webhook replay shop
             mailer webhook replay shop --hours 48 --all --dry-run
    """  # noqa: D301 - click's own mark for lines that stay as they are
    now = utc_now()
    with open_workspace(folder, need_keys=False) as workspace:
        wanted = Replay(endpoint, now - timedelta(hours=hours), delivered_too)
        count = replay(workspace.database, wanted, now, dry_run=dry_run)
    if as_json:
        print_json({"endpoint": endpoint, "count": count, "dry_run": dry_run})
        return
    words = "would be told again" if dry_run else "wait to be told again by `mailer serve`"
    click.echo(f"{count} webhooks of {endpoint} {words}")

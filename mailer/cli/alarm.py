"""`mailer alarm`: what went wrong while nobody looked."""

import click

from mailer.cli.output import as_json, print_json, shown
from mailer.cli.printable import printable
from mailer.jobs import alarms as jobs
from mailer.wiring import open_workspace, utc_now


@click.group
def alarm() -> None:
    """List what went wrong while nobody looked.

    A firing that was missed, a campaign that nobody got: each alarm says what happened,
    what the program did, and what you can do.

    Example: mailer alarm list
    """


@alarm.command(name="list")
@as_json
@click.pass_obj
def list_(folder: str, *, as_json: bool) -> None:
    """List the alarms that nobody has acknowledged, oldest first.

    Example: mailer alarm list --json
    """
    with open_workspace(folder, need_keys=False) as workspace:
        found = jobs.open_alarms(workspace.database)
    if as_json:
        print_json(
            [
                {
                    "alarm": one.id,
                    "at": one.at,
                    "about": one.subject,
                    "happened": one.happened,
                    "todo": one.todo,
                }
                for one in found
            ]
        )
        return
    if not found:
        click.echo("there is no open alarm")
    for one in found:
        about = printable(one.subject)
        click.secho(f"alarm {one.id}, {shown(one.at)}: {about}", bold=True)
        click.echo(f"  {printable(one.happened)}")
        click.echo(f"  what you can do: {printable(one.todo)}")


@alarm.command
@click.argument("number", type=int)
@click.pass_obj
def acknowledge(folder: str, number: int) -> None:
    """Note that you have seen an alarm: it is not listed any more.

    Example: mailer alarm acknowledge 3
    """
    with open_workspace(folder, need_keys=False) as workspace:
        jobs.acknowledge(workspace.database, number, utc_now())
    click.echo(f"alarm {number} is acknowledged")

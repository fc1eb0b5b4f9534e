"""`mailer alarm`: what went wrong while nobody looked."""

import click

from mailer.cli.output import as_json, print_json, print_rows, shown
from mailer.cli.printable import printable
from mailer.jobs import alarms as jobs
from mailer.jobs.tell import tell_of_test
from mailer.wiring import open_workspace, utc_now

NOT_TOLD_EXIT_STATUS = 1


@click.group
def alarm() -> None:
    """List what went wrong while nobody looked.

    A firing that was missed, a campaign that nobody got: each alarm says what happened,
    what the program did, and what you can do.

    With `[alarms]` in config.toml somebody is told: by letter, webhook or command.

    \b
    Example: mailer alarm list
             mailer alarm test
    """  # noqa: D301 - click's own mark for lines that stay as they are


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
@click.argument("numbers", metavar="NUMBER...", type=int, nargs=-1, required=True)
@click.pass_obj
def acknowledge(folder: str, numbers: tuple[int, ...]) -> None:
    """Note that you have seen alarms: they are not listed any more.

    Example: mailer alarm acknowledge 3
    """
    with open_workspace(folder, need_keys=False) as workspace:
        for number in numbers:
            jobs.acknowledge(workspace.database, number, utc_now())
            click.echo(f"alarm {number} is acknowledged")


@alarm.command
@click.argument("numbers", metavar="NUMBER...", type=int, nargs=-1, required=True)
@click.pass_context
def ack(context: click.Context, numbers: tuple[int, ...]) -> None:
    """Do what `acknowledge` does.

    Example: mailer alarm ack 3 4
    """
    context.invoke(acknowledge, numbers=numbers)


@alarm.command
@as_json
@click.pass_context
def test(context: click.Context, *, as_json: bool) -> None:
    """Tell of an alarm that is none, by every way that `[alarms]` names.

    Exit status 1 if one of them did not take it. The letter leaves when `mailer serve`
    runs.

    Example: mailer alarm test
    """
    with open_workspace(context.obj) as workspace:
        told = tell_of_test(workspace.world(), workspace.ways(), utc_now())
    print_rows(
        ({"way": one.way, "told": not one.problem, "problem": one.problem} for one in told),
        as_json=as_json,
    )
    if any(one.problem for one in told):
        context.exit(NOT_TOLD_EXIT_STATUS)

"""`mailer db`: the database as a whole."""

import click

from mailer.cli.output import as_json, print_rows
from mailer.jobs import database as jobs
from mailer.wiring import database_alone, open_workspace, utc_now

UNSOUND_EXIT_STATUS = 1


@click.group
def db() -> None:
    """Upgrade, back up and verify the database.

    Example: mailer db verify
    """


@db.command
@click.option("--backed-up", is_flag=True, help="PostgreSQL: there is a backup already.")
@click.pass_obj
def upgrade(folder: str, *, backed_up: bool) -> None:
    """Bring the tables up to date, with a backup before. Stop `mailer serve` before.

    Example: mailer db upgrade
    """
    with database_alone(folder) as (database, places):
        done = jobs.upgrade(database, places.database_file, utc_now(), backed_up=backed_up)
    if done.backup is not None:
        click.echo(f"backup  {done.backup}  (the keys are not in it)")
    if done.before == done.after:
        click.echo(f"the database has version {done.after} already")
    else:
        click.echo(f"upgraded from version {done.before or 'none'} to {done.after}")


@db.command
@click.argument("file", type=click.Path())
@click.pass_obj
def backup(folder: str, file: str) -> None:
    """Copy the database to FILE while it is in use.

    The keys are not in the copy: keep theirs apart from it.

    Example: mailer db backup /backups/mailer-monday.db
    """
    with open_workspace(folder) as workspace:
        places = workspace.places
        jobs.backup(workspace.database, file, places.checkpoints_file, utc_now())
        keys_file = places.keys_file
    click.echo(f"backup  {file}")
    click.echo(f"The keys are not in it: without {keys_file} it is of no use. Keep a copy.")


@db.command
@as_json
@click.pass_context
def verify(context: click.Context, *, as_json: bool) -> None:
    """Check the file, all campaigns' sums, and the ledger. Exit status 1 if one is wrong.

    Example: mailer db verify
    """
    with open_workspace(context.obj) as workspace:
        checks = jobs.check(
            workspace.database, workspace.ring, workspace.places.checkpoints_file
        )
    print_rows(
        (
            {
                "check": one.what,
                "holds": not one.problems,
                "problems": "; ".join(one.problems),
            }
            for one in checks
        ),
        as_json=as_json,
    )
    if any(one.problems for one in checks):
        context.exit(UNSOUND_EXIT_STATUS)

"""`mailer db`: the database as a whole."""

from dataclasses import asdict
from datetime import timedelta

import click

from mailer.cli.output import as_json, print_json, print_rows
from mailer.cli.restored import restored_facts, say_restored
from mailer.cli.room import room_alone
from mailer.cli.sizes import in_units, size_words
from mailer.errors import RefusedError
from mailer.jobs import database as jobs
from mailer.jobs import replay
from mailer.jobs.restore import Wishes, how_on_postgresql, keep_checkpoints_met, settle
from mailer.jobs.restore import restore as restore_from
from mailer.jobs.size import measure
from mailer.jobs.upgrade import upgrade as upgrade_tables
from mailer.store.versions import require_current
from mailer.wiring import (
    database_alone,
    open_workspace,
    require_database,
    utc_now,
)

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
        done = upgrade_tables(
            database, places.database_file, utc_now(), backed_up=backed_up
        )
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
        # The copy then knows this logbook, and a restore what was written after it.
        replay.tend(workspace.database, workspace.logbook, utc_now())
        jobs.backup(workspace.database, file, places.checkpoints_file, utc_now())
        keys_file = places.keys_file
    click.echo(f"backup  {file}")
    click.echo(f"The keys are not in it: without {keys_file} it is of no use. Keep a copy.")
    click.echo(f"Who leaves from now on is in {places.logbook_folder}: copy that too.")


@db.command(name="backed-up")
@click.pass_obj
def backed_up(folder: str) -> None:
    """Note that a backup was made just now by other means, such as pg_dump.

    `mailer status` tells its age. `mailer db backup` notes it by itself.

    Example: mailer db backed-up
    """
    with open_workspace(folder, need_keys=False) as workspace:
        jobs.note_backup(workspace.database, utc_now())
    click.echo("noted: a backup was made now; mailer status tells its age")


@db.command
@click.argument("file", required=False, type=click.Path())
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option(
    "--brought-back", is_flag=True,
    help="The database was brought back by other means, such as pg_restore.",
)  # fmt: skip
@click.option(
    "--logbook", "logbooks", multiple=True, type=click.Path(),
    help="A further logbook's folder, as of another machine; may be given more than once.",
)  # fmt: skip
@click.option(
    "--without-logbook", is_flag=True,
    help="Go on although the logbook does not reach back to the backup.",
)  # fmt: skip
@as_json
@click.pass_obj
def restore(
    folder: str,
    *,
    file: str | None,
    dry_run: bool,
    brought_back: bool,
    logbooks: tuple[str, ...],
    without_logbook: bool,
    as_json: bool,
) -> None:
    """Bring the database back from a backup. Stop everything before.

    Who left or was erased since stays away: the logbook knows. Campaigns that were active
    come back paused, those begun since too, and their letters that waited are in doubt.
    No schedule fires for a moment that is past, and no number is given twice. The database
    that is replaced is kept beside it.

    \b
    Example: mailer db restore backups/mailer-monday.db --dry-run
             mailer db restore backups/mailer-monday.db
    """  # noqa: D301 - click's own mark for lines that stay as they are
    if brought_back == (file is not None):
        raise click.UsageError("say which backup: FILE, or --brought-back without one")
    wishes = Wishes(logbooks, without_logbook, dry_run)
    with room_alone(folder) as (database, places, room):
        if file is None:
            if dry_run:
                raise click.UsageError("--dry-run needs a FILE: it works on a copy of it")
            require_database(places)
            require_current(database)
            done = settle(room, database, wishes, utc_now())
            keep_checkpoints_met(room.checkpoints_file, database, utc_now())
        elif places.database_file is None:
            raise RefusedError(how_on_postgresql(database.address, file))
        else:
            done = restore_from(room, places.database_file, file, wishes, utc_now())
    if as_json:
        print_json(restored_facts(done))
    else:
        say_restored(done, dry_run=dry_run)


@db.command
@as_json
@click.pass_obj
def size(folder: str, *, as_json: bool) -> None:
    """Say what takes the room: tables, a million letters, what retention would free.

    Example: mailer db size
    """
    with open_workspace(folder, need_keys=False) as workspace:
        days = workspace.settings.retention.deliveries_days
        found = measure(workspace.database, timedelta(days=days), utc_now())
    if as_json:
        print_json(asdict(found))
        return
    print_rows(
        (
            {"table": one.name, "rows": one.rows, "size": in_units(one.size_bytes)}
            for one in found.tables
            if one.rows
        ),
        as_json=False,
    )
    for words in size_words(found, days):
        click.echo(words)


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

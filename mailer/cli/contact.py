"""`mailer contact`: importing people with their consent, showing and exporting them."""

from collections.abc import Generator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from mailer.cli.output import as_json, print_json, shown
from mailer.jobs.import_contacts import ImportOrder, import_contacts
from mailer.jobs.import_run import ImportResult, Progress
from mailer.model.consent import Basis
from mailer.wiring import open_workspace, utc_now

_WORDS = {
    "added": "new people",
    "joined": "known people who are new on the list",
    "renewed": "people on the list whose permission was renewed",
    "already_on": "on the list already",
    "again": "in the file more than once",
    "suppressed": "suppressed, and left alone",
    "left": "left the list, and left alone",
    "rejected": "rejected",
    "changed": "people whose values changed",
    "shared": "addresses of offices such as info@",
}


@click.group
def contact() -> None:
    """Import, show and export people.

    Example: mailer contact import people.csv --list newsletter --basis express --source
        fair
    """


@contact.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--list", "list_name", required=True, help="The list that they agreed to be on."
)
@click.option(
    "--basis",
    type=click.Choice([basis.value for basis in Basis]),
    required=True,
    help="What kind of permission they gave.",
)
@click.option(
    "--source", required=True, help="Where they agreed, in words: 'stall at the fair'."
)
@click.option(
    "--wording",
    type=int,
    help="The version of the list's words that they saw; else the newest.",
)
@click.option(
    "--ignore-unknown", is_flag=True, help="Leave out columns that are not declared."
)
@click.option("--dry-run", is_flag=True, help="Change nothing, and say what would be done.")
@as_json
@click.pass_obj
def import_(
    folder: str,
    file: str,
    list_name: str,
    basis: str,
    source: str,
    wording: int | None,
    *,
    ignore_unknown: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import people from a CSV file, with their consent.

    Columns go by the header: email, name, language, time_zone and what config.toml
    declares. Rows that can't be imported are kept beside the file, in FILE.rejected.csv,
    with the reason. An import that was cut off goes on where it was; `import-undo` takes it
    back.

    Example: mailer contact import people.csv --list newsletter --basis express --source
        fair
    """
    with open_workspace(folder) as workspace, _bar() as progress:
        order = ImportOrder(
            path=file,
            mailing_list=workspace.mailing_list(list_name),
            basis=Basis(basis),
            source=source,
            wording=wording,
            ignore_unknown=ignore_unknown,
            dry_run=dry_run,
        )
        result = import_contacts(
            workspace.database, workspace.ring, workspace.specs, order, utc_now, progress
        )
    if as_json:
        print_json(_as_json(result))
    else:
        _print(result, dry_run=dry_run)


@contextmanager
def _bar() -> Generator[Progress, None, None]:
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rows", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _as_json(result: ImportResult) -> dict[str, object]:
    return {
        "batch": result.batch_id,
        "rows": result.rows,
        "counts": result.counts,
        "rejected_file": result.rejected_path,
        "ignored_columns": list(result.ignored),
        "expires_at": result.expires_at,
        "resumed": result.resumed,
    }


def _print(result: ImportResult, *, dry_run: bool) -> None:
    would = "would be read" if dry_run else "read"
    resumed = ", going on where the last run ended" if result.resumed else ""
    click.echo(f"{result.rows} rows {would}{resumed}")
    for name, count in result.counts.items():
        if count:
            click.echo(f"{count:9}  {_WORDS.get(name, name)}")
    if result.ignored:
        click.echo(f"columns left out: {', '.join(map(shown, result.ignored))}")
    if result.expires_at is not None:
        click.echo(f"this permission ends on {shown(result.expires_at)}")
    for line, reason in result.first_rejected:
        click.echo(f"  line {line}: {shown(reason)}")
    if result.rejected_path is not None:
        click.echo(f"rejected rows, with the reason: {result.rejected_path}")
    if result.batch_id is not None:
        click.echo(
            f"this was batch {result.batch_id}; mailer contact import-undo"
            f" {result.batch_id} takes it back"
        )

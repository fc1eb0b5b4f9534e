"""`mailer contact import`: people with their consent, and those who said no before them."""

import os
import sys

import click

from mailer.audience.services import Standing
from mailer.audience.shapes import Service
from mailer.cli.bar import file_bar
from mailer.cli.declared import (
    basis_option,
    expires_option,
    list_option,
    read_pairs,
    source_option,
    wording_option,
)
from mailer.cli.options import read_moment
from mailer.cli.output import as_json, print_json, shown
from mailer.cli.people import moved_json, moved_lines
from mailer.config.declaring import declare_attributes
from mailer.errors import RefusedError
from mailer.jobs.declare import Proposal, propose
from mailer.jobs.import_contacts import ImportOrder
from mailer.jobs.move_in import MoveOrder, Source, look, move_in, never_before
from mailer.model.attributes import AttributeSpec
from mailer.model.consent import Basis
from mailer.model.kind import Scope
from mailer.model.suppression import list_scope
from mailer.wiring import Workspace, open_workspace, utc_now
from mailer.workspace.csvfiles import DELIMITERS
from mailer.workspace.encodings import Encoding

_REJECTED = ".rejected.csv"
_FILE = click.Path(exists=True, dir_okay=False)
_ASKED = (
    "These files name nobody who unsubscribed or bounced, and no refusals are on record."
    " Is there really nobody?"
)
_NOT_ASKED = (
    "this is the first import, and no file names anybody who unsubscribed, bounced or"
    " complained: give that file too (--unsubscribed FILE, --bounced FILE, --complained"
    " FILE), or say --no-refusals if there is really nobody"
)


@click.command(name="import")
@click.argument("files", type=_FILE, nargs=-1, required=True, metavar="FILE...")
@list_option
@basis_option
@source_option
@wording_option
@expires_option
@click.option(
    "--from",
    "service",
    type=click.Choice([service.value for service in Service]),
    help="The service that exported the files: members, unsubscribed, cleaned together.",
)
@click.option(
    "--unsubscribed", type=_FILE, multiple=True, help="A file of people who left."
)
@click.option(
    "--bounced", type=_FILE, multiple=True, help="A file of addresses that do not exist."
)
@click.option(
    "--complained", type=_FILE, multiple=True, help="A file of people who complained."
)
@click.option(
    "--refused-for",
    type=click.Choice(["marketing", "list"]),
    default="marketing",
    show_default=True,
    help="What those get no more of: anything, or only this list.",
)
@click.option(
    "--no-refusals", is_flag=True, help="Nobody ever unsubscribed or bounced; do not ask."
)
@click.option(
    "--encoding",
    type=click.Choice([encoding.value for encoding in Encoding]),
    help="What the files are in; else it is found out.",
)
@click.option(
    "--delimiter",
    type=click.Choice([*DELIMITERS]),
    help="What stands between their cells; else it is found out.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=WHAT",
    help="What a column is to be taken for, as 'E-post=email'; as often as needed.",
)
@click.option(
    "--declare",
    is_flag=True,
    help="Offer to declare the columns that config.toml does not know yet.",
)
@click.option("--yes", is_flag=True, help="Declare them without asking.")
@click.option(
    "--ignore-unknown", is_flag=True, help="Leave out columns that are not declared."
)
@click.option("--dry-run", is_flag=True, help="Change nothing, and say what would be done.")
@as_json
@click.pass_obj
def import_(
    folder: str,
    *,
    files: tuple[str, ...],
    list_name: str,
    basis: str,
    source: str,
    wording: int | None,
    expires: str | None,
    service: str | None,
    unsubscribed: tuple[str, ...],
    bounced: tuple[str, ...],
    complained: tuple[str, ...],
    refused_for: str,
    no_refusals: bool,
    encoding: str | None,
    delimiter: str | None,
    columns: tuple[str, ...],
    declare: bool,
    yes: bool,
    ignore_unknown: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import people from CSV files, with their consent; who said no goes first.

    Columns go by the header: email, name, language, time_zone and what config.toml
    declares; --column says what another is, --declare offers to declare it. Encoding
    (UTF-8, UTF-16, Windows-1252) and delimiter are found out and shown.

    With --from the files of another service are read together: members, unsubscribed and
    cleaned. Whom one of the files says no for is kept away, whatever the others say.

    What a row says of its own consent (consent_at, confirmed_at, consent_ip, wording,
    purchase_at) goes into the ledger; where it says nothing the ledger marks that only
    this command spoke. Rows that can't be imported are kept beside the file, in
    FILE.rejected.csv, with the reason. An import that was cut off goes on where it was;
    `import-undo` takes it back, but nobody's no.

    \b
    Example: mailer contact import people.csv --list newsletter --basis express
               --source fair --unsubscribed left.csv
             mailer contact import *.csv --from mailchimp --list newsletter
               --basis double_opt_in --source "our sign-up form" --dry-run
    """  # noqa: D301 - click's own mark for lines that stay as they are
    told = (
        *((path, Standing.UNSUBSCRIBED) for path in unsubscribed),
        *((path, Standing.BOUNCED) for path in bounced),
        *((path, Standing.COMPLAINED) for path in complained),
    )
    files = _without_rejected(files)
    with open_workspace(folder) as workspace:
        mailing_list = workspace.mailing_list(list_name)
        people = ImportOrder(
            path=files[0],
            mailing_list=mailing_list,
            basis=Basis(basis),
            source=source,
            wording=wording,
            expires_at=read_moment(expires, workspace.settings.time_zone, utc_now()),
            encoding=None if encoding is None else Encoding(encoding),
            delimiter=None if delimiter is None else DELIMITERS[delimiter],
            called=read_pairs(columns, "--column", "E-post=email"),
            zone=workspace.settings.time_zone,
            ignore_unknown=ignore_unknown,
            dry_run=dry_run,
        )
        scope = list_scope(mailing_list.id) if refused_for == "list" else Scope.MARKETING
        order = MoveOrder(
            files, told, None if service is None else Service(service), str(scope), people
        )
        sources = look(order, workspace.specs)
        specs = dict(workspace.specs)
        if not dry_run and not no_refusals:
            _ask_for_refusals(workspace, sources)
        if declare:
            proposals = propose(sources, specs, people)
            specs |= _declared(folder, proposals, yes=yes, dry_run=dry_run)
        with file_bar("rows") as bar:
            moved = move_in(
                workspace.database, workspace.logbook, specs, order, utc_now, bar
            )
    if as_json:
        print_json(moved_json(moved))
        return
    for line in moved_lines(moved, dry_run=dry_run):
        click.echo(line)


def _ask_for_refusals(workspace: Workspace, sources: tuple[Source, ...]) -> None:
    """Ask once whether there is nobody who said no; without a terminal it must be said."""
    if any(one.has_refusals for one in sources) or not never_before(workspace.database):
        return
    if not _somebody_is_there():
        raise RefusedError(_NOT_ASKED)
    if not click.confirm(_ASKED, err=True):
        raise RefusedError(
            "nothing was imported: export those who unsubscribed and bounced too, and give"
            " both files together (docs/moving-in.md says where they are)"
        )


def _somebody_is_there() -> bool:
    return sys.stdin.isatty()


def _without_rejected(files: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out what an earlier run rejected where its source is there too: `*.csv`."""
    ours = {f"{path.removesuffix('.csv')}{_REJECTED}" for path in files}
    left_out = [path for path in files if path in ours]
    for path in left_out:
        click.echo(f"{shown(path)} is left out: its rows are those of its source", err=True)
    return tuple(path for path in files if path not in ours)


def _declared(
    folder: str, proposals: list[Proposal], *, yes: bool, dry_run: bool
) -> dict[str, AttributeSpec]:
    """Declare what was proposed, once somebody agreed to it."""
    if not proposals:
        click.echo("every column that says something is declared already", err=True)
        return {}
    click.echo("columns that are not declared yet:", err=True)
    for one in proposals:
        note = f"  ({shown(one.note)})" if one.note else ""
        click.echo(f"  {shown(one.column)}: {one.name}, {one.type}{note}", err=True)
    if dry_run:
        return {one.name: AttributeSpec(one.name, one.type) for one in proposals}
    if not yes and not _somebody_is_there():
        raise RefusedError("say --yes to declare these in config.toml; nothing was changed")
    if not yes and not click.confirm("Declare these in config.toml?", err=True):
        return {}
    return declare_attributes(folder, "".join(one.text() for one in proposals), os.environ)

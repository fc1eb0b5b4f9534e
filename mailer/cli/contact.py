"""`mailer contact`: importing people with their consent, showing and exporting them."""

import click

from mailer.cli.bar import file_bar
from mailer.cli.declared import (
    basis_option,
    expires_option,
    list_option,
    read_pairs,
    source_option,
    wording_option,
)
from mailer.cli.erasing import erase
from mailer.cli.moving import import_
from mailer.cli.options import read_moment
from mailer.cli.output import (
    as_json,
    json_text,
    print_facts,
    print_json,
    shown,
)
from mailer.cli.people import (
    exported_json,
    shown_json,
    shown_lines,
)
from mailer.cli.sharing import export_to, sharings
from mailer.jobs.contacts import NewPerson, add_contact, show_contact
from mailer.jobs.export_contacts import as_csv, export_contacts
from mailer.jobs.undo_import import undo_import
from mailer.model.consent import Basis
from mailer.wiring import open_workspace, utc_now

_ADDED = {
    "added": "added",
    "joined": "known already, and added to the list",
    "renewed": "on the list already; the permission was renewed",
    "already_on": "on the list already; what is known was brought up to date",
}


@click.group
def contact() -> None:
    """Import, show and export people.

    Example: mailer contact import people.csv --list newsletter --basis express --source
        fair
    """


contact.add_command(import_)
contact.add_command(erase)
contact.add_command(sharings)


@contact.command(name="import-undo")
@click.argument("batch", type=int)
@as_json
@click.pass_obj
def import_undo(folder: str, batch: int, *, as_json: bool) -> None:
    """Take an import back, by its batch number.

    Nothing is deleted: the ledger says that it was undone. Who has agreed in another way
    since, or has left, stays where they are, and what was corrected since stays corrected.

    Example: mailer contact import-undo 3
    """
    with open_workspace(folder) as workspace, file_bar("undone") as bar:
        result = undo_import(
            workspace.database, workspace.ring, batch, utc_now, lambda done: bar(done, None)
        )
    facts = {
        "batch": result.batch_id,
        "permissions taken back": result.undone,
        "permissions that something else rests on now": result.kept,
        "people whose values were put back": result.restored,
    }
    if as_json:
        names = ("batch", "undone", "kept", "restored")
        print_json(dict(zip(names, facts.values(), strict=True)))
    else:
        print_facts(facts, as_json=False)


@contact.command
@click.argument("address")
@list_option
@basis_option
@source_option
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    help="What is known, such as name=Kari or language=nb; as often as needed.",
)
@wording_option
@expires_option
@click.option("--by", help="Who records it.")
@click.pass_obj
def add(
    folder: str,
    *,
    address: str,
    list_name: str,
    basis: str,
    source: str,
    values: tuple[str, ...],
    wording: int | None,
    expires: str | None,
    by: str | None,
) -> None:
    """Add one person to a list, with consent on record.

    Who has left, or is suppressed, can only come back by signing up.

    \b
    Example: mailer contact add kari@example.com --list newsletter --basis express \\
                 --source "by phone" --set name=Kari
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder) as workspace:
        person = NewPerson(
            address,
            workspace.mailing_list(list_name),
            Basis(basis),
            source,
            read_pairs(values, "--set", "name=Kari"),
            wording,
            read_moment(expires, workspace.settings.time_zone, utc_now()),
            by,
        )
        admission = add_contact(
            workspace.database, workspace.ring, workspace.specs, person, utc_now
        )
    click.echo(f"{shown(address)}: {_ADDED[admission.value]}")


@contact.command
@click.argument("address")
@as_json
@click.pass_obj
def show(folder: str, address: str, *, as_json: bool) -> None:
    """Show what is on record about an address: values, lists, suppressions.

    `mailer explain` has the entries of the ledger, and every letter.

    Example: mailer contact show kari@example.com
    """
    with open_workspace(folder) as workspace:
        found = show_contact(workspace.database, workspace.ring, address)
    if as_json:
        print_json(shown_json(found))
        return
    for line in shown_lines(address, found):
        click.echo(line)


@contact.command
@click.option(
    "--list", "list_name", help="Only whom this list may write to now; else all contacts."
)
@click.option(
    "--to",
    metavar="PARTNER",
    help="Only who agreed that this partner gets it, and what it gets; is recorded.",
)
@click.option("--by", default="", help="Who gives it to the partner.")
@click.option("--dry-run", is_flag=True, help="Only count who would be in it.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
@click.pass_obj
def export(
    folder: str,
    list_name: str | None,
    *,
    to: str | None,
    by: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Print contacts as CSV that can be imported again, or as JSON.

    With `--to` it is for a partner of `partners.toml`: only those who agreed to that and
    still do, with what their words say; who, when and whose data is on record, and each
    person sees it on her own page.

    \b
    Example: mailer contact export --list newsletter > newsletter.csv
             mailer contact export --to fjell-tours --by Ola > for-fjell-tours.csv
             mailer contact export --json
    """  # noqa: D301 - click's own mark for lines that stay as they are
    if to is not None:
        export_to(folder, to, by, list_name, dry_run=dry_run, as_json=as_json)
        return
    if by or dry_run:
        raise click.UsageError("--by and --dry-run go with --to PARTNER")
    with open_workspace(folder, need_keys=False) as workspace:
        list_id = None if list_name is None else workspace.mailing_list(list_name).id
        people = export_contacts(workspace.database, list_id, utc_now())
        if as_json:
            for one in people:
                click.echo(json_text(exported_json(one)))
            return
        for line in as_csv(people, workspace.specs):
            click.echo(line, nl=False)

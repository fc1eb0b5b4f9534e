"""`mailer contact erase`: everything about a person goes, and nobody writes again."""

import sys
from dataclasses import asdict

import click

from mailer.cli.output import as_json, print_json, shown
from mailer.errors import RefusedError
from mailer.jobs import erase as jobs
from mailer.jobs.erase import Erased
from mailer.wiring import open_workspace, utc_now


@click.command
@click.argument("address")
@click.option("--by", required=True, help="Who does it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Change nothing, and say what would be done.")
@as_json
@click.pass_obj
def erase(
    folder: str, *, address: str, by: str, yes: bool, dry_run: bool, as_json: bool
) -> None:
    """Erase a person who asked for it.

    What is known about her goes (GDPR Art. 17), with all that she wrote to support;
    letters that wait are withheld, and those that were sent stay counted without her
    address. The ledger keeps its entries without her, so that its chain verifies. A keyed
    hash of the address stays, so that no import can bring her back: only she can, by
    signing up and confirming. It cannot be undone.

    Files that you have yourself (exports, what an import rejected) are yours to delete. A
    backup that is brought back has her erased again.

    \b
    Example: mailer contact erase kari@example.com --by Ola --dry-run
             mailer contact erase kari@example.com --by Ola
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder) as workspace:
        found = jobs.look(workspace.database, address)
        if not dry_run:
            _ask(found, yes=yes)
            found = jobs.erase(workspace.database, workspace.logbook, address, by, utc_now)
    if as_json:
        print_json(asdict(found))
        return
    for line in _lines(found, dry_run=dry_run):
        click.echo(line)


def _ask(found: Erased, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError("erasing cannot be undone: say --yes; nothing was changed")
    for line in _lines(found, dry_run=True):
        click.echo(line, err=True)
    if not click.confirm("It cannot be undone. Erase?", err=True):
        raise RefusedError("nothing was changed")


def _lines(found: Erased, *, dry_run: bool) -> list[str]:
    who, be = shown(found.address), "would be" if dry_run else "is"
    if not found.known:
        lines = [f"{who} is no contact; the address {be} kept away as a keyed hash"]
        if found.tickets:
            lines.append(f"{found.tickets:9}  conversations with support {be} deleted")
        return lines
    lines = [
        f"{who} {be} erased; a keyed hash {be} kept, so that nobody writes again",
        f"{found.entries:9}  entries of the ledger stay, without personal values",
        f"{found.letters:9}  letters stay counted, without the address",
        f"{found.withheld:9}  of them had not left, and never will",
        f"{found.tickets:9}  conversations with support {be} deleted",
    ]
    if found.on_the_line:
        lines.append(
            f"{found.on_the_line} were still on the line: of what is answered about them"
            " nothing is kept but whether they were taken"
        )
    return lines

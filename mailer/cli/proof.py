"""`mailer consent show|prove|verify|anchor`: what people agreed to, shown and proved."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

import click

from mailer.cli.bar import file_bar
from mailer.cli.output import as_json, print_facts, print_json, shown
from mailer.cli.proof_page import proof_page
from mailer.errors import RefusedError
from mailer.jobs.prove import Record, anchor, check_proof, consent_record, prove
from mailer.jobs.verify_ledger import LedgerReport, verify_ledger
from mailer.wiring import Workspace, open_workspace, utc_now
from mailer.workspace.files import exists, read_text, write_asked

WRONG_EXIT_STATUS = 1


@click.command
@click.argument("address")
@as_json
@click.pass_obj
def show(folder: str, *, address: str, as_json: bool) -> None:
    """Show all that the ledger says about somebody, with the words that were shown.

    Example: mailer consent show kari@example.com
    """
    with open_workspace(folder) as workspace:
        found = consent_record(workspace.database, workspace.ring, address, utc_now())
    if as_json:
        print_json(asdict(found))
    else:
        _print_record(found)


@click.command(name="prove")
@click.argument("address")
@click.option("--html", "page", metavar="FILE", help="Write a page that a lawyer can read.")
@click.option("--to", "into", metavar="FILE", help="Write the signed JSON there.")
@click.pass_obj
def prove_(folder: str, *, address: str, page: str | None, into: str | None) -> None:
    """Write a signed document of what somebody agreed to.

    The whole ledger is verified before, and the document says what that found. Without
    --to and --html the signed JSON is printed.

    Example: mailer consent prove kari@example.com --html kari.html --to kari.json
    """
    with open_workspace(folder) as workspace:
        verified = _verify(workspace)
        document = prove(workspace.database, workspace.ring, address, verified, utc_now())
    if into is not None:
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        write_asked(into, text.encode())
        click.echo(f"signed   {into}")
    if page is not None:
        write_asked(page, proof_page(document).encode())
        click.echo(f"to read  {page}")
    if into is None and page is None:
        print_json(document)
    if verified.wrong:
        click.echo(f"warning: {verified.wrong} things are wrong in the ledger", err=True)


@click.command
@click.argument("file", required=False, type=click.Path())
@as_json
@click.pass_context
def verify(context: click.Context, *, file: str | None, as_json: bool) -> None:
    """Verify the ledger, or a document that `consent prove` wrote.

    Any entry that was changed, removed or reordered shows, and a tail that was cut off
    since the last checkpoint. Exit status 1 if something is wrong.

    \b
    Example: mailer consent verify
             mailer consent verify kari.json
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(context.obj) as workspace:
        holds = (
            _verify_ledger(workspace, as_json=as_json)
            if file is None
            else _verify_document(workspace, file, as_json=as_json)
        )
    if not holds:
        context.exit(WRONG_EXIT_STATUS)


@click.command(name="anchor")
@as_json
@click.pass_obj
def anchor_(folder: str, *, as_json: bool) -> None:
    """Print the ledger's head, to be kept where nobody can change it.

    Print it on paper, mail it to a notary or to yourself: who has it can tell later that
    nothing before it was changed. It goes into the file of checkpoints too.

    Example: mailer consent anchor | mail -s "Ledger of consents" notary@example.com
    """
    with open_workspace(folder) as workspace:
        path = workspace.places.checkpoints_file
        taken = anchor(workspace.database, workspace.ring, path, utc_now())
    facts: dict[str, object] = {
        "entries": taken.checkpoint.number,
        "head": taken.checkpoint.mac.hex(),
        "at": taken.checkpoint.at,
        "public key": taken.public_key.hex(),
    }
    print_facts(facts, as_json=as_json)


def _verify(workspace: Workspace) -> LedgerReport:
    with file_bar("entries") as bar:
        return verify_ledger(
            workspace.database,
            workspace.ring,
            workspace.places.checkpoints_file,
            lambda done: bar(done, None),
        )


def _verify_ledger(workspace: Workspace, *, as_json: bool) -> bool:
    found = _verify(workspace)
    if as_json:
        print_json(asdict(found))
        return not found.wrong
    click.echo(f"entries      {found.entries}")
    click.echo(f"checkpoints  {found.checkpoints} met")
    click.echo(f"wrong        {found.wrong}")
    for one in found.findings:
        click.echo(f"  {shown(one)}")
    return not found.wrong


def _verify_document(workspace: Workspace, file: str, *, as_json: bool) -> bool:
    found = check_proof(workspace.database, workspace.ring, _document(file))
    if as_json:
        print_json({**asdict(found), "holds": found.holds})
        return found.holds
    signed = "by one of our keys" if found.ours else "by a key that is not ours"
    if not found.signed:
        signed = "NOT that of what the document says"
    click.echo(f"signature  {signed}")
    click.echo(f"entries    {found.entries}")
    numbers = ", ".join(map(str, found.missing))
    click.echo(f"in the ledger  {f'not these: {numbers}' if found.missing else 'all'}")
    return found.holds


def _document(file: str) -> Mapping[str, Any]:
    if not exists(file):
        raise RefusedError(f"there is no file {file}")
    try:
        document: Any = json.loads(read_text(file, file))
    except ValueError as problem:
        raise RefusedError(f"{file} is no proof of consent: {problem}") from problem
    if not isinstance(document, dict):
        raise RefusedError(f"{file} is no proof of consent: it is no JSON object")
    return cast("dict[str, Any]", document)


def _print_record(found: Record) -> None:
    click.echo(shown(found.address))
    if found.contact is None:
        click.echo("  is no contact (any more)")
    for list_id, one in found.standing.items():
        click.echo(f"  {list_id}: {one.status} since {shown(one.since_at)}")
    for held in found.suppressions:
        click.echo(
            f"  suppressed, {held.scope}: {held.reason} since {shown(held.since_at)}"
        )
    for entry in found.entries:
        said = entry.evidence
        where = ", ".join(str(word) for word in (said.how, said.basis, said.source) if word)
        click.echo(
            f"entry {said.number}  {shown(said.at)}  {said.act}"
            f" {said.list_id or 'all marketing'} by {shown(where)}"
        )
        if entry.words:
            click.echo(f"    words, version {said.wording}: “{shown(entry.words)}”")

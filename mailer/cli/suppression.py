"""`mailer suppression`: addresses that must not get mail."""

from dataclasses import asdict
from zoneinfo import ZoneInfo

import click

from mailer.cli.bar import file_bar
from mailer.cli.options import read_moment
from mailer.cli.output import as_json, json_text, print_json, print_rows, shown
from mailer.cli.people import REFUSED, refusal_lines
from mailer.jobs import suppressions as jobs
from mailer.jobs.import_refusals import RefusalOrder, import_refusals
from mailer.jobs.suppressions import Lifting, Listed
from mailer.model.consent import SuppressionReason
from mailer.model.kind import Scope
from mailer.model.suppression import Suppression, list_scope
from mailer.wiring import Workspace, open_workspace, utc_now
from mailer.workspace.csvfiles import DELIMITERS
from mailer.workspace.encodings import Encoding

_TOLD = ("unsubscribed", "bounced", "complained")


@click.group
def suppression() -> None:
    """Keep letters from addresses: add, lift, list, import, export.

    Example: mailer suppression import unsubscribed.csv --reason unsubscribed
    """


_by = click.option("--by", required=True, help="Who does it.")
_list = click.option(
    "--list", "list_name", help="Only letters of this list; else all marketing."
)
_everything = click.option(
    "--everything", is_flag=True, help="Every letter, also answers and confirmations."
)


@suppression.command
@click.argument("address")
@click.option(
    "--reason",
    type=click.Choice(["manual", *_TOLD]),
    default="manual",
    show_default=True,
    help="Why; what the person said herself only she can take back.",
)
@_list
@_everything
@click.option("--until", metavar="DATE", help="When it ends by itself, as 2028-05-01.")
@_by
@click.pass_obj
def add(
    folder: str,
    *,
    address: str,
    reason: str,
    list_name: str | None,
    everything: bool,
    until: str | None,
    by: str,
) -> None:
    """Keep letters from an address.

    What a person asked for by phone or mail is written down by `mailer consent` instead.

    Example: mailer suppression add kari@example.com --by Ola
    """
    with open_workspace(folder) as workspace:
        now = utc_now()
        ends_at = read_moment(until, workspace.settings.time_zone, now)
        scope = _scope(workspace, list_name, everything=everything)
        assert scope is not None
        one = Suppression(scope, SuppressionReason(reason), now, ends_at, "by hand")
        came = jobs.add(workspace.database, workspace.logbook, address, one, by)
    click.echo(f"{shown(address)}: {REFUSED[came.value]} ({scope}, {reason})")


@suppression.command
@click.argument("address")
@click.option("--list", "list_name", help="Only that of this list.")
@click.option("--marketing", is_flag=True, help="Only that of all marketing.")
@click.option("--everything", is_flag=True, help="Only that of everything.")
@_by
@click.option("--dry-run", is_flag=True, help="Change nothing, and say what would be done.")
@as_json
@click.pass_obj
def lift(
    folder: str,
    *,
    address: str,
    list_name: str | None,
    marketing: bool,
    everything: bool,
    by: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Let letters through again that staff or a bounce had stopped.

    Who unsubscribed, objected, complained or was erased comes back only by signing up and
    confirming: such a suppression is never lifted here.

    Example: mailer suppression lift kari@example.com --by Ola
    """
    if [list_name is not None, marketing, everything].count(True) > 1:
        raise click.UsageError("say one of --list NAME, --marketing and --everything")
    with open_workspace(folder) as workspace:
        scope = _scope(workspace, list_name, everything=everything, nothing=not marketing)
        lifting = Lifting(scope, by)
        done = jobs.lift(
            workspace.database,
            workspace.logbook,
            address,
            lifting,
            utc_now(),
            dry_run=dry_run,
        )
    if as_json:
        print_json(asdict(done))
        return
    for one in done.lifted:
        would = "would be lifted" if dry_run else "is lifted"
        click.echo(f"{shown(done.address)}: {one.scope} ({one.reason}) {would}")
    for one in done.stay:
        click.echo(
            f"{shown(done.address)}: {one.scope} ({one.reason}) stays: only the person can"
            " end it, by signing up and confirming"
        )


@suppression.command(name="list")
@click.argument("address", required=False)
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="The newest."
)
@as_json
@click.pass_obj
def list_(folder: str, *, address: str | None, limit: int, as_json: bool) -> None:
    """Count suppressions and list the newest, or those of one address.

    Of addresses that are no contacts only a keyed hash is kept: nobody can tell whose it
    is, but asked about an address the program knows whether it is there.

    \b
    Example: mailer suppression list
             mailer suppression list kari@example.com
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder) as workspace:
        if address is not None:
            found = jobs.of_address(workspace.database, workspace.ring, address)
            rows = [_row(one) for one in found]
            print_rows(rows, as_json=as_json, nothing=f"{shown(address)} is not suppressed")
            return
        totals = jobs.counted(workspace.database)
        newest = jobs.newest(workspace.database, limit)
    rows = [_row(one) for one in newest]
    if as_json:
        counts = [
            {"scope": scope, "reason": reason, "count": number}
            for (scope, reason), number in totals.items()
        ]
        print_json({"counts": counts, "newest": rows})
        return
    for (scope, reason), number in totals.items():
        click.echo(f"{number:9}  {shown(scope)}, {reason}")
    if rows:
        click.echo("")
    print_rows(rows, as_json=False, nothing="nobody is suppressed")
    if (more := sum(totals.values()) - len(rows)) > 0:
        click.echo(f"and {more} older ones: mailer suppression export has all of them")


@suppression.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--reason", type=click.Choice(_TOLD), help="Why these must not get mail.")
@_list
@click.option("--source", default="", help="Where the file comes from; else its name.")
@click.option(
    "--encoding",
    type=click.Choice([encoding.value for encoding in Encoding]),
    help="What the file is in; else it is found out.",
)
@click.option(
    "--delimiter",
    type=click.Choice([*DELIMITERS]),
    help="What stands between its cells; else it is found out.",
)
@click.option("--dry-run", is_flag=True, help="Change nothing, and say what would be done.")
@as_json
@click.pass_obj
def import_(
    folder: str,
    *,
    file: str,
    reason: str | None,
    list_name: str | None,
    source: str,
    encoding: str | None,
    delimiter: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import a file of addresses that must not get mail.

    It needs a column of addresses, with a header or without. An import that was cut off is
    run again. An export of `mailer suppression export` says its own reasons and scopes.
    Nobody's no is ever taken back: who is kept away for a weightier reason stays so.

    \b
    Example: mailer suppression import left.csv --reason unsubscribed --dry-run
             mailer suppression import cleaned.csv --reason bounced --list newsletter
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder) as workspace, file_bar("rows") as bar:
        scope = _scope(workspace, list_name)
        assert scope is not None
        order = RefusalOrder(
            path=file,
            reason=None if reason is None else SuppressionReason(reason),
            scope=scope,
            source=source.strip(),
            encoding=None if encoding is None else Encoding(encoding),
            delimiter=None if delimiter is None else DELIMITERS[delimiter],
            dry_run=dry_run,
        )
        zone = ZoneInfo(workspace.settings.time_zone)
        result = import_refusals(
            workspace.database, workspace.logbook, order, zone, utc_now, bar
        )
    if as_json:
        print_json(asdict(result))
        return
    trial = "; a dry run: nothing was changed, this is what would be" if dry_run else ""
    click.echo(f"{result.rows} rows read{trial}")
    for line in refusal_lines(result):
        click.echo(line)


@suppression.command
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
@click.pass_obj
def export(folder: str, *, as_json: bool) -> None:
    """Print all suppressions as CSV that can be imported again, or as JSON.

    Contacts come with their address. Of all others there is only the keyed hash, which
    says nothing without the keys of this workspace: it can be imported again here, and
    nowhere else.

    Example: mailer suppression export > suppressions.csv
    """
    with open_workspace(folder) as workspace:
        found = jobs.export(workspace.database)
        if as_json:
            for one in found:
                click.echo(json_text(_row(one)))
            return
        for line in jobs.as_csv(found, workspace.ring):
            click.echo(line, nl=False)


def _row(one: Listed) -> dict[str, object]:
    suppression = one.suppression
    return {
        "address": one.address,
        "hash": one.hash.hex(),
        "scope": suppression.scope,
        "reason": suppression.reason.value,
        "since": suppression.since_at,
        "until": suppression.until_at,
        "source": suppression.source,
    }


def _scope(
    workspace: Workspace,
    list_name: str | None,
    *,
    everything: bool = False,
    nothing: bool = False,
) -> str | None:
    """Return the scope that was meant; None where nothing was said and that is allowed."""
    if everything and list_name is not None:
        raise click.UsageError("say one of --list NAME and --everything")
    if list_name is not None:
        return list_scope(workspace.mailing_list(list_name).id)
    if everything:
        return Scope.EVERYTHING.value
    return None if nothing else Scope.MARKETING.value

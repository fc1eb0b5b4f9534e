"""`mailer consent`: what people said, and writing down what came by other ways."""

from dataclasses import asdict

import click

from mailer.cli import proof
from mailer.cli.output import as_json, print_json, shown
from mailer.errors import NotFoundError
from mailer.jobs.requests import Recorded, Request, record
from mailer.model.consent import Act
from mailer.model.mailinglist import MailingList
from mailer.model.separate import Separate, click_record_of
from mailer.wiring import Workspace, open_workspace, utc_now
from mailer.workspace.partners import read_partner

_WAYS = ("phone", "mail", "counter")
_ALL = "all marketing"


@click.group
def consent() -> None:
    """Show and prove what people agreed to; write down a no they told you.

    Example: mailer consent withdraw kari@example.com --list newsletter --how phone --by Ola
    """


for command in (proof.show, proof.prove_, proof.verify, proof.anchor_):
    consent.add_command(command)

_how = click.option(
    "--how", "way", type=click.Choice(_WAYS), required=True, help="How it reached you."
)
_by = click.option("--by", required=True, help="Who writes it down.")
_dry_run = click.option(
    "--dry-run", is_flag=True, help="Say what would change, and write nothing."
)


@consent.command
@click.argument("address")
@click.option("--list", "list_name", help="The list that the person leaves.")
@click.option("--all", "everything", is_flag=True, help="All lists, and all marketing.")
@click.option("--partner", help="The partner that is given her data no more.")
@click.option("--clicks", help="The list whose links she follows unrecorded.")
@_how
@_by
@_dry_run
@as_json
@click.pass_obj
def withdraw(
    folder: str,
    *,
    address: str,
    list_name: str | None,
    everything: bool,
    partner: str | None,
    clicks: str | None,
    way: str,
    by: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write down that somebody leaves a list, or all of them, or agrees no more.

    The next letter to leave already sees it. Only the person can come back, by signing up.
    With --partner that partner is given her data no more; with --clicks nobody writes down
    which links of a list's letters she follows, and what was written down is forgotten.

    \b
    Example: mailer consent withdraw kari@example.com --list newsletter --how phone --by Ola
             mailer consent withdraw kari@example.com --all --how counter --by Ola
             mailer consent withdraw kari@example.com --partner acme --how phone --by Ola
             mailer consent withdraw kari@example.com --clicks news --how mail --by Ola
    """  # noqa: D301 - click's own mark for lines that stay as they are
    said = [one is not None for one in (list_name, partner, clicks)]
    if [everything, *said].count(True) != 1:
        raise click.UsageError(
            "say what it is about: --list NAME, --all for all marketing, --partner NAME or"
            " --clicks LIST"
        )
    with open_workspace(folder) as workspace:
        about, what = _about(workspace, list_name, partner, clicks)
        request = Request(address, Act.WITHDRAWN, about, way, by)
        done = record(
            workspace.database, workspace.logbook, request, utc_now(), dry_run=dry_run
        )
    _say(done, what, dry_run=dry_run, as_json=as_json)


def _about(
    workspace: Workspace, list_name: str | None, partner: str | None, clicks: str | None
) -> tuple[MailingList | Separate | None, str]:
    """Return what a no is about, and how to call it."""
    if partner is not None:
        found = read_partner(workspace.folder, workspace.specs, partner)
        return found, f"sharing with {partner}"
    if clicks is not None:
        record_of = click_record_of(workspace.mailing_list(clicks))
        if record_of is None:
            raise NotFoundError(
                f"lists/{clicks}.toml has no [clicks]: nobody is asked for that"
            )
        return record_of, f"the click record of {clicks}"
    if list_name is not None:
        return workspace.mailing_list(list_name), list_name
    return None, _ALL


@consent.command(name="object")
@click.argument("address")
@_how
@_by
@_dry_run
@as_json
@click.pass_obj
def object_(
    folder: str, *, address: str, way: str, by: str, dry_run: bool, as_json: bool
) -> None:
    """Write down an objection to marketing.

    It ends all lists, and weighs more than leaving them (GDPR Art. 21).

    Example: mailer consent object kari@example.com --how mail --by Ola
    """
    with open_workspace(folder) as workspace:
        request = Request(address, Act.OBJECTED, None, way, by)
        done = record(
            workspace.database, workspace.logbook, request, utc_now(), dry_run=dry_run
        )
    _say(done, _ALL, dry_run=dry_run, as_json=as_json)


def _say(done: Recorded, what: str, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(asdict(done))
        return
    who = shown(done.address)
    if not done.changed:
        click.echo(f"{who} was off {what} already; nothing was changed")
    elif dry_run:
        click.echo(f"{who} would be off {what} from now on; nothing was changed")
    elif done.known:
        click.echo(f"{who} is off {what} from now on (entry {done.entry} of the ledger)")
    else:
        click.echo(
            f"{who} is no contact; the address is kept off {what} from now on, and no"
            " import can bring it"
        )

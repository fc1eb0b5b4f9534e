"""`mailer consent`: what people said, and writing down what came by other ways."""

from dataclasses import asdict

import click

from mailer.cli import proof
from mailer.cli.output import as_json, print_json, shown
from mailer.jobs.requests import Recorded, Request, record
from mailer.model.consent import Act
from mailer.wiring import open_workspace, utc_now

_WAYS = ("phone", "mail", "counter")


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


@consent.command
@click.argument("address")
@click.option("--list", "list_name", help="The list that the person leaves.")
@click.option("--all", "everything", is_flag=True, help="All lists, and all marketing.")
@_how
@_by
@as_json
@click.pass_obj
def withdraw(
    folder: str,
    *,
    address: str,
    list_name: str | None,
    everything: bool,
    way: str,
    by: str,
    as_json: bool,
) -> None:
    """Write down that somebody leaves a list, or all of them.

    The next letter to leave already sees it. Only the person can come back, by signing up.

    \b
    Example: mailer consent withdraw kari@example.com --list newsletter --how phone --by Ola
             mailer consent withdraw kari@example.com --all --how counter --by Ola
    """  # noqa: D301 - click's own mark for lines that stay as they are
    if everything == (list_name is not None):
        raise click.UsageError("say which list: --list NAME, or --all for all marketing")
    with open_workspace(folder) as workspace:
        mailing_list = None if list_name is None else workspace.mailing_list(list_name)
        request = Request(address, Act.WITHDRAWN, mailing_list, way, by)
        done = record(workspace.database, workspace.logbook, request, utc_now())
    _say(done, list_name or "all marketing", as_json=as_json)


@consent.command(name="object")
@click.argument("address")
@_how
@_by
@as_json
@click.pass_obj
def object_(folder: str, *, address: str, way: str, by: str, as_json: bool) -> None:
    """Write down an objection to marketing.

    It ends all lists, and weighs more than leaving them (GDPR Art. 21).

    Example: mailer consent object kari@example.com --how mail --by Ola
    """
    with open_workspace(folder) as workspace:
        request = Request(address, Act.OBJECTED, None, way, by)
        done = record(workspace.database, workspace.logbook, request, utc_now())
    _say(done, "all marketing", as_json=as_json)


def _say(done: Recorded, what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(done))
        return
    who = shown(done.address)
    if not done.changed:
        click.echo(f"{who} was off {what} already; nothing was changed")
    elif done.known:
        click.echo(f"{who} is off {what} from now on (entry {done.entry} of the ledger)")
    else:
        click.echo(
            f"{who} is no contact; the address is kept off {what} from now on, and no"
            " import can bring it"
        )

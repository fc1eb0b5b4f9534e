"""`mailer consent`: what people said, and writing down what came by other ways."""

from collections.abc import Callable
from dataclasses import asdict

import click

from mailer.cli import proof
from mailer.cli.output import as_json, print_json, shown
from mailer.errors import MailerError, NotFoundError
from mailer.jobs.requests import (
    Recorded,
    Request,
    on_record,
    purpose_on_record,
    record,
)
from mailer.model.consent import Act
from mailer.model.mailinglist import MailingList
from mailer.model.partner import Partner
from mailer.model.separate import Separate, click_record_id, click_record_of
from mailer.store.database import Database
from mailer.store.lists import SeenList
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
) -> tuple[MailingList | Separate | SeenList | None, str]:
    """Return what a no is about, and how to call it.

    What people once agreed to is enough: no file that is gone, or does not hold, keeps a no
    from being written down.
    """
    database = workspace.database
    if partner is not None:
        return (
            _read(
                lambda: read_partner(workspace.folder, workspace.specs, partner),
                lambda: purpose_on_record(database, f"{Partner.prefix}{partner}"),
            ),
            f"sharing with {partner}",
        )
    if clicks is not None:
        return (
            _read(
                lambda: _click_record(workspace, clicks),
                lambda: _clicks_on_record(database, clicks),
            ),
            f"the click record of {clicks}",
        )
    if list_name is not None:
        return (
            _read(
                lambda: workspace.mailing_list(list_name),
                lambda: on_record(database, list_name),
            ),
            list_name,
        )
    return None, _ALL


def _read(
    from_file: Callable[[], MailingList | Separate], seen: Callable[[], SeenList | None]
) -> MailingList | Separate | SeenList:
    try:
        return from_file()
    except MailerError:
        found = seen()
        if found is None:
            raise
        return found


def _click_record(workspace: Workspace, list_name: str) -> Separate:
    found = click_record_of(workspace.mailing_list(list_name))
    if found is None:
        raise NotFoundError(
            f"lists/{list_name}.toml has no [clicks]: nobody is asked for that"
        )
    return found


def _clicks_on_record(database: Database, list_name: str) -> SeenList | None:
    its_list = on_record(database, list_name)
    if its_list is None:
        return None
    return purpose_on_record(database, click_record_id(its_list.id))


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

"""`mailer campaign`: start, watch, pause and end campaigns."""

from datetime import timedelta

import click

from mailer.cli.agreeing import agree
from mailer.cli.choosing import choosing, read_choice, read_targets, read_time
from mailer.cli.deliveries import deliveries, resolve, retry
from mailer.cli.findings import print_findings
from mailer.cli.options import DURATION
from mailer.cli.output import as_json, print_json, print_rows
from mailer.cli.progress import print_status, watch
from mailer.cli.report import report
from mailer.cli.starting import plan_shown, print_preview
from mailer.config.warmup import plans_of
from mailer.errors import NotFoundError
from mailer.jobs import campaigns as jobs
from mailer.jobs.order import Order
from mailer.jobs.start_campaign import gather, preview, require_letters, start
from mailer.jobs.targets import number_called
from mailer.model.campaign import Campaign
from mailer.senders import rates_of
from mailer.wiring import open_workspace, utc_now
from mailer.workspace.tomlfiles import MOST_PRIORITY


@click.group
def campaign() -> None:
    """Start, watch and settle campaigns.

    Example: mailer campaign start autumn-sale --list newsletter --dry-run
    """


campaign.add_command(deliveries)
campaign.add_command(report)
campaign.add_command(retry)
campaign.add_command(resolve)

_number = click.argument("number", metavar="CAMPAIGN", type=int)


@campaign.command(name="start")
@click.argument("template")
@choosing
@click.option("--name", default="", help="Its name, as received('…') asks for it.")
@click.option("--at", metavar="TIME", help="When letters leave: 2026-12-01T09:00.")
@click.option(
    "--zone",
    help="Whose time that is; else the one of config.toml. recipient: each by their own"
    " clock.",
)
@click.option("--pace", type=click.FloatRange(0, min_open=True), help="Letters a second.")
@click.option(
    "--valid-for",
    "--stale-after",
    type=DURATION,
    help="How long they are worth sending: 6h.",
)
@click.option(
    "--priority",
    type=click.IntRange(-MOST_PRIORITY, MOST_PRIORITY),
    help="Of letters that compete for a person the highest goes first; 0 as a rule.",
)
@click.option(
    "--reason", default="", help="Why everybody must be told: for letters that are notices."
)
@click.option(
    "--no-canary",
    is_flag=True,
    help="Send all of it at once, without a look at its first letters.",
)
@click.option("--dry-run", is_flag=True, help="Say who would get it, and send nothing.")
@click.option("--again", is_flag=True, help="Although the same went to this list lately.")
@click.option("--allow-withheld", is_flag=True, help="Leave out who lacks a value.")
@click.option(
    "--yes", metavar="[N]", is_flag=False, flag_value="", default=None,
    help="Do not ask. To 100 people or more N must be their number.",
)  # fmt: skip
@as_json
@click.pass_obj
def start_(
    folder: str,
    template: str,
    *,
    list_names: tuple[str, ...],
    segment: str,
    rule: str,
    exclude: tuple[str, ...],
    since: str | None,
    topics: tuple[str, ...],
    spread: timedelta | None,
    limit: int | None,
    name: str,
    at: str | None,
    zone: str | None,
    pace: float | None,
    valid_for: timedelta | None,
    priority: int | None,
    reason: str,
    no_canary: bool,
    dry_run: bool,
    again: bool,
    allow_withheld: bool,
    yes: str | None,
    as_json: bool,
) -> None:
    """Send a template to lists, or to segments of them.

    Template, lists and audience are frozen. Who lacks a value that the template needs is
    found out before anything leaves.

    \b
    Example: mailer campaign start autumn-sale --list newsletter --segment norway --dry-run
             mailer campaign start autumn-sale --list newsletter --since spring-sale
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder) as workspace:
        world, now = workspace.world(), utc_now()
        home = workspace.settings.time_zone
        due_at, clock = read_time(at, zone or home, home, now)
        first, *also = read_targets(list_names, segment)
        followed = None if since is None else number_called(workspace.database, since)
        order = Order(
            template, first.list_name, first.segment, name, due_at, pace, valid_for, again,
            allow_withheld, also=tuple(also), rule=rule,
            choice=read_choice(exclude, followed, spread, limit, clock, topics),
            priority=priority, reason=reason, canary=not no_canary,
        )  # fmt: skip
        for words in workspace.settings.warnings():
            click.echo(f"warning: {words}", err=True)
        ready = gather(world, order, now, ask_spam=True)
        if dry_run:
            print_preview(preview(world, ready, now), as_json=as_json)
            return
        require_letters(ready)
        print_findings(ready.findings)
        ready = agree(world, lambda at: gather(world, order, at), ready, yes)
        plan_shown(world, start(world, ready, utc_now()), as_json=as_json)


@campaign.command
@click.argument("number", metavar="[CAMPAIGN]", type=int, required=False)
@click.option("--watch", "watched", is_flag=True, help="Show it live until it has ended.")
@as_json
@click.pass_obj
def status(folder: str, number: int | None, *, watched: bool, as_json: bool) -> None:
    """Show every state with its count, the rate and the time left; of the latest campaign.

    Example: mailer campaign status 12 --watch
    """
    with open_workspace(folder, need_keys=False) as workspace:
        database = workspace.database
        if number is None:
            latest = jobs.latest(database, 1)
            if not latest:
                raise NotFoundError(
                    "there is no campaign yet: mailer campaign start --help"
                )
            number = latest[0].id
        rates = rates_of(workspace, number)
        plans = plans_of(workspace.settings.warm_up)
        if watched:
            watch(database, number, rates, plans)
        found = jobs.status(database, number, utc_now(), rates, plans)
    print_status(found, as_json=as_json)


@campaign.command(name="list")
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many."
)
@as_json
@click.pass_obj
def list_(folder: str, limit: int, *, as_json: bool) -> None:
    """List the latest campaigns.

    Example: mailer campaign list --json
    """
    with open_workspace(folder, need_keys=False) as workspace:
        found = jobs.latest(workspace.database, limit)
    print_rows(
        (
            {
                "id": one.id,
                "name": one.name,
                "state": one.state,
                "rehearsal": one.rehearsal,
                "template": one.template,
                "list": one.list_id,
                "segment": one.segment,
                "planned": one.planned,
                "due": one.due_at,
                "finished": one.finished_at,
            }
            for one in found
        ),
        as_json=as_json,
        nothing="there is no campaign yet",
    )


@campaign.command
@_number
@click.option("--reason", default="paused by hand", help="Why, for the others.")
@as_json
@click.pass_obj
def pause(folder: str, number: int, reason: str, *, as_json: bool) -> None:
    """Let no further letter leave; those on the line come to their end.

    Example: mailer campaign pause 12 --reason "wrong price"
    """
    with open_workspace(folder) as workspace:
        done = jobs.pause(workspace.world(), number, reason)
    _say(done, f": {done.reason}", as_json=as_json)


@campaign.command
@_number
@click.option(
    "--no-canary",
    is_flag=True,
    help="Let the rest leave although its first letters have not been looked at.",
)
@as_json
@click.pass_obj
def resume(folder: str, number: int, *, no_canary: bool, as_json: bool) -> None:
    """Let a paused campaign go on.

    One that a brake has paused sends all of its letters then.

    Example: mailer campaign resume 12
    """
    with open_workspace(folder) as workspace:
        done = jobs.resume(workspace.world(), number, whole=no_canary)
    _say(done, as_json=as_json)


@campaign.command
@_number
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def cancel(folder: str, number: int, *, yes: bool, as_json: bool) -> None:
    """End a campaign: what has not left is never sent.

    Example: mailer campaign cancel 12
    """
    with open_workspace(folder) as workspace:
        found = jobs.find(workspace.database, number)
        if not yes:
            words = f"End campaign {found.id} ({found.name}) for good?"
            click.confirm(words, abort=True, err=as_json)
        done = jobs.cancel(workspace.world(), number)
        withheld = jobs.status(workspace.database, number, utc_now()).withheld
    count = withheld.get("cancelled", 0)
    _say(done, f": {count} letters withheld", as_json=as_json, withheld=count)


def _say(done: Campaign, words: str = "", *, as_json: bool, **more: int) -> None:
    """Say what has become of a campaign."""
    if as_json:
        facts = {"id": done.id, "name": done.name, "state": done.state}
        print_json({**facts, "reason": done.reason, **more})
    else:
        click.echo(f"campaign {done.id} ({done.name}) is {done.state}{words}")

"""`mailer bounce`: what came back of our letters, and what follows from it."""

from dataclasses import asdict

import click

from mailer.cli.output import as_json, print_json, print_rows, shown
from mailer.jobs import bounces as jobs
from mailer.model.notice import Reason
from mailer.wiring import open_workspace, utc_now


@click.group
def bounce() -> None:
    """List what came back of letters, and what follows.

    Only reports that a token of ours ties to a letter are here; `mailer inbox classify`
    says what any message is.

    Example: mailer bounce stats
    """


@bounce.command(name="list")
@click.option("--limit", default=50, show_default=True, help="How many at most.")
@click.option(
    "--reason", type=click.Choice([one.value for one in Reason]), help="Only for it."
)
@click.option("--provider", help="Only of a provider, such as gmail, or of a domain.")
@click.option("--campaign", type=int, help="Only of one campaign, by its number.")
@click.option("--relay", help="Only of what this relay took.")
@as_json
@click.pass_obj
def list_(folder: str, /, limit: int, *, as_json: bool, **asked: str | int | None) -> None:
    """List the latest, the newest first, with what was done about each.

    \b
    Example: mailer bounce list --limit 10
             mailer bounce list --provider gmail --reason authfailure
    """  # noqa: D301 - click's own mark for lines that stay as they are
    only = {name: str(value) for name, value in asked.items() if value is not None}
    with open_workspace(folder, need_keys=False) as workspace:
        found = jobs.newest(workspace.database, limit, only)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        {
            "verdict": one.id,
            "at": one.at,
            "letter": one.delivery_id,
            "for": f"{one.cause_kind} {one.cause_id}",
            "address": one.address,
            "what": one.notice,
            "reason": one.reason,
            "done": "undone" if one.undone_at else one.effect,
            "because": one.words,
        }
        for one in found
    ]
    print_rows(rows, as_json=False, nothing="nothing has come back")


@bounce.command
@click.argument("verdict_id", metavar="VERDICT", type=int)
@click.option("--by", required=True, help="Who does it.")
@as_json
@click.pass_obj
def undo(folder: str, verdict_id: int, by: str, *, as_json: bool) -> None:
    """Take back what was done about a bounce: it counts no more.

    The address may be written to again, unless another verdict or the person herself keeps
    letters away. A complaint is what a person said, and stays.

    Example: mailer bounce undo 17 --by Ola
    """
    with open_workspace(folder) as workspace:
        one, lifted = jobs.undo(
            workspace.database, workspace.logbook, verdict_id, by, utc_now()
        )
    if as_json:
        print_json({"verdict": one.id, "address": one.address, "lifted": lifted})
        return
    again = "letters go there again" if lifted else "nothing was to be lifted"
    click.echo(f"verdict {one.id} ({shown(one.address)}, {one.reason}) is undone: {again}")


@bounce.command
@click.option("--days", default=30, show_default=True, help="Of how many days.")
@click.option(
    "--by",
    type=click.Choice(list(jobs.GROUPS)),
    default="reason",
    show_default=True,
    help="What is counted together.",
)
@as_json
@click.pass_obj
def stats(folder: str, days: int, by: str, *, as_json: bool) -> None:
    """Count what came back, with its share of the letters and the advice that follows.

    \b
    Example: mailer bounce stats
             mailer bounce stats --by provider --days 7
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder, need_keys=False) as workspace:
        found = jobs.stats(workspace.database, by, days, utc_now())
    rows = [
        {
            by: one.group,
            "reports": one.reports,
            "hard": one.hard,
            "share": round(one.share, 4) if as_json else f"{one.share:.2%}",
            "advice": one.advice,
        }
        for one in found
    ]
    print_rows(rows, as_json=as_json, nothing=f"nothing has come back in {days} days")

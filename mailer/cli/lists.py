"""`mailer list`: how the lists stand, and how they grew."""

from dataclasses import asdict

import click

from mailer.cli.output import as_json, print_json, print_rows
from mailer.cli.report_page import WHY_LEFT
from mailer.jobs import list_growth as jobs
from mailer.jobs.list_growth import Standing
from mailer.wiring import open_workspace, utc_now

_PERIODS_SHOWN = 12
_WORDS = {
    "gets_it": "may be written to",
    "pending": "has not confirmed yet",
    "unsubscribed": "left the list",
    "expired": "consent has expired",
    "old_words": "agreed to words that are not in force any more",
    "suppressed": "suppressed",
}


@click.group(name="list")
def lists() -> None:
    """Show the lists: who stands on them, and how they grew.

    Example: mailer list show newsletter
    """


@lists.command(name="list")
@as_json
@click.pass_obj
def list_(folder: str, *, as_json: bool) -> None:
    """List the lists with how many may be written to.

    Example: mailer list list
    """
    with open_workspace(folder) as workspace:
        found = jobs.listed(workspace.world(), utc_now())
    print_rows(
        (
            {
                "list": one.mailing_list.name,
                "id": one.mailing_list.id,
                "title": one.mailing_list.title,
                "opt in": one.mailing_list.opt_in,
                "members": one.members,
                "segments": ", ".join(one.mailing_list.segments),
            }
            for one in found
        ),
        as_json=as_json,
        nothing="there is no list yet: lists/<name>.toml makes one",
    )


@lists.command
@click.argument("name")
@click.option(
    "--by",
    type=click.Choice(["week", "month"]),
    default="month",
    show_default=True,
    help="In which steps it grew.",
)
@as_json
@click.pass_obj
def show(folder: str, name: str, *, by: str, as_json: bool) -> None:
    """Show who stands on a list, how many joined and left it, and why, where they said so.

    Example: mailer list show newsletter --by week
    """
    with open_workspace(folder) as workspace:
        world = workspace.world()
        one = jobs.stands(world, name, utc_now())
        periods = jobs.grew(world, one.mailing_list.id, by)
        why = jobs.why_left(world, one.mailing_list.id)
    if as_json:
        growth = [asdict(period) for period in periods]
        print_json(_facts(one) | {"growth": growth, "why_left": why})
        return
    click.echo(f"{one.mailing_list.title} ({one.mailing_list.id})")
    print_rows(
        (
            {"people": group.count, "who": _WORDS.get(group.reason, group.reason)}
            for group in one.states
        ),
        as_json=False,
        nothing="nobody ever was on it",
    )
    if why:
        click.echo("")
        print_rows(
            ({"left": count, "because": WHY_LEFT[one]} for one, count in why.items()),
            as_json=False,
        )
    if periods:
        click.echo("")
        print_rows((asdict(period) for period in periods[-_PERIODS_SHOWN:]), as_json=False)


def _facts(one: Standing) -> dict[str, object]:
    return {
        "list": one.mailing_list.name,
        "id": one.mailing_list.id,
        "members": one.members,
        "states": {
            "subscribed" if group.reason == "gets_it" else group.reason: group.count
            for group in one.states
        },
    }

"""How the start of a campaign is shown: who would get it, and how far its planning is."""

from collections.abc import Mapping

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from mailer.cli.findings import print_findings
from mailer.cli.output import print_json, print_rows, shown
from mailer.cli.progress import print_status
from mailer.jobs.campaigns import status
from mailer.jobs.order import Preview
from mailer.jobs.plan import plan
from mailer.jobs.world import World
from mailer.model.campaign import Campaign, CampaignState
from mailer.model.choosing import CAMPAIGN_PREFIX, Choice, target_words
from mailer.model.finding import errors_of
from mailer.model.schedule import duration_words
from mailer.store.prospects import GETS_IT, LACKS, Group

_FIRST_SHOWN = 3
_WORDS = {
    GETS_IT: "gets it",
    "pending": "has not confirmed yet",
    "unsubscribed": "left the list",
    "expired": "consent has expired",
    "old_words": "agreed to words that are not in force any more",
    "suppressed": "suppressed",
    "topics": "chose other topics",
    LACKS: "lacks a value that the template needs",
}


def print_preview(preview: Preview, *, as_json: bool) -> None:
    """Print who would get a letter, and why others on the list would not."""
    ready = preview.ready
    if as_json:
        print_json(_preview_json(preview))
        return
    several = len(ready.order.targets) > 1
    print_rows(
        (_row(group, several=several) for group in preview.groups),
        as_json=False,
        nothing=f"nobody ever was on {target_words(ready.order.targets)}",
    )
    for one in ready.first_lacking:
        click.echo(f"  {shown(one.address)} lacks: {', '.join(one.names)}")
    print_findings(ready.findings)
    for note in _notes(preview):
        click.echo(f"note: {note}", err=True)


def _row(group: Group, *, several: bool) -> Mapping[str, object]:
    return {
        "people": group.count,
        **({"of": group.name} if several else {}),
        "why": _why(group),
        "first of them": ", ".join(group.first[:_FIRST_SHOWN]),
    }


def _why(group: Group) -> str:
    match group.reason:
        case "clause":
            return f"not in the segment: {group.words}"
        case "earlier":
            return f"gets it under {group.words}"
        case "excluded" if group.words.startswith(CAMPAIGN_PREFIX):
            number = group.words.removeprefix(CAMPAIGN_PREFIX)
            return f"has a letter of campaign {number} already"
        case "excluded":
            return f"left out: {group.words}"
        case reason:
            return _WORDS.get(reason, reason)


def spread_words(choice: Choice) -> str:
    """Say how a campaign's letters spread and whom it is limited to, "" for neither."""
    words: list[str] = []
    if choice.limit is not None:
        words.append(f"to {choice.limit} people at most, drawn by lot")
    if choice.wall_clock is not None:
        clock = choice.wall_clock
        words.append(
            f"when it is {clock.at:%Y-%m-%d %H:%M} on each person's own clock"
            f" ({clock.fallback} where that is not known)"
        )
    if choice.spread is not None:
        words.append(f"spread evenly over {duration_words(choice.spread)}")
    return ", ".join(words)


def _notes(preview: Preview) -> list[str]:
    notes = list(preview.unheard_of)
    ready = preview.ready
    if words := spread_words(ready.order.choice):
        notes.append(f"letters go {words}")
    if preview.canary:
        wait = duration_words(preview.canary_wait)
        notes.append(
            f"{preview.canary} letters go first, and the rest {wait} after they were tried,"
            " unless too many of them are refused or complained of"
        )
    if preview.warm_up:
        notes.append(preview.warm_up)
    if ready.lacking and not ready.order.allow_withheld:
        notes.append(
            "it will not start unless the template has a fallback for what is lacking, or"
            " with --allow-withheld"
        )
    if ready.faulty and not ready.order.allow_withheld:
        address, why = ready.faulty[0]
        notes.append(
            f"it will not start: the letters of {len(ready.faulty)} of the first people"
            f" cannot be composed ({address}: {why})"
        )
    errors = errors_of(ready.findings)
    if errors:
        count = "an error" if len(errors) == 1 else f"{len(errors)} errors"
        notes.append(f"it will not start: the check of the template found {count}")
    if preview.earlier is not None and ready.order.schedule is None:
        notes.append(
            f"the same template went to this list lately (campaign {preview.earlier.id}):"
            " it will ask for --again"
        )
    return notes


def _preview_json(preview: Preview) -> Mapping[str, object]:
    ready = preview.ready
    return {
        "template": ready.order.template,
        "list": ready.order.list_name,
        "segment": ready.order.segment,
        "targets": [str(target) for target in ready.order.targets],
        "exclude": list(ready.order.choice.exclude),
        "rule": ready.content.rule,
        "gets_it": preview.letters,
        "groups": [
            {
                "target": group.name,
                "reason": group.reason,
                "words": group.words,
                "count": group.count,
                "first": list(group.first),
            }
            for group in preview.groups
        ],
        "lacking": [
            {"contact_id": one.contact_id, "address": one.address, "names": list(one.names)}
            for one in ready.first_lacking
        ],
        "findings": [one.as_dict() for one in ready.findings],
        "earlier_campaign": preview.earlier.id if preview.earlier else None,
        "notes": _notes(preview),
    }


def confirm(preview: Preview) -> None:
    """Ask before letters are sent."""
    print_findings(preview.ready.findings)
    order = preview.ready.order
    verb = "Rehearse sending" if preview.rehearsal else "Send"
    click.confirm(
        f"{verb} {order.template} to {preview.letters} people of"
        f" {target_words(order.targets)}?",
        abort=True,
        err=True,
    )


def plan_shown(world: World, campaign_id: int, *, as_json: bool) -> None:
    """Plan a campaign with a progress bar, and say how it stands."""
    columns = (
        TextColumn("planning"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("contacts, {task.fields[planned]} letters"),
    )
    console = Console(stderr=True)
    unseen = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=unseen) as progress:
        task = progress.add_task("planning", total=None, planned=0)

        def tell(campaign: Campaign) -> None:
            progress.update(
                task,
                total=campaign.audience_up_to,
                completed=campaign.planned_up_to,
                planned=campaign.planned,
            )

        campaign = plan(world, campaign_id, tell=tell)
    assert campaign is not None
    if as_json:
        print_status(status(world.database, campaign_id, world.clock()), as_json=True)
        return
    click.echo(
        f"campaign {campaign.id} ({campaign.name}) is {campaign.state}:"
        f" {campaign.planned} letters"
    )
    if campaign.state is CampaignState.RUNNING:
        later = ""
        if campaign.due_at > world.clock():
            later = f"from {shown(campaign.due_at)} on, "
        leave = "They are rehearsed" if campaign.rehearsal else "They leave"
        canary = status(world.database, campaign_id, world.clock()).canary
        if canary:
            click.echo(f"canary: {canary}")
        click.echo(
            f"{leave} {later}while `mailer serve` runs; see"
            f" `mailer campaign status {campaign.id}`"
        )

"""`mailer schedule`: what fires when, and firing or letting be by hand."""

from collections.abc import Mapping
from typing import assert_never

import click

from mailer.cli.output import as_json, print_json, print_rows, shown
from mailer.cli.starting import confirm, plan_shown, print_preview, spread_words
from mailer.jobs import schedules as jobs
from mailer.jobs.schedules import Listed
from mailer.model.choosing import RECIPIENT, target_words
from mailer.model.schedule import Cron, Every, Firing, Once, Schedule, duration_words
from mailer.wiring import open_workspace, utc_now

_occurrence = click.option(
    "--occurrence", default="", metavar="TIME", help="Which one: 2026-12-01T09:00."
)


@click.group
def schedule() -> None:
    """List schedules, run or skip a firing.

    Example: mailer schedule list
    """


@schedule.command(name="list")
@as_json
@click.pass_obj
def list_(folder: str, *, as_json: bool) -> None:
    """List the schedules: when each fires next, what became of the last firing.

    Example: mailer schedule list --json
    """
    with open_workspace(folder) as workspace:
        found = jobs.listed(workspace.world(), utc_now())
    if as_json:
        print_json([_as_json(one) for one in found])
        return
    print_rows(
        (_as_row(one) for one in found), as_json=False, nothing="there is no schedule yet"
    )
    for one in found:
        for note in _notes(one):
            click.echo(f"note: {note}", err=True)


def _as_row(one: Listed) -> Mapping[str, object]:
    schedule = one.schedule
    return {
        "schedule": one.name,
        "when": "-" if schedule is None else f"{_when(schedule)} ({_zone(schedule)})",
        "next": one.coming[0].due_at if one.coming else None,
        "sends": "-" if schedule is None else _sends(schedule),
        "last": "-" if one.latest is None else _latest(one),
    }


def _when(schedule: Schedule) -> str:
    match schedule.trigger:
        case Cron(expression):
            return expression
        case Every(interval, _):
            return f"every {duration_words(interval)}"
        case Once(at):
            return f"once, {shown(at)}"
        case _:
            assert_never(schedule.trigger)


def _zone(schedule: Schedule) -> str:
    return RECIPIENT if schedule.fallback_zone else schedule.zone


def _sends(schedule: Schedule) -> str:
    choice = schedule.choice
    out = f" without {', '.join(choice.exclude)}" if choice.exclude else ""
    spread = spread_words(choice)
    return (
        f"{schedule.template} to {target_words(schedule.targets)}{out}"
        f"{', ' if spread else ''}{spread}"
    )


def _latest(one: Listed) -> str:
    latest = one.latest
    assert latest is not None
    number = f" as campaign {latest.campaign_id}" if latest.campaign_id else ""
    return f"{latest.firing.occurrence} {latest.state}{number}"


def _notes(one: Listed) -> list[str]:
    notes = [one.problem] if one.problem else []
    for record in one.waiting:
        key = record.firing.occurrence
        notes.append(
            f"{one.name} {record.state} {key} ({record.reason}):"
            f" mailer schedule run|skip {one.name} --occurrence {key}"
        )
    return notes


def _as_json(one: Listed) -> Mapping[str, object]:
    schedule = one.schedule
    return {
        "schedule": one.name,
        "when": None if schedule is None else _when(schedule),
        "zone": None if schedule is None else _zone(schedule),
        "template": None if schedule is None else schedule.template,
        "list": None if schedule is None else schedule.list_name,
        "segment": None if schedule is None else schedule.segment,
        "targets": [] if schedule is None else [*map(str, schedule.targets)],
        "exclude": [] if schedule is None else [*schedule.choice.exclude],
        "next": [_firing(firing) for firing in one.coming],
        "last": None
        if one.latest is None
        else _firing(one.latest.firing)
        | {"state": one.latest.state, "campaign": one.latest.campaign_id},
        "waiting": [
            _firing(record.firing) | {"state": record.state, "reason": record.reason}
            for record in one.waiting
        ],
        "problem": one.problem,
    }


def _firing(firing: Firing) -> dict[str, object]:
    return {"due_at": firing.due_at, "occurrence": firing.occurrence}


@schedule.command
@click.argument("name")
@_occurrence
@click.option("--dry-run", is_flag=True, help="Say who would get it, and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def run(
    folder: str, name: str, occurrence: str, *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Fire now: what was missed or failed, or else the next one, early.

    Example: mailer schedule run monday-digest --occurrence 2026-12-01T09:00
    """
    with open_workspace(folder) as workspace:
        world, now = workspace.world(), utc_now()
        chosen = jobs.to_run(world, name, occurrence, now)
        if dry_run:
            print_preview(jobs.preview_run(world, chosen, now), as_json=as_json)
            return
        click.echo(f"{name} for {chosen.firing.occurrence}", err=True)
        if not yes:
            confirm(jobs.preview_run(world, chosen, now))
        plan_shown(world, jobs.run(world, chosen, utc_now()), as_json=as_json)


@schedule.command
@click.argument("name")
@_occurrence
@click.pass_obj
def skip(folder: str, name: str, occurrence: str) -> None:
    """Let one firing be: the next one, or the one that is named.

    Example: mailer schedule skip monday-digest
    """
    with open_workspace(folder) as workspace:
        firing = jobs.skip(workspace.world(), name, occurrence, utc_now())
    click.echo(f"{name} does not fire for {firing.occurrence} ({shown(firing.due_at)})")

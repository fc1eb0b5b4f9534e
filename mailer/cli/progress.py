"""How far a campaign has come, as facts, as JSON, and live."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from mailer.cli.output import print_facts, print_json
from mailer.jobs.campaigns import Status, status
from mailer.model.campaign import CampaignState
from mailer.model.schedule import duration_words
from mailer.pace.throttle import Rate
from mailer.pace.warmup import NO_PLANS, Plans
from mailer.store.database import Database
from mailer.wiring import utc_now

_LOOK_EVERY_S = 1.0
_REST = 5
"""Looking takes up one part in so many at most, however many letters there are."""

_MOVING = frozenset({CampaignState.PLANNING, CampaignState.RUNNING})


def status_json(found: Status) -> Mapping[str, object]:
    """Return everything about a campaign's progress, for programs."""
    campaign = found.campaign
    return {
        "campaign": campaign.id,
        "name": campaign.name,
        "state": campaign.state,
        "reason": campaign.reason,
        "rehearsal": campaign.rehearsal,
        "kind": campaign.kind,
        "template": campaign.template,
        "list": campaign.list_id,
        "segment": campaign.segment,
        "schedule": campaign.schedule,
        "occurrence": campaign.occurrence,
        "frozen_hash": campaign.frozen_hash,
        "created_at": campaign.created_at,
        "due_at": campaign.due_at,
        "started_at": campaign.started_at,
        "finished_at": campaign.finished_at,
        "planned": campaign.planned,
        "states": {state.value: count for state, count in found.counts.items()},
        "withheld": found.withheld,
        "canary": found.canary,
        "warm_up": found.warm_up,
        "open": found.open,
        "rate_per_s": found.rate_per_s,
        "left_s": None if found.left_s is None else round(found.left_s),
        "alarms": [
            {"alarm": one.id, "at": one.at, "happened": one.happened, "todo": one.todo}
            for one in found.alarms
        ],
    }


def print_status(found: Status, *, as_json: bool) -> None:
    """Print how far a campaign has come."""
    if as_json:
        print_json(status_json(found))
        return
    campaign = found.campaign
    reason = f" ({campaign.reason})" if campaign.reason else ""
    segment = f"/{campaign.segment}" if campaign.segment else ""
    facts: dict[str, object] = {
        "campaign": f"{campaign.id} ({campaign.name})",
        "state": f"{campaign.state}{reason}",
        "sends": f"{campaign.template} to {campaign.list_id}{segment}",
    }
    if campaign.notice_reason:
        facts["notice"] = f"everybody is told, because: {campaign.notice_reason}"
    if campaign.rehearsal:
        facts["rehearsal"] = "none of its letters goes to the person it is for"
    if campaign.schedule is not None:
        facts["fired by"] = f"{campaign.schedule} for {campaign.occurrence}"
    facts |= {
        "due": campaign.due_at,
        "finished": campaign.finished_at,
        "planned": campaign.planned,
        **{f"  {state}": count for state, count in found.counts.items()},
    }
    facts |= {f"  withheld: {reason}": count for reason, count in found.withheld.items()}
    if found.canary:
        facts["canary"] = found.canary
    if found.warm_up:
        facts["warm-up"] = found.warm_up
    facts |= {"rate": f"{found.rate_per_s:g} a second", "time left": _left(found)}
    facts |= {f"alarm {one.id}": f"{one.happened}; {one.todo}" for one in found.alarms}
    print_facts(facts, as_json=False)


def _left(found: Status) -> str:
    if found.left_s is None:
        return "nobody can tell"
    return duration_words(timedelta(seconds=found.left_s))


def looks(every_s: float = _LOOK_EVERY_S) -> Iterator[None]:
    """Yield for each look, and rest after it: longer than it took, and so long at least."""
    while True:
        began = time.monotonic()
        yield
        took_s = time.monotonic() - began
        time.sleep(max(every_s, took_s * _REST))


def _nothing() -> None:
    pass


def watch(
    database: Database,
    campaign_id: int,
    rates: Mapping[str, Rate],
    plans: Plans = NO_PLANS,
    at_each_look: Callable[[], None] = _nothing,
) -> None:
    """Show a campaign's progress until it has ended, or stands still.

    Args:
        rates: Of each relay, under its name.
        plans: Of the sending domains that are warmed up.
        at_each_look: What it raises ends the watching.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}  {task.fields[words]}"),
    )
    state = CampaignState.PLANNING
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(f"campaign {campaign_id}", total=None, words="")
        for _ in looks():
            found = status(database, campaign_id, utc_now(), rates, plans)
            state = found.campaign.state
            progress.update(
                task,
                description=f"campaign {campaign_id} {state}",
                total=found.campaign.planned,
                completed=found.campaign.planned - found.open,
                words=_words(found),
            )
            if state not in _MOVING:
                break
            at_each_look()
    click.echo(f"campaign {campaign_id} is {state}")


def _words(found: Status) -> str:
    counts = "  ".join(f"{count} {state}" for state, count in found.counts.items() if count)
    warm_up = f"; {found.warm_up}" if found.warm_up else ""
    return f"{counts}  {found.rate_per_s:g}/s, {_left(found)} left{warm_up}"

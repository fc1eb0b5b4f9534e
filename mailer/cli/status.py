"""`mailer status`: how things stand, on one screen."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import click

from mailer.cli.mode import words_about
from mailer.cli.output import as_json, print_json, shown
from mailer.cli.relaylines import alarm_json, relay_lines, relays_json
from mailer.cli.sizes import in_units
from mailer.config.fields import Settings
from mailer.config.mailsource import read_mailboxes
from mailer.jobs.sender_life import Life
from mailer.jobs.status import Progress, SenderSeen, Standing, standing
from mailer.model.delivery import DeliveryState
from mailer.model.schedule import Firing, duration_words
from mailer.senders import relay_names_of
from mailer.store.alarms import Alarm
from mailer.wiring import Workspace, open_workspace, utc_now

_SHOWN = 5
"""So many of one sort are shown, that all fits on one screen."""

_MB = 1_000_000
_LIFE = {
    Life.LIVES: "",
    Life.GONE: ": killed; the next `mailer serve` takes back what it held",
    Life.ELSEWHERE: ": on another machine than this",
}


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is shown.

    Args:
        relays: The names under which what leaves is counted.
        mailboxes: The names of those that are read.
    """

    found: Standing
    settings: Settings
    relays: tuple[str, ...]
    mailboxes: tuple[str, ...]
    is_sqlite: bool
    now: datetime


@click.command
@as_json
@click.pass_obj
def status(folder: str, *, as_json: bool) -> None:
    """Show how things stand, on one screen.

    Mode, relay, queue, what is in doubt, campaigns that go on or are paused, alarms, what
    fires next, senders, disk, database and the backup's age. It takes a moment only,
    however many letters there are.

    \b
    Example: mailer status
             mailer status --json
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder) as workspace:
        seen = _look(workspace)
    if as_json:
        print_json(_as_json(seen))
        return
    for label, lines in _screen(seen):
        for number, line in enumerate(lines):
            head = click.style(f"{'' if number else label:<10}", bold=True)
            click.echo(head + shown(line))


def _look(workspace: Workspace) -> _Seen:
    relays, now = relay_names_of(workspace), utc_now()
    folders = workspace.watched().folders
    found = standing(workspace.world(), relays, folders, now)
    is_sqlite = workspace.places.database_file is not None
    boxes = tuple(read_mailboxes(workspace.settings.mailboxes))
    return _Seen(found, workspace.settings, relays, boxes, is_sqlite, now)


def _screen(seen: _Seen) -> Iterator[tuple[str, Sequence[str]]]:
    found = seen.found
    label, words = words_about(seen.settings)
    yield "mode", [f"{label}: {words}" if label else "live: letters go to people"]
    yield "relay", [*relay_lines(seen.settings, seen.relays, seen.found)]
    yield "queue", [*_queue(seen)]
    yield "in doubt", [f"{found.present.in_doubt:,}", *_few([*_doubts(found)])]
    yield "running", _few([_progress(one) for one in found.under_way], "no campaign")
    yield "paused", _few([_paused(one) for one in found.paused], "no campaign")
    yield "alarms", _few([_alarm(one) for one in reversed(found.alarms)], "none is open")
    if found.tickets:
        yield "people", _few([_owed(*one) for one in found.tickets.items()])
    yield "next", _few([*_firings(seen)], "no schedule fires")
    senders = [_sender(one) for one in found.senders]
    yield "senders", _few(senders, "none: letters leave while `mailer serve` runs")
    if seen.mailboxes:
        yield "mailboxes", _few([_mailbox(one, seen) for one in seen.mailboxes])
    yield "disk", [*_disks(seen)]
    yield "database", [in_units(found.database_bytes)]
    yield "backup", [_backup(seen)]


def _owed(mailbox: str, many: tuple[int, int]) -> str:
    owed, late = many
    said = f"{owed:,} wait for an answer"
    to = shown(mailbox or "no mailbox of ours")
    return f"{to}: {said}" + (f", {late:,} of them too long" if late else "")


def _few(lines: Sequence[str], *none: str) -> list[str]:
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], *([f"and {more} more"] if more > 0 else ())] or [*none]


def _queue(seen: _Seen) -> Iterator[str]:
    present = seen.found.present
    if not seen.found.queue:
        yield "nothing waits"
        return
    for state, lanes in seen.found.queue.items():
        by_lane = ", ".join(f"{n:,} {lane.name.lower()}" for lane, n in lanes.items())
        yield f"{sum(lanes.values()):,} {state}: {by_lane}"
    if present.oldest_due_at is not None:
        waited = duration_words(seen.now - present.oldest_due_at)
        yield f"{present.due:,} could leave now, the first has waited {waited}"


def _doubts(found: Standing) -> Iterator[str]:
    for campaign, letters in found.doubts.items():
        todo = f"`mailer campaign deliveries {campaign} --state in_doubt`, then resolve"
        yield f"{letters:,} of campaign {campaign}: {todo}"
    if others := found.doubts_of_no_campaign:
        yield f"{others:,} of no campaign: `mailer letter doubts` says how to settle them"


def _progress(one: Progress) -> str:
    campaign = one.campaign
    share = f" ({one.done / campaign.planned:.0%})" if campaign.planned else ""
    return (
        f"campaign {campaign.id} ({campaign.name}), {campaign.state}:"
        f" {one.done:,} of {campaign.planned:,} done{share}"
    )


def _paused(one: Progress) -> str:
    campaign = one.campaign
    return (
        f"{_progress(one)}: {campaign.reason or 'no reason given'};"
        f" `mailer campaign resume {campaign.id}` or cancel it"
    )


def _alarm(one: Alarm) -> str:
    return f"{one.id}, {shown(one.at)}: {one.subject}: {one.happened}"


def _firings(seen: _Seen) -> Iterator[str]:
    for name, firing in _coming(seen.found):
        yield f"{shown(firing.due_at)}: {name}"
    for one in seen.found.schedules:
        if one.problem:
            yield f"{one.name}: {one.problem}"
        if one.waiting:
            yield f"{one.name}: {len(one.waiting)} missed or failed: `mailer schedule list`"


def _coming(found: Standing) -> list[tuple[str, Firing]]:
    coming = [(one.name, one.coming[0]) for one in found.schedules if one.coming]
    return sorted(coming, key=lambda one: one[1].due_at)


def _sender(one: SenderSeen) -> str:
    who = one.sender
    where = f"{who.id}, process {who.pid} on {who.host}, since {shown(who.started_at)}"
    return where + _LIFE[one.life]


def _disks(seen: _Seen) -> Iterator[str]:
    least = seen.settings.alarms.disk_free_mb
    for one in seen.found.disks:
        little = ": make room" if one.free_bytes // _MB < least else ""
        yield f"{in_units(one.free_bytes)} free for {one.folder}{little}"


def _backup(seen: _Seen) -> str:
    at = seen.found.backup_at
    if at is not None:
        return f"made {_ago(seen.now, at)}"
    if seen.is_sqlite:
        return "none was ever made: run `mailer db backup FILE` now and each night"
    return "unknown (pg_dump): run `mailer db backed-up` after each, and its age is told"


def _mailbox(name: str, seen: _Seen) -> str:
    known = {one.name: one for one in seen.found.mailboxes}
    if name not in known:
        return f"{name}: not read yet; `mailer serve` does"
    one = known[name]
    if one.problem and one.problem_at is not None:
        return f"{name}: can't be read since {shown(one.problem_at)}: {one.problem}"
    when = "never" if one.read_at is None else _ago(seen.now, one.read_at)
    return f"{name}: read {when} from {one.source}"


def _ago(now: datetime, at: datetime) -> str:
    age = duration_words(max(now - at, now - now))
    return f"{age} ago ({shown(at)})"


def _as_json(seen: _Seen) -> Mapping[str, object]:
    found = seen.found
    at = found.backup_at
    relays = relays_json(seen.settings, seen.relays, found)
    return {
        "at": seen.now,
        "mode": seen.settings.mode,
        # What there was before there could be several.
        "relay": relays[0],
        "relays": relays,
        "queue": _queue_json(found),
        "due": found.present.due,
        "oldest_due_at": found.present.oldest_due_at,
        "in_doubt": found.present.in_doubt,
        "in_doubt_of": [
            {"campaign": campaign, "letters": letters}
            for campaign, letters in found.doubts.items()
        ],
        "in_doubt_of_no_campaign": found.doubts_of_no_campaign,
        "running": [_campaign_json(one) for one in found.under_way],
        "paused": [_campaign_json(one) for one in found.paused],
        "alarms": [alarm_json(one) for one in found.alarms],
        "next": [
            {"schedule": name, "due_at": one.due_at, "occurrence": one.occurrence}
            for name, one in _coming(found)
        ],
        "schedule_problems": [
            {"schedule": one.name, "problem": one.problem, "waiting": len(one.waiting)}
            for one in found.schedules
            if one.problem or one.waiting
        ],
        "senders": [_sender_json(one) for one in found.senders],
        "disks": [
            {"folder": one.folder, "free_bytes": one.free_bytes} for one in found.disks
        ],
        "mailboxes": [
            {
                "mailbox": one.name,
                "source": one.source,
                "read_at": one.read_at,
                "problem": one.problem,
                "problem_since": one.problem_at,
            }
            for one in found.mailboxes
        ],
        "tickets": [
            {"mailbox": name, "owed": owed, "late": late}
            for name, (owed, late) in found.tickets.items()
        ],
        "database_bytes": found.database_bytes,
        "backup_at": at,
        "backup_age_s": None if at is None else round((seen.now - at).total_seconds()),
    }


def _queue_json(found: Standing) -> Mapping[str, Mapping[str, int]]:
    states = (DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.SENDING)
    return {
        state.value: {
            lane.name.lower(): n for lane, n in found.queue.get(state, {}).items()
        }
        for state in states
    }


def _campaign_json(one: Progress) -> Mapping[str, object]:
    campaign = one.campaign
    return {
        "campaign": campaign.id,
        "name": campaign.name,
        "state": campaign.state,
        "reason": campaign.reason,
        "rehearsal": campaign.rehearsal,
        "planned": campaign.planned,
        "queued": one.queued,
        "held_by_senders": one.held,
        "done": one.done,
    }


def _sender_json(one: SenderSeen) -> Mapping[str, object]:
    who = one.sender
    return {
        "sender": who.id,
        "host": who.host,
        "process": who.pid,
        "started_at": who.started_at,
        "life": one.life.value,
    }

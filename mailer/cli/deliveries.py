"""`mailer campaign deliveries|retry|resolve`: every letter, and what to do about it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

import click

from mailer.cli.options import STATES
from mailer.cli.output import as_json, json_text, print_json, shown
from mailer.jobs import deliveries as jobs
from mailer.jobs.deliveries import Moved
from mailer.model.delivery import SETTLED_AS, DeliveryState
from mailer.model.token import TokenBox, TokenKind
from mailer.store.deliveries import DeliveryView
from mailer.wiring import open_workspace
from mailer.workspace.csvout import csv_lines

_ADDRESS_WIDTH = 32

Rows = Iterable[tuple[DeliveryView, str]]
"""Deliveries, each with its Message-ID up to the @-sign."""

_number = click.argument("number", metavar="CAMPAIGN", type=int)
_dry_run = click.option("--dry-run", is_flag=True, help="Say how many, and do nothing.")
_COLUMNS = (
    "id", "contact_id", "address", "state", "reason", "attempts", "due_at", "give_up_at",
    "first_attempt_at", "left_at", "ended_at", "relay", "relay_id", "reply", "message_id",
)  # fmt: skip


@click.command
@_number
@click.option("--state", "states", type=STATES, default=frozenset(), help="Only these.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@as_json
@click.pass_obj
def deliveries(
    folder: str,
    number: int,
    states: frozenset[DeliveryState],
    *,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List everyone with state, reason, reply and times.

    What is in doubt has its Message-ID up to the @-sign, to be looked for in the relay's
    log; CSV and JSON have those of all letters that were tried.

    Example: mailer campaign deliveries 12 --state refused,expired --csv > refused.csv
    """
    with open_workspace(folder) as workspace:
        tokens = TokenBox(workspace.ring)
        rows = (
            (one, _message_id(tokens, one))
            for one in jobs.listed(workspace.database, number, sorted(states))
        )
        lines = _csv(rows) if as_csv else _json(rows) if as_json else _table(rows)
        for line in lines:
            click.echo(line, nl=False)


def _message_id(tokens: TokenBox, one: DeliveryView) -> str:
    """Return what a letter's Message-ID has before the @-sign; "" for one never tried."""
    if one.first_attempt_at is None:
        return ""
    return tokens.for_delivery(TokenKind.MESSAGE, one.id)


def _facts(one: DeliveryView, message_id: str) -> Mapping[str, object]:
    return asdict(one) | {"message_id": message_id}


def _csv(found: Rows) -> Iterator[str]:
    yield from csv_lines([_COLUMNS])
    each = (_facts(*row) for row in found)
    yield from csv_lines([_cell(facts[column]) for column in _COLUMNS] for facts in each)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value).strip('"')


def _json(found: Rows) -> Iterator[str]:
    """Write a list one by one: a million of them never stand in memory."""
    before = "[\n  "
    for row in found:
        yield before + json_text(_facts(*row))
        before = ",\n  "
    yield "\n]\n" if before == ",\n  " else "[]\n"


def _table(found: Rows) -> Iterator[str]:
    nothing = True
    for one, message_id in found:
        if nothing:
            head = f"{'id':>8}  {'state':9}  {'address':{_ADDRESS_WIDTH}}  when"
            yield click.style(head, bold=True) + "\n"
            nothing = False
        doubted = message_id and one.state is DeliveryState.IN_DOUBT
        name = f"Message-ID {message_id}@…" if doubted else ""
        why = "  ".join(part for part in (one.reason, one.reply, name) if part)
        when = shown(one.ended_at or one.left_at or one.due_at)
        yield (
            f"{one.id:>8}  {one.state:9}  {shown(one.address):{_ADDRESS_WIDTH}}  {when}"
            f"  {shown(why)}".rstrip()
            + "\n"
        )
    if nothing:
        yield "nothing\n"


@click.command
@_number
@click.option("--state", "states", type=STATES, required=True, help="refused, expired")
@_dry_run
@as_json
@click.pass_obj
def retry(
    folder: str,
    number: int,
    states: frozenset[DeliveryState],
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Queue refused or expired letters again, and only those.

    Example: mailer campaign retry 12 --state refused,expired --dry-run
    """
    with open_workspace(folder) as workspace:
        moved = jobs.retry(workspace.world(), number, states, dry_run=dry_run)
    named = " or ".join(sorted(states))
    _say(moved, named, "queued again", dry_run=dry_run, as_json=as_json)


@click.command
@_number
@click.option("--delivery", "delivery_id", type=int, help="Only this one.")
@click.option("--all", "all_of_them", is_flag=True, help="All that are in doubt.")
@click.option(
    "--as", "settled_as", type=click.Choice(list(SETTLED_AS)), required=True,
    help="What came of it; `again` sends it once more under the same Message-ID.",
)  # fmt: skip
@_dry_run
@as_json
@click.pass_obj
def resolve(
    folder: str,
    number: int,
    delivery_id: int | None,
    settled_as: str,
    *,
    all_of_them: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Settle what is in doubt, once somebody knows what came of it.

    Until then it is held. Look for its Message-ID in the relay's log (`mailer campaign
    deliveries CAMPAIGN --state in_doubt` says it), or ask the reader.

    \b
    Example: mailer campaign resolve 12 --delivery 4711 --as accepted
             mailer campaign resolve 12 --all --as again --dry-run
    """  # noqa: D301 - click's own mark for lines that stay as they are
    if (delivery_id is not None) == all_of_them:
        raise click.UsageError("say either --delivery N or --all")
    with open_workspace(folder) as workspace:
        moved = jobs.resolve(
            workspace.world(),
            number,
            SETTLED_AS[settled_as],
            delivery_id=delivery_id,
            dry_run=dry_run,
        )
    done = "queued again" if settled_as == "again" else f"settled as {settled_as}"
    _say(moved, "in doubt", done, dry_run=dry_run, as_json=as_json)


def _say(moved: Moved, named: str, done: str, *, dry_run: bool, as_json: bool) -> None:
    """Say what was moved, or would be."""
    stay = moved.found - moved.moved
    if as_json:
        print_json(asdict(moved) | {"stay": stay, "dry_run": dry_run})
        return
    begin = f"{moved.found} letters {'are' if dry_run else 'were'} {named}"
    click.echo(f"{begin}: {moved.moved} {'would be ' * dry_run}{done}")
    if stay:
        click.echo(f"{stay} stay as they are: their readers left, or are suppressed")

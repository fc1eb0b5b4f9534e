"""Options that say who gets a campaign, and when each letter becomes due."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click

from mailer.cli.options import DURATION, read_moment
from mailer.model.choosing import (
    LONGEST_SPREAD,
    RECIPIENT,
    Choice,
    Target,
    WallClock,
    read_target,
)
from mailer.pace.recipient import first_moment

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--list", "list_names", required=True, multiple=True, metavar="NAME",
        help="The list, or LIST/SEGMENT. Again for several: one letter a person, under"
        " the first that picks them.",
    ),
    click.option(
        "--segment", default="", metavar="NAME", help="One of the list's segments."
    ),
    click.option(
        "--rule", default="", metavar="RULE",
        help="Only whom this rule picks: \"received('spring-sale')\".",
    ),
    click.option(
        "--exclude", multiple=True, metavar="NAME",
        help="Leave out a LIST, LIST/SEGMENT or campaign:NAME; may be said again.",
    ),
    click.option(
        "--since", metavar="CAMPAIGN",
        help="Only who has no letter of that campaign (its number or name): who joined"
        " later, or was withheld.",
    ),
    click.option(
        "--topic", "topics", multiple=True, metavar="NAME",
        help="What it is about, instead of what the letter says: who chose other topics"
        " does not get it. May be said again.",
    ),
    click.option("--spread", type=DURATION, help="Letters become due evenly over it: 4h."),
    click.option(
        "--limit", type=click.IntRange(1), metavar="PEOPLE",
        help="At most so many people, drawn by lot.",
    ),
)  # fmt: skip


def choosing(command: Command) -> Command:
    """Give a command the options that say who gets a campaign."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_targets(list_names: Sequence[str], segment: str) -> tuple[Target, ...]:
    """Read what letters go to, from `--list` and `--segment`.

    Raises:
        click.UsageError: when they do not go together.
    """
    try:
        first, *others = [read_target(name) for name in list_names]
    except ValueError as problem:
        raise click.UsageError(f"--list: {problem}") from None
    if not segment:
        return (first, *others)
    if others or first.segment:
        raise click.UsageError(
            "write the segment behind its list: --list newsletter/nordic"
        )
    return (Target(first.list_name, segment),)


def read_choice(
    exclude: tuple[str, ...],
    since: int | None,
    spread: timedelta | None,
    limit: int | None,
    clock: WallClock | None,
    topics: tuple[str, ...] = (),
) -> Choice:
    """Put together whom to leave out, and how letters spread.

    Raises:
        click.UsageError: when they would spread for too long.
    """
    if spread is not None and spread > LONGEST_SPREAD:
        raise click.UsageError(f"--spread may be {LONGEST_SPREAD.days}d at most")
    return Choice(exclude, spread, limit, clock, since, topics)


def read_time(
    at: str | None, zone: str, fallback: str, now: datetime
) -> tuple[datetime | None, WallClock | None]:
    """Read when letters become due: one moment, or a minute on each person's own clock.

    Args:
        fallback: The zone of people whose own is not known.

    Raises:
        click.UsageError: when it is no time, lies in the past, or no zone is known so.
    """
    if zone != RECIPIENT:
        return read_moment(at, zone, now), None
    try:
        wall = datetime.fromisoformat(at or "")
    except ValueError:
        wall = None
    if wall is None or wall.tzinfo is not None:
        raise click.UsageError(
            f"--zone {RECIPIENT} needs a time on the wall: --at 2026-12-01T09:00"
        )
    # For most people it must not have passed already.
    read_moment(at, fallback, now)
    return first_moment(wall), WallClock(wall, fallback)

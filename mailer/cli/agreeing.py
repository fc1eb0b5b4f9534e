"""Agreeing to a campaign before it starts: to many people only with their number."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import click

from mailer.cli.output import shown
from mailer.cli.starting import print_preview
from mailer.errors import RefusedError
from mailer.jobs.count_letters import count_letters
from mailer.jobs.order import Preview, Ready
from mailer.jobs.start_campaign import preview
from mailer.jobs.world import World
from mailer.model.choosing import target_words
from mailer.store.prospects import GETS_IT

MANY = 100
"""From so many people on, somebody has to say how many there are."""

_SAMPLES = 3

_Answer = TypeVar("_Answer")


def agree(
    world: World, again: Callable[[datetime], Ready], ready: Ready, yes: str | None
) -> Ready:
    """Ask whether a campaign is meant, or take what was said; return it as it is then.

    Args:
        again: Gathers the order once more: typing takes a while.
        yes: None to ask, "" for yes without a number, else the number that was said.

    Raises:
        RefusedError: when the number does not match, or nobody would get it; nothing is
            started then.
    """
    number = count_letters(world, ready, world.clock())
    if not number:
        print_preview(preview(world, ready, world.clock()), as_json=False)
        raise RefusedError(
            f"nobody among the people of {target_words(ready.order.targets)} would get it,"
            " for the reasons above: nothing was started"
        )
    if yes is None:
        return _asked(world, again, ready)
    if not yes and number >= MANY:
        raise RefusedError(
            f"{number} people would get it: to start without being asked say so with"
            f" --yes {number}; nothing was started"
        )
    if yes:
        _require_same(yes, number)
    return ready


def _asked(world: World, again: Callable[[datetime], Ready], ready: Ready) -> Ready:
    found = preview(world, ready, world.clock())
    verb = "Rehearse sending" if found.rehearsal else "Send"
    order = ready.order
    what = f"{verb} {order.template} to {found.letters} people of"
    what += f" {target_words(order.targets)}"
    if found.letters < MANY:
        if not _answer(lambda: click.confirm(f"{what}?", err=True), "--yes"):
            raise click.Abort
        return ready
    _summarise(found)
    question = f"{what}? Type the number of people"
    typed = _answer(
        lambda: click.prompt(question, err=True, default=""), f"--yes {found.letters}"
    )
    _require_same(typed, found.letters)
    # People join and leave while somebody reads.
    now = world.clock()
    fresh = again(now)
    _require_same(typed, count_letters(world, fresh, now))
    return fresh


def _answer(ask: Callable[[], _Answer], instead: str) -> _Answer:
    """Return an answer; where nobody gives one say what a script writes instead."""
    try:
        return ask()
    except click.Abort as nobody:
        raise RefusedError(
            f"nobody answered: to start without being asked say so with {instead};"
            " nothing was started"
        ) from nobody


def _summarise(found: Preview) -> None:
    """Show what is about to be sent, to whom, and who is left out."""
    ready = found.ready
    first = [
        one for group in found.groups if group.reason == GETS_IT for one in group.first
    ]
    click.echo(f"subject   {shown(ready.content.source.subject)}", err=True)
    click.echo(f"to        {target_words(ready.order.targets)}", err=True)
    click.echo(f"people    {found.letters}", err=True)
    click.echo(f"such as   {shown(', '.join(first[:_SAMPLES]))}", err=True)
    print_preview(found, as_json=False)


def _require_same(typed: str, number: int) -> None:
    if typed.strip() != str(number):
        raise RefusedError(
            f"{typed.strip() or 'nothing'!r} was said, and {number} people would get it:"
            " nothing was started"
        )

"""What a campaign goes to and whom it leaves out: from their names to what is frozen."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from mailer.errors import NotFoundError, RefusedError, did_you_mean
from mailer.jobs.frozen import FrozenExclusion, FrozenTarget
from mailer.jobs.world import World
from mailer.model.campaign import Campaign
from mailer.model.choosing import CAMPAIGN_PREFIX, Choice, Target, read_exclusion
from mailer.store.ageing import aged_of
from mailer.store.campaigns import find_campaign
from mailer.store.campaignsearch import campaigns_called, followers
from mailer.store.database import Connection, Database
from mailer.store.facts import campaign_names
from mailer.workspace.lists import read_list


def targets_of(
    folder: str, targets: Sequence[Target], rule: str = ""
) -> tuple[FrozenTarget, ...]:
    """Read the lists and segments that letters go to, in order.

    Args:
        rule: What picks people where no segment is named.

    Raises:
        NotFoundError: when there is no such list or segment.
        RefusedError: when one is named twice, or a segment and a rule together.
        WorkspaceError: when a list's file does not parse.
    """
    found = tuple(_target(folder, target) for target in targets)
    for place, one in enumerate(targets):
        if one in targets[:place]:
            raise RefusedError(f"{one} is named twice: once is enough")
    if rule and any(one.segment for one in targets):
        raise RefusedError("give a segment or a rule, not both")
    return tuple(replace(one, rule=rule) for one in found) if rule else found


def _target(folder: str, target: Target) -> FrozenTarget:
    mailing_list = read_list(folder, target.list_name)
    if not target.segment:
        return FrozenTarget(mailing_list)
    if target.segment not in mailing_list.segments:
        raise NotFoundError(
            f"lists/{mailing_list.name}.toml has no segment {target.segment!r}"
            f"{did_you_mean(target.segment, mailing_list.segments)}"
        )
    return FrozenTarget(mailing_list, target.segment, mailing_list.segments[target.segment])


def exclusions_of(
    connection: Connection, world: World, choice: Choice
) -> tuple[FrozenExclusion, ...]:
    """Read whom a campaign leaves out.

    Raises:
        NotFoundError: when there is no such list, segment or campaign.
        WorkspaceError: when a list's file does not parse.
    """
    found = [_exclusion(connection, world, name) for name in choice.exclude]
    if choice.since is not None:
        first = first_of(connection, choice.since)
        numbers = (first.id, *(one.id for one in followers(connection, first.id)))
        _require_letters(connection, numbers)
        name = f"{CAMPAIGN_PREFIX}{choice.since}"
        found.append(FrozenExclusion(name, campaigns=numbers, whatever_came=True))
    return tuple(found)


def _require_letters(connection: Connection, campaigns: Sequence[int]) -> None:
    """Refuse to leave out people of whose letters there is no record any more."""
    for number in campaigns:
        if aged_of(connection, number):
            raise RefusedError(
                f"who had a letter of campaign {number} is not on record any more: its"
                " deliveries were aged out, so nobody can be left out because of them"
            )


def first_of(connection: Connection, campaign_id: int) -> Campaign:
    """Return a campaign, or the one that it follows.

    Raises:
        NotFoundError: when there is none of that number.
    """
    campaign = find_campaign(connection, campaign_id)
    if campaign is None:
        raise NotFoundError(
            f"there is no campaign {campaign_id}; `mailer campaign list` shows them"
        )
    if campaign.follows is None:
        return campaign
    return first_of(connection, campaign.follows)


def number_called(database: Database, called: str) -> int:
    """Return the number of a campaign that is said by its number or its name.

    Of campaigns with one name rehearsals do not count beside one that is none, and one that
    follows another counts as that.

    Raises:
        NotFoundError: when there is none.
        RefusedError: when several have the name.
    """
    with database.read() as connection:
        if called.isdecimal():
            return first_of(connection, int(called)).id
        numbers = campaigns_called(connection, called)
        firsts = {
            one.id: one for one in (first_of(connection, number) for number in numbers)
        }
        real = [number for number, one in firsts.items() if not one.rehearsal]
        if not firsts:
            raise NotFoundError(
                f"there is no campaign {called!r}"
                f"{did_you_mean(called, campaign_names(connection))};"
                " `mailer campaign list` shows them"
            )
    found = real or list(firsts)
    if len(found) > 1:
        raise RefusedError(
            f"campaigns {', '.join(map(str, found))} are all called {called!r}: say the"
            " number of the one you mean"
        )
    return found[0]


def _exclusion(connection: Connection, world: World, name: str) -> FrozenExclusion:
    try:
        out = read_exclusion(name)
    except ValueError as problem:
        raise RefusedError(f"exclude: {problem}") from None
    if isinstance(out, str):
        numbers = _campaigns(connection, out)
        _require_letters(connection, numbers)
        return FrozenExclusion(name, campaigns=tuple(numbers))
    found = _target(world.folder, out)
    return FrozenExclusion(name, found.mailing_list.id, found.rule)


def _campaigns(connection: Connection, called: str) -> list[int]:
    numbers = campaigns_called(connection, called)
    if not numbers and called.isdecimal():
        numbers = [first_of(connection, int(called)).id]
        numbers += [one.id for one in followers(connection, numbers[0])]
    if not numbers:
        names = campaign_names(connection)
        raise NotFoundError(
            f"there is no campaign {called!r} to exclude{did_you_mean(called, names)};"
            " `mailer campaign list` shows them"
        )
    return numbers


def went_lately(earlier: Campaign, within: timedelta) -> str:
    """Say that the same template went to one of the lists not long ago."""
    by = f" by the schedule {earlier.schedule}" if earlier.schedule else ""
    return (
        f"template {earlier.template} went to this list{by} at"
        f" {earlier.created_at:%Y-%m-%d %H:%M} UTC as campaign {earlier.id}"
        f" ({earlier.state}), less than {within.days} days ago: to send it to them again,"
        " say --again"
    )

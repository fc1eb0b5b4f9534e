"""Who gets a campaign, as a marketer says it: targets, exclusions, how letters spread."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

CAMPAIGN_PREFIX = "campaign:"
RECIPIENT = "recipient"
"""What stands for a time zone where each person's own clock counts."""

LONGEST_SPREAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Target:
    """A list, or one of its segments, that letters go to.

    Args:
        list_name: The name of the list's file.
        segment: The name of one of its segments, "" for everyone on the list.
    """

    list_name: str
    segment: str = ""

    def __str__(self) -> str:
        return f"{self.list_name}/{self.segment}" if self.segment else self.list_name


def read_target(text: str) -> Target:
    """Read `newsletter` or `newsletter/nordic`.

    Raises:
        ValueError: when it is neither; the message says what it must be.
    """
    name, slash, segment = text.strip().partition("/")
    if not name or (slash and not segment) or "/" in segment:
        raise ValueError(
            f"{text!r} must be a list or a segment of one: 'newsletter' or"
            " 'newsletter/nordic'"
        )
    return Target(name, segment)


def read_exclusion(text: str) -> Target | str:
    """Read whom to leave out: a list, a segment, or a campaign's name (or number).

    Raises:
        ValueError: when it is none of them; the message says what it must be.
    """
    if text.startswith(CAMPAIGN_PREFIX) and text != CAMPAIGN_PREFIX:
        return text.removeprefix(CAMPAIGN_PREFIX)
    if ":" in text:
        raise ValueError(
            f"{text!r} must be a list, a segment of one ('newsletter/nordic') or a"
            f" campaign: '{CAMPAIGN_PREFIX}spring-sale'"
        )
    return read_target(text)


def target_words(targets: Sequence[Target]) -> str:
    """Write targets for people: `newsletter/nordic, courses`."""
    return ", ".join(map(str, targets))


@dataclass(frozen=True, slots=True)
class WallClock:
    """A minute that comes for each person by their own clock.

    Args:
        at: What clocks on the wall show, without a zone.
        fallback: The zone of those whose own is missing or unknown.
    """

    at: datetime
    fallback: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What narrows and spreads a campaign, beside its targets.

    Args:
        exclude: Lists, segments (`list/segment`) and campaigns (`campaign:name` or
            `campaign:12`) whose people do not get it.
        spread: Letters become due evenly over this.
        limit: At most so many people, drawn by lot; None for all.
        wall_clock: When they become due by each person's own clock; None for one moment.
        since: The campaign that this one follows: only who has no letter of it.
        topics: What it is about; none for what the letter says.
    """

    exclude: tuple[str, ...] = ()
    spread: timedelta | None = None
    limit: int | None = None
    wall_clock: WallClock | None = None
    since: int | None = None
    topics: tuple[str, ...] = ()


EVERYBODY_AT_ONCE = Choice()

"""What is to be sent to whom, and all that it takes, as values."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.jobs.frozen import Frozen
from mailer.model.campaign import Campaign
from mailer.model.choosing import EVERYBODY_AT_ONCE, Choice, Target
from mailer.model.finding import Finding
from mailer.store.audience import Audience
from mailer.store.prospects import GETS_IT, Group, Lacking


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be sent to whom.

    Args:
        segment: The name of one of the list's segments, "" for everyone on it.
        name: What the campaign is called, as `received('…')` asks for it; "" for the
            template's name.
        at: When letters become due; None for now.
        valid_for: How long its letters are worth sending; None for what their kind says.
        again: The same template may go to the same list although it went lately.
        allow_withheld: People who lack a value are withheld instead of stopping the start.
        schedule: The schedule that fires, with the occurrence's key.
        also: Further lists and segments; who is on several gets one letter, by the first.
        rule: Of those on the lists without a segment only whom this expression picks.
        choice: Whom to leave out, and how letters spread.
        priority: Of several letters that compete for a person the highest goes first; None
            for what the letter says.
        reason: Why a notice goes to everybody who ever was on the lists.
        canary: Its first letters are looked at before the rest leaves.
    """

    template: str
    list_name: str
    segment: str = ""
    name: str = ""
    at: datetime | None = None
    pace_per_s: float | None = None
    valid_for: timedelta | None = None
    again: bool = False
    allow_withheld: bool = False
    schedule: str | None = None
    occurrence: str | None = None
    also: tuple[Target, ...] = ()
    rule: str = ""
    choice: Choice = EVERYBODY_AT_ONCE
    priority: int | None = None
    reason: str = ""
    canary: bool = True

    @property
    def targets(self) -> tuple[Target, ...]:
        """All that it goes to, in order."""
        return (Target(self.list_name, self.segment), *self.also)


@dataclass(frozen=True, slots=True)
class Ready:
    """An order with all that it takes, read from the workspace and checked.

    Args:
        lacking: How many people lack a value that the template needs.
        first_lacking: The first of them.
        faulty: Of the first people who would get it, those whose letter cannot be composed
            for another reason: address, and why.
        findings: What the check of the template found.
        links: The links that are counted: variant and where each leads.
    """

    order: Order
    content: Frozen
    audiences: tuple[Audience, ...]
    lacking: int
    first_lacking: tuple[Lacking, ...]
    faulty: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a start would do.

    Args:
        groups: Everyone on the lists by what decides whether they get a letter.
        earlier: The campaign because of which it would ask for `again`, if any.
        rehearsal: No letter would go to the person it is for.
        unheard_of: What its rules ask of campaigns that there never were, in words.
        canary: So many letters would leave first, 0 for all at once.
        canary_wait: How long the rest would wait for what comes back of them.
        warm_up: What would wait for its sending domain to be warm, in words, or "".
    """

    ready: Ready
    groups: tuple[Group, ...]
    earlier: Campaign | None
    rehearsal: bool
    unheard_of: tuple[str, ...]
    canary: int = 0
    canary_wait: timedelta = timedelta()
    warm_up: str = ""

    @property
    def letters(self) -> int:
        """How many people would get a letter."""
        found = sum(group.count for group in self.groups if group.reason == GETS_IT)
        limit = self.ready.order.choice.limit
        return found if limit is None else min(found, limit)

"""One firing of a schedule or one send by hand, its template and audience frozen."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailer.model.choosing import WallClock
from mailer.model.kind import Kind


class CampaignState(StrEnum):
    """Where a campaign stands. Only `running` lets letters leave."""

    PLANNING = "planning"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


_S = CampaignState
CAMPAIGN_STEPS: dict[CampaignState, frozenset[CampaignState]] = {
    _S.PLANNING: frozenset({_S.RUNNING, _S.PAUSED, _S.CANCELLED}),
    _S.RUNNING: frozenset({_S.PAUSED, _S.FINISHED, _S.CANCELLED}),
    _S.PAUSED: frozenset({_S.PLANNING, _S.RUNNING, _S.CANCELLED}),
    _S.FINISHED: frozenset({_S.RUNNING}),
    _S.CANCELLED: frozenset(),
}
"""Who may follow whom. finished goes back to running only when letters are queued again."""


def states_before(after: CampaignState) -> frozenset[CampaignState]:
    """Return the states from which a campaign may go to another."""
    return frozenset(state for state, steps in CAMPAIGN_STEPS.items() if after in steps)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as it stands now.

    Args:
        occurrence: The firing's key: local wall-clock minute or UTC instant; None by hand.
        segment: The segment's name, "" for everyone on the list.
        rule: The segment's expression as frozen.
        frozen_hash: The SHA-256 (hex) of the frozen template, list and rule.
        planned: How many deliveries were written.
        planned_up_to: The last contact that planning has looked at.
        audience_up_to: The last contact that there was at the start.
        valid_until: When its letters are not worth sending any more, if ever.
        started_at: When planning was through.
        reason: Why it is paused or cancelled.
        allow_withheld: People who lack a name are withheld instead of stopping the start.
        pace_per_s: Letters per second at most, or None for the relay's own limits.
        spread: Its letters become due evenly over this.
        limit: At most so many people get it, drawn by lot.
        drawn_up_to: The last lot that is drawn, once planning has drawn.
        wall_clock: When letters become due by each person's own clock, if they do.
        follows: The campaign that it follows: only who has no letter of that one.
        rehearsal: It is one for ever: none of its letters goes to the person it is for.
        notice_reason: Why everybody is told this; "" where letters need a consent.
        priority: Of several letters that compete for a person the highest goes first.
    """

    id: int
    name: str
    kind: Kind
    state: CampaignState
    template: str
    list_id: str
    segment: str
    rule: str
    schedule: str | None
    occurrence: str | None
    frozen_hash: str
    planned: int
    planned_up_to: int
    audience_up_to: int
    created_at: datetime
    due_at: datetime
    valid_until: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    reason: str
    allow_withheld: bool
    pace_per_s: float | None
    spread: timedelta | None = None
    limit: int | None = None
    drawn_up_to: int | None = None
    wall_clock: WallClock | None = None
    follows: int | None = None
    rehearsal: bool = False
    priority: int = 0
    notice_reason: str = ""

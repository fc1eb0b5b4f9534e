"""What is written down about a letter that may not leave, and after each outcome."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailer.jobs.settle import Terms, held_back, settled
from mailer.model.delivery import CauseKind, Claim, DeliveryState
from mailer.model.kind import Kind
from mailer.model.outcome import (
    Accepted,
    Deferred,
    InDoubt,
    Outcome,
    Refused,
    Released,
    Reply,
    Stage,
)
from mailer.pace.cap import CapRule
from mailer.pace.retry import DEFAULT_PLAN
from mailer.store.held import Held

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
CLAIM = Claim(
    1, 3, CauseKind.CAMPAIGN, 1, Kind.MARKETING, "news", 1, "p1@example.com",
    AT, AT + timedelta(days=1), 1, {}, None, None,
)  # fmt: skip
FREE = Held(
    claimed=True, subscribed=True, suppressed=False, erased=False, cause_stands=True,
    campaign_cancelled=False, in_time=True, below_cap=True,
)  # fmt: skip
PAUSE = timedelta(minutes=1)
NO = Reply(550, "5.1.1", "no")


@pytest.mark.parametrize(
    ("held", "after", "reason"),
    [
        (FREE, "queued", None),
        (replace(FREE, cause_stands=False), "queued", None),
        # Who left while her campaign was paused is asked again when it goes on.
        (replace(FREE, cause_stands=False, subscribed=False), "queued", None),
        (replace(FREE, cause_stands=False, in_time=False), "queued", None),
        (
            replace(FREE, cause_stands=False, campaign_cancelled=True),
            "withheld",
            "cancelled",
        ),
        (replace(FREE, in_time=False), "expired", "too_late"),
        (replace(FREE, subscribed=False), "withheld", "permission"),
        (replace(FREE, suppressed=True), "withheld", "suppression"),
        (replace(FREE, suppressed=True, erased=True), "withheld", "erased"),
        (replace(FREE, on_topic=False), "withheld", "topic"),
        (replace(FREE, window_open=False), "queued", "quiet"),
        (replace(FREE, below_cap=False), "queued", "cap"),
        (replace(FREE, below_cap=False, superseded=True), "withheld", "superseded"),
        # Her own choice of every letter counts before the workspace's cap.
        (replace(FREE, below_cap=False, chosen_days=0), "queued", None),
        # A cap moves a letter, and never one that may not be sent at all.
        (replace(FREE, below_cap=False, subscribed=False), "withheld", "permission"),
    ],
)
def test_a_letter_that_may_not_leave_says_why(
    held: Held, after: str, reason: str | None
) -> None:
    change = held_back(CLAIM, held, AT, CapRule(1, 7))
    assert change is not None
    assert (change.after.value, change.reason) == (after, reason)
    assert (change.id, change.fence, change.deferred) == (1, 3, False)


@pytest.mark.parametrize("held", [None, replace(FREE, claimed=False)])
def test_of_a_letter_that_is_not_ours_to_hold_nothing_is_written_down(
    held: Held | None,
) -> None:
    """Another has it, or it is on a line: put back into the queue it would go twice."""
    assert held_back(CLAIM, held, AT, None) is None


@pytest.mark.parametrize(
    ("outcome", "after", "deferred"),
    [
        (Accepted(Reply(250, "2.0.0", "ok"), "Q1"), DeliveryState.ACCEPTED, False),
        (Refused(NO, Stage.RCPT), DeliveryState.REFUSED, False),
        # It may have arrived: nobody sends it again by himself.
        (InDoubt(Reply(0, "", "it hung up")), DeliveryState.IN_DOUBT, False),
        (Deferred(Reply(451, "4.2.0", "later"), Stage.RCPT), DeliveryState.QUEUED, True),
        (Released(Reply(0, "", "it hung up"), Stage.MAIL), DeliveryState.QUEUED, False),
    ],
)
def test_each_outcome_has_its_state_and_only_what_was_put_off_is_charged(
    outcome: Outcome, after: DeliveryState, *, deferred: bool
) -> None:
    change = settled(CLAIM, outcome, Terms(DEFAULT_PLAN, "main", PAUSE), AT, chance=0.5)
    assert (change.after, change.deferred, change.relay) == (after, deferred, "main")
    assert (change.due_at is None) is (after is not DeliveryState.QUEUED)


def test_what_is_put_off_beyond_its_time_has_expired_and_says_so() -> None:
    late = CLAIM._replace(give_up_at=AT + timedelta(seconds=1))
    outcome = Deferred(Reply(451, "4.2.0", "later"), Stage.RCPT)
    change = settled(late, outcome, Terms(DEFAULT_PLAN, "main", PAUSE), AT, chance=0.5)
    assert (change.after, change.reason) == (DeliveryState.EXPIRED, "gave_up")


def test_a_letter_that_brings_down_its_lines_waits_twice_as_long_each_time() -> None:
    """What was put off by words does not count, and there is an end to the doubling."""
    outcome = Released(Reply(0, "", "it hung up"), Stage.RCPT)
    terms = Terms(DEFAULT_PLAN, "main", PAUSE)
    waits: list[timedelta] = []
    for fence in (1, 2, 3, 8, 30):
        claim = CLAIM._replace(fence=fence, deferrals=0)
        due = settled(claim, outcome, terms, AT, chance=0.5).due_at
        assert due is not None
        waits.append(due - AT)
    assert waits == [PAUSE * times for times in (1, 2, 4, 64, 64)]
    charged = settled(CLAIM._replace(fence=4, deferrals=3), outcome, terms, AT, chance=0.5)
    assert charged.due_at == AT + PAUSE

"""What a bounce leads to: only what is certain ends it at once, the rest fades."""

from datetime import UTC, datetime, timedelta

import pytest

from mailer.model.notice import (
    Action,
    Bounce,
    Complaint,
    Concerned,
    Human,
    Notice,
    Reason,
)
from mailer.model.verdict import Earlier, Effect
from mailer.triage.verdict import HALF_LIFE, decide, score

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ME = "anna@example.com"


def bounce(
    reason: Reason, status: str = "", *, hard: bool = False, who: str = ME
) -> Notice:
    return Bounce((Concerned(who, hard, reason, status, Action.FAILED),), "a report")


def before(days: float, reason: Reason, points: int = 1, cause: int = 1) -> Earlier:
    return Earlier(NOW - timedelta(days=days), reason.value, points, cause)


def effect(notice: Notice, *earlier: Earlier, cause: int = 9) -> Effect:
    return decide(notice, ME, cause, earlier, NOW).effect


def test_no_such_mailbox_with_a_code_ends_it_at_once():
    assert effect(bounce(Reason.USER_UNKNOWN, "5.1.1", hard=True)) is Effect.SUPPRESSED
    assert effect(bounce(Reason.HAS_MOVED, "5.1.6", hard=True)) is Effect.SUPPRESSED


def test_words_alone_need_a_second_time_in_a_fortnight():
    words = bounce(Reason.USER_UNKNOWN, hard=True)
    assert effect(words) is Effect.COUNTED
    assert effect(words, before(13, Reason.USER_UNKNOWN)) is Effect.SUPPRESSED
    assert effect(words, before(15, Reason.USER_UNKNOWN)) is Effect.COUNTED
    assert effect(words, before(1, Reason.MAILBOX_FULL)) is Effect.COUNTED


def test_a_domain_may_have_an_accident_for_a_day():
    gone = bounce(Reason.HOST_UNKNOWN, "5.1.2", hard=True)
    assert effect(gone) is Effect.COUNTED
    assert effect(gone, before(0.9, Reason.HOST_UNKNOWN)) is Effect.COUNTED
    assert effect(gone, before(1.1, Reason.HOST_UNKNOWN)) is Effect.SUPPRESSED


def test_a_suspended_account_ends_it_the_second_time_and_for_a_while():
    verdict = decide(bounce(Reason.SUSPEND), ME, 9, [before(5, Reason.SUSPEND, 3)], NOW)
    assert verdict.effect is Effect.SUPPRESSED
    assert verdict.until_at == NOW + timedelta(days=90)
    assert effect(bounce(Reason.SUSPEND), before(31, Reason.SUSPEND, 3)) is Effect.COUNTED


@pytest.mark.parametrize("reason", [Reason.USER_UNKNOWN, Reason.SUSPEND])
def test_one_letter_that_is_reported_twice_came_back_once(reason: Reason):
    told = bounce(reason, hard=True)
    assert effect(told, before(0.01, reason, cause=9)) is Effect.COUNTED
    both = (before(2, reason, cause=8), before(0.01, reason, cause=9))
    assert effect(told, *both) is Effect.SUPPRESSED


def test_another_address_that_it_was_forwarded_to_only_counts():
    other = bounce(Reason.USER_UNKNOWN, "5.1.1", hard=True, who="other@example.net")
    assert effect(other) is Effect.COUNTED
    assert effect(bounce(Reason.USER_UNKNOWN, "5.1.1", hard=True, who=ME.upper())) is (
        Effect.SUPPRESSED
    )


@pytest.mark.parametrize(
    "reason",
    [
        Reason.AUTH_FAILURE, Reason.BLOCKED, Reason.BAD_REPUTATION, Reason.SPAM_DETECTED,
        Reason.POLICY_VIOLATION, Reason.REJECTED, Reason.REQUIRE_PTR, Reason.SPEEDING,
        Reason.CONTENT_ERROR, Reason.MESSAGE_TOO_BIG, Reason.VIRUS_DETECTED,
    ],
)  # fmt: skip
def test_what_blames_us_is_never_held_against_the_person(reason: Reason):
    many = [before(day, reason, 0, cause=day) for day in range(1, 60)]
    verdict = decide(bounce(reason, "5.7.1"), ME, 99, many, NOW)
    assert (verdict.effect, verdict.points) == (Effect.OURS, 0)


def test_a_score_needs_five_points_of_three_letters_over_a_week():
    full = bounce(Reason.MAILBOX_FULL, "5.2.2")
    week = [before(day, Reason.MAILBOX_FULL, cause=day) for day in range(1, 9)]
    assert effect(full, *week) is Effect.SUPPRESSED
    short = [before(day / 2, Reason.MAILBOX_FULL, cause=day) for day in range(1, 9)]
    assert effect(full, *short) is Effect.COUNTED
    one_letter = [before(day, Reason.MAILBOX_FULL) for day in range(1, 9)]
    assert effect(full, *one_letter, cause=1) is Effect.COUNTED


def test_a_score_fades_by_half_and_takes_one_bounce_a_day():
    old = Earlier(NOW - HALF_LIFE, "mailboxfull", 1, 1)
    assert score([old], NOW) == pytest.approx(0.5)
    today = [Earlier(NOW - timedelta(hours=hour), "x", 1, hour) for hour in range(10)]
    assert score(today, NOW) == pytest.approx(1, abs=0.02)


def test_a_complaint_ends_it_and_a_person_changes_nothing():
    assert effect(Complaint((), "x", "abuse")) is Effect.COMPLAINED
    assert effect(Complaint((), "x", "not-spam")) is Effect.NOTHING
    assert effect(Human((), "x")) is Effect.NOTHING
    assert effect(Bounce((), "names nobody")) is Effect.COUNTED

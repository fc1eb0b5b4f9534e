"""What a sign-up leads to, and what a person's own confirmation puts an end to."""

from datetime import UTC, datetime, timedelta

import pytest

from mailer.audience.joining import (
    Answer,
    Asked,
    Joiner,
    answer,
    coming_back,
    has_said_yes,
    may_confirm,
    network_of,
)
from mailer.model.consent import Act, Basis, How, SubscriptionStatus, SuppressionReason
from mailer.model.mailinglist import OptIn
from mailer.model.signup import SignUpRules
from mailer.model.subscription import Entry, Subscription
from mailer.model.suppression import Suppression

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
RULES = SignUpRules()
STATUS = SubscriptionStatus


def suppressed(scope: str, reason: SuppressionReason) -> Suppression:
    return Suppression(scope, reason, NOW - timedelta(days=9), None, "test")


def standing(status: SubscriptionStatus) -> Subscription:
    return Subscription(status, Basis.EXPRESS, 1, NOW, None, 1)


def joiner(
    opt_in: OptIn = OptIn.DOUBLE,
    *suppressions: Suppression,
    status: SubscriptionStatus | None = None,
    is_person: bool = True,
) -> Joiner:
    place = None if status is None else standing(status)
    return Joiner(opt_in, is_person, place, suppressions)


def decided(one: Joiner, asked: Asked = Asked()) -> Answer:  # noqa: B008 - a frozen value
    return answer(one, asked, RULES, "news")


@pytest.mark.parametrize("status", [None, *STATUS])
@pytest.mark.parametrize("reason", [None, *SuppressionReason])
@pytest.mark.parametrize("scope", ["list:news", "marketing", "list:courses"])
def test_a_double_opt_in_always_leads_to_a_letter(status, reason, scope):
    held = () if reason is None else (suppressed(scope, reason),)
    assert decided(joiner(OptIn.DOUBLE, *held, status=status)) is Answer.LETTER


@pytest.mark.parametrize("opt_in", list(OptIn))
@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_nothing_is_sent_where_everything_is_suppressed(opt_in, reason):
    assert decided(joiner(opt_in, suppressed("everything", reason))) is Answer.NOTHING


@pytest.mark.parametrize("status", [None, STATUS.PENDING, STATUS.SUBSCRIBED])
def test_a_single_opt_in_joins_whom_nothing_keeps_away(status):
    assert decided(joiner(OptIn.SINGLE, status=status)) is Answer.JOINED
    elsewhere = suppressed("list:courses", SuppressionReason.UNSUBSCRIBED)
    assert decided(joiner(OptIn.SINGLE, elsewhere, status=status)) is Answer.JOINED


@pytest.mark.parametrize("reason", list(SuppressionReason))
@pytest.mark.parametrize("scope", ["list:news", "marketing"])
def test_also_on_a_single_opt_in_who_was_kept_away_must_confirm(reason, scope):
    held = suppressed(scope, reason)
    assert decided(joiner(OptIn.SINGLE, held)) is Answer.LETTER


def test_also_on_a_single_opt_in_who_left_and_what_is_no_person_must_confirm():
    assert decided(joiner(OptIn.SINGLE, status=STATUS.UNSUBSCRIBED)) is Answer.LETTER
    assert decided(joiner(OptIn.SINGLE, is_person=False)) is Answer.LETTER


@pytest.mark.parametrize(
    ("asked", "want"),
    [
        (Asked(same_list=1, same_address=1), Answer.NOTHING),
        (Asked(same_address=2), Answer.LETTER),
        (Asked(same_address=3), Answer.NOTHING),
        (Asked(network=19), Answer.LETTER),
        (Asked(network=20), Answer.LATER),
        (Asked(everyone=999), Answer.LETTER),
        (Asked(everyone=1000), Answer.LATER),
        (Asked(same_list=1, same_address=1, network=20), Answer.LATER),
    ],
)
def test_nobody_is_bombed_with_letters(asked, want):
    assert decided(joiner(), asked) is want


@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_that_too_much_is_asked_tells_nothing_about_an_address(reason):
    asked = Asked(network=20)
    for one in (joiner(), joiner(OptIn.SINGLE), joiner(status=STATUS.UNSUBSCRIBED)):
        assert decided(one, asked) is Answer.LATER
    held = suppressed("everything", reason)
    assert decided(joiner(OptIn.DOUBLE, held), asked) is Answer.LATER


def test_confirming_ends_what_kept_the_list_away_and_nothing_else():
    left_list = suppressed("list:news", SuppressionReason.UNSUBSCRIBED)
    left_other = suppressed("list:courses", SuppressionReason.UNSUBSCRIBED)
    everything = suppressed("everything", SuppressionReason.MANUAL)
    back = coming_back([left_list, left_other, everything], "news", ["news", "courses"])
    assert back.ended == (left_list,)
    assert back.kept == ()


@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_where_all_marketing_had_ended_the_other_lists_stay_as_they_were(reason):
    gone = suppressed("marketing", reason)
    back = coming_back([gone], "news", ["news", "offers", "courses"])
    assert back.ended == (gone,)
    assert [(one.scope, one.reason, one.since_at) for one in back.kept] == [
        ("list:courses", reason, gone.since_at),
        ("list:offers", reason, gone.since_at),
    ]


def entry(act: Act, how: How, basis: Basis | None = None, list_id: str | None = "news"):
    return Entry(1, list_id, 1, act, NOW, how, basis, None, None)


@pytest.mark.parametrize(
    ("one", "yes"),
    [
        (entry(Act.CONFIRMED, How.FORM, Basis.DOUBLE_OPT_IN), True),
        (entry(Act.CONFIRMED, How.PAGE, Basis.DOUBLE_OPT_IN), True),
        (entry(Act.GRANTED, How.FORM, Basis.EXPRESS), True),
        (entry(Act.GRANTED, How.FORM, Basis.DOUBLE_OPT_IN), False),
        (entry(Act.GRANTED, How.IMPORT, Basis.EXPRESS), False),
        (entry(Act.GRANTED, How.SUPPORT, Basis.EXPRESS), False),
        (entry(Act.CONFIRMED, How.FORM, Basis.DOUBLE_OPT_IN, "courses"), False),
        (entry(Act.WITHDRAWN, How.PAGE), False),
        (entry(Act.LIFTED, How.FORM, None, None), False),
    ],
)
def test_a_person_s_own_yes_is_told_from_everybody_else_s(one, yes):
    assert has_said_yes([one], "news") is yes
    assert has_said_yes([one, entry(Act.WITHDRAWN, How.PAGE)], "news") is yes
    assert not has_said_yes([], "news")


def test_a_confirmation_works_once_and_in_time():
    later = NOW + timedelta(hours=1)
    assert may_confirm(later, None, NOW)
    assert not may_confirm(later, None, later)
    assert not may_confirm(later, NOW, NOW)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
        ("::1", "::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("", None),
        ("somewhere", None),
    ],
)
def test_addresses_are_counted_by_network(address, network):
    assert network_of(address) == network

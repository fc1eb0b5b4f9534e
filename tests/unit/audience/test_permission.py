"""May we write to this person now, and if not, why not."""

from datetime import UTC, datetime, timedelta

import pytest

from mailer.audience.permission import Facts, Held, No, Yes, may_write
from mailer.model.campaign import CampaignState
from mailer.model.consent import Basis, SubscriptionStatus, SuppressionReason
from mailer.model.delivery import Withheld
from mailer.model.kind import KINDS, Kind, Scope
from mailer.model.subscription import Subscription
from mailer.model.suppression import Suppression

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
A_DAY = timedelta(days=1)
MARKETING = [kind for kind, rule in KINDS.items() if rule.needs_subscription]
OTHERS = [kind for kind, rule in KINDS.items() if not rule.needs_subscription]


def standing(status=SubscriptionStatus.SUBSCRIBED, *, wording=1, expires_at=None):
    return Subscription(status, Basis.EXPRESS, wording, NOW - A_DAY, expires_at, 1)


def facts(**more):
    given = {"list_id": "news", "subscription": standing(), "words_floor": 1}
    return Facts(**{**given, **more})


def suppression(scope, until=None, reason=SuppressionReason.COMPLAINED):
    return Suppression(scope, reason, NOW - A_DAY, until, "")


def reason(kind, **more):
    answer = may_write(kind, facts(**more), NOW)
    return answer.reason if isinstance(answer, No) else None


@pytest.mark.parametrize("kind", list(Kind))
def test_who_agreed_may_be_written_to(kind):
    assert may_write(kind, facts(), NOW) == Yes()


@pytest.mark.parametrize("kind", MARKETING)
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"subscription": None}, "never agreed to be on the list news"),
        ({"subscription": standing(SubscriptionStatus.PENDING)}, "has not confirmed"),
        (
            {"subscription": standing(SubscriptionStatus.UNSUBSCRIBED)},
            "left the list news on 2026-04-30 12:00 UTC",
        ),
        ({"subscription": standing(expires_at=NOW)}, "ended on 2026-05-01 12:00 UTC"),
        ({"words_floor": 2}, "agreed to version 1 of the words"),
        ({"words_floor": None}, "is not on record"),
        ({"list_id": None}, "no list was named"),
    ],
)
def test_without_permission_there_is_no_letter(kind, more, words):
    answer = may_write(kind, facts(**more), NOW)
    assert isinstance(answer, No)
    assert answer.reason is Withheld.PERMISSION
    assert words in answer.words


@pytest.mark.parametrize("kind", OTHERS)
def test_a_letter_that_is_no_marketing_needs_no_subscription(kind):
    assert may_write(kind, Facts(), NOW) == Yes()


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("scope", ["list:news", "list:offers", "marketing", "everything"])
def test_a_suppression_stops_what_its_scope_says(kind, scope):
    stopped_by = {
        "list:news": Scope.LIST,
        "marketing": Scope.MARKETING,
        "everything": Scope.EVERYTHING,
    }.get(scope)
    want = Withheld.SUPPRESSION if stopped_by in KINDS[kind].stopped_by else None
    assert reason(kind, suppressions=[suppression(scope)]) is want


def test_a_suppression_ends_with_its_time():
    ends = [suppression("everything", NOW)]
    assert reason(Kind.MARKETING, suppressions=ends) is None
    lasts = [suppression("everything", NOW + timedelta(microseconds=1))]
    assert reason(Kind.MARKETING, suppressions=lasts) is Withheld.SUPPRESSION


def test_who_was_erased_is_named_so():
    erased = [
        suppression("marketing"),
        suppression("everything", reason=SuppressionReason.ERASED),
    ]
    assert reason(Kind.REPLY, suppressions=erased) is Withheld.ERASED


@pytest.mark.parametrize(
    ("state", "want"),
    [
        (CampaignState.PLANNING, Held.CAMPAIGN),
        (CampaignState.RUNNING, None),
        (CampaignState.PAUSED, Held.CAMPAIGN),
        (CampaignState.FINISHED, Held.CAMPAIGN),
        (CampaignState.CANCELLED, Withheld.CANCELLED),
    ],
)
def test_only_a_running_campaign_sends(state, want):
    assert reason(Kind.MARKETING, campaign=state) is want


@pytest.mark.parametrize("kind", list(Kind))
def test_a_cap_holds_what_it_caps(kind):
    want = Held.CAP if KINDS[kind].capped else None
    assert reason(kind, letters=2, cap=2) is want
    assert reason(kind, letters=1, cap=2) is None


def test_a_letter_that_comes_too_late_is_not_sent():
    assert reason(Kind.MARKETING, valid_until=NOW) is Held.EXPIRED
    assert reason(Kind.MARKETING, valid_until=NOW + A_DAY) is None

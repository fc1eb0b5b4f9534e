"""Asking the cap about a whole batch of claims, before any of them is handed out."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sending import a_campaign, another_campaign, attempts, now, rows, states
from sqlalchemy import update

from mailer.jobs.holding import Manners, may_be_tried
from mailer.jobs.story import verdict_of
from mailer.model.delivery import Claim
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.model.quiet import DAYS, QuietRule, read_quiet
from mailer.pace.cap import CapRule
from mailer.store import owners
from mailer.store.claims import Cap, Claims
from mailer.store.database import Database
from mailer.store.deliveries import deliveries_of
from mailer.store.groups import Sheet, groups
from mailer.store.held import held
from mailer.store.tables import (
    CampaignRow,
    ContactRow,
    DeliveryRow,
    ListRow,
    SubscriptionRow,
    table,
)

WEEKLY = Manners(CapRule(1, 7))
DELIVERY = table(DeliveryRow)


def change(database: Database, numbers: Sequence[int], **values: Any) -> None:
    """Change some deliveries behind everybody's back."""
    with database.write() as connection:
        connection.execute(
            update(DELIVERY).where(DELIVERY.c.id.in_(numbers)).values(**values)
        )


def arrived(database: Database, campaign: int, *, ago: timedelta) -> datetime:
    """Let all letters of a campaign have arrived some time ago; return when they left."""
    left_at = now() - ago
    numbers = [row.id for row in rows(database, campaign)]
    change(database, numbers, state="accepted", left_at=left_at, ended_at=left_at)
    return left_at


def claim(database: Database, *campaigns: int) -> list[Claim]:
    with database.write() as connection:
        owner = owners.register(connection, "here", 1, now())
    with database.write() as connection:
        claims = Claims(connection, owner, timedelta(minutes=5))
        taken = [
            number
            for campaign in campaigns
            for number in claims.of_campaign(connection, campaign, 100, now())
        ]
        return claims.read(connection, taken)


def test_what_the_cap_holds_is_put_off_until_the_letter_that_holds_it_counts_no_longer(
    database: Database, ring: KeyRing
) -> None:
    first = a_campaign(database, ring, 3)
    left_at = arrived(database, first, ago=timedelta(days=6, hours=12))
    second = another_campaign(database, first)
    claimed = claim(database, second)
    # Somebody's letter of last week never went: that one may be written to.
    change(database, [1], state="refused")
    assert [one.id for one in may_be_tried(database, claimed, WEEKLY, now())] == [4]
    free, *waiting = rows(database, second)
    assert free.state == "claimed"
    for row in waiting:
        assert (row.state, row.reason, row.owner_id) == ("queued", "cap", None)
        assert row.due_at == left_at + timedelta(days=7)
        assert row.reply == "cap: 1 letter in 7 days"
        assert row.deferrals == 0
    assert [(one.outcome, one.words) for one in attempts(database)] == [
        ("capped", "cap: 1 letter in 7 days")
    ] * 2


def test_a_letter_that_the_cap_holds_is_tried_as_long_from_its_new_time_on(
    database: Database, ring: KeyRing
) -> None:
    first = a_campaign(database, ring, 1)
    arrived(database, first, ago=timedelta(days=1))
    second = another_campaign(database, first)
    at = now()
    assert may_be_tried(database, claim(database, second), WEEKLY, at) == []
    (row,) = rows(database, second)
    assert (row.state, row.due_at) == ("queued", at + timedelta(days=1))
    assert row.give_up_at == row.due_at + timedelta(days=1)


def test_a_letter_that_is_worth_sending_until_then_is_due_at_its_end_at_the_latest(
    database: Database, ring: KeyRing
) -> None:
    first = a_campaign(database, ring, 1)
    arrived(database, first, ago=timedelta(days=1))
    second = another_campaign(database, first)
    with database.write() as connection:
        connection.execute(update(table(CampaignRow)).values(valid_until=now()))
    (before,) = rows(database, second)
    change(database, [before.id], give_up_at=now() + timedelta(hours=2))
    assert may_be_tried(database, claim(database, second), WEEKLY, now()) == []
    (row,) = rows(database, second)
    assert (row.state, row.due_at) == ("queued", row.give_up_at)
    assert row.give_up_at < now() + timedelta(hours=3)


@pytest.mark.parametrize("state", ["sending", "in_doubt"])
def test_a_letter_that_may_not_have_arrived_holds_another_for_an_hour(
    database: Database, ring: KeyRing, state: str
) -> None:
    first = a_campaign(database, ring, 1)
    second = another_campaign(database, first)
    claimed = claim(database, second)
    change(database, [1], state=state, left_at=now())
    at = now()
    assert may_be_tried(database, claimed, WEEKLY, at) == []
    assert rows(database, second)[0].due_at == at + timedelta(hours=1)


def test_of_several_letters_that_hold_the_one_counts_after_which_there_is_room(
    database: Database, ring: KeyRing
) -> None:
    first = a_campaign(database, ring, 1)
    campaigns = [first, *(another_campaign(database, first) for _ in range(3))]
    days = (1, 4, 5)
    left = [
        arrived(database, campaign, ago=timedelta(days=ago))
        for campaign, ago in zip(campaigns, days, strict=False)
    ]
    (one,) = claim(database, campaigns[-1])
    at = now()
    with database.read() as connection:
        cap = Cap(2, at - timedelta(days=7))
        assert held(connection, [(one.id, one.fence)], at, cap)[one.id].holding == left[1]
        cap = Cap(4, at - timedelta(days=7))
        found = held(connection, [(one.id, one.fence)], at, cap)[one.id]
    assert found.may_leave
    assert found.holding is None


def test_of_two_letters_to_a_person_the_newer_is_tried_first(
    database: Database, ring: KeyRing
) -> None:
    first = a_campaign(database, ring, 3)
    second = another_campaign(database, first)
    at = now()
    # The older ones are claimed alone: the newer ones are due, and that is enough.
    assert may_be_tried(database, claim(database, first), WEEKLY, at) == []
    # They are asked for soon: nobody knows yet whether the others arrive.
    assert {row.due_at for row in rows(database, first)} == {at + timedelta(minutes=1)}
    assert {row.reason for row in rows(database, first)} == {"cap"}
    tried = may_be_tried(database, claim(database, second), WEEKLY, at)
    assert [one.id for one in tried] == [4, 5, 6]


def test_of_two_letters_to_a_person_the_more_important_is_tried_first(
    database: Database, ring: KeyRing
) -> None:
    first = a_campaign(database, ring, 1)
    second = another_campaign(database, first)
    change(database, [1], priority=1)
    claimed = claim(database, first, second)
    assert [one.id for one in may_be_tried(database, claimed, WEEKLY, now())] == [1]


def test_nobody_waits_for_a_letter_of_a_campaign_that_is_paused(
    database: Database, ring: KeyRing
) -> None:
    first = a_campaign(database, ring, 1)
    second = another_campaign(database, first)
    with database.write() as connection:
        campaigns = table(CampaignRow)
        connection.execute(
            update(campaigns).where(campaigns.c.id == second).values(state="paused")
        )
    assert len(may_be_tried(database, claim(database, first), WEEKLY, now())) == 1


def test_what_another_letter_was_chosen_over_is_withheld_as_superseded(
    database: Database, ring: KeyRing
) -> None:
    first = a_campaign(database, ring, 1)
    second = another_campaign(database, first)
    (older,) = claim(database, first)
    change(database, [2], state="accepted", left_at=now(), ended_at=now())
    assert may_be_tried(database, [older], WEEKLY, now()) == []
    (row,) = rows(database, first)
    assert (row.state, row.reason) == ("withheld", "superseded")
    assert "another letter went first" in row.reply
    # A letter that came later than a more important one only waits.
    change(database, [2], priority=1, left_at=now() - timedelta(days=1))
    third = another_campaign(database, second)
    change(database, [3], priority=0)
    assert may_be_tried(database, claim(database, third), WEEKLY, now()) == []
    (row,) = rows(database, third)
    assert (row.state, row.reason) == ("queued", "cap")


def test_a_letter_in_quiet_hours_waits_until_they_end_and_says_so(
    database: Database, ring: KeyRing
) -> None:
    campaign = a_campaign(database, ring, 2)
    contacts = table(ContactRow)
    with database.write() as connection:
        # In October the clocks of Oslo are two hours ahead, those of Tokyo nine.
        connection.execute(
            update(contacts).where(contacts.c.id == 2).values(time_zone="Asia/Tokyo")
        )
    night = read_quiet("21:00", "08:00", [])
    manners = Manners(quiet=night, zone="Europe/Oslo")
    at = datetime(2026, 10, 20, 20, tzinfo=UTC)
    change(database, [1, 2], due_at=at, give_up_at=at + timedelta(minutes=5))
    with database.write() as connection:
        owner = owners.register(connection, "here", 1, at)
        claims = Claims(connection, owner, timedelta(minutes=5))
        taken = claims.of_campaign(connection, campaign, 9, at)
        claimed = claims.read(connection, taken)
    assert may_be_tried(database, claimed, manners, at) == []
    row, far = rows(database, campaign)
    assert (row.state, row.reason, row.deferrals) == ("queued", "quiet", 0)
    assert row.due_at == datetime(2026, 10, 21, 6, tzinfo=UTC)
    assert row.give_up_at == row.due_at + timedelta(days=1)
    assert row.reply == "quiet hours 21:00 to 08:00 (Europe/Oslo)"
    assert far.due_at == datetime(2026, 10, 20, 23, tzinfo=UTC)
    assert [one.outcome for one in attempts(database)] == ["quiet"] * 2


@pytest.mark.parametrize(
    ("quiet", "told"),
    [
        (
            read_quiet("21:00", "08:00", []),
            "2026-10-21 06:00:00 UTC: quiet hours 21:00 to 08:00",
        ),
        (
            read_quiet("", "", ["thu", "fri"]),
            "2026-10-21 22:00:00 UTC: sending days thu, fri",
        ),
    ],
)
def test_explain_says_which_hours_or_days_a_letter_waits_for(
    database: Database, ring: KeyRing, quiet: QuietRule, told: str
) -> None:
    campaign = a_campaign(database, ring, 1)
    at = datetime(2026, 10, 20, 20, tzinfo=UTC)
    change(database, [1], due_at=at, give_up_at=at + timedelta(days=1))
    with database.write() as connection:
        owner = owners.register(connection, "here", 1, at)
        claims = Claims(connection, owner, timedelta(minutes=5))
        claimed = claims.read(connection, claims.of_campaign(connection, campaign, 9, at))
    assert (
        may_be_tried(database, claimed, Manners(quiet=quiet, zone="Europe/Oslo"), at) == []
    )
    (delivery,) = deliveries_of(database, campaign)
    assert verdict_of(delivery) == f"waiting (quiet), due on {told} (Europe/Oslo)"


def test_a_letter_gets_the_end_of_its_window_and_leaves_before_that_only(
    database: Database, ring: KeyRing
) -> None:
    campaign = a_campaign(database, ring, 1)
    at = now()
    # The list allows less than the workspace does.
    with database.write() as connection:
        own = read_quiet("", "", [DAYS[at.weekday()]])
        assert own is not None
        connection.execute(update(table(ListRow)).values(quiet=own.as_dict()))
    (one,) = claim(database, campaign)
    assert may_be_tried(database, [one], Manners(), at) == [one]
    (row,) = rows(database, campaign)
    midnight = datetime.combine(at.date() + timedelta(days=1), time(), UTC)
    assert (row.state, row.open_until) == ("claimed", midnight)
    writing = groups(database)
    sheet = Sheet.of([], [(one.id, one.fence)])
    assert writing.commit(sheet, midnight, None) == set()
    assert writing.commit(sheet, midnight - timedelta(seconds=1), None) == {one.id}
    writing.close()


def test_what_anything_else_holds_is_written_down_as_the_register_does(
    database: Database, ring: KeyRing
) -> None:
    campaign = a_campaign(database, ring, 3)
    claimed = claim(database, campaign)
    subscription = table(SubscriptionRow)
    with database.write() as connection:
        connection.execute(
            update(subscription)
            .where(subscription.c.contact_id == 2)
            .values(status="unsubscribed")
        )
    change(database, [3], give_up_at=now() - timedelta(seconds=1))
    tried = may_be_tried(database, claimed, WEEKLY, now())
    assert [one.id for one in tried] == [1]
    assert [(row.state, row.reason) for row in rows(database)] == [
        ("claimed", None),
        ("withheld", "permission"),
        ("expired", "too_late"),
    ]
    with database.write() as connection:
        connection.execute(update(table(CampaignRow)).values(state="paused"))
    assert may_be_tried(database, tried, WEEKLY, now()) == []
    assert states(database)["queued"] == 1


def test_a_letter_that_no_cap_holds_for_is_tried(database: Database, ring: KeyRing) -> None:
    first = a_campaign(database, ring, 2, kind=Kind.TRANSACTIONAL)
    arrived(database, first, ago=timedelta(days=1))
    second = another_campaign(database, first)
    assert len(may_be_tried(database, claim(database, second), WEEKLY, now())) == 2


def test_a_claim_that_was_overtaken_is_left_to_who_has_it(
    database: Database, ring: KeyRing
) -> None:
    first = a_campaign(database, ring, 1)
    arrived(database, first, ago=timedelta(days=1))
    second = another_campaign(database, first)
    claimed = claim(database, second)
    change(database, [2], attempt=2)
    # The leaving commit says no to it: it is named by its fence there too.
    assert may_be_tried(database, claimed, WEEKLY, now()) == claimed
    assert states(database, second) == {"claimed": 1}

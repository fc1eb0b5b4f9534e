"""Asking the cap about a whole batch of claims, before any of them is handed out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sending import a_campaign, another_campaign, attempts, now, rows, states
from sqlalchemy import update

from mailer.jobs.holding import may_be_tried
from mailer.model.delivery import Claim
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.pace.cap import CapRule
from mailer.store import owners
from mailer.store.claims import Cap, Claims
from mailer.store.database import Database
from mailer.store.held import held
from mailer.store.tables import CampaignRow, DeliveryRow, SubscriptionRow, table

WEEKLY = CapRule(1, 7)
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


def test_a_letter_that_the_cap_holds_longer_than_it_is_tried_is_due_at_its_end(
    database: Database, ring: KeyRing
) -> None:
    first = a_campaign(database, ring, 1)
    arrived(database, first, ago=timedelta(days=1))
    second = another_campaign(database, first)
    assert may_be_tried(database, claim(database, second), WEEKLY, now()) == []
    (row,) = rows(database, second)
    assert (row.state, row.due_at) == ("queued", row.give_up_at)


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


def test_of_two_letters_to_a_person_in_one_batch_the_older_is_tried_first(
    database: Database, ring: KeyRing
) -> None:
    first = a_campaign(database, ring, 3)
    second = another_campaign(database, first)
    claimed = claim(database, first, second)
    at = now()
    tried = may_be_tried(database, claimed, WEEKLY, at)
    assert [one.id for one in tried] == [1, 2, 3]
    # The other one is asked for soon: nobody knows yet whether the first arrives.
    assert {row.due_at for row in rows(database, second)} == {at + timedelta(minutes=1)}
    assert {row.reason for row in rows(database, second)} == {"cap"}
    assert len(may_be_tried(database, tried, CapRule(2, 7), now())) == 3


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

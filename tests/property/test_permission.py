"""The predicate in SQL and `may_write` in Python give the same answer, for each kind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sending import LIST, a_campaign
from sqlalchemy import delete, insert, update

from mailer.audience.permission import Facts, Held, No, Yes, may_write
from mailer.jobs.settle import held_back
from mailer.model.campaign import CampaignState
from mailer.model.consent import SubscriptionStatus, SuppressionReason
from mailer.model.delivery import DeliveryState, Withheld
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.model.subscription import Subscription
from mailer.model.suppression import Suppression
from mailer.pace.cap import CapRule
from mailer.store import due, owners
from mailer.store.choicetables import CampaignTopicRow
from mailer.store.claims import Cap, Claims
from mailer.store.database import Connection, Database
from mailer.store.groups import Sheet, groups
from mailer.store.held import held
from mailer.store.tables import (
    CampaignRow,
    DeliveryRow,
    FrequencyRow,
    ListRow,
    SubscriptionRow,
    SuppressionRow,
    table,
)
from mailer.store.topics import choose_topics, keep_topics

NOW = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
NEAR = st.sampled_from(
    [None, *(NOW + timedelta(microseconds=n) for n in (-(10**9), -1, 0, 1, 10**9))]
)
subscriptions = st.none() | st.builds(
    Subscription,
    status=st.sampled_from(SubscriptionStatus),
    basis=st.none(),
    wording=st.integers(0, 3),
    since_at=st.just(NOW),
    expires_at=NEAR,
    ledger_number=st.just(1),
)
suppressions = st.lists(
    st.builds(
        Suppression,
        scope=st.sampled_from([f"list:{LIST}", "list:other", "marketing", "everything"]),
        reason=st.sampled_from(SuppressionReason),
        since_at=st.just(NOW),
        until_at=NEAR,
        source=st.just(""),
    ),
    max_size=3,
    unique_by=lambda one: one.scope,
)
CAP_DAYS = 7


@st.composite
def caps(draw: st.DrawFn) -> dict[str, int | None]:
    """Draw what a cap, a person's choice and the letters that went say together."""
    went, ago = draw(st.integers(0, 2)), draw(st.sampled_from([1, 10, 40]))
    chosen = draw(st.sampled_from([None, 0, 7, 30]))
    return {
        "went": went,
        "ago": ago,
        "letters": went if ago < CAP_DAYS else 0,
        "cap": draw(st.none() | st.integers(1, 2)),
        "chosen_days": chosen,
        "letters_since_choice": went if chosen and ago < chosen else 0,
    }


facts = st.builds(
    Facts,
    list_id=st.just(LIST),
    subscription=subscriptions,
    words_floor=st.integers(0, 3),
    suppressions=suppressions,
    topics=st.frozensets(st.sampled_from(["tents", "tours"])),
    about=st.frozensets(st.sampled_from(["tents", "boots"])),
    campaign=st.sampled_from(CampaignState),
    valid_until=NEAR,
    open_until=NEAR,
)


def arrange(
    database: Database, kind: Kind, given_facts: Facts, went: int, ago: int
) -> None:
    """Put the facts into the database, around delivery 1 of campaign 1 to contact 1."""
    deliveries = table(DeliveryRow)
    with database.write() as connection:
        connection.execute(delete(table(SubscriptionRow)))
        connection.execute(delete(table(SuppressionRow)))
        connection.execute(delete(deliveries).where(deliveries.c.id > 1))
        one = given_facts.subscription
        if one is not None:
            connection.execute(
                insert(table(SubscriptionRow)).values(
                    contact_id=1, list_id=LIST, status=one.status, wording=one.wording,
                    since_at=one.since_at, expires_at=one.expires_at, ledger_number=1,
                )
            )  # fmt: skip
        connection.execute(
            update(table(ListRow)).values(words_floor=given_facts.words_floor)
        )
        connection.execute(update(table(CampaignRow)).values(state=given_facts.campaign))
        row = connection.execute(deliveries.select()).one()
        for suppression in given_facts.suppressions:
            connection.execute(
                insert(table(SuppressionRow)).values(
                    hash=row.hash, scope=suppression.scope, reason=suppression.reason,
                    since_at=NOW, until_at=suppression.until_at, source="",
                )
            )  # fmt: skip
        connection.execute(
            update(deliveries).values(
                state="queued", kind=kind, owner_id=None, due_at=NOW,
                give_up_at=given_facts.valid_until or NOW + timedelta(days=1),
            )
        )  # fmt: skip
        put_topics(connection, given_facts)
        connection.execute(delete(table(FrequencyRow)))
        if given_facts.chosen_days is not None:
            connection.execute(
                insert(table(FrequencyRow)).values(
                    contact_id=1, days=given_facts.chosen_days, chosen_at=NOW
                )
            )
        for n in range(went):
            other = dict(row._mapping) | {
                "id": 2 + n, "cause_id": 100 + n, "state": "accepted", "kind": "marketing",
                "left_at": NOW - timedelta(days=ago), "owner_id": None,
                # Less important, so that the cap holds this one and does not end it.
                "priority": -1,
            }  # fmt: skip
            connection.execute(insert(deliveries).values(other))


def put_topics(connection: Connection, given_facts: Facts) -> None:
    """Let the person choose, on this list and on another, and campaigns be about things."""
    connection.execute(delete(table(CampaignTopicRow)))
    keep_topics(connection, 1, sorted(given_facts.about))
    keep_topics(connection, 2, ["tents", "tours"])
    choose_topics(connection, 1, LIST, sorted(given_facts.topics), NOW)
    choose_topics(connection, 1, "other", ["boots"], NOW)
    choose_topics(connection, 2, LIST, ["boots"], NOW)


def as_answer(
    database: Database, claims: Claims, cap: int | None, open_until: datetime | None
) -> Yes | Withheld | Held:
    """Claim delivery 1 although its campaign may not run, and try to let it leave."""
    deliveries = table(DeliveryRow)
    limit = None if cap is None else Cap(cap, NOW - timedelta(days=CAP_DAYS))
    with database.write() as connection:
        connection.execute(
            update(deliveries).where(deliveries.c.id == 1).values(state="queued")
        )
        (claim,) = claims.read(
            connection, claims.of_campaign(connection, 1, 10, NOW + timedelta(days=9))
        )
        if open_until is not None:
            due.open_until(connection, [(claim.id, claim.fence, open_until)])
    names = [(claim.id, claim.fence)]
    writing = groups(database)
    left = writing.commit(Sheet.of([], names), NOW, limit)
    writing.close()
    if left:
        return Yes()
    with database.read() as connection:
        rule = None if cap is None else CapRule(cap, CAP_DAYS)
        change = held_back(claim, held(connection, names, NOW, limit)[1], NOW, rule)
    assert change is not None
    match change.after:
        case DeliveryState.WITHHELD:
            return Withheld(change.reason)
        case DeliveryState.EXPIRED:
            return Held.EXPIRED
        case _:
            return Held(change.reason) if change.reason else Held.CAMPAIGN


@pytest.mark.parametrize("kind", Kind)
def test_the_predicate_and_may_write_agree(
    database: Database, ring: KeyRing, kind: Kind
) -> None:
    a_campaign(database, ring, 1)
    with database.write() as connection:
        owner = owners.register(connection, "here", 1, NOW)
    with database.read() as connection:
        claims = Claims(connection, owner, timedelta(minutes=5))

    @given(facts, caps())
    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def agree(standing: Facts, capping: dict[str, Any]) -> None:
        went, ago = capping.pop("went"), capping.pop("ago")
        given_facts = replace(standing, **capping)
        arrange(database, kind, given_facts, went, ago)
        answer = may_write(kind, given_facts, NOW)
        expected = answer.reason if isinstance(answer, No) else Yes()
        found = as_answer(database, claims, given_facts.cap, given_facts.open_until)
        assert found == expected

    agree()

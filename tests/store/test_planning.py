import json
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from audiences import (
    NEWS,
    NOW,
    add_people,
    campaign,
    content,
    hash_of,
    see_list,
    suppress,
    world,
)
from sqlalchemy import func, insert, select, text, update

from mailer.jobs.audience import audiences_of
from mailer.jobs.plan import plan, plan_waiting
from mailer.jobs.slices import Slicer
from mailer.model.campaign import Campaign, CampaignState
from mailer.model.delivery import DeliveryState
from mailer.model.kind import KINDS, Kind
from mailer.store.alarms import open_alarms
from mailer.store.audience import Audience
from mailer.store.campaigns import change_state, find_campaign
from mailer.store.columns import to_instant
from mailer.store.database import Connection, Database
from mailer.store.deliveries import counts, deliveries_of
from mailer.store.eventtables import EventRow
from mailer.store.permission import may_leave
from mailer.store.planning import Order, Planning, Slice
from mailer.store.prospects import Group, groups, lacking
from mailer.store.tables import DeliveryRow, SubscriptionRow, table

DELIVERY = table(DeliveryRow)
EVENT = table(EventRow)
SUBSCRIPTION = table(SubscriptionRow)


def planned(database: Database, campaign_id: int) -> Campaign:
    done = plan(world(database), campaign_id)
    assert done is not None
    return done


def people_of(database: Database, campaign_id: int) -> list[int | None]:
    return [one.contact_id for one in deliveries_of(database, campaign_id)]


@pytest.fixture
def village(database: Database) -> Database:
    """Ten people, of whom six may be written to: 1, 2 and 7 to 10."""
    with database.write() as connection:
        see_list(connection)
        add_people(connection, [1, 2], {"name": "Kari", "country": "NO"})
        add_people(connection, [3], status="unsubscribed")
        add_people(connection, [4], expires_at=NOW - timedelta(seconds=1))
        add_people(connection, [5], wording=1)
        add_people(connection, [6], {"name": "Ola", "country": "NO"})
        suppress(connection, 6)
        add_people(connection, [7, 8], {"name": "Anna", "country": "SE"})
        add_people(connection, [9], {"country": "NO"})
        add_people(connection, [10], {"name": 5, "country": "NO"})
    return database


def test_exactly_those_who_may_be_written_to_are_planned(village: Database):
    with village.write() as connection:
        number = campaign(connection)
    done = planned(village, number)
    assert people_of(village, number) == [1, 2, 7, 8, 9, 10]
    assert (done.planned, done.state) == (6, CampaignState.RUNNING)
    assert done.started_at == NOW


def test_a_segment_picks_among_them(village: Database):
    with village.write() as connection:
        number = campaign(connection, content("norway", "country == 'NO'"))
    planned(village, number)
    assert people_of(village, number) == [1, 2, 9, 10]


def test_a_delivery_is_written_as_it_is_to_be_sent(village: Database):
    with village.write() as connection:
        number = campaign(connection, due_at=NOW + timedelta(hours=2))
    planned(village, number)
    with village.read() as connection:
        row = connection.execute(select(DELIVERY).where(DELIVERY.c.contact_id == 1)).one()
    assert (row.cause_kind, row.cause_id, row.kind) == ("campaign", number, "marketing")
    assert (row.address, row.hash) == ("person1@example.com", hash_of(1))
    assert (row.list_id, row.lane) == ("news", KINDS[Kind.MARKETING].lane)
    assert (row.state, row.reason, row.attempt, row.deferrals) == ("queued", None, 0, 0)
    assert row.due_at == NOW + timedelta(hours=2)
    assert row.give_up_at == NOW + timedelta(hours=26)


def test_who_did_something_last_gets_it_first(village: Database):
    did = {8: 1, 2: 30, 9: 400, 1: 24 * 400}
    with village.write() as connection:
        number = campaign(connection)
        connection.execute(update(SUBSCRIPTION).values(since_at=NOW - timedelta(days=100)))
        connection.execute(
            insert(EVENT),
            [
                {"contact_id": one, "kind": "wrote", "about": "", "at": at}
                for one, hours in did.items()
                for at in (NOW - timedelta(hours=hours), NOW - timedelta(days=900))
            ],
        )
    plan(replace(world(village), engaged_first=True), number)
    with village.read() as connection:
        rows = connection.execute(
            select(DELIVERY.c.contact_id, DELIVERY.c.due_at, DELIVERY.c.give_up_at)
            .order_by(DELIVERY.c.due_at, DELIVERY.c.id)
        ).all()  # fmt: skip
    assert [row.contact_id for row in rows] == [8, 2, 9, 1, 7, 10]
    # A microsecond for each hour; who joined after an older deed counts from then.
    later = [(row.due_at - NOW) // timedelta(microseconds=1) for row in rows]
    assert later == [1, 30, 400, 2400, 2400, 2400]
    assert {row.give_up_at - NOW for row in rows} == {timedelta(days=1)}


def test_who_did_nothing_for_a_year_is_last_together_and_what_comes_is_no_past(
    village: Database,
):
    with village.write() as connection:
        number = campaign(connection)
        for person, days in ((1, 367), (2, 5000), (7, -3)):
            connection.execute(
                update(SUBSCRIPTION)
                .where(SUBSCRIPTION.c.contact_id == person)
                .values(since_at=NOW - timedelta(days=days))
            )
    plan(replace(world(village), engaged_first=True), number)
    later = {
        one.contact_id: (one.due_at - NOW) // timedelta(microseconds=1)
        for one in deliveries_of(village, number)
    }
    assert (later[1], later[2], later[7]) == (366 * 24, 366 * 24, 0)


def test_letters_are_given_up_when_the_campaign_says_they_are_worth_nothing(
    village: Database,
):
    with village.write() as connection:
        number = campaign(connection, valid_until=NOW + timedelta(hours=3))
    planned(village, number)
    first = next(deliveries_of(village, number))
    assert first.give_up_at == NOW + timedelta(hours=3)


def test_those_who_lack_a_value_are_withheld_when_that_is_allowed(village: Database):
    with village.write() as connection:
        number = campaign(connection, content("", "", "name"), allow_withheld=True)
    done = planned(village, number)
    withheld = deliveries_of(village, number, [DeliveryState.WITHHELD])
    # 9 has no name, and the 5 that 10 has is none.
    assert [(one.contact_id, one.reason, one.ended_at) for one in withheld] == [
        (9, "cannot_compose", NOW),
        (10, "cannot_compose", NOW),
    ]
    with village.read() as connection:
        by_state = counts(connection, number)
    assert by_state[DeliveryState.QUEUED] == 4
    assert sum(by_state.values()) == done.planned == 6


def test_who_becomes_a_contact_after_the_start_is_not_in_the_audience(village: Database):
    with village.write() as connection:
        number = campaign(connection)
        add_people(connection, [11], {"name": "Late"})
    planned(village, number)
    assert people_of(village, number) == [1, 2, 7, 8, 9, 10]


def test_what_time_means_in_a_rule_is_frozen_with_the_start(village: Database):
    with village.write() as connection:
        number = campaign(connection, content("new", "joined_within('31d', 'news')"))
    later = world(village, now=NOW + timedelta(days=10))
    done = plan(later, number)
    assert done is not None
    assert done.planned == 6


def test_planning_leaves_out_who_left_while_it_went_on(village: Database):
    with village.write() as connection:
        number = campaign(connection)
        connection.execute(
            update(SUBSCRIPTION)
            .where(SUBSCRIPTION.c.contact_id == 7)
            .values(status="unsubscribed")
        )
    planned(village, number)
    assert people_of(village, number) == [1, 2, 8, 9, 10]


@pytest.mark.parametrize("scope", ["list:news", "marketing", "everything"])
def test_each_scope_that_stops_marketing_stops_planning(village: Database, scope: str):
    with village.write() as connection:
        suppress(connection, 1, scope)
        number = campaign(connection)
    planned(village, number)
    assert people_of(village, number) == [2, 7, 8, 9, 10]


def test_another_lists_suppression_and_one_that_is_over_stop_nothing(village: Database):
    with village.write() as connection:
        suppress(connection, 1, "list:other")
        suppress(connection, 2)
        connection.execute(
            text("UPDATE suppression SET until_at = :at WHERE hash = :hash"),
            {"at": 1_000_000, "hash": hash_of(2)},
        )
        number = campaign(connection)
    planned(village, number)
    assert people_of(village, number) == [1, 2, 7, 8, 9, 10]


def test_whoever_is_planned_may_leave_by_the_predicate_of_leaving(village: Database):
    with village.write() as connection:
        number = campaign(connection)
    done = planned(village, number)
    with village.read() as connection:
        leaving = connection.execute(
            select(func.count()).where(
                DELIVERY.c.cause_id == number, may_leave(capped=False)
            ),
            {"now": NOW},
        ).scalar_one()
    assert leaving == done.planned


def test_planning_and_leaving_give_the_same_answer_for_everyone(database: Database):
    hour = timedelta(hours=1)
    subscriptions = [
        {"status": status, "expires_at": expires_at, "wording": wording}
        for status in ("pending", "subscribed", "unsubscribed")
        for expires_at in (None, NOW - hour, NOW, NOW + hour)
        for wording in (1, 2, 3)
    ]
    scopes = (None, "list:news", "list:other", "marketing", "everything")
    ends = (None, NOW - hour, NOW, NOW + hour)
    cases = list(product(subscriptions, scopes, ends))
    with database.write() as connection:
        see_list(connection)
        for person, (subscription, scope, until_at) in enumerate(cases, start=1):
            add_people(connection, [person], **subscription)
            if scope is not None:
                suppress(connection, person, scope, until_at)
        number = campaign(connection)
    planned(database, number)
    were_planned = people_of(database, number)
    with database.write() as connection:
        connection.execute(
            insert(DELIVERY),
            [
                {
                    "cause_kind": "campaign",
                    "cause_id": number,
                    "kind": "marketing",
                    "lane": 3,
                    "contact_id": person + 10_000,
                    "hash": hash_of(person),
                    "address": "",
                    "list_id": "news",
                    "state": "claimed",
                    "attempt": 1,
                    "deferrals": 0,
                    "due_at": NOW,
                    "give_up_at": NOW + hour,
                }
                for person in range(1, len(cases) + 1)
            ],
        )
        # The same people once more, so that everyone has a delivery to ask about.
        connection.execute(text("UPDATE subscription SET contact_id = contact_id + 10000"))
        leaving = connection.execute(
            select(DELIVERY.c.contact_id).where(
                DELIVERY.c.contact_id > 10_000, may_leave(capped=False)
            ),
            {"now": NOW},
        ).scalars()
        may_leave_now = sorted(person - 10_000 for person in leaving)
    assert may_leave_now == were_planned
    assert 0 < len(may_leave_now) < len(cases)


class CrashError(Exception):
    pass


class CrashingSlicer(Slicer):
    """Small slices, of which the third is never committed."""

    def __init__(self, database: Database, crash_at: int) -> None:
        super().__init__(database)
        self.size = 10
        self.left = crash_at

    def turn(self) -> Any:
        self.size = 10
        self.left -= 1
        if self.left < 0:
            raise CrashError
        return super().turn()


@pytest.fixture
def crowd(database: Database) -> Database:
    with database.write() as connection:
        see_list(connection)
        add_people(connection, range(1, 101), {"name": "Kari", "country": "NO"})
    return database


@pytest.mark.parametrize("crash_at", [0, 1, 3, 9])
def test_planning_goes_on_after_a_crash_and_writes_nobody_twice(
    crowd: Database, crash_at: int
):
    with crowd.write() as connection:
        number = campaign(connection)
    with pytest.raises(CrashError):
        plan(world(crowd), number, CrashingSlicer(crowd, crash_at))
    with crowd.read() as connection:
        half = find_campaign(connection, number)
        assert half is not None
        assert half.state is CampaignState.PLANNING
        assert half.planned == sum(counts(connection, number).values()) == crash_at * 10
    done = planned(crowd, number)
    assert people_of(crowd, number) == list(range(1, 101))
    assert done.planned == 100


def test_a_slice_that_is_written_again_writes_nobody_twice(crowd: Database):
    with crowd.write() as connection:
        number = campaign(connection)
        (audience,) = audiences_of(content(), NOW, 100, "UTC", ask_needs=False)
        planning = Planning(connection, audience, Order(number, NOW, NOW))
        assert planning.write_slice(connection, Slice(0, 60), NOW) == 60
        assert planning.write_slice(connection, Slice(40, 100), NOW) == 40


def test_two_who_plan_the_same_campaign_write_each_person_once(crowd: Database):
    with crowd.write() as connection:
        number = campaign(connection)
    slicers = [CrashingSlicer(crowd, 10_000) for _ in range(4)]
    threads = [
        threading.Thread(target=plan, args=(world(crowd), number, slicer))
        for slicer in slicers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert people_of(crowd, number) == list(range(1, 101))
    with crowd.read() as connection:
        done = find_campaign(connection, number)
    assert done is not None
    assert (done.planned, done.state) == (100, CampaignState.RUNNING)


@pytest.mark.parametrize("after", [CampaignState.PAUSED, CampaignState.CANCELLED])
def test_planning_stops_when_the_campaign_is_paused_or_cancelled(
    crowd: Database, after: CampaignState
):
    with crowd.write() as connection:
        number = campaign(connection)

    def stop(_: Campaign) -> None:
        with crowd.write() as connection:
            change_state(connection, number, after, NOW)

    done = plan(world(crowd), number, CrashingSlicer(crowd, 10_000), stop)
    assert done is not None
    assert (done.state, done.planned, done.started_at) == (after, 10, None)


def test_a_paused_plan_that_is_resumed_is_planned_through(crowd: Database):
    with crowd.write() as connection:
        number = campaign(connection)
        change_state(connection, number, CampaignState.PAUSED, NOW)
        change_state(connection, number, CampaignState.PLANNING, NOW)
    assert [one.id for one in plan_waiting(world(crowd))] == [number]
    assert len(people_of(crowd, number)) == 100


def test_a_campaign_that_cannot_be_planned_is_paused_and_stops_no_other(crowd: Database):
    with crowd.write() as connection:
        broken = campaign(connection, content("north", "shoesize > 40"))
        good = campaign(connection)
    assert [one.id for one in plan_waiting(world(crowd))] == [good]
    with crowd.read() as connection:
        paused = find_campaign(connection, broken)
        alarms = open_alarms(connection)
    assert paused is not None
    assert paused.state is CampaignState.PAUSED
    assert "no such name 'shoesize'" in paused.reason
    assert [alarm.subject for alarm in alarms] == [f"campaign {broken} (digest)"]


def test_a_campaign_to_nobody_is_planned_through_too(database: Database):
    with database.write() as connection:
        see_list(connection)
        number = campaign(connection)
    done = planned(database, number)
    assert (done.planned, done.state) == (0, CampaignState.RUNNING)


def _audience(*needs: str, segment: str = "", rule: str = "") -> Audience:
    (found,) = audiences_of(
        content(segment, rule, *needs), NOW, None, "UTC", ask_needs=True
    )
    return found


def test_the_audience_is_asked_once_for_what_the_template_needs(village: Database):
    with village.read() as connection:
        how_many, first = lacking(connection, _audience("name", "country"), NOW)
    assert how_many == 2
    assert [(one.contact_id, one.address, one.names) for one in first] == [
        (9, "person9@example.com", ("name",)),
        (10, "person10@example.com", ("name",)),
    ]


def test_only_the_audience_is_asked_for_what_the_template_needs(village: Database):
    with village.read() as connection:
        audience = _audience("name", segment="sweden", rule="country == 'SE'")
        assert lacking(connection, audience, NOW) == (0, ())


def test_an_attributes_default_is_a_value(village: Database):
    with village.read() as connection:
        assert lacking(connection, _audience("points"), NOW) == (0, ())


def test_the_first_twenty_who_lack_a_value_are_shown_and_all_are_counted(
    database: Database,
):
    with database.write() as connection:
        see_list(connection)
        add_people(connection, range(1, 51))
    with database.read() as connection:
        how_many, first = lacking(connection, _audience("name"), NOW)
    assert how_many == 50
    assert [one.contact_id for one in first] == list(range(1, 21))


def test_everyone_on_the_list_is_in_one_group_with_the_first_reason(village: Database):
    with village.read() as connection:
        audience = _audience(
            "name", segment="north", rule="country == 'NO' and points >= 0"
        )
        found = [replace(group, name="") for group in groups(connection, audience, NOW)]

    def address(*numbers: int) -> tuple[str, ...]:
        return tuple(f"person{number}@example.com" for number in numbers)

    assert found[0] == Group("gets_it", "", 2, address(1, 2))
    assert sorted(found[1:], key=lambda group: group.reason) == [
        Group("clause", "country == 'NO'", 2, address(7, 8)),
        Group("expired", "", 1, address(4)),
        Group("lacks", "", 2, address(9, 10)),
        Group("old_words", "", 1, address(5)),
        Group("suppressed", "", 1, address(6)),
        Group("unsubscribed", "", 1, address(3)),
    ]
    assert sum(group.count for group in found) == 10


def test_who_would_get_it_is_who_is_planned(village: Database):
    with village.write() as connection:
        audience = _audience("name", segment="norway", rule="country == 'NO'")
        found = groups(connection, audience, NOW)
        number = campaign(
            connection, content("norway", "country == 'NO'", "name"), allow_withheld=True
        )
    planned(village, number)
    queued = [one.address for one in deliveries_of(village, number, [DeliveryState.QUEUED])]
    assert found[0].first == tuple(queued)


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for one in plan.get("Plans", []) for node in _nodes(one))]


def test_a_slice_on_postgres_reads_its_own_rows_and_no_others(database: Database):
    if database.is_sqlite:
        # SQLite's own plan, for the same promise.
        _require_sqlite_plan(database)
        return
    with database.write() as connection:
        see_list(connection)
        add_people(connection, range(1, 20_001), {"country": "NO"})
        number = campaign(connection)
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("VACUUM ANALYZE")
    with database.write() as connection:
        node = _explained(connection, number, "EXPLAIN (ANALYZE, FORMAT JSON) ")
    plan = node if isinstance(node, list) else json.loads(node)
    scans = [one for one in _nodes(plan[0]["Plan"]) if "Scan" in one["Node Type"]]
    read = {
        one["Relation Name"]: one["Actual Rows"] * one["Actual Loops"]
        + one.get("Rows Removed by Filter", 0)
        for one in scans
        if "Relation Name" in one
    }
    assert read["contact"] <= 500
    assert read["subscription"] <= 500
    conditions = [str(one.get("Index Cond")) for one in scans]
    assert any("contact_id >" in one for one in conditions)


def _require_sqlite_plan(database: Database) -> None:
    with database.write() as connection:
        steps = _explained(connection, 1, "EXPLAIN QUERY PLAN ")
    assert any("(list_id=? AND contact_id>? AND contact_id<?)" in step for step in steps)
    assert any("SEARCH contact USING INTEGER PRIMARY KEY" in step for step in steps)


def _explained(connection: Connection, number: int, explain: str) -> Any:
    (audience,) = audiences_of(content(), NOW, None, "UTC", ask_needs=False)
    planning = Planning(connection, audience, Order(number, NOW, NOW))
    compiled = planning.statement.compile(
        dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
    )
    params = {
        name: to_instant(value) if isinstance(value, datetime) else value
        for name, value in compiled.construct_params(
            planning.values(Slice(10_000, 10_500), NOW)
        ).items()
    }
    statement = explain + str(compiled)
    if compiled.positiontup is None:
        return connection.exec_driver_sql(statement, params).scalar_one()
    values = tuple(params[name] for name in compiled.positiontup)
    return [row[3] for row in connection.exec_driver_sql(statement, values)]


def test_the_audience_belongs_to_the_list_of_the_content():
    assert _audience().list_id == NEWS.id

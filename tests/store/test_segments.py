from datetime import UTC, datetime, timedelta

import pytest
from rulecases import SPECS, Letter, Somebody, Standing, put
from sqlalchemy import literal_column, select, text
from sqlalchemy.exc import DBAPIError

from mailer.model.bounds import MAX_CREATED, MAX_LEAVES
from mailer.model.evaluate import holds
from mailer.model.expression import parse
from mailer.model.rule import Always, And, Not, Or, Rule
from mailer.model.syntax import MAX_DEPTH
from mailer.store.database import Database
from mailer.store.facts import Asked, Count, campaign_names, count, facts, first
from mailer.store.segments import condition
from mailer.store.tables import ContactRow, SubscriptionRow, table

NOW = datetime(2026, 3, 29, 11, 30, tzinfo=UTC)
contact = table(ContactRow)
subscription = table(SubscriptionRow)


def rule(text: str) -> Rule:
    return parse(text, SPECS, "here")


def on(list_id: str, *, days: int = 10, expires: datetime | None = None) -> Standing:
    return Standing(list_id, "subscribed", NOW - timedelta(days=days), expires)


def person(*standings: Standing, **attributes: object) -> Somebody:
    return Somebody(attributes, "nb", "Europe/Oslo", NOW, standings)


def test_a_count_says_how_many_of_how_many(database: Database):
    people = [
        person(on("news"), country="NO"),
        person(on("news", expires=NOW), country="NO"),
        person(on("news", expires=NOW + timedelta(seconds=1)), country="SE"),
        person(on("tips"), country="NO"),
        person(Standing("news", "unsubscribed", NOW, None), country="NO"),
        person(Standing("news", "pending", NOW, None), country="NO"),
        person(country="NO"),
    ]
    with database.write() as connection:
        put(connection, people)
    norway, tips = rule("country == 'NO'"), rule("member('tips')")
    with database.read() as connection:
        assert count(connection, Asked("news", NOW), []) == Count(2, ())
        assert count(connection, Asked("news", NOW), [norway, tips]) == Count(2, (1, 0))
        assert count(connection, Asked(None, NOW), [norway, tips]) == Count(7, (6, 1))
        assert count(connection, Asked("none", NOW), [norway]) == Count(0, (0,))


def test_the_first_people_come_with_what_a_rule_knows_of_them(database: Database):
    past = Letter("campaign", "spring", "accepted", NOW - timedelta(days=3))
    people = [
        person(on("news"), country="SE"),
        Somebody({"country": "NO"}, None, None, NOW, (on("news"),), (past,)),
        person(on("news"), on("tips", days=3), country="NO"),
        person(on("news"), country="NO"),
    ]
    with database.write() as connection:
        ids = put(connection, people)
    with database.read() as connection:
        norway = rule("country == 'NO'")
        got = first(connection, Asked("news", NOW, "Europe/Oslo"), norway, 2)
        assert got == [
            people[place].facts(ids[place], NOW, "Europe/Oslo") for place in (1, 2)
        ]
        everyone = first(connection, Asked(None, NOW), None, 10)
        assert [one.person.contact_id for one in everyone] == ids
        assert campaign_names(connection) == {"spring", "høst", "O'Brien's"}


def test_facts_of_people_who_are_gone_are_left_out(database: Database):
    with database.write() as connection:
        [here] = put(connection, [person()])
    with database.read() as connection:
        assert set(facts(connection, [here, here + 1], NOW)) == {here}
        assert facts(connection, [], NOW) == {}
        assert set(facts(connection, range(here, here + 1_200), NOW)) == {here}


def test_a_condition_goes_into_a_statement_that_joins_the_same_tables(database: Database):
    """As planning does, in slices by id."""
    people = [person(on("news"), on("tips")), person(on("news")), person(on("tips"))] * 3
    with database.write() as connection:
        ids = put(connection, people)
    for text_, want in {
        "member('tips')": [0, 3, 6],
        "not member('tips')": [1, 4, 7],
        "joined_within('30d', 'tips') and today == '2026-03-29'": [0, 3, 6],
    }.items():
        found: list[int] = []
        last = 0
        while True:
            with database.read() as connection:
                statement = (
                    select(contact.c.id)
                    .join(subscription, subscription.c.contact_id == contact.c.id)
                    .where(
                        subscription.c.list_id == "news",
                        contact.c.id > last,
                        condition(rule(text_), NOW, connection.dialect),
                    )
                    .order_by(contact.c.id)
                    .limit(2)
                )
                slice_ = list(connection.execute(statement).scalars())
            if not slice_:
                break
            found += slice_
            last = slice_[-1]
        assert found == [ids[place] for place in want]


@pytest.mark.parametrize(
    "text",
    [
        "country == '\\' OR 1=1 --'",
        "country == '%s %(x)s :x ?'",
        "'[0-9]*' in country",
        "country in ['NO\\'); DROP TABLE contact; --', '\"']",
        "member('x\\' OR \\'1\\'=\\'1')",
        "received('\\\\')",
    ],
)
def test_what_is_written_in_a_rule_never_becomes_sql(database: Database, text: str):
    with database.write() as connection:
        put(connection, [person(country="NO")])
        for asked in (rule(text), Not(rule(text))):
            where = condition(asked, NOW, connection.dialect)
            compiled = where.compile(dialect=connection.dialect)
            assert "DROP" not in str(compiled)
            found = connection.execute(select(contact.c.id).where(where)).scalars().all()
            assert len(found) == (1 if isinstance(asked, Not) else 0)


def test_the_widest_rules_are_no_trap(database: Database):
    wide = " or ".join(["created == today"] * MAX_CREATED)
    long = ", ".join(f"'c{number}'" for number in range(2_000))
    texts = [
        wide,
        f"country in [{long}]",
        " and ".join(["(anniversary(birthday) or today in ['2026-03-29'])"] * 100),
        " or ".join(f"received('c{number}')" for number in range(MAX_LEAVES)),
    ]
    with database.write() as connection:
        put(connection, [person(country="c1999", birthday="1980-03-29")])
    with database.read() as connection:
        got = [count(connection, Asked(None, NOW), [rule(one)]).picked[0] for one in texts]
    assert got == [1, 1, 1, 0]


def test_the_deepest_rules_are_no_trap(database: Database):
    deep = (
        "(loyal or not (adult and " * (MAX_DEPTH // 2) + "points" + "))" * (MAX_DEPTH // 2)
    )
    asked = rule(deep)

    def from_far_down(frames: int) -> int:
        if frames:
            return from_far_down(frames - 1)
        again = rule(deep)
        with database.read() as connection:
            return count(connection, Asked(None, NOW), [again]).picked[0]

    with database.write() as connection:
        [id_] = put(connection, [person(adult=True)])
    with database.read() as connection:
        known = facts(connection, [id_], NOW)[id_]
    # Web frameworks and test runners stand on a tall pile already.
    assert from_far_down(200) == holds(asked, known)


def test_rules_of_one_answer_need_no_value(database: Database):
    with database.write() as connection:
        put(connection, [person(), person()])
    yes, no = Always(True), Always(False)
    with database.read() as connection:
        got = count(
            connection,
            Asked(None, NOW),
            [yes, no, Not(yes), Not(no), And((yes, no)), Or((yes, no)), And((yes, yes))],
        )
    assert got.picked == (2, 0, 0, 2, 0, 2, 2)


def test_a_nul_in_json_is_what_postgresql_refuses(database: Database):
    """Which is why no cell and no rule may hold one."""
    if database.is_sqlite:
        with database.write() as connection:
            put(connection, [person(country="a\x00b")])
            assert count(connection, Asked(None, NOW), [rule("country is defined")]).picked
        return
    with (
        pytest.raises(DBAPIError, match=r"u0000|unsupported Unicode"),
        database.write() as connection,
    ):
        put(connection, [person(country="a\x00b")])


@pytest.mark.parametrize("json", ["null", "[]", "5", '"x"'])
def test_attributes_that_are_no_object_count_as_none(database: Database, json: str):
    with database.write() as connection:
        put(connection, [person()])
        cast = "" if database.is_sqlite else "::jsonb"
        connection.execute(text(f"UPDATE contact SET attributes = '{json}'{cast}"))
        rules = [rule("country is none"), rule("'tents' in tags"), rule("points != 5")]
        assert count(connection, Asked(None, NOW), rules).picked == (1, 1, 0)


def test_a_condition_is_false_and_not_null_for_a_missing_value(database: Database):
    with database.write() as connection:
        put(connection, [person()])
        for text_ in ("points > 5", "'a' in interests", "anniversary(birthday)", "loyal"):
            where = condition(rule(text_), NOW, connection.dialect)
            statement = select(where.is_(None), where, literal_column("1"))
            assert tuple(connection.execute(statement.select_from(contact)).one()) == (
                False,
                False,
                1,
            )

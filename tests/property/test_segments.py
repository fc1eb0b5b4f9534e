"""A rule gives the same answer in Python and in SQL, on SQLite and on PostgreSQL."""

from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rulecases import FALLBACKS, Somebody, moments, put, rules, somebody
from sqlalchemy import select

from mailer.model.evaluate import holds
from mailer.model.rule import Rule
from mailer.store.database import Database
from mailer.store.facts import facts
from mailer.store.segments import condition
from mailer.store.tables import ContactRow, table

contact = table(ContactRow)


@st.composite
def cases(draw: st.DrawFn) -> tuple[datetime, str, list[Somebody], list[Rule]]:
    now = draw(moments)
    people = draw(st.lists(somebody(now), min_size=1, max_size=4))
    asked = draw(st.lists(rules, min_size=1, max_size=4))
    return now, draw(st.sampled_from(FALLBACKS)), people, asked


@settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(case=cases())
def test_sql_and_python_pick_the_same_people(
    database: Database, case: tuple[datetime, str, list[Somebody], list[Rule]]
) -> None:
    now, zone, people, asked = case
    with database.engine.connect() as connection, connection.begin() as transaction:
        ids = put(connection, people)
        told = {
            ids[place]: one.facts(ids[place], now, zone) for place, one in enumerate(people)
        }
        known = facts(connection, ids, now, zone)
        wheres = [condition(rule, now, connection.dialect, zone) for rule in asked]
        answers = connection.execute(select(contact.c.id, *wheres)).all()
        transaction.rollback()
    for contact_id, *found in answers:
        assert found == [holds(rule, told[contact_id]) for rule in asked]
        assert found == [holds(rule, known[contact_id]) for rule in asked]

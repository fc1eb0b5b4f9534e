"""How a list stands and grew: every joining and leaving once, as the ledger has it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from audiences import NEWS, NOW, RING, add_people, hash_of, make_folder, world
from plans import asked

from mailer.jobs.list_growth import Period, grew, listed, stands
from mailer.jobs.world import World
from mailer.model.consent import Act, Basis, How, NewEntry, SuppressionReason
from mailer.model.suppression import Suppression
from mailer.store import ledger
from mailer.store.database import Database
from mailer.store.lists import see_list
from mailer.store.suppressions import suppress

NOVEMBER = datetime(2026, 11, 3, 12, tzinfo=UTC)
_ACTS = {
    "sign up": (Act.GRANTED, How.FORM, Basis.DOUBLE_OPT_IN),
    "confirm": (Act.CONFIRMED, How.PAGE, Basis.DOUBLE_OPT_IN),
    "import": (Act.GRANTED, How.IMPORT, Basis.EXPRESS),
    "leave": (Act.WITHDRAWN, How.ONE_CLICK, None),
    "object": (Act.OBJECTED, How.SUPPORT, None),
}


def say(database: Database, person: int, what: str, at: datetime) -> None:
    act, how, basis = _ACTS[what]
    on_list = None if what == "object" else "news"
    entry = NewEntry(person, f"p{person}", on_list, 2, act, at, how, basis)
    with database.write() as connection:
        ledger.lock(connection)
        ledger.append(connection, RING, [entry])


def test_each_joining_and_leaving_counts_once(database: Database, tmp_path: Path):
    here = world(database, str(make_folder(tmp_path / "shop")))
    with database.write() as connection:
        see_list(connection, NEWS, NOW)
        add_people(connection, [1, 2, 3, 4, 5], list_id="other")
    october = NOVEMBER - timedelta(days=30)
    for person in (1, 2, 3):
        say(database, person, "import", october)
    say(database, 1, "import", NOVEMBER)  # again: nothing changes
    say(database, 2, "leave", NOVEMBER)
    say(database, 3, "object", NOVEMBER)
    say(database, 4, "sign up", NOVEMBER)  # not confirmed: she has not joined
    say(database, 5, "sign up", NOVEMBER)
    say(database, 5, "confirm", NOVEMBER + timedelta(days=8))
    say(database, 2, "confirm", NOVEMBER + timedelta(days=8))  # and back again
    assert grew(here, "news", "month") == [
        Period("2026-10", 3, 0, 3),
        Period("2026-11", 2, 2, 3),
    ]
    assert [one.name for one in grew(here, "news", "week")] == [
        "2026-W40", "2026-W45", "2026-W46",
    ]  # fmt: skip
    one = stands(here, "newsletter", NOW)
    assert one.members == grew(here, "news", "month")[-1].members == 3
    assert {group.reason: group.count for group in one.states} == {
        "gets_it": 3, "unsubscribed": 1, "pending": 1,
    }  # fmt: skip
    assert [each.members for each in listed(here, NOW)] == [3]


def test_a_list_that_nobody_joined_is_empty(database: Database, tmp_path: Path):
    here = world(database, str(make_folder(tmp_path / "shop")))
    assert stands(here, "newsletter", NOW).states == ()
    assert grew(here, "news", "month") == []


def _with_one_stopped(database: Database, folder: Path) -> World:
    here = world(database, str(make_folder(folder / "shop")))
    with database.write() as connection:
        see_list(connection, NEWS, NOW)
        add_people(connection, range(1, 61))
        for number, reason in ((60, "bounced"), (30, "objected")):
            # What is over stops nobody.
            until = None if number == 60 else NOW - timedelta(days=1)
            no = Suppression("marketing", SuppressionReason(reason), NOW, until, "test")
            suppress(connection, hash_of(number), no)
    return here


def test_the_first_of_each_reason_are_named_also_of_a_rare_one(
    database: Database, tmp_path: Path
) -> None:
    here = _with_one_stopped(database, tmp_path)
    gets_it, stopped = stands(here, "newsletter", NOW).states
    assert (gets_it.reason, gets_it.count) == ("gets_it", 59)
    assert gets_it.first == tuple(f"person{one}@example.com" for one in range(1, 21))
    assert (stopped.reason, stopped.count) == ("suppressed", 1)
    assert stopped.first == ("person60@example.com",)


def test_nothing_is_looked_up_for_each_person_of_a_list(
    database: Database, tmp_path: Path
) -> None:
    here = _with_one_stopped(database, tmp_path)
    with asked(database) as noted:
        stands(here, "newsletter", NOW)
    ((counted, values),) = [one for one in noted.statements if "GROUP BY anon" in one[0]]
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    with database.read() as connection:
        steps = str(connection.exec_driver_sql(f"{explain} {counted}", values).all())
    assert "suppression" in steps
    assert "CORRELATED" not in steps
    assert "SubPlan" not in steps

"""Clicks are counted by nobody, once, people and machines apart; on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from mailer.audience.clicking import Seen
from mailer.errors import DatabaseError
from mailer.jobs.clicks import Clicks
from mailer.model.token import Link
from mailer.store.clicks import CountedLink, count_clicks, followed, keep_links, links_of
from mailer.store.database import Database

AT = datetime(2026, 11, 21, 9, 59, 30, tzinfo=UTC)
HOUR = datetime(2026, 11, 21, 9, tzinfo=UTC)
PHONE = "Mozilla/5.0 (iPhone) Safari/604.1"
ONE, TWO = Link(1, 0), Link(1, 1)


@pytest.fixture
def clicks(database: Database) -> Clicks:
    with database.write() as connection:
        keep_links(connection, 1, [("en", "https://shop.test/"), ("nb", "https://e.test/")])
    return Clicks(database)


def counted(database: Database) -> dict[tuple[int, datetime], tuple[int, int]]:
    with database.read() as connection:
        found = followed(connection, 1)
    return {(one.number, one.hour_at): (one.people, one.machines) for one in found}


def seen(after_s: float = 0, network: str = "", agent: str = PHONE) -> Seen:
    return Seen(AT + timedelta(seconds=after_s), "GET", agent, "", network)


def test_links_are_known_by_their_campaign_and_number(clicks: Clicks):
    with clicks.database.read() as connection:
        assert links_of(connection, 1)[1] == CountedLink(1, "nb", "https://e.test/")
    assert clicks.known_url(ONE) is None
    assert clicks.look_up(ONE) == "https://shop.test/"
    assert clicks.known_url(TWO) == "https://e.test/"
    assert clicks.look_up(Link(1, 2)) is None
    assert clicks.look_up(Link(2, 0)) is None


def test_clicks_are_added_hour_by_hour(clicks: Clicks):
    for after_s in (0, 0, 10, 40):
        clicks.note(ONE, seen(after_s))
    clicks.note(TWO, seen(0, agent="curl/8"))
    assert clicks.write(AT + timedelta(minutes=5)) == 5
    assert clicks.write(AT + timedelta(minutes=5)) == 0
    clicks.note(ONE, seen(1))
    clicks.write(AT, everything=True)
    later = HOUR + timedelta(hours=1)
    assert counted(clicks.database) == {
        (0, HOUR): (4, 0), (0, later): (1, 0), (1, HOUR): (0, 1)
    }  # fmt: skip


def test_what_came_just_now_waits_until_it_is_known_what_follows(clicks: Clicks):
    clicks.note(ONE, seen(0))
    assert clicks.write(AT + timedelta(seconds=1)) == 0
    assert clicks.write(AT + timedelta(seconds=2)) == 1


def test_what_came_before_the_clock_was_put_back_waits_no_longer(clicks: Clicks):
    clicks.note(ONE, seen(0))
    back = timedelta(hours=-1)
    assert clicks.write(AT + back) == 1
    clicks.note(ONE, seen(back.total_seconds()))
    assert clicks.write(AT + back + timedelta(seconds=1)) == 0
    assert clicks.write(AT + back + timedelta(seconds=2)) == 1


def test_who_follows_link_after_link_in_a_moment_is_a_machine(clicks: Clicks):
    scanner, person = "203.0.113.9", "198.51.100.7"
    clicks.note(ONE, seen(0, scanner))
    clicks.note(ONE, seen(0.1, person))
    clicks.note(TWO, seen(0.3, scanner))
    clicks.note(TWO, seen(8, person))
    # Two people behind one address that follow the same link are no machine.
    clicks.note(ONE, seen(9, "198.51.100.8"))
    clicks.note(ONE, seen(9.1, "198.51.100.8"))
    clicks.write(AT + timedelta(minutes=1))
    assert counted(clicks.database) == {(0, HOUR): (3, 1), (1, HOUR): (1, 1)}


def test_what_the_database_does_not_take_waits_and_is_counted_once(clicks: Clicks):
    clicks.note(ONE, seen())
    database = clicks.database
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE link_clicks RENAME TO away")
    with pytest.raises(DatabaseError):
        clicks.write(AT, everything=True)
    assert clicks.waiting == 1
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO link_clicks")
    clicks.write(AT, everything=True)
    assert clicks.waiting == 0
    assert counted(database) == {(0, HOUR): (1, 0)}


def test_several_programs_count_together(database: Database):
    def add(_: int) -> None:
        for _ in range(10):
            with database.write() as connection:
                count_clicks(connection, {(TWO, HOUR): (1, 2), (ONE, HOUR): (3, 0)})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    assert counted(database) == {(0, HOUR): (120, 0), (1, HOUR): (40, 80)}

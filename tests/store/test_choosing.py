"""Who gets a campaign that names several lists, exclusions, limits, spreads, own clocks."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from audiences import (
    LIST_TOML,
    NOW,
    RING,
    add_people,
    make_folder,
    move,
    states_of,
    suppress,
    world,
    write_schedule,
)
from sqlalchemy import insert, select, update

from mailer.errors import NotFoundError, RefusedError, WorkspaceError
from mailer.jobs.agreeing import agree, click_records, withdraw
from mailer.jobs.explain import explain
from mailer.jobs.fire import tick
from mailer.jobs.letters import Letters, Pen
from mailer.jobs.order import Order
from mailer.jobs.plan import plan
from mailer.jobs.slices import Slicer
from mailer.jobs.start_campaign import gather, preview, start
from mailer.jobs.targets import number_called
from mailer.jobs.world import World
from mailer.model.choosing import Choice, Target, WallClock
from mailer.model.delivery import CauseKind, Claim
from mailer.model.kind import Kind
from mailer.model.letter import Letter
from mailer.model.mode import Mode
from mailer.model.shown import kept_text
from mailer.model.token import Link
from mailer.pace.recipient import first_moment
from mailer.store.campaigns import latest_campaigns
from mailer.store.contacts import get_contact
from mailer.store.database import Connection, Database
from mailer.store.deliveries import deliveries_of
from mailer.store.history import claim_to_show
from mailer.store.permission import may_leave
from mailer.store.tables import ContactRow, DeliveryRow, SubscriptionRow, table
from mailer.workspace.schedules import parse_schedule

COURSES = (
    LIST_TOML.replace('id = "news"', 'id = "courses"')
    .replace('title = "News"', 'title = "Courses"')
    .replace("news@example.com", "courses@example.com")
    .replace("news.example.com", "courses.example.com")
)
CLICKS = """
[clicks]
title = "What you follow"
purpose = "To know."

[[clicks.wordings]]
version = 1
text = "Yes, remember it."
"""
_delivery = table(DeliveryRow)
BOTH = Order("digest", "newsletter", also=(Target("courses"),))


def also_on(
    connection: Connection, ids: Sequence[int], list_id: str, **values: Any
) -> None:
    """Put people who are there already on another list."""
    connection.execute(
        insert(table(SubscriptionRow)),
        [
            {
                "contact_id": number, "list_id": list_id, "status": "subscribed",
                "basis": "express", "wording": 2, "since_at": NOW, "expires_at": None,
                "ledger_number": 1, **values,
            }
            for number in ids
        ],
    )  # fmt: skip


@pytest.fixture
def here(database: Database, tmp_path: Path) -> World:
    """1 to 4 are on the newsletter, 2 to 6 on the courses; 2 has left the newsletter."""
    with database.write() as connection:
        add_people(connection, [1, 3], {"name": "Kari", "country": "NO"})
        add_people(connection, [2], {"country": "NO"}, status="unsubscribed")
        add_people(connection, [4], {"country": "SE"})
        add_people(connection, [5, 6], {"country": "NO"}, list_id="courses")
        also_on(connection, [2, 3, 4], "courses")
    folder = make_folder(tmp_path / "shop")
    (folder / "lists" / "courses.toml").write_text(COURSES)
    return world(database, str(folder))


def begin(here: World, order: Order, slicer: Slicer | None = None) -> int:
    number = start(here, gather(here, order, NOW), NOW)
    plan(here, number, slicer)
    return number


def lists_of(here: World, number: int) -> dict[int | None, str]:
    return {one.contact_id: one.list_id for one in deliveries_of(here.database, number)}


def test_who_is_on_several_lists_gets_one_letter_by_the_first(here: World):
    number = begin(here, BOTH)
    assert lists_of(here, number) == {
        1: "news", 3: "news", 4: "news", 2: "courses", 5: "courses", 6: "courses",
    }  # fmt: skip
    turned = begin(
        here, Order("digest", "courses", also=(Target("newsletter"),), again=True)
    )
    assert lists_of(here, turned)[3] == "courses"
    assert len(lists_of(here, turned)) == 6


def test_the_first_that_picks_the_person_counts_and_the_preview_says_the_same(here: World):
    order = Order("digest", "newsletter", "norway", also=(Target("courses"),))
    shown = preview(here, gather(here, order, NOW), NOW)
    number = begin(here, order)
    assert lists_of(here, number)[4] == "courses"
    assert shown.letters == len(lists_of(here, number)) == 6
    said = {(one.name, one.reason): one.count for one in shown.groups}
    assert said["newsletter/norway", "gets_it"] == 2
    assert said["courses", "earlier"] == 1
    assert said["courses", "gets_it"] == 4


def test_small_slices_over_several_lists_write_everybody_once(here: World):
    slicer = Slicer(here.database)
    slicer.size = 1
    number = begin(here, BOTH, slicer)
    with here.database.read() as connection:
        (found,) = latest_campaigns(connection, 1)
    assert len(lists_of(here, number)) == found.planned == 6


def test_permission_is_asked_under_the_list_of_the_letter(here: World):
    number = begin(here, BOTH)
    columns = table(DeliveryRow).c
    with here.database.write() as connection:
        subscription = table(SubscriptionRow)
        connection.execute(
            update(subscription)
            .where(
                subscription.c.contact_id.in_([3, 5]), subscription.c.list_id == "courses"
            )
            .values(status="unsubscribed")
        )
        suppress(connection, 6, "list:courses")
        suppress(connection, 1, "list:courses")
        leaves = connection.execute(
            select(columns.contact_id).where(
                columns.cause_id == number, may_leave(capped=False)
            ),
            {"now": NOW},
        ).scalars()
        # 3 left the courses only, and gets it under the newsletter; 5 has no other list.
        assert sorted(leaves) == [1, 2, 3, 4]


def test_each_letter_has_the_sender_and_the_link_of_its_list(here: World):
    number = begin(here, BOTH)
    letters = Letters(
        here.database, Pen(here.site, here.tokens, here.limits), lambda _: None
    )
    claims = [
        Claim(
            contact, 1, CauseKind.CAMPAIGN, number, Kind.MARKETING, list_id, contact,
            f"person{contact}@example.com", NOW, NOW + timedelta(days=1), 0, {}, None, None,
        )
        for contact, list_id in ((1, "news"), (5, "courses"))
    ]  # fmt: skip
    claims = letters.get_ready(claims)
    news, courses = (letters.compose(claim).content for claim in claims)
    assert b"news@example.com" in news
    assert b"courses.example.com" in courses
    assert b"news@example.com" not in courses


def test_only_the_letters_of_those_who_agreed_say_who_follows_their_links(here: World):
    """Nobody is asked for where the list does not ask."""
    file = Path(here.folder) / "lists" / "newsletter.toml"
    file.write_text(file.read_text() + CLICKS)
    body = Path(here.folder) / "templates/mail/digest/body.html"
    shop = '<p><a href="https://shop.test/">Tents</a></p>'
    body.write_text(body.read_text().replace("</body>", f"{shop}</body>"))
    number = begin(here, BOTH)
    for record in click_records(here):
        agree(here, 1, record, None, None)
        agree(here, 5, record, None, None)
    letters = Letters(
        here.database, Pen(here.site, here.tokens, here.limits), lambda _: None
    )
    claims = [
        Claim(
            contact, 1, CauseKind.CAMPAIGN, number, Kind.MARKETING, list_id, contact,
            f"person{contact}@example.com", NOW, NOW + timedelta(days=1), 0, {}, None, None,
        )
        for contact, list_id in ((1, "news"), (3, "news"), (5, "courses"))
    ]  # fmt: skip
    claims = letters.get_ready(claims)
    found = [
        re.findall(rf"{here.site.public_url}/r/([\w-]+)", _plain(letters.compose(claim)))
        for claim in claims
    ]
    assert [len(one) for one in found] == [1, 1, 1]
    followed = [here.tokens.followed(token) for (token,) in found]
    assert [one and one[0] for one in followed] == [Link(number, 0)] * 3
    assert [one and one[1] and one[1].contact_id for one in followed] == [1, None, None]


def test_a_letter_that_is_shown_again_has_the_links_that_it_had(here: World):
    file = Path(here.folder) / "lists" / "newsletter.toml"
    file.write_text(file.read_text() + CLICKS)
    body = Path(here.folder) / "templates/mail/digest/body.html"
    shop = '<p><a href="https://shop.test/">Tents</a></p>'
    body.write_text(body.read_text().replace("</body>", f"{shop}</body>"))
    number = begin(here, Order("digest", "newsletter"))
    (record,) = click_records(here)
    agree(here, 1, record, None, None)
    pen = Pen(here.site, here.tokens, here.limits)

    def shown_now(contact: int) -> tuple[Claim, Letter]:
        with here.database.read() as connection:
            (number_of,) = connection.execute(
                select(_delivery.c.id).where(
                    _delivery.c.cause_id == number, _delivery.c.contact_id == contact
                )
            ).scalars()
            claim = claim_to_show(connection, number_of)
        assert claim is not None
        letters = Letters(here.database, pen, lambda _: None)
        (claim,) = letters.get_ready([claim])
        return claim, letters.compose(claim)

    sent = {contact: shown_now(contact) for contact in (1, 3)}
    with here.database.write() as connection:
        for claim, _ in sent.values():
            connection.execute(
                update(_delivery)
                .where(_delivery.c.id == claim.id)
                .values(shown=kept_text(claim, "m1"))
            )
    with here.database.read() as connection:
        person = get_contact(connection, 1)
    assert person is not None
    withdraw(here, person, record)
    agree(here, 3, record, None, None)
    for contact, (_, letter) in sent.items():
        assert shown_now(contact)[1].content == letter.content


def _plain(letter: Letter) -> str:
    message = message_from_bytes(letter.content, policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        ("courses", [1]),
        ("courses/norway", [1, 4]),
        ("newsletter/norway", [4]),
        ("campaign:earlier", [3, 4]),
    ],
)
def test_lists_segments_and_campaigns_are_left_out(
    here: World, exclude: str, left: list[int]
):
    first = begin(here, Order("digest", "newsletter", name="earlier"))
    with here.database.write() as connection:
        move(connection, first, [1], state="accepted")
        move(connection, first, [3], state="refused")
        move(connection, first, [4], state="withheld")
    order = Order("digest", "newsletter", again=True, choice=Choice((exclude,)))
    shown = preview(here, gather(here, order, NOW), NOW)
    number = begin(here, order)
    assert sorted(lists_of(here, number)) == left
    assert shown.letters == len(left)
    out = [one for one in shown.groups if one.reason == "excluded"]
    assert [(one.words, one.count) for one in out] == [(exclude, 3 - len(left))]


def test_what_is_left_out_must_be_there(here: World):
    for name, words in (
        ("curses", "did you mean 'courses'"),
        ("courses/oslo", "no segment 'oslo'"),
        ("campaign:sale", "there is no campaign 'sale'"),
    ):
        with pytest.raises(NotFoundError, match=words):
            gather(here, Order("digest", "newsletter", choice=Choice((name,))), NOW)
    with pytest.raises(RefusedError, match="named twice"):
        gather(here, Order("digest", "newsletter", also=(Target("newsletter"),)), NOW)


def test_since_a_campaign_gets_it_who_has_no_letter_of_it(here: World):
    first = begin(here, Order("digest", "newsletter", name="spring"))
    with here.database.write() as connection:
        move(connection, first, [1], state="expired")
        move(connection, first, [3], state="withheld")
        add_people(connection, [7], {"country": "NO"})
    order = Order("digest", "newsletter", choice=Choice(since=first))
    second = begin(here, order)
    # 1 is tried again by its own campaign; 4 waits there.
    assert sorted(lists_of(here, second)) == [3, 7]
    with here.database.write() as connection:
        add_people(connection, [8], {"country": "NO"})
    third = begin(here, Order("digest", "newsletter", choice=Choice(since=second)))
    assert sorted(lists_of(here, third)) == [8]
    with here.database.read() as connection:
        latest = latest_campaigns(connection, 2)
    assert [(one.follows, one.name) for one in latest] == [(first, "spring")] * 2


def test_a_campaign_is_followed_by_its_name_where_one_alone_has_it(here: World):
    order = Order("digest", "newsletter", name="sale")
    rehearsed = begin(replace(here, mode=Mode.REHEARSAL), order)
    assert number_called(here.database, "sale") == rehearsed
    first = begin(here, order)
    assert number_called(here.database, "sale") == first
    with here.database.write() as connection:
        add_people(connection, [7], {"country": "NO"})
    second = begin(here, Order("digest", "newsletter", choice=Choice(since=first)))
    assert number_called(here.database, "sale") == first
    assert number_called(here.database, str(second)) == first
    with pytest.raises(NotFoundError, match="no campaign 'sal'; did you mean 'sale'"):
        number_called(here.database, "sal")
    third = begin(here, replace(order, again=True))
    with pytest.raises(
        RefusedError, match=f"campaigns {first}, {third} are all called 'sale'"
    ):
        number_called(here.database, "sale")


def test_a_correction_goes_to_those_who_got_the_campaign(here: World):
    first = begin(here, Order("digest", "newsletter", name="spring-sale"))
    with here.database.write() as connection:
        move(connection, first, [1], state="accepted")
        move(connection, first, [3], state="in_doubt")
        move(connection, first, [4], state="refused")
    rule = "received('spring-sale')"
    number = begin(here, Order("digest", "newsletter", again=True, rule=rule))
    assert states_of(here.database, number) == {1: "queued", 3: "queued"}
    with pytest.raises(RefusedError, match="a segment or a rule"):
        gather(here, Order("digest", "newsletter", "norway", rule=rule), NOW)


def test_a_preview_says_which_campaigns_of_its_rules_there_never_were(here: World):
    begin(here, Order("digest", "newsletter", name="spring-sale"))
    for campaign, words in (
        ("spring-sale", ()),
        (
            "spring-sal",
            ("no campaign was ever called 'spring-sal'; did you mean 'spring-sale'?",),
        ),
    ):
        rule = f"not received('{campaign}') or received('{campaign}')"
        order = Order("digest", "newsletter", also=(Target("courses"),), rule=rule)
        assert preview(here, gather(here, order, NOW), NOW).unheard_of == words


@pytest.mark.parametrize("limit", [1, 7, 40, 50, 80])
def test_a_limit_draws_so_many_and_survives_a_crash(
    database: Database, tmp_path: Path, limit: int
):
    with database.write() as connection:
        add_people(connection, range(1, 51), {"country": "NO"})
        also_on(connection, range(1, 11), "courses")
        add_people(connection, range(51, 61), list_id="courses")
    folder = make_folder(tmp_path / "shop")
    (folder / "lists" / "courses.toml").write_text(COURSES)
    here = world(database, str(folder))
    order = Order(
        "digest", "newsletter", also=(Target("courses"),), choice=Choice(limit=limit)
    )
    assert preview(here, gather(here, order, NOW), NOW).letters == min(limit, 60)
    number = start(here, gather(here, order, NOW), NOW)

    class Crash(Exception):  # noqa: N818 - not an error of the program
        pass

    def stop(_: object) -> None:
        raise Crash

    slicer = Slicer(database)
    slicer.size = 20
    with pytest.raises(Crash):
        plan(here, number, slicer, stop)
    with database.write() as connection:
        # Who joins meanwhile makes it no more than that.
        add_people(connection, range(61, 100), {"country": "NO"})
    done = plan(here, number)
    assert done is not None
    assert done.planned == len(lists_of(here, number)) == min(limit, 60)


def test_the_lot_is_spread_over_the_list_and_another_campaign_draws_others(here: World):
    with here.database.write() as connection:
        add_people(connection, range(101, 1101), {"country": "NO"})
    order = Order("digest", "newsletter", again=True, choice=Choice(limit=100))
    one, two = (sorted(x or 0 for x in lists_of(here, begin(here, order))) for _ in "ab")
    assert one != two
    tenths = Counter(number // 100 for number in one)
    assert all(5 <= tenths[tenth] <= 15 for tenth in range(2, 10))


def test_a_spread_makes_letters_due_evenly(here: World):
    with here.database.write() as connection:
        add_people(connection, range(101, 1101), {"country": "NO"})
    spread = timedelta(hours=4)
    order = Order(
        "digest", "newsletter", valid_for=timedelta(hours=6), choice=Choice(spread=spread)
    )
    found = list(deliveries_of(here.database, begin(here, order)))
    assert all(NOW <= one.due_at < NOW + spread for one in found)
    assert {one.give_up_at - one.due_at for one in found} == {timedelta(hours=6)}
    quarters = Counter((one.due_at - NOW) // timedelta(hours=1) for one in found)
    assert [quarters[hour] for hour in range(4)] == pytest.approx([251] * 4, abs=10)


def in_zone(connection: Connection, number: int, zone: str | None) -> None:
    rows = table(ContactRow)
    connection.execute(update(rows).where(rows.c.id == number).values(time_zone=zone))


@pytest.mark.parametrize(
    ("wall", "zone", "due"),
    [
        ("2026-11-24T09:00", "Asia/Tokyo", "2026-11-24T00:00"),
        ("2026-11-24T09:00", "Pacific/Kiritimati", "2026-11-23T19:00"),
        ("2026-11-24T09:00", "America/New_York", "2026-11-24T14:00"),
        ("2026-11-24T09:00", None, "2026-11-24T08:00"),
        ("2026-11-24T09:00", "Mars/Olympus", "2026-11-24T08:00"),
        # 01:30 comes twice in New York, the first time in summer time.
        ("2027-11-07T01:30", "America/New_York", "2027-11-07T05:30"),
        # 02:30 is left out in Oslo: the first moment after the gap is 03:00.
        ("2027-03-28T02:30", "Europe/Oslo", "2027-03-28T01:00"),
    ],
)
def test_a_letter_is_due_when_the_hour_comes_on_the_persons_own_clock(
    here: World, wall: str, zone: str | None, due: str
):
    with here.database.write() as connection:
        in_zone(connection, 1, zone)
    at = datetime.fromisoformat(wall)
    order = Order(
        "digest", "newsletter", at=first_moment(at), valid_for=timedelta(hours=3),
        choice=Choice(wall_clock=WallClock(at, "Europe/Oslo")),
    )  # fmt: skip
    found = {
        one.contact_id: one for one in deliveries_of(here.database, begin(here, order))
    }
    assert found[1].due_at == datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert found[1].give_up_at == found[1].due_at + timedelta(hours=3)
    own = found[1].due_at.astimezone(
        ZoneInfo(zone or "UTC") if zone != "Mars/Olympus" else UTC
    )
    assert zone in {None, "Mars/Olympus"} or own.replace(tzinfo=None) >= at


FIRST = datetime(2026, 11, 22, 19, tzinfo=UTC)
"""When it is 09:00 on Monday, 23 November, in the first zone on earth."""


def test_a_schedule_by_the_recipients_clock_makes_one_campaign(here: World, tmp_path: Path):
    write_schedule(tmp_path / "shop", "monday", 'cron = "0 9 * * mon"')
    path = tmp_path / "shop" / "schedules" / "monday.toml"
    text = path.read_text().replace(
        'zone = "Europe/Oslo"', 'zone = "recipient"\nfallback_zone = "Europe/Oslo"'
    )
    path.write_text(
        text.replace('list = "newsletter"', 'lists = ["newsletter", "courses"]')
    )
    with here.database.write() as connection:
        in_zone(connection, 1, "Asia/Tokyo")
    tick(here, NOW)
    assert tick(here, FIRST - timedelta(seconds=1)) == []
    # The program was down when the minute came first: for most the hour is still to come.
    late = FIRST + timedelta(hours=5)
    (happened,) = tick(here, late)
    assert happened.campaign_id is not None
    assert tick(here, late + timedelta(hours=10)) == []
    plan(here, happened.campaign_id)
    due = {
        one.contact_id: one.due_at
        for one in deliveries_of(here.database, happened.campaign_id)
    }
    assert len(due) == 6
    assert due[1] == datetime(2026, 11, 23, 0, tzinfo=UTC)
    assert due[3] == datetime(2026, 11, 23, 8, tzinfo=UTC)
    with here.database.read() as connection:
        (campaign,) = latest_campaigns(connection, 1)
    assert (campaign.occurrence, campaign.due_at) == ("2026-11-23T09:00", late)
    assert campaign.wall_clock == WallClock(datetime(2026, 11, 23, 9), "Europe/Oslo")  # noqa: DTZ001 - a clock on the wall


def test_explain_says_under_which_list_and_what_left_a_person_out(here: World):
    number = begin(
        here,
        Order(
            "digest", "newsletter", also=(Target("courses"),),
            choice=Choice(("courses/norway",)),
        ),
    )  # fmt: skip
    with here.database.write() as connection:
        rows = table(ContactRow)
        for contact in (3, 4):
            connection.execute(
                update(rows)
                .where(rows.c.id == contact)
                .values(match=f"person{contact}@example.com", created_at=NOW)
            )
    (four,) = explain(here, RING, "person4@example.com", number).stories
    assert four.because[0] == (
        "planned: one letter, under newsletter, the first to pick the person of"
        " newsletter, courses"
    )
    (three,) = explain(here, RING, "person3@example.com", number).stories
    assert three.verdict.startswith("not planned")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('list = "a"\nlists = ["a"]', "exactly one of list"),
        ("", "exactly one of list"),
        ('lists = ["a", "a"]', "the same twice"),
        ('lists = ["a/"]', "must be a list or a segment"),
        ('lists = ["a"]\nsegment = "b"', "'segment' goes with 'list'"),
        ('list = "a"\nexclude = ["x/y/z"]', "exclude: 'x/y/z' must be"),
        ('list = "a"\nexclude = "x"', "must be a list"),
        ('list = "a"\nexclude = ["campaign:"]', "exclude"),
        ('list = "a"\nspread = "15d"', "14d at most"),
        ('list = "a"\nspread = "soon"', "no length of time"),
        ('list = "a"\nlimit = 0', "1 or more"),
        ('list = "a"\nlimit = true', "1 or more"),
        ('list = "a"\nvalid_for = "1h"\nstale_after = "1h"', "two names of one thing"),
        ('list = "a"\nfallback_zone = "Europe/Oslo"', "goes with zone"),
    ],
)
def test_a_schedules_mistake_is_told(lines: str, words: str):
    text = f'cron = "0 9 * * mon"\nzone = "Europe/Oslo"\ntemplate = "a"\n{lines}\n'
    with pytest.raises(WorkspaceError, match=words):
        parse_schedule(text, "a")


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ('cron = "0 9 * * mon"', "fallback_zone ="),
        ('cron = "0 9 * * mon"\nfallback_zone = "Oslo"', "no time zone 'Oslo'"),
        ('every = "6h"\nfallback_zone = "Europe/Oslo"', "a time on the wall"),
        (
            'at = 2026-12-01T09:00:00Z\nfallback_zone = "Europe/Oslo"',
            "a time on the wall",
        ),
    ],
)
def test_an_own_clock_needs_a_time_on_the_wall(when: str, words: str):
    text = f'{when}\nzone = "recipient"\ntemplate = "a"\nlist = "a"\n'
    with pytest.raises(WorkspaceError, match=words):
        parse_schedule(text, "a")


def test_stale_after_says_how_long_letters_are_worth_sending():
    text = 'cron = "0 9 * * mon"\nzone = "Europe/Oslo"\ntemplate = "a"\nlist = "a"\n'
    assert parse_schedule(text + 'stale_after = "3h"\n', "a").valid_for == timedelta(
        hours=3
    )

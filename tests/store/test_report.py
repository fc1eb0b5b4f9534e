"""A campaign's report: figures that add up, reasons, providers, and what to do next."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from audiences import NOW, RING, campaign, make_folder, move, running, see_list, world
from sqlalchemy import delete, insert, update

from mailer.cli.overview import overview_page
from mailer.cli.report_page import reason_words, report_page
from mailer.errors import RefusedError
from mailer.jobs.bounces import Counted
from mailer.jobs.order import Order
from mailer.jobs.overview import overview
from mailer.jobs.plan import plan
from mailer.jobs.report import report
from mailer.jobs.start_campaign import gather
from mailer.model.choosing import Choice
from mailer.model.consent import Act, How, NewEntry
from mailer.model.delivery import DeliveryState, Withheld
from mailer.model.reason import WhyLeft
from mailer.model.token import Link
from mailer.store import ledger
from mailer.store.clicks import count_clicks, keep_links
from mailer.store.database import Connection, Database
from mailer.store.incoming import keep, mark_sorted, note_answer
from mailer.store.reporting import codes_of, tallies
from mailer.store.tables import CampaignAgedRow, DeliveryRow, SubscriptionRow, table

DELIVERY = table(DeliveryRow)


def at_home(connection: Connection, people: list[int], domain: str) -> None:
    for number in people:
        connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.contact_id == number)
            .values(address=f"person{number}@{domain}")
        )


@pytest.fixture
def morning_after(database: Database) -> int:
    """A campaign to 41: 28 accepted over an hour, the others each in another way."""
    number = running(database, 41)
    with database.write() as connection:
        for person in range(1, 29):
            ended = NOW + timedelta(minutes=2 * person)
            move(connection, number, [person], state="accepted", ended_at=ended)
        move(connection, number, [29, 30], state="refused")
        policy = "550 5.7.26 This mail is unauthenticated"
        move(connection, number, [31], state="refused", reply=policy)
        at_home(connection, [29, 30, 31], "Gmail.example")
        move(connection, number, [32], state="expired", reply="451 4.7.1 greylisted")
        for person, reason in enumerate(Withheld, 33):
            move(connection, number, [person], state="withheld", reason=reason.value)
        move(connection, number, [40], state="in_doubt")
    return number


def test_the_figures_add_up_to_what_was_planned(database: Database, morning_after: int):
    one = report(database, morning_after)
    assert {state.value: count for state, count in one.counts.items() if count} == {
        "accepted": 28, "refused": 3, "expired": 1, "withheld": 7, "in_doubt": 1,
        "queued": 1,
    }  # fmt: skip
    assert sum(one.counts.values()) == one.campaign.planned == 41
    assert one.gone == 0
    assert one.withheld == dict.fromkeys([reason.value for reason in Withheld], 1)
    assert sum(step.accepted for step in one.over_time) == 28
    assert sum(step.refused for step in one.over_time) == 3
    assert one.step == timedelta(minutes=2)
    gaps = {b.at - a.at for a, b in zip(one.over_time, one.over_time[1:], strict=False)}
    assert gaps == {one.step}


def test_refusals_are_told_by_reason_and_provider(database: Database, morning_after: int):
    one = report(database, morning_after)
    told = [(answer.code, answer.provider, answer.count) for answer in one.refused]
    assert told == [("550 5.1.1", "gmail.example", 2), ("550 5.7.26", "gmail.example", 1)]
    assert one.refused[1].example.endswith("unauthenticated")
    assert [answer.code for answer in one.expired] == ["451 4.7.1"]


def test_what_can_be_done_is_said_with_its_command(database: Database, morning_after: int):
    with database.write() as connection:
        rows = table(SubscriptionRow)
        connection.execute(
            update(rows)
            .where(rows.c.contact_id == 33)
            .values(since_at=NOW + timedelta(days=1))
        )
    one = report(database, morning_after)
    commands = [advice.command for advice in one.advice]
    assert commands == [
        f"mailer campaign deliveries {morning_after} --state in_doubt",
        f"mailer campaign retry {morning_after} --state expired",
        f"mailer campaign retry {morning_after} --state refused",
        f"mailer campaign start digest --list newsletter --since {morning_after}",
    ]
    words = one.advice[-1].words
    assert "2 letters were left out" in words
    assert "1 people joined" in words


def test_who_left_by_a_link_is_counted_once_and_for_that_campaign(
    database: Database, morning_after: int
):
    with database.write() as connection:
        for person, source in ((1, morning_after), (1, morning_after), (2, 999)):
            entry = NewEntry(
                person, f"p{person}", "news", 0, Act.WITHDRAWN, NOW, How.ONE_CLICK,
                source=f"campaign {source}",
            )  # fmt: skip
            ledger.lock(connection)
            ledger.append(connection, RING, [entry])
    assert report(database, morning_after).left == 1


def test_people_who_were_erased_are_counted(database: Database, morning_after: int):
    with database.write() as connection:
        connection.execute(
            update(DELIVERY).where(DELIVERY.c.contact_id == 1).values(contact_id=None)
        )
    with database.read() as connection:
        found = tallies(connection, morning_after)
    assert sum(one.count for one in found) == 41
    assert sum(one.count for one in found if one.state is DeliveryState.ACCEPTED) == 28


def test_a_page_is_whole_and_asks_nobody(database: Database, morning_after: int):
    page = report_page(report(database, morning_after), NOW)
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="', page)
    assert "http://www.w3.org/2000/svg" in page
    assert not re.search(r"https?://(?!www\.w3\.org)", page)
    assert page.count('role="img"') == page.count("<desc") == 2
    assert "accepted 28 (68.3 %)" in page
    assert "No such address (550 5.1.1)" in page
    assert f"mailer campaign retry {morning_after} --state expired" in page


def test_a_page_writes_nothing_that_a_server_said_as_markup(
    database: Database, morning_after: int
):
    said = '550 5.7.1 <script>alert("x")</script>'
    with database.write() as connection:
        move(connection, morning_after, [31], state="refused", reply=said)
    page = report_page(report(database, morning_after), NOW)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_page_tells_what_came_back_and_why_people_left(
    database: Database, morning_after: int
):
    counted = Counted("blocked", 1200, 3, 0.012, "Look at <block lists>")
    found = replace(
        report(database, morning_after),
        came_back=(counted,),
        why_left={WhyLeft.TOO_OFTEN: 7},
    )
    page = report_page(found, NOW)
    assert "<tr><td>blocked<small>Look at &lt;block lists&gt;</small></td>" in page
    assert (
        '<td class="n">1,200</td><td class="n">3</td>\n<td class="n">1.20 %</td></tr>'
        in page
    )
    assert '… because: too many letters</td><td class="n">7</td>' in page


def test_a_campaign_without_letters_has_a_page(database: Database):
    with database.write() as connection:
        see_list(connection)
        number = campaign(connection)
    plan(world(database), number)
    page = report_page(report(database, number), NOW)
    assert "Nothing is left to do" in page
    assert "<svg" not in page


@pytest.mark.parametrize(
    ("reply", "codes"),
    [
        ("550 5.1.1 no such user", "550 5.1.1"),
        ("550 5.7.26", "550 5.7.26"),
        ("550 no such user", "550"),
        ("550", "550"),
        ("the line broke", ""),
        ("", ""),
    ],
)
def test_the_codes_of_a_reply(reply: str, codes: str):
    assert codes_of(reply) == codes
    assert reason_words(codes)


def test_lists_and_campaigns_stand_side_by_side(
    database: Database, morning_after: int, tmp_path: Path
):
    here = world(database, str(make_folder(tmp_path / "shop")))
    found = overview(here, NOW)
    assert [one.campaign.id for one in found.campaigns] == [morning_after]
    ((one, _),) = found.lists
    assert one.members == 41
    page = overview_page(found, NOW)
    assert f"{morning_after} digest" in page
    assert "68.3 %" in page
    assert "<script" not in page


def test_letters_that_were_aged_out_still_count_but_leave_nobody_out(
    database: Database, morning_after: int, tmp_path: Path
):
    with database.write() as connection:
        connection.execute(delete(DELIVERY).where(DELIVERY.c.contact_id.in_([1, 2, 33])))
        for state, reason, letters in (("accepted", "", 2), ("withheld", "permission", 1)):
            connection.execute(
                insert(table(CampaignAgedRow)).values(
                    campaign_id=morning_after, state=state, reason=reason, letters=letters
                )
            )
    one = report(database, morning_after)
    assert sum(one.counts.values()) == one.campaign.planned == 41
    assert (one.counts[DeliveryState.ACCEPTED], one.gone) == (28, 3)
    assert one.withheld["permission"] == 1
    here = world(database, str(make_folder(tmp_path / "shop")))
    for choice in (Choice(since=morning_after), Choice((f"campaign:{morning_after}",))):
        with pytest.raises(RefusedError, match="aged out"):
            gather(here, Order("digest", "newsletter", choice=choice), NOW)


def test_links_are_told_with_how_often_they_were_followed(
    database: Database, morning_after: int
):
    with database.write() as connection:
        urls = [("en", "https://shop.test/tents"), ("en", "https://shop.test/<b>")]
        keep_links(connection, morning_after, urls)
        hour = NOW.replace(minute=0)
        count_clicks(
            connection,
            {
                (Link(morning_after, 1), hour): (7, 1),
                (Link(morning_after, 1), hour + timedelta(hours=70)): (2, 0),
                (Link(morning_after, 0), hour): (1, 30),
            },
        )
    one = report(database, morning_after)
    assert [(link.url, link.people, link.machines) for link in one.links] == [
        ("https://shop.test/<b>", 9, 1),
        ("https://shop.test/tents", 1, 30),
    ]
    assert one.clicks == 10
    assert [(at.people, at.machines) for at in one.clicks_over_time] == [(8, 31), (2, 0)]
    page = report_page(one, NOW)
    assert "https://shop.test/&lt;b&gt;" in page
    assert "Clicks over time, in steps of 2h" in page
    assert "people 10" in page


def test_who_answered_is_counted_once_for_each_letter(
    database: Database, morning_after: int
):
    with database.write() as connection:
        # An automatic answer says that a letter arrived, and nothing of its reader.
        kinds = ["human", "human", "human", "auto_reply"]
        for place, (answers, kind) in enumerate(zip([1, 1, 2, 3], kinds, strict=True)):
            number, _ = keep(connection, b"Hello %d" % place, "pipe", NOW)
            note_answer(connection, number, answers)
            mark_sorted(connection, number, kind, "it says so", NOW)
    assert report(database, morning_after).replied == 2

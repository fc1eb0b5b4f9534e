"""A rehearsal is one for ever: nothing of it counts or goes on when it is live."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from audiences import NOW, add_people, make_folder, move, states_of, world
from conftest import RING
from sqlalchemy import insert, select, update

from mailer.errors import ConfigError, RefusedError
from mailer.jobs import campaigns
from mailer.jobs.campaigns import cancel, find, pause, resume, tend
from mailer.jobs.deliveries import resolve, retry
from mailer.jobs.order import Order
from mailer.jobs.plan import plan
from mailer.jobs.start_campaign import gather, preview, start
from mailer.jobs.trial import Trial, queue_trial
from mailer.jobs.world import World
from mailer.model.campaign import CampaignState
from mailer.model.delivery import DeliveryState
from mailer.model.expression import parse
from mailer.model.mode import Mode
from mailer.store import owners
from mailer.store.claims import Cap, Claims
from mailer.store.database import Database
from mailer.store.facts import Asked, count, facts
from mailer.store.held import held, not_now
from mailer.store.tables import DeliveryRow, TestLetterRow, table
from mailer.workspace.lists import read_list
from mailer.workspace.templates import read_template

ORDER = Order("digest", "newsletter")
DELIVERY = table(DeliveryRow)
Place = tuple[World, World]


@pytest.fixture
def places(database: Database, tmp_path: Path) -> Place:
    """One workspace with three people, as a rehearsal and as it is live."""
    with database.write() as connection:
        add_people(connection, range(1, 4), {"name": "Kari", "country": "NO"})
    live = world(database, str(make_folder(tmp_path / "shop")))
    return replace(live, mode=Mode.REHEARSAL), live


def begun(here: World, order: Order = ORDER) -> int:
    number = start(here, gather(here, order, NOW), NOW)
    plan(here, number)
    return number


def went(here: World, number: int) -> None:
    with here.database.write() as connection:
        move(connection, number, [1, 2, 3], state="accepted")


def test_a_campaign_and_its_letters_are_what_they_were_started_as(places: Place):
    rehearsal, live = places
    marks = {}
    for here in places:
        number = begun(here, replace(ORDER, again=True))
        with here.database.read() as connection:
            rows = connection.execute(
                select(DELIVERY.c.rehearsal).where(DELIVERY.c.cause_id == number)
            ).scalars()
            marks[number] = (find(here.database, number).rehearsal, *rows)
    assert marks == {1: (True,) * 4, 2: (False,) * 4}
    assert preview(rehearsal, gather(rehearsal, ORDER, NOW), NOW).rehearsal
    assert not preview(live, gather(live, ORDER, NOW), NOW).rehearsal


def test_a_campaign_that_was_rehearsed_is_sent_without_asking_for_again(places: Place):
    rehearsal, live = places
    went(rehearsal, begun(rehearsal))
    number = begun(live)
    assert not find(live.database, number).rehearsal
    with pytest.raises(RefusedError, match="say --again"):
        begun(live)


def test_a_rehearsal_of_what_was_sent_lately_is_told_so_as_the_real_one_is(places: Place):
    rehearsal, live = places
    begun(live)
    with pytest.raises(RefusedError, match="say --again"):
        begun(rehearsal)


@pytest.mark.parametrize("text", ["received('digest')", "received_within('7d')"])
def test_nobody_has_received_what_was_rehearsed(places: Place, text: str):
    rehearsal, live = places
    went(rehearsal, begun(rehearsal))
    rule = parse(text, {}, "rule")
    with live.database.read() as connection:

        def picked(*, rehearsed: bool) -> int:
            asked = Asked(None, NOW, rehearsed=rehearsed)
            return count(connection, asked, [rule]).picked[0]

        assert picked(rehearsed=False) == 0
        assert picked(rehearsed=True) == 3
        assert facts(connection, [1], NOW)[1].received == {}
        assert facts(connection, [1], NOW, rehearsed=True)[1].received


def test_a_rehearsal_sees_the_rehearsals_before_it_and_the_live_one_does_not(
    places: Place,
):
    rehearsal, live = places
    (Path(live.folder) / "lists/newsletter.toml").write_text(
        (Path(live.folder) / "lists/newsletter.toml")
        .read_text(encoding="utf-8")
        .replace("[segments]", "[segments]\ncorrection = \"received('digest')\""),
        encoding="utf-8",
    )
    went(rehearsal, begun(rehearsal))
    correction = Order("digest", "newsletter", "correction", again=True)
    assert len(states_of(live.database, begun(rehearsal, correction))) == 3
    assert len(states_of(live.database, begun(live, correction))) == 0


def in_hand(database: Database, number: int, *, rehearsing: bool) -> list[tuple[int, int]]:
    with database.write() as connection:
        owner = owners.register(connection, "here", 1, NOW)
        claims = Claims(connection, owner, timedelta(minutes=5), rehearsing=rehearsing)
        taken = claims.of_campaign(connection, number, 10, NOW)
        return [(one.id, one.fence) for one in claims.read(connection, taken)]


def test_the_cap_counts_no_rehearsal_against_a_real_letter(places: Place):
    rehearsal, live = places
    went(rehearsal, begun(rehearsal))
    second = begun(live)
    cap = Cap(1, NOW - timedelta(days=7))
    names = in_hand(live.database, second, rehearsing=False)
    assert len(names) == 3
    with live.database.read() as connection:
        assert not_now(connection, names, NOW, cap) == set()
        assert all(one.below_cap for one in held(connection, names, NOW, cap).values())


def test_the_cap_holds_in_a_rehearsal_as_it_will_when_it_is_live(places: Place):
    rehearsal, live = places
    went(live, begun(live))
    names = in_hand(
        live.database, begun(rehearsal, replace(ORDER, again=True)), rehearsing=True
    )
    with live.database.read() as connection:
        held_back = not_now(connection, names, NOW, Cap(1, NOW - timedelta(days=7)))
    assert len(held_back) == len(names) == 3


def test_claims_of_one_mode_never_take_from_the_other(places: Place):
    rehearsal, live = places
    rehearsed, real = begun(rehearsal), begun(live)
    for number, rehearsing in ((rehearsed, False), (real, True)):
        assert in_hand(live.database, number, rehearsing=rehearsing) == []
    assert len(in_hand(live.database, rehearsed, rehearsing=True)) == 3
    assert len(in_hand(live.database, real, rehearsing=False)) == 3


def paused(here: World, number: int) -> None:
    pause(here, number)


def unplanned(here: World, number: int) -> None:
    with here.database.write() as connection:
        connection.execute(
            update(campaigns.store._campaign)
            .where(campaigns.store._campaign.c.id == number)
            .values(state="planning")
        )


def running(here: World, number: int) -> None:
    del here, number


@pytest.mark.parametrize("stand", [running, paused, unplanned])
def test_a_rehearsal_that_still_runs_ends_when_letters_go_to_people(
    places: Place, stand: Callable[[World, int], None]
):
    rehearsal, live = places
    number = begun(rehearsal)
    real = begun(live)
    with live.database.write() as connection:
        move(connection, number, [1], state="accepted")
        move(connection, number, [2], state="claimed")
    stand(rehearsal, number)
    tend(live)
    ended = find(live.database, number)
    assert ended.state is CampaignState.CANCELLED
    assert "it was a rehearsal" in ended.reason
    assert states_of(live.database, number) == {1: "accepted", 2: "withheld", 3: "withheld"}
    # The other one is not touched, and neither is a rehearsal while one rehearses.
    assert find(live.database, real).state is CampaignState.RUNNING
    assert set(states_of(live.database, real).values()) == {"queued"}


@pytest.mark.parametrize("mode", [Mode.REHEARSAL, None])
def test_what_is_left_waits_while_letters_do_not_go_to_people(
    places: Place, mode: Mode | None
):
    rehearsal, live = places
    numbers = begun(rehearsal), begun(live)
    tend(replace(live, mode=mode))
    for number in numbers:
        assert find(live.database, number).state is CampaignState.RUNNING
        assert set(states_of(live.database, number).values()) == {"queued"}


def test_letters_of_no_campaign_that_a_rehearsal_has_left_end_too(places: Place):
    rehearsal, live = places
    source = read_template(live.folder, "digest")
    trial = Trial(source, read_list(live.folder, "newsletter"), None)
    rehearsed = queue_trial(rehearsal, RING, trial, "me@example.com")
    real = queue_trial(live, RING, trial, "me@example.com")
    with live.database.write() as connection:
        # A confirmation, as a sign-up leaves one.
        confirmation = connection.execute(
            insert(DELIVERY)
            .values(
                cause_kind="sign_up", cause_id=1, kind="confirmation", lane=0,
                contact_id=1, hash=b"1", address="p1@example.com", state="queued",
                attempt=0, deferrals=0, due_at=NOW, give_up_at=NOW + timedelta(days=1),
                rehearsal=True,
            )
            .returning(DELIVERY.c.id)
        ).scalar_one()  # fmt: skip
        owner = owners.register(connection, "here", 1, NOW)
        claims = Claims(connection, owner, timedelta(minutes=5))
        lanes = [claims.of_lane(connection, lane, 10, NOW) for lane in range(4)]
    assert [number for lane in lanes for number in lane] == [real]
    tend(live)
    with live.database.read() as connection:
        found = connection.execute(
            select(DELIVERY.c.id, DELIVERY.c.state, DELIVERY.c.reason)
        ).all()
    states = {row.id: (row.state, row.reason) for row in found}
    assert states[rehearsed] == states[confirmation] == ("withheld", "cancelled")
    assert states[real] == ("claimed", None)
    assert table(TestLetterRow) is not None


def test_nobody_brings_a_rehearsal_back_to_life(places: Place):
    rehearsal, live = places
    number = begun(rehearsal)
    with live.database.write() as connection:
        move(connection, number, [1], state="refused")
        move(connection, number, [2], state="in_doubt")
        move(connection, number, [3], state="expired")
    states = frozenset({DeliveryState.REFUSED, DeliveryState.EXPIRED})
    with pytest.raises(RefusedError, match="was a rehearsal"):
        retry(live, number, states, dry_run=False)
    again = DeliveryState.QUEUED
    with pytest.raises(RefusedError, match="was a rehearsal"):
        resolve(live, number, again, delivery_id=None, dry_run=False)
    pause(rehearsal, number)
    with pytest.raises(RefusedError, match="was a rehearsal"):
        resume(live, number)
    assert states_of(live.database, number) == {1: "refused", 2: "in_doubt", 3: "expired"}
    # While it rehearses, all of that works as always.
    resume(rehearsal, number)
    assert retry(rehearsal, number, states, dry_run=False).moved == 2


def test_a_real_campaign_waits_while_one_rehearses(places: Place):
    rehearsal, live = places
    number = begun(live)
    pause(rehearsal, number)
    with pytest.raises(RefusedError, match="goes to people, and this workspace rehearses"):
        resume(rehearsal, number)
    cancel(rehearsal, number)
    assert find(live.database, number).state is CampaignState.CANCELLED


def test_a_workspace_that_says_nothing_starts_nothing_and_can_still_stop(places: Place):
    silent = replace(places[1], mode=None)
    with pytest.raises(ConfigError, match='write mode = "live" at its top'):
        begun(silent)
    source = read_template(silent.folder, "digest")
    trial = Trial(source, read_list(silent.folder, "newsletter"), None)
    with pytest.raises(ConfigError, match="so none leaves"):
        queue_trial(silent, RING, trial, "me@example.com")
    number = begun(places[1])
    assert pause(silent, number).state is CampaignState.PAUSED
    with pytest.raises(ConfigError):
        resume(silent, number)
    assert cancel(silent, number).state is CampaignState.CANCELLED
    with silent.database.read() as connection:
        assert len(connection.execute(select(DELIVERY.c.id)).all()) == 3

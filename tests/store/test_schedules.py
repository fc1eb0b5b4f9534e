import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from audiences import add_people, make_folder, world, write_schedule, write_template

from mailer.errors import NotFoundError, RefusedError, WorkspaceError
from mailer.jobs import schedules as jobs
from mailer.jobs.fire import tick
from mailer.jobs.plan import plan_waiting
from mailer.jobs.world import World
from mailer.model.campaign import Campaign
from mailer.model.schedule import Firing, FiringState
from mailer.pace.firing import MOST_MISSED
from mailer.store.alarms import open_alarms
from mailer.store.campaigns import latest_campaigns
from mailer.store.database import Database
from mailer.store.schedules import (
    FiringRecord,
    ScheduleState,
    find_firing,
    latest_firings,
    record_firing,
    schedule_states,
)

# A Saturday. Nine in the morning in Oslo is eight in UTC.
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
NINE = datetime(2026, 11, 21, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAILY = 'cron = "0 9 * * *"'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "shop")


@pytest.fixture
def here(database: Database, folder: Path) -> World:
    with database.write() as connection:
        add_people(connection, range(1, 4), {"name": "Kari", "country": "NO"})
    return world(database, str(folder))


def states(here: World) -> dict[str, ScheduleState]:
    with here.database.read() as connection:
        return schedule_states(connection)


def coming(here: World, name: str = "morning") -> datetime | None:
    found = states(here)[name].coming
    return found and found.due_at


def campaigns(here: World) -> list[Campaign]:
    with here.database.read() as connection:
        return latest_campaigns(connection, 100)


def firings(here: World, name: str = "morning") -> list[tuple[str, str]]:
    with here.database.read() as connection:
        found = latest_firings(connection, name, 1000)
    return [(one.firing.occurrence, one.state.value) for one in reversed(found)]


def alarms(here: World) -> list[tuple[str, str]]:
    with here.database.read() as connection:
        return [(alarm.kind, alarm.happened) for alarm in open_alarms(connection)]


def test_a_new_schedule_fires_when_its_time_comes_and_not_before(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    (seen,) = tick(here, MIDNIGHT)
    assert seen.words == (
        "schedules/morning.toml is in force and fires next at 2026-11-21 08:00 UTC"
    )
    assert tick(here, NINE - SECOND) == []
    assert campaigns(here) == []
    (fired,) = tick(here, NINE)
    (made,) = campaigns(here)
    assert (fired.schedule, fired.campaign_id, fired.bad) == ("morning", made.id, False)
    assert (made.schedule, made.occurrence) == ("morning", "2026-11-21T09:00")
    assert (made.name, made.template, made.due_at) == ("morning", "digest", NINE)
    assert coming(here) == NINE + timedelta(days=1)
    assert [one.id for one in plan_waiting(here)] == [made.id]


def test_a_firing_makes_one_campaign_however_often_it_is_looked_at(
    here: World, folder: Path
):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    for seconds in range(5):
        tick(here, NINE + seconds * SECOND)
    assert len(campaigns(here)) == 1
    tick(here, NINE + timedelta(days=1))
    assert firings(here) == [("2026-11-21T09:00", "fired"), ("2026-11-22T09:00", "fired")]


def test_a_firing_makes_one_campaign_with_six_daemons(here: World, folder: Path):
    for name in ("morning", "dawn"):
        write_schedule(folder, name, DAILY)
    tick(here, MIDNIGHT)
    together = threading.Barrier(6)
    made: list[int | None] = []

    def daemon() -> None:
        together.wait()
        made.extend(one.campaign_id for one in tick(here, NINE))

    threads = [threading.Thread(target=daemon) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.id for one in campaigns(here)) == sorted(filter(None, made))
    assert [one.schedule for one in campaigns(here)].count("morning") == 1
    assert len(campaigns(here)) == 2


def test_an_occurrence_is_recorded_once_by_whoever_is_first(database: Database):
    record = FiringRecord("a", Firing(NINE, "2026-11-21T09:00"), FiringState.FIRED, NINE)
    with database.write() as connection:
        assert record_firing(connection, record)
        assert not record_firing(connection, record)


@pytest.mark.parametrize("late", [timedelta(seconds=2), timedelta(hours=1)])
def test_a_blocked_minute_loses_no_campaign(here: World, folder: Path, late: timedelta):
    # APScheduler's own grace of a second would drop it without a word.
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    tick(here, NINE + late)
    assert firings(here) == [("2026-11-21T09:00", "fired")]
    assert alarms(here) == []


def test_a_firing_later_than_its_grace_is_recorded_and_alarmed_and_not_sent(
    here: World, folder: Path
):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    (missed,) = tick(here, NINE + timedelta(hours=1) + SECOND)
    assert missed.bad
    assert firings(here) == [("2026-11-21T09:00", "missed")]
    assert campaigns(here) == []
    ((kind, words),) = alarms(here)
    assert kind == "schedule_missed"
    assert "later than its grace of 1h" in words
    assert coming(here) == NINE + timedelta(days=1)
    assert tick(here, NINE + timedelta(hours=2)) == []


def test_a_schedules_own_grace_counts(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY + '\ngrace = "5m"')
    tick(here, MIDNIGHT)
    tick(here, NINE + timedelta(minutes=6))
    assert firings(here) == [("2026-11-21T09:00", "missed")]


def test_after_days_of_silence_each_firing_is_recorded_and_one_alarm_raised(
    here: World, folder: Path
):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    tick(here, NINE + timedelta(days=2, minutes=30))
    assert firings(here) == [
        ("2026-11-21T09:00", "missed"),
        ("2026-11-22T09:00", "missed"),
        ("2026-11-23T09:00", "fired"),
    ]
    ((_, words),) = alarms(here)
    assert words.startswith("2 firings were missed, the last of them 2026-11-21T09:00, ")
    assert len(campaigns(here)) == 1
    assert coming(here) == NINE + timedelta(days=3)


def test_of_several_that_are_not_too_late_only_the_latest_is_sent(
    here: World, folder: Path
):
    write_schedule(folder, "morning", 'cron = "*/15 * * * *"')
    tick(here, NINE - SECOND)
    tick(here, NINE + timedelta(minutes=50))
    assert firings(here) == [
        ("2026-11-21T09:00", "missed"),
        ("2026-11-21T09:15", "missed"),
        ("2026-11-21T09:30", "missed"),
        ("2026-11-21T09:45", "fired"),
    ]
    assert alarms(here) == []
    with here.database.read() as connection:
        first = find_firing(connection, "morning", "2026-11-21T09:00")
    assert first is not None
    assert first.reason == "only the latest was sent: 2026-11-21T09:45"


def test_a_month_of_missed_minutes_is_recorded_in_part_and_passed(
    here: World, folder: Path
):
    write_schedule(folder, "morning", 'cron = "* * * * *"')
    tick(here, MIDNIGHT)
    tick(here, MIDNIGHT + timedelta(days=30))
    found = firings(here)
    assert [state for _, state in found].count("fired") == 1
    assert found[-1] == ("2026-12-21T01:00", "fired")
    assert len(found) == MOST_MISSED + 61
    ((_, words),) = alarms(here)
    assert words.startswith("100 or more firings were missed")


def test_a_broken_file_keeps_the_version_before_it_in_force_and_says_so_once(
    here: World, folder: Path
):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    write_schedule(folder, "morning", 'cron = "0 9 * *"')
    (broken,) = tick(here, MIDNIGHT + SECOND)
    assert broken.bad
    assert "has 4 fields, not 5" in broken.words
    assert broken.words.endswith("the version before it stays in force")
    assert tick(here, MIDNIGHT + 2 * SECOND) == []
    tick(here, NINE)
    assert firings(here) == [("2026-11-21T09:00", "fired")]
    assert [kind for kind, _ in alarms(here)] == ["schedule_broken"]


def test_another_mistake_in_the_file_raises_another_alarm(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    write_schedule(folder, "morning", "cron = 5")
    tick(here, MIDNIGHT + SECOND)
    write_schedule(folder, "morning", "cron = 5 ")
    tick(here, MIDNIGHT + 2 * SECOND)
    write_schedule(folder, "morning", "cron = 5")
    tick(here, MIDNIGHT + 3 * SECOND)
    assert len(alarms(here)) == 2


def test_a_file_that_never_parsed_does_not_fire(here: World, folder: Path):
    write_schedule(folder, "morning", 'at = "soon"')
    (broken,) = tick(here, MIDNIGHT)
    assert broken.words.endswith("it does not fire")
    assert states(here)["morning"].coming is None
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT + SECOND)
    assert coming(here) == NINE
    assert states(here)["morning"].problem == ""


def test_a_mended_file_does_not_fire_again_for_what_has_fired(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    tick(here, NINE)
    write_schedule(folder, "morning", "cron = 5")
    tick(here, NINE + SECOND)
    write_schedule(folder, "morning", DAILY + "\npace = 5")
    tick(here, NINE + 2 * SECOND)
    assert coming(here) == NINE + timedelta(days=1)
    assert len(campaigns(here)) == 1


def test_a_change_of_anything_but_the_time_keeps_the_firing_that_is_due(
    here: World, folder: Path
):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    write_schedule(folder, "morning", DAILY + '\nsegment = "norway"')
    tick(here, NINE + timedelta(minutes=10))
    (made,) = campaigns(here)
    assert (made.occurrence, made.segment) == ("2026-11-21T09:00", "norway")


def test_a_change_of_the_time_counts_from_now_and_loses_no_moment(
    here: World, folder: Path
):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    write_schedule(folder, "morning", 'cron = "0 15 * * *"')
    tick(here, MIDNIGHT + SECOND)
    assert coming(here) == NINE + timedelta(hours=6)
    # Saved in the very minute in which it is due, before anybody looked.
    write_schedule(folder, "morning", 'cron = "0 15 * * 6"')
    tick(here, NINE + timedelta(hours=6) + SECOND)
    assert firings(here) == [("2026-11-21T15:00", "fired")]


def test_a_new_schedule_does_not_make_up_for_the_past(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    tick(here, NINE + timedelta(minutes=10))
    assert firings(here) == []
    assert coming(here) == NINE + timedelta(days=1)


def test_a_date_that_has_just_passed_is_not_lost(here: World, folder: Path):
    write_schedule(folder, "launch", "at = 2026-11-21T09:00:00")
    tick(here, NINE + 5 * SECOND)
    assert firings(here, "launch") == [("2026-11-21T09:00", "fired")]
    assert states(here)["launch"].coming is None
    write_schedule(folder, "launch", "at = 2026-11-21T09:00:00\npace = 5")
    tick(here, NINE + 10 * SECOND)
    assert len(campaigns(here)) == 1


def test_a_date_long_past_is_alarmed_once_and_not_sent(here: World, folder: Path):
    write_schedule(folder, "launch", "at = 2026-11-01T09:00:00")
    tick(here, NINE)
    tick(here, NINE + SECOND)
    assert firings(here, "launch") == [("2026-11-01T09:00", "missed")]
    assert len(alarms(here)) == 1
    assert campaigns(here) == []


def test_an_interval_fires_under_its_moment(here: World, folder: Path):
    write_schedule(folder, "often", 'every = "6h"\nfrom = 2026-11-21T00:00:00')
    tick(here, MIDNIGHT)
    tick(here, MIDNIGHT + timedelta(hours=5))
    assert firings(here, "often") == [("2026-11-21T05:00:00Z", "fired")]
    assert coming(here, "often") == MIDNIGHT + timedelta(hours=11)


def test_half_past_one_in_the_autumn_is_sent_once(here: World, folder: Path):
    write_schedule(folder, "night", 'cron = "30 2 * * *"')
    start = datetime(2026, 10, 24, 12, tzinfo=UTC)
    for minutes in range(0, 36 * 60, 10):
        tick(here, start + timedelta(minutes=minutes))
    assert firings(here, "night") == [("2026-10-25T02:30", "fired")]


def test_a_schedule_whose_file_is_gone_does_not_fire(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    (folder / "schedules" / "morning.toml").unlink()
    (gone,) = tick(here, NINE - SECOND)
    assert gone.words == "schedules/morning.toml is gone: it does not fire"
    (shown,) = jobs.listed(here, NINE - SECOND)
    assert shown.problem == gone.words
    assert tick(here, NINE) == []
    tick(here, NINE + timedelta(hours=2))
    assert states(here) == {}
    assert firings(here) == []


def test_a_file_that_was_away_for_a_moment_misses_nothing(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    (folder / "schedules" / "morning.toml").unlink()
    tick(here, NINE)
    write_schedule(folder, "morning", DAILY)
    tick(here, NINE + SECOND)
    assert firings(here) == [("2026-11-21T09:00", "fired")]


def test_a_file_that_was_away_for_long_begins_anew(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    (folder / "schedules" / "morning.toml").unlink()
    tick(here, MIDNIGHT + SECOND)
    write_schedule(folder, "morning", DAILY)
    tick(here, NINE + timedelta(days=30, minutes=5))
    assert firings(here) == []
    assert coming(here) == NINE + timedelta(days=31)


@pytest.mark.parametrize(
    ("lines", "template", "words"),
    [
        (DAILY, "nothing", "there is no template 'nothing'"),
        (DAILY + '\nsegment = "nowhere"', "digest", "has no segment 'nowhere'"),
        (DAILY + '\nsegment = "wrong"', "digest", "no such name 'shoesize'"),
        (DAILY, "receipt", "its kind is transactional"),
        (DAILY, "needy", "3 people lack a value"),
    ],
)
def test_a_firing_that_cannot_start_fails_with_an_alarm_and_stops_no_other(
    here: World, folder: Path, lines: str, template: str, words: str
):
    write_template(folder, "receipt", kind="transactional")
    body = (folder / "templates/mail/digest/body.html").read_text()
    needy = body.replace("name|default('you')", "language")
    write_template(folder, "needy", body=needy)
    write_schedule(folder, "evening", lines, template)
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    tick(here, NINE)
    tick(here, NINE + 30 * SECOND)
    assert firings(here, "evening") == [("2026-11-21T09:00", "failed")]
    assert firings(here, "morning") == [("2026-11-21T09:00", "fired")]
    ((kind, happened),) = alarms(here)
    assert kind == "schedule_failed"
    assert words in happened
    # Nobody's address stands in an alarm.
    assert "@" not in happened
    assert coming(here, "evening") == NINE + timedelta(days=1)


def test_a_firing_waits_a_moment_for_a_template_that_is_half_saved(
    here: World, folder: Path
):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    body = folder / "templates/mail/digest/body.html"
    whole = body.read_text()
    body.write_text("<p>{% if name %}")
    (said,) = tick(here, NINE)
    assert "waits a moment: templates/mail/digest/body.html" in said.words
    assert said.bad
    assert (firings(here), campaigns(here), alarms(here)) == ([], [], [])
    body.write_text(whole)
    tick(here, NINE + 5 * SECOND)
    assert firings(here) == [("2026-11-21T09:00", "fired")]
    assert alarms(here) == []


def test_words_that_were_changed_fail_the_firing_and_change_nothing(
    here: World, folder: Path
):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    tick(here, NINE)
    file = folder / "lists" / "newsletter.toml"
    file.write_text(file.read_text().replace("Yes, weekly", "Yes, hourly"))
    tick(here, NINE + timedelta(days=1))
    assert firings(here) == [("2026-11-21T09:00", "fired"), ("2026-11-22T09:00", "failed")]
    assert len(campaigns(here)) == 1


def test_a_missed_firing_is_run_by_hand(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    late = NINE + timedelta(hours=3)
    tick(here, late)
    chosen = jobs.to_run(here, "morning", "", late)
    assert chosen.firing.occurrence == "2026-11-21T09:00"
    assert jobs.preview_run(here, chosen, late).groups[0].count == 3
    number = jobs.run(here, chosen, late)
    (made,) = campaigns(here)
    assert (made.id, made.occurrence, made.due_at) == (number, "2026-11-21T09:00", late)
    assert firings(here) == [("2026-11-21T09:00", "fired")]
    with pytest.raises(RefusedError, match=f"already, as campaign {number}"):
        jobs.to_run(here, "morning", "2026-11-21T09:00", late)
    with pytest.raises(RefusedError, match=f"already, as campaign {number}"):
        jobs.run(here, chosen, late)
    assert len(campaigns(here)) == 1


def test_of_several_missed_firings_one_must_be_named(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    late = NINE + timedelta(days=1, hours=3)
    tick(here, late)
    with pytest.raises(RefusedError, match="say which with --occurrence: 2026-11-22T09:00"):
        jobs.to_run(here, "morning", "", late)
    jobs.run(here, jobs.to_run(here, "morning", "2026-11-21T09:00", late), late)
    assert firings(here) == [("2026-11-21T09:00", "fired"), ("2026-11-22T09:00", "missed")]


def test_the_next_firing_is_run_early_and_then_not_again(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    jobs.run(here, jobs.to_run(here, "morning", "", MIDNIGHT), MIDNIGHT)
    assert coming(here) == NINE + timedelta(days=1)
    tick(here, NINE)
    assert len(campaigns(here)) == 1


def test_a_later_firing_that_was_run_early_does_not_fire_again(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    chosen = jobs.to_run(here, "morning", "2026-11-22T09:00", MIDNIGHT)
    jobs.run(here, chosen, MIDNIGHT)
    tick(here, NINE)
    tick(here, NINE + timedelta(days=1))
    assert sorted(one.occurrence or "" for one in campaigns(here)) == [
        "2026-11-21T09:00",
        "2026-11-22T09:00",
    ]


def test_a_failed_firing_is_run_by_hand_when_its_cause_is_gone(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY, "sale")
    tick(here, MIDNIGHT)
    tick(here, NINE)
    with pytest.raises(NotFoundError, match="there is no template 'sale'"):
        jobs.run(here, jobs.to_run(here, "morning", "", NINE), NINE)
    assert firings(here) == [("2026-11-21T09:00", "failed")]
    write_template(folder, "sale")
    jobs.run(here, jobs.to_run(here, "morning", "", NINE), NINE)
    assert firings(here) == [("2026-11-21T09:00", "fired")]


def test_the_next_firing_is_skipped(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    assert jobs.skip(here, "morning", "", MIDNIGHT).occurrence == "2026-11-21T09:00"
    tick(here, NINE)
    assert campaigns(here) == []
    assert firings(here) == [("2026-11-21T09:00", "skipped")]
    assert coming(here) == NINE + timedelta(days=1)


def test_a_missed_firing_is_skipped_only_when_it_is_named(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    late = NINE + timedelta(hours=3)
    tick(here, late)
    assert jobs.skip(here, "morning", "", late).occurrence == "2026-11-22T09:00"
    jobs.skip(here, "morning", "2026-11-21T09:00", late)
    assert firings(here) == [
        ("2026-11-21T09:00", "skipped"),
        ("2026-11-22T09:00", "skipped"),
    ]
    (listed,) = jobs.listed(here, late)
    assert listed.waiting == ()


def test_what_has_fired_cannot_be_skipped(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    tick(here, MIDNIGHT)
    tick(here, NINE)
    with pytest.raises(RefusedError, match="fired for 2026-11-21T09:00 already"):
        jobs.skip(here, "morning", "2026-11-21T09:00", NINE)


def test_an_occurrence_that_there_is_not_is_said_with_the_next_ones(
    here: World, folder: Path
):
    write_schedule(folder, "morning", DAILY)
    with pytest.raises(
        NotFoundError, match="next it does at: 2026-11-21T09:00, 2026-11-22T09:00"
    ):
        jobs.skip(here, "morning", "2026-11-21T10:00", MIDNIGHT)


def test_a_broken_file_cannot_be_run_by_hand(here: World, folder: Path):
    write_schedule(folder, "morning", "cron = 5")
    with pytest.raises(WorkspaceError, match=r"schedules/morning.toml: cron is 5"):
        jobs.to_run(here, "morning", "", MIDNIGHT)


def test_the_list_shows_what_comes_what_was_and_what_is_wrong(here: World, folder: Path):
    write_schedule(folder, "morning", DAILY)
    write_schedule(folder, "broken", "cron = 5")
    tick(here, MIDNIGHT)
    tick(here, NINE)
    write_schedule(folder, "fresh", 'every = "12h"')
    broken, fresh, morning = jobs.listed(here, NINE)
    assert (broken.schedule, broken.coming) == (None, ())
    assert broken.problem.startswith("schedules/broken.toml: cron is 5")
    assert fresh.latest is None
    assert len(fresh.coming) == 3
    assert [one.occurrence for one in morning.coming] == [
        "2026-11-22T09:00",
        "2026-11-23T09:00",
        "2026-11-24T09:00",
    ]
    assert morning.latest is not None
    assert morning.latest.state is FiringState.FIRED
    assert "fresh" not in states(here)

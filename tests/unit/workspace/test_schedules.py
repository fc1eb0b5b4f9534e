from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailer.errors import NotFoundError, WorkspaceError
from mailer.model.schedule import (
    Cron,
    Every,
    Once,
    Schedule,
    Trigger,
    duration_words,
    parse_duration,
)
from mailer.workspace.schedules import parse_schedule, read_schedule, read_schedules

TARGET = 'template = "digest"\nlist = "news"\n'


def parsed(lines: str, zone: str = "Europe/Oslo") -> Schedule:
    return parse_schedule(f'{lines}\nzone = "{zone}"\n{TARGET}', "monday")


@pytest.mark.parametrize(
    ("lines", "trigger"),
    [
        ('cron = "0 9 * * 1"', Cron("0 9 * * 1")),
        ("at = 2026-12-01T09:00:00", Once(datetime(2026, 12, 1, 8, tzinfo=UTC))),
        ("at = 2026-12-01T09:00:00-05:00", Once(datetime(2026, 12, 1, 14, tzinfo=UTC))),
        ("at = 2026-03-29T02:30:00", Once(datetime(2026, 3, 29, 1, tzinfo=UTC))),
        (
            'every = "6h"\nfrom = 2026-11-21T12:00:00',
            Every(timedelta(hours=6), datetime(2026, 11, 21, 11, tzinfo=UTC)),
        ),
        (
            'every = "1w"',
            Every(timedelta(days=7), datetime(2000, 12, 31, 23, tzinfo=UTC)),
        ),
    ],
)
def test_a_file_says_when_in_one_of_three_ways(lines: str, trigger: Trigger):
    assert parsed(lines).trigger == trigger


def test_a_file_may_say_who_how_fast_and_how_long():
    text = """
        cron = "0 9 * * mon"
        zone = "Europe/Oslo"
        template = "digest"
        list = "news"
        segment = "norway"
        pace = 20
        grace = "30m"
        valid_for = "1d 12h"
        allow_withheld = true
    """
    assert parse_schedule(text, "monday") == Schedule(
        name="monday",
        trigger=Cron("0 9 * * mon"),
        zone="Europe/Oslo",
        template="digest",
        list_name="news",
        segment="norway",
        pace_per_s=20.0,
        grace=timedelta(minutes=30),
        valid_for=timedelta(hours=36),
        allow_withheld=True,
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('zone = "UTC"\n' + TARGET, "write exactly one of cron"),
        ('crom = "0 9 * * *"\nzone = "UTC"\n' + TARGET, "; is 'crom' meant to be it?"),
        ('cron = "0 9 * * *"\nevery = "6h"\nzone = "UTC"\n' + TARGET, "exactly one of"),
        ('cron = "0 9 * *"\nzone = "UTC"\n' + TARGET, "cron: cron = '0 9 * *' has 4"),
        ('cron = "0 9 30 2 *"\nzone = "UTC"\n' + TARGET, "it never fires"),
        ('cron = "0 9 * * *"\n' + TARGET, "zone is missing"),
        (
            'cron = "0 9 * * *"\nzone = "Europe/Olso"\n' + TARGET,
            "no time zone 'Europe/Olso'; did you mean 'Europe/Oslo'?",
        ),
        (
            'cron = "0 9 * * *"\nzone = "../../etc/passwd"\n' + TARGET,
            "no time zone '../../etc/passwd'; write it like Europe/Oslo",
        ),
        ('cron = "0 9 * * *"\nzone = "Europe"\n' + TARGET, "no time zone 'Europe'"),
        ('cron = "0 9 * * *"\nzone = "UTC"\nlist = "news"', "template is missing"),
        ('at = 2026-12-01\nzone = "UTC"\n' + TARGET, "must be a date with its time"),
        ('at = "2026-12-01 09:00"\nzone = "UTC"\n' + TARGET, "without quotes"),
        ('at = 0026-12-01T09:00:00\nzone = "UTC"\n' + TARGET, "in the year 26"),
        ('every = "often"\nzone = "UTC"\n' + TARGET, "'often' is no length of time"),
        ('every = "0h"\nzone = "UTC"\n' + TARGET, "'0h' is no length of time"),
        ('cron = "0 9 * * *"\nzone = "UTC"\ngrace = "8d"\n' + TARGET, "a week at most"),
        ('every = "5s"\nzone = "UTC"\n' + TARGET, "a minute or more"),
        (
            'cron = "0 9 * * *"\nfrom = 2026-01-01T00:00:00\nzone = "UTC"\n' + TARGET,
            "'from' goes with 'every' only",
        ),
        ('cron = "0 9 * * *"\nzone = "UTC"\npace = 0\n' + TARGET, "a number above 0"),
        ('cron = "0 9 * * *"\nzone = "UTC"\npace = nan\n' + TARGET, "a number above 0"),
        ('cron = "0 9 * * *"\nzone = "UTC"\npace = inf\n' + TARGET, "a number above 0"),
        ('cron = "0 9 * * *"\nzone = "UTC"\npace = true\n' + TARGET, "a number above 0"),
        (
            'cron = "0 9 * * *"\nzone = "UTC"\nsegement = "x"\n' + TARGET,
            "no such setting 'segement'; did you mean 'segment'?",
        ),
        ("cron = \n", "(at line 1"),
        ('cron = "0 9 * * *"\nzone = "UT', "(at end of document)"),
        ("", "zone is missing"),
    ],
)
def test_a_mistake_names_the_file_and_what_may_be_there(text: str, words: str):
    with pytest.raises(WorkspaceError) as caught:
        parse_schedule(text, "monday")
    assert str(caught.value).startswith("schedules/monday.toml: ")
    assert words in str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "schedules").mkdir()
    return tmp_path


def write(folder: Path, name: str, content: str | bytes) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    (folder / "schedules" / name).write_bytes(data)


GOOD = 'cron = "0 9 * * *"\nzone = "UTC"\n' + TARGET


def test_one_broken_file_does_not_stop_the_others(folder: Path):
    write(folder, "a.toml", "cron = ")
    write(folder, "b.toml", GOOD)
    broken, good = read_schedules(str(folder))
    assert broken.schedule is None
    assert broken.problem.startswith("schedules/a.toml: ")
    assert good.schedule is not None
    assert good.problem == ""
    assert good.text == GOOD


def test_editors_and_hidden_files_are_no_schedules(folder: Path):
    for name in (".#b.toml", "_draft.toml", "b.toml~", "notes.txt", "#b.toml#"):
        write(folder, name, "cron = ")
    write(folder, "b.toml", GOOD)
    assert [file.name for file in read_schedules(str(folder))] == ["b"]


def test_a_file_in_the_wrong_encoding_is_a_problem_with_its_place(folder: Path):
    write(folder, "a.toml", b'cron = "0 9 * * *" # m\xe5ndag')
    (file,) = read_schedules(str(folder))
    assert file.problem == "schedules/a.toml: byte 22 is not UTF-8: save the file as UTF-8"


def test_a_folder_called_like_a_schedule_is_a_problem_and_no_crash(folder: Path):
    (folder / "schedules" / "a.toml").mkdir()
    (file,) = read_schedules(str(folder))
    assert "cannot be read" in file.problem


def test_no_folder_means_no_schedules(tmp_path: Path):
    assert read_schedules(str(tmp_path)) == ()


def test_the_hash_follows_the_content(folder: Path):
    write(folder, "a.toml", GOOD)
    first = read_schedule(str(folder), "a").hash
    write(folder, "a.toml", GOOD + "pace = 5\n")
    assert read_schedule(str(folder), "a").hash != first


def test_a_schedule_that_is_not_there_is_named_with_the_nearest(folder: Path):
    write(folder, "monday.toml", GOOD)
    with pytest.raises(NotFoundError, match="did you mean 'monday'"):
        read_schedule(str(folder), "mondy")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("6h", 21600), ("1d 12h", 129600), ("2w", 1209600)],
)
def test_a_length_of_time_is_numbers_with_units(text: str, seconds: int):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "h", "-1h", "1.5h", "1h later", "0s", "1y"])
def test_what_is_no_length_of_time_is_refused(text: str):
    with pytest.raises(ValueError, match="is no length of time"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0s"), (59, "59s"), (90, "1m 30s"), (3600, "1h"), (90061, "1d 1h")],
)
def test_a_length_of_time_is_written_in_its_two_largest_units(seconds: float, words: str):
    assert duration_words(timedelta(seconds=seconds)) == words


def test_a_priority_is_a_number_near_0() -> None:
    assert parsed('cron = "0 9 * * 1"').priority is None
    assert parsed('cron = "0 9 * * 1"\npriority = 5').priority == 5
    with pytest.raises(WorkspaceError, match="priority is 101, but must be from -100"):
        parsed('cron = "0 9 * * 1"\npriority = 101')

"""A file that stays broken is an alarm, once, before anything needs it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from audiences import LIST_TOML, NOW, make_folder, world, write_schedule, write_template

from mailer.errors import ConfigError
from mailer.jobs.alarms import open_alarms
from mailer.jobs.watch_files import FileWatch
from mailer.store.database import Database

MINUTE = timedelta(minutes=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = make_folder(tmp_path / "shop")
    write_schedule(made, "monday", 'cron = "0 9 * * 1"')
    return made


def alarms(database: Database) -> list[tuple[str, str]]:
    return [(one.subject, one.happened) for one in open_alarms(database)]


def break_list(folder: Path) -> None:
    (folder / "lists" / "newsletter.toml").write_text("id = \n")


def break_template(folder: Path) -> None:
    (folder / "templates" / "mail" / "digest" / "body.html").write_text("<p>{% if %}</p>")


def break_providers(folder: Path) -> None:
    (folder / "providers.toml").write_text("[gmail]\nper_secnd = 3\n")


@pytest.mark.parametrize("kind", ["lists", "schedules"])
def test_a_folder_that_cannot_be_read_is_told(database: Database, folder: Path, kind: str):
    (folder / kind).rename(folder / "elsewhere")
    (folder / kind).symlink_to(folder / kind)
    watch = FileWatch(world(database, str(folder)), lambda: None)
    assert (watch.look(NOW), watch.look(NOW + MINUTE)) == (0, 1)
    ((about, words),) = alarms(database)
    assert about == f"{kind}/"
    assert f"{kind}/ cannot be read: Too many levels of symbolic links" in words


@pytest.mark.parametrize(
    ("subject", "spoil", "said"),
    [
        ("lists/newsletter.toml", break_list, "line"),
        ("templates/mail/digest", break_template, "line"),
        ("providers.toml", break_providers, "[gmail] per_secnd: there is no such key"),
    ],
)
def test_what_is_broken_twice_is_told_once(
    database: Database,
    folder: Path,
    subject: str,
    spoil: Callable[[Path], None],
    said: str,
):
    watch = FileWatch(world(database, str(folder)), lambda: None)
    assert watch.look(NOW) == 0
    spoil(folder)
    # It may be half saved.
    assert watch.look(NOW + MINUTE) == 0
    assert watch.look(NOW + 2 * MINUTE) == 1
    assert watch.look(NOW + 3 * MINUTE) == 0
    ((about, words),) = alarms(database)
    assert about == subject
    assert said in words


def test_what_was_put_right_within_a_minute_is_not_told(database: Database, folder: Path):
    watch = FileWatch(world(database, str(folder)), lambda: None)
    break_list(folder)
    watch.look(NOW)
    (folder / "lists" / "newsletter.toml").write_text(LIST_TOML)
    watch.look(NOW + MINUTE)
    break_template(folder)
    watch.look(NOW + 2 * MINUTE)
    assert alarms(database) == []


def test_a_draft_that_nothing_uses_may_be_broken(database: Database, folder: Path):
    write_template(folder, "draft")
    (folder / "templates" / "mail" / "draft" / "letter.toml").write_text("kind = 3")
    watch = FileWatch(world(database, str(folder)), lambda: None)
    assert [watch.look(NOW + turn * MINUTE) for turn in range(3)] == [0, 0, 0]


def test_settings_that_do_not_hold_are_told(database: Database, folder: Path):
    def read() -> None:
        raise ConfigError("config.toml: relay.prot: no such setting; did you mean 'port'?")

    watch = FileWatch(world(database, str(folder)), read)
    watch.look(NOW)
    watch.look(NOW + MINUTE)
    ((about, words),) = alarms(database)
    assert about == "config.toml"
    assert "did you mean 'port'?" in words

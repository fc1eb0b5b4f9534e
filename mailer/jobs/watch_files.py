"""Watching the workspace's files: one that stays broken is told before it is needed.

Schedules are looked at when they are read (`follow.py`). A draft that nothing uses may be
broken as long as it likes, and so may a file that is being saved just now.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from mailer.compose.prepared import prepare
from mailer.compose.template import TemplateSource
from mailer.errors import MailerError
from mailer.jobs.world import World
from mailer.model.mailinglist import MailingList
from mailer.store.alarms import Alarm, raise_unless_open
from mailer.workspace.files import closed
from mailer.workspace.lists import list_names, read_list
from mailer.workspace.providers import PROVIDERS_FILE, read_providers
from mailer.workspace.schedules import read_schedules
from mailer.workspace.templates import read_template

_log = logging.getLogger(__name__)

Broken = dict[str, str]
"""What is wrong with each file, or with each template's folder, by its name."""


class FileWatch:
    """Looks at the files now and then, and remembers what it found."""

    def __init__(self, world: World, read_settings: Callable[[], object]) -> None:
        """Build it.

        Args:
            read_settings: Reads `config.toml` again; raises ConfigError when it does not
                hold.
        """
        self._world = world
        self._read_settings = read_settings
        self._before: Broken = {}
        self._sound: dict[str, tuple[TemplateSource, MailingList]] = {}

    def look(self, now: datetime) -> int:
        """Raise an alarm for what is broken for the second time; return how many."""
        broken = self._broken()
        lasting = [file for file in broken if file in self._before]
        self._before = broken
        raised = 0
        for file in lasting:
            alarm = Alarm(
                "file_broken",
                file,
                now,
                f"it does not hold: {broken[file]}; what runs goes on with what was read"
                " before, and nothing new can start with it",
                "put it right; `mailer check --files` says whether it holds",
            )
            with self._world.database.write() as connection:
                new = raise_unless_open(connection, alarm)
            if new:
                _log.error("%s: %s", file, alarm.happened)
            raised += new
        return raised

    def _broken(self) -> Broken:
        folder = self._world.folder
        broken = _problem("config.toml", self._read_settings)
        broken |= _problem(PROVIDERS_FILE, partial(read_providers, folder))
        lists: dict[str, MailingList] = {}
        for name in list_names(folder):

            def read(name: str = name) -> None:
                lists[name] = read_list(folder, name)

            broken |= _problem(f"lists/{name}.toml", read)
        for below in ("lists", "schedules"):
            if why := closed(folder, below):
                broken[f"{below}/"] = why
        for template, one in _in_use(folder, lists):
            broken |= _problem(
                f"templates/mail/{template}", partial(self._try, template, one)
            )
        return broken

    def _try(self, template: str, mailing_list: MailingList) -> None:
        source = read_template(self._world.folder, template)
        if self._sound.get(template) == (source, mailing_list):
            return
        world = self._world
        prepare(
            source, mailing_list, 0, world.specs, world.site, world.tokens, world.limits
        )
        self._sound[template] = (source, mailing_list)


def _problem(file: str, read: Callable[[], object]) -> Broken:
    try:
        read()
    except MailerError as problem:
        return {file: str(problem).splitlines()[0]}
    return {}


def _in_use(folder: str, lists: dict[str, MailingList]) -> list[tuple[str, MailingList]]:
    """Return the templates of schedules, sign-ups and welcomes, each with one list."""
    found: dict[str, MailingList] = {}
    for file in read_schedules(folder):
        if file.schedule is not None:
            for target in file.schedule.targets:
                if target.list_name in lists:
                    found.setdefault(file.schedule.template, lists[target.list_name])
    for one in lists.values():
        for asked in (one.sign_up, one.welcome):
            if asked is not None:
                found.setdefault(asked.template, one)
    return list(found.items())

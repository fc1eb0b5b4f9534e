"""What holds, and is seldom meant: advice of `mailer check`, which ends nothing."""

from collections.abc import Mapping

from mailer.compose.languages import written
from mailer.errors import MailerError
from mailer.jobs.world import World
from mailer.model.kind import KINDS
from mailer.workspace.letterwords import FOLDER
from mailer.workspace.lists import read_list
from mailer.workspace.schedules import read_schedules
from mailer.workspace.templates import read_template, words_lacking

_SHOWN = 3


def advice_on_topics(world: World, template: str, list_name: str) -> str:
    """Say that a letter to a list with topics names none; "" where that is not so."""
    try:
        source = read_template(world.folder, template)
        topics = read_list(world.folder, list_name).topics
    except MailerError:
        return ""
    if source.topics or not topics or not KINDS[source.kind].by_topic:
        return ""
    schedules = [
        file.schedule
        for file in read_schedules(world.folder)
        if file.schedule is not None and file.schedule.template == template
    ]
    if schedules and all(one.choice.topics for one in schedules):
        return ""
    known = ", ".join(repr(one.id) for one in topics)
    return (
        f"it names no topic, so who chose some of lists/{list_name}.toml never gets it:"
        f" write topics = […] with one of {known} into letter.toml or the schedule, unless"
        " that is meant"
    )


def advice_on_words(world: World, template: str) -> str:
    """Say which languages have most of a letter's words; "" where each has all or few."""
    try:
        lacking = words_lacking(world.folder, template)
    except MailerError:
        return ""
    return "; ".join(
        f"nobody gets it in {written(language)}, because {FOLDER}/{written(language)}.po"
        f" lacks {len(words)} of its words: {', '.join(map(repr, words[:_SHOWN]))}"
        f"{', …' if len(words) > _SHOWN else ''}"
        for language, words in lacking.items()
    )


def advice_on_retention(days: Mapping[str, int]) -> str:
    """Say which data is kept for ever; "" for none.

    Args:
        days: The settings of `[retention]`; 0 stands for ever.
    """
    ever = [name for name, count in days.items() if not count]
    if not ever:
        return ""
    return (
        f"{', '.join(ever)}: 0 keeps it for ever, which the law seldom allows and the"
        f" privacy page says; write how long, as in {ever[0]} = 730"
    )

"""What campaigns are about, and what the letters of lists may be about."""

import logging
from collections.abc import Mapping, Sequence

from mailer.compose.template import SETTINGS_FILE, TemplateSource
from mailer.errors import MailerError, RefusedError, did_you_mean
from mailer.jobs.order import Order
from mailer.model.kind import KINDS
from mailer.model.mailinglist import MailingList
from mailer.model.topic import Topic
from mailer.workspace.lists import list_names, read_list

_log = logging.getLogger(__name__)

Topics = Mapping[str, Sequence[Topic]]
"""What the letters of each list may be about, by the list's id."""


def topics_of_lists(folder: str) -> Topics:
    """Return the topics of all lists that have some; of none that does not hold."""
    found: dict[str, Sequence[Topic]] = {}
    for name in list_names(folder):
        try:
            one = read_list(folder, name)
        except MailerError as problem:
            _log.error("the topics of lists/%s.toml are not shown: %s", name, problem)
            continue
        if one.topics:
            found[one.id] = one.topics
    return found


def topics_for(
    source: TemplateSource, order: Order, lists: Sequence[MailingList]
) -> tuple[str, ...]:
    """Return what a campaign is about.

    Raises:
        RefusedError: when none of its lists has such a topic, or its kind asks for none.
    """
    ordered = order.choice.topics
    topics = ordered or source.topics
    by_schedule = f"schedules/{order.schedule}.toml" if order.schedule else "--topic"
    where = by_schedule if ordered else source.shown(SETTINGS_FILE)
    if topics and not KINDS[source.kind].by_topic:
        raise RefusedError(
            f"{where}: a letter of the kind {source.kind.value} goes to people whatever"
            " topics they chose: leave them out"
        )
    known = [topic.id for one in lists for topic in one.topics]
    for topic in topics:
        if topic not in known:
            files = ", ".join(f"lists/{one.name}.toml" for one in lists)
            raise RefusedError(
                f"{where}: no list that it goes to has the topic {topic!r}"
                f"{did_you_mean(topic, known)}: write it into [topics] of {files}"
            )
    return topics

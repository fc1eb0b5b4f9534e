"""Telling somebody of alarms: by letter, webhook or command, once a kind and hour.

The letter goes through the same delivery as all others, by another relay where one is in
trouble. When all are, webhook and command still tell. What cannot be told by any way
waits for the next hour, and stays on the list.
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import groupby

from mailer.compose.template import TemplateSource
from mailer.errors import MailerError, NotFoundError, RefusedError
from mailer.jobs.frozen import Frozen, put_down
from mailer.jobs.world import World
from mailer.model.address import parse_address
from mailer.model.clocks import CLOCKS_APART
from mailer.model.kind import Kind
from mailer.store.alarms import Alarm, mark_told, untold_alarms
from mailer.store.columns import to_instant
from mailer.store.contents import Recipient, queue_alarm_letter
from mailer.store.database import Connection
from mailer.store.lists import see_list
from mailer.store.noes import pass_mark
from mailer.wire.web import post_json
from mailer.workspace.commands import run_command
from mailer.workspace.lists import read_lists

_log = logging.getLogger(__name__)

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Ways:
    """By which ways somebody is told; "" for not that way.

    Args:
        every: One kind is told at most so often.
    """

    address: str = ""
    webhook: str = ""
    command: str = ""
    timeout_s: float = 20.0
    every: timedelta = timedelta(hours=1)

    def __bool__(self) -> bool:
        return bool(self.address or self.webhook or self.command)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of telling by one way: "" when it went, else why it did not."""

    way: str
    problem: str


def tell(world: World, ways: Ways, now: datetime) -> dict[str, list[Told]]:
    """Tell of the open alarms that nobody was told of; call it every minute.

    Returns:
        By kind, what came of each way.
    """
    if not ways:
        return {}
    with world.database.read() as connection:
        untold = untold_alarms(connection)
    done: dict[str, list[Told]] = {}
    by_kind = sorted(untold, key=lambda one: one.kind)
    for kind, some in groupby(by_kind, key=lambda one: one.kind):
        alarms = list(some)
        if not is_turn(world, kind, ways.every, now):
            continue
        done[kind] = tell_of(world, ways, kind, alarms, now)
        if was_told(done[kind]):
            with world.database.write() as connection:
                mark_told(connection, [one.id for one in alarms], now)
    return done


def is_turn(world: World, what: str, every: timedelta, now: datetime) -> bool:
    """Say whether it is time to tell of something, and take the turn.

    Nobody else tells meanwhile. Who is cut off has told nobody: the next turn does.
    """
    with world.database.write() as connection:
        before, later = to_instant(now - every), to_instant(now + CLOCKS_APART)
        # A turn that is yet to come was taken before the clock was put back.
        return pass_mark(connection, f"told {what}", to_instant(now), before, later)


def was_told(told: Sequence[Told]) -> bool:
    """Say whether it went by one way at least."""
    return not all(one.problem for one in told)


def tell_of(
    world: World, ways: Ways, title: str, alarms: Sequence[Alarm], now: datetime
) -> list[Told]:
    """Tell of some alarms by every way, each whatever came of the others."""
    content = json.dumps(_facts(title, alarms), ensure_ascii=False).encode()
    told: list[Told] = []
    if ways.webhook:
        told.append(
            _by("webhook", lambda: post_json(ways.webhook, content, ways.timeout_s))
        )
    if ways.command:
        told.append(
            _by("command", lambda: run_command(ways.command, content, ways.timeout_s))
        )
    if ways.address:
        told.append(_by("letter", lambda: _queue(world, ways.address, title, alarms, now)))
    return told


def tell_of_test(world: World, ways: Ways, now: datetime) -> list[Told]:
    """Tell of an alarm that is none.

    Raises:
        RefusedError: when no way is set.
    """
    if not ways:
        raise RefusedError(
            "nobody is told of alarms: set address, webhook or command in [alarms] of"
            " config.toml"
        )
    alarm = Alarm("test", "mailer alarm test", now, "nothing: this is a test", "nothing")
    return tell_of(world, ways, "test", [alarm], now)


def _by(way: str, act: Callable[[], object]) -> Told:
    try:
        act()
    except MailerError as problem:
        _log.error("nobody could be told of an alarm by %s: %s", way, problem)
        return Told(way, str(problem))
    return Told(way, "")


def _facts(title: str, alarms: Sequence[Alarm]) -> dict[str, object]:
    return {
        "kind": title,
        # What chats show of a webhook.
        "text": _text(title, alarms),
        "alarms": [
            {
                "alarm": one.id,
                "kind": one.kind,
                "at": one.at.astimezone(UTC).isoformat(),
                "about": one.subject,
                "happened": one.happened,
                "todo": one.todo,
            }
            for one in alarms
        ],
    }


def _text(title: str, alarms: Sequence[Alarm]) -> str:
    parts = [f"mailer: {title}, {len(alarms)} alarm(s)"]
    parts += [
        f"{one.subject}, {one.at:%Y-%m-%d %H:%M} UTC\n{one.happened}\nWhat you can do:"
        f" {one.todo}"
        for one in alarms[:_SHOWN]
    ]
    if len(alarms) > _SHOWN:
        parts.append(f"… and {len(alarms) - _SHOWN} more: mailer alarm list")
    return "\n\n".join(parts)


def _queue(
    world: World, address: str, title: str, alarms: Sequence[Alarm], now: datetime
) -> None:
    subject = f"[mailer] {title}: {len(alarms)} alarm(s)"
    queue_words(world, address, subject, _text(title, alarms), now)


def queue_words(world: World, address: str, subject: str, text: str, now: datetime) -> None:
    """Write a letter of plain words down; the sender has it in its first lane.

    Raises:
        AddressError: when the address is none.
        NotFoundError: when there is no list that could be its sender.
    """
    parse_address(address)
    made = words_content(world, subject, text)
    with world.database.write() as connection:
        owe_words(connection, world, made, address, now)


def words_content(world: World, subject: str, text: str) -> Frozen:
    """Return what a letter of plain words is made of.

    Raises:
        NotFoundError: when there is no list that could be its sender.
    """
    lists = read_lists(world.folder)
    if not lists:
        raise NotFoundError("there is no list, so a letter would have no sender")
    paragraphs = "".join(
        f"<p>{escape(part)}</p>".replace("\n", "<br>") for part in text.split("\n\n")
    )
    source = TemplateSource(
        name="alarm",
        subject=_plain(subject),
        preview="",
        kind=Kind.ALARM,
        sample={},
        html=f'<!doctype html><html lang="en"><body>{_plain(paragraphs)}</body></html>',
        text=_plain(text),
        files={},
        language="en",
    )
    return Frozen(source, lists[0], "", "", {}, ())


def owe_words(
    connection: Connection, world: World, made: Frozen, address: str, now: datetime
) -> None:
    """Owe somebody of ours a letter of plain words.

    Raises:
        AddressError: when the address is none.
    """
    to = parse_address(address)
    recipient = Recipient(
        None,
        to.wire,
        world.logbook.ring.suppression_hash(to.match),
        rehearsal=world.rehearsing,
    )
    assert made.mailing_list is not None
    see_list(connection, made.mailing_list, now)
    content_hash = put_down(connection, made, now)
    queue_alarm_letter(connection, content_hash, recipient, now)


def _plain(text: str) -> str:
    """Keep the template language out of words that may hold its marks."""
    return text.replace("{", "{{ '{' }}")

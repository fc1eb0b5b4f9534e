"""What `mailer status` says about relays."""

from collections.abc import Iterator, Mapping, Sequence

from mailer.cli.output import shown
from mailer.config.fields import Settings
from mailer.config.relay import Relay
from mailer.jobs.status import Standing
from mailer.store.alarms import Alarm


def relay_lines(
    settings: Settings, counted: Sequence[str], found: Standing
) -> Iterator[str]:
    """Say where each relay is, what it may get, and its trouble.

    Args:
        counted: The names under which what leaves is counted.
    """
    for relay in settings.all_relays().values():
        where = f"{relay.name}, {relay.host}:{relay.port}, TLS {relay.tls}"
        if relay.name not in counted:
            where += " (not used while letters go to files)"
        yield f"{where}; {_limits(relay, found.sent.get(relay.name, (0, 0)))}"
    for one in found.relay_alarms:
        yield (
            f"{one.subject} in trouble: {one.happened}; {one.todo}"
            f" (alarm {one.id}, {shown(one.at)})"
        )


def _limits(relay: Relay, sent: tuple[int, int]) -> str:
    hour, day = sent
    limits: list[str] = []
    if relay.per_second:
        limits.append(f"{relay.per_second:g} a second")
    if relay.per_minute:
        limits.append(f"{relay.per_minute:,} a minute")
    if relay.per_hour:
        limits.append(f"{relay.per_hour:,} an hour ({hour:,} taken)")
    if relay.per_day:
        limits.append(f"{relay.per_day:,} a day ({day:,} taken)")
    if relay.reserved and (relay.per_hour or relay.per_day):
        limits.append(f"of which no campaign takes {relay.reserved:.0%}")
    return f"at most {', '.join(limits)}" if limits else "no limit"


def relays_json(
    settings: Settings, counted: Sequence[str], found: Standing
) -> list[Mapping[str, object]]:
    """Say the same for programs."""
    return [
        _relay_json(relay, found, used=relay.name in counted)
        for relay in settings.all_relays().values()
    ]


def _relay_json(relay: Relay, found: Standing, *, used: bool) -> Mapping[str, object]:
    hour, day = found.sent.get(relay.name, (0, 0))
    counts = bool(relay.per_hour or relay.per_day)
    return {
        "name": relay.name,
        "host": relay.host,
        "port": relay.port,
        "used": used,
        "per_second": relay.per_second,
        "per_minute": relay.per_minute,
        "per_hour": relay.per_hour,
        "per_day": relay.per_day,
        "sent_hour": hour if counts else None,
        "sent_day": day if counts else None,
        "trouble": [
            alarm_json(one)
            for one in found.relay_alarms
            if one.subject == f"relay {relay.name}"
        ],
    }


def alarm_json(one: Alarm) -> Mapping[str, object]:
    """Say an alarm for programs."""
    return {
        "alarm": one.id,
        "kind": one.kind,
        "at": one.at,
        "about": one.subject,
        "happened": one.happened,
        "todo": one.todo,
    }

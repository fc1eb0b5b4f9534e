"""What can be typed for an option: lengths of time, moments, states, who does it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from mailer.errors import did_you_mean
from mailer.model.delivery import DeliveryState
from mailer.model.schedule import parse_duration
from mailer.pace.firing import at_wall_clock


class _Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Read `6h`, `1d 12h`."""
        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(str(value))
        except ValueError as problem:
            self.fail(str(problem), param, ctx)


class _States(click.ParamType[frozenset[DeliveryState]]):
    name = "states"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> frozenset[DeliveryState]:
        """Read `refused,expired`."""
        if not isinstance(value, str):
            # The default, which nobody typed.
            return frozenset()
        known = {state.value: state for state in DeliveryState}
        found: set[DeliveryState] = set()
        for name in value.replace("-", "_").split(","):
            state = known.get(name.strip())
            if state is None:
                near = did_you_mean(name.strip(), known)
                self.fail(f"there is no state {name.strip()!r}{near}", param, ctx)
            found.add(state)
        return frozenset(found)


list_option = click.option(
    "--list", "list_name", metavar="NAME", help="Whose sender and words."
)
DURATION = _Duration()
STATES = _States()


def read_moment(text: str | None, zone: str, now: datetime) -> datetime | None:
    """Read a time to come, in a zone unless it has an offset of its own.

    Raises:
        click.UsageError: when it is none, or lies in the past.
    """
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
        place = ZoneInfo(zone)
    except ZoneInfoNotFoundError:
        raise click.UsageError(f"there is no time zone {zone!r}; try Europe/Oslo") from None
    except ValueError:
        raise click.UsageError(
            f"{text!r} is no time; write it like 2026-12-01T09:00"
        ) from None
    moment = at_wall_clock(time, place) if time.tzinfo is None else time.astimezone(UTC)
    if moment <= now:
        raise click.UsageError(f"{text} in {zone} lies in the past")
    return moment


by_staff = click.option(
    "--by",
    metavar="NAME",
    envvar="MAILER_STAFF",
    show_envvar=True,
    required=True,
    help="Who of the staff does it.",
)

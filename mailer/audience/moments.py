"""Reading when something was said or done, as files of other programs write it.

Only what can be read in one way is read: 05/03/2024 is May in one country and March in
another, and nobody's evidence is guessed.
"""

import re
from datetime import UTC, datetime, tzinfo

OLDEST = datetime(1995, 1, 1, tzinfo=UTC)
"""Before this nobody signed up by a form; a date before it is a program's empty value."""

_YEAR_FIRST = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,][0-9]+)?)?"
    r"\s?(?P<zone>Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}(?: UTC| GMT)?)?)?"
)
_DAY_FIRST = re.compile(
    r"(?P<day>[0-9]{2})[-./](?P<month>[0-9]{2})[-./](?P<year>[0-9]{4})"
    r"(?: (?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?)?"
    r"(?P<zone>)"
)
_NAMED = frozenset({"Z", "UTC", "GMT"})


class MomentReader:
    """Reads the dates of one file."""

    def __init__(self, zone: tzinfo, now: datetime, *, day_first: bool = False) -> None:
        """Take what is the same for all.

        Args:
            zone: Where a time without an offset was written.
            now: What lies after it is a mistake.
            day_first: The program that wrote the file writes 31-12-2024.
        """
        self._zone = zone
        self._now = now
        self._day_first = day_first

    def read(self, cell: str) -> datetime | None:
        """Return a moment in UTC; None for an empty cell.

        Raises:
            ValueError: in words for the person whose file it is.
        """
        text = cell.strip()
        if not text:
            return None
        found = _YEAR_FIRST.fullmatch(text)
        if found is None and self._day_first:
            found = _DAY_FIRST.fullmatch(text)
        if found is None:
            raise _unreadable(text)
        moment = self._moment(found, text)
        if moment > self._now:
            raise ValueError(f"{text[:40]!r} lies in the future")
        if moment < OLDEST:
            raise ValueError(
                f"{text[:40]!r} is older than can be: before {OLDEST:%Y} nobody signed up"
            )
        return moment

    def _moment(self, found: re.Match[str], text: str) -> datetime:
        zone = _zone(found["zone"]) or self._zone
        try:
            return datetime(
                int(found["year"]),
                int(found["month"]),
                int(found["day"]),
                int(found["hour"] or 0),
                int(found["minute"] or 0),
                int(found.groupdict().get("second") or 0),
                tzinfo=zone,
            ).astimezone(UTC)
        except (ValueError, OverflowError):
            raise _unreadable(text) from None


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    word = text.split()[0]
    if word in _NAMED:
        return UTC
    return datetime.strptime(word.replace(":", ""), "%z").tzinfo


def _unreadable(text: str) -> ValueError:
    return ValueError(
        f"{text[:40]!r} is no date that can be read in one way: write it like 2024-03-31"
        " or 2024-03-31 14:05"
    )

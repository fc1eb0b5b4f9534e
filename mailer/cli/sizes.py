"""How `mailer db size` says what takes the room."""

from collections.abc import Iterator

from mailer.jobs.size import Size

_STEP = 1_000


def in_units(size_bytes: float) -> str:
    """Write a size in the unit that fits: `1.4 MB`."""
    for unit in ("B", "kB", "MB"):
        if size_bytes < _STEP:
            return f"{size_bytes:.0f} B" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= _STEP
    return f"{size_bytes:.1f} GB"


def size_words(found: Size, days: int) -> Iterator[str]:
    """Write what the figures mean, a sentence each.

    Args:
        days: How long letters are kept; 0 for ever.
    """
    empty = f", {in_units(found.empty_bytes)} of them empty" if found.empty_bytes else ""
    yield f"the database takes {in_units(found.whole_bytes)}{empty}"
    if found.per_million_bytes is not None:
        yield f"a million letters take {in_units(found.per_million_bytes)}"
    if found.a_day_bytes:
        grows = in_units(found.a_day_bytes)
        yield f"by the letters of the last 30 days it grows by {grows} a day"
    if not days:
        yield "letters are kept for ever (retention.deliveries_days in config.toml)"
        return
    yield (
        f"letters are kept for {days} days: {found.would_age} would be aged out now, which"
        f" frees about {in_units(found.freed_bytes)} for others"
    )

"""How much to do in one turn at writing, so that nobody waits long for the next."""


def next_size(
    size: int, took_s: float, target_s: float, *, least: int = 300, most: int = 20_000
) -> int:
    """Return how many rows to take next time, so that it takes about as long as it should.

    It grows by half at most, because the next rows may be dearer, and shrinks at once.

    Args:
        size: How many were taken this time.
        took_s: How long that took.
        target_s: How long it should take.
    """
    wanted = size * target_s / took_s if took_s > 0 else most
    return int(min(max(min(wanted, size * 1.5), least), most))

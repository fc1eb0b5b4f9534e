"""How many people would get a campaign's letter, counted when it matters."""

from datetime import datetime

from mailer.jobs.order import Ready
from mailer.jobs.world import World
from mailer.store.prospects import how_many


def count_letters(world: World, ready: Ready, now: datetime) -> int:
    """Count the people who would get a letter if it were started now."""
    with world.database.read() as connection:
        found = sum(how_many(connection, one, now) for one in ready.audiences)
    limit = ready.order.choice.limit
    return found if limit is None else min(found, limit)

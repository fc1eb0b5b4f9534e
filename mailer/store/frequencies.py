"""How often people want letters, as they chose it themselves.

A table of its own, because few choose: what leaves is asked about it letter by letter, and
a look into a small table costs next to nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from mailer.model.frequency import Frequency, frequency_of
from mailer.store.inserting import put
from mailer.store.tables import FrequencyRow, SubscriptionRow, table

_frequency = table(FrequencyRow)
_subscription = table(SubscriptionRow)


def frequency(connection: Connection, contact_id: int) -> Frequency | None:
    """Return what a person chose; None when she never did."""
    found = connection.execute(
        select(_frequency.c.days).where(_frequency.c.contact_id == contact_id)
    )
    return frequency_of(found.scalar())


def frequencies(connection: Connection, contact_ids: Sequence[int]) -> dict[int, Frequency]:
    """Return what people chose, by their numbers; who never did is not among them."""
    found = connection.execute(
        select(_frequency.c.contact_id, _frequency.c.days).where(
            _frequency.c.contact_id.in_(contact_ids)
        )
    )
    chosen = ((row.contact_id, frequency_of(row.days)) for row in found)
    return {number: one for number, one in chosen if one is not None}


def choose_frequency(
    connection: Connection, contact_id: int, choice: Frequency, now: datetime
) -> None:
    """Write down what a person chose, instead of what she chose before."""
    # Letters to her that are about to leave hold this lock: they are gone when the choice
    # is made, and all others see it.
    connection.execute(
        select(_subscription.c.contact_id)
        .where(_subscription.c.contact_id == contact_id)
        .order_by(_subscription.c.list_id)
        .with_for_update()
    )
    chosen = {"days": choice.days, "chosen_at": now}
    put(connection, _frequency, {"contact_id": contact_id}, chosen)


def forget_frequency(connection: Connection, contact_id: int) -> None:
    """Delete what a person chose."""
    connection.execute(delete(_frequency).where(_frequency.c.contact_id == contact_id))

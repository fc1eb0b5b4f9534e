"""What happens to people, read from the ledger for those who are told of it by webhooks.

Nothing is told that is not committed, and nothing committed goes untold: the ledger has no
gaps, and how far it was read is committed with what is told of it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from mailer.audience.standing import standing
from mailer.model.consent import Act, SubscriptionStatus
from mailer.model.separate import is_separate
from mailer.model.subscription import Entry
from mailer.model.webhook import Endpoint, Happening, Told
from mailer.store import webhooks as store
from mailer.store.database import Database
from mailer.store.evidence import steps_of

_SLICE = 200


def follow(database: Database, endpoints: Sequence[Endpoint], now: datetime) -> None:
    """Write down what every endpoint is to be told of the ledger's new entries."""
    with database.read() as connection:
        known = store.known_endpoints(connection)
    if set(known) != {one.name for one in endpoints}:
        with database.write() as connection:
            store.see_endpoints(connection, [one.name for one in endpoints], now)
    for one in endpoints:
        while _follow_on(database, one, now):
            pass


def _follow_on(database: Database, endpoint: Endpoint, now: datetime) -> bool:
    """Go through the ledger's next slice; say whether there may be more."""
    with database.read() as connection:
        number = store.known_endpoints(connection).get(endpoint.name, 0)
        entries = store.entries_after(connection, number, _SLICE)
        # Who imports a file knows who is in it.
        own = {number: contact for number, contact, batch in entries if batch is None}
        steps = steps_of(connection, set(own.values()))
        happened = [
            one
            for contact_id, theirs in steps.items()
            for one in happenings(contact_id, theirs, own)
            if one.told in endpoint.events
        ]
    if not entries:
        return False
    with database.write() as connection:
        store.tell_of(connection, endpoint.name, happened, now)
        store.follow_up_to(connection, endpoint.name, entries[-1][0])
    return len(entries) == _SLICE


def happenings(
    contact_id: int, steps: Sequence[Entry], numbers: Iterable[int]
) -> list[Happening]:
    """Say what some entries of one person's ledger changed for her.

    Args:
        steps: All her entries, in order.
        numbers: Those that are looked at.
    """
    looked_at = set(numbers)
    found: list[Happening] = []
    for place, step in enumerate(steps):
        if step.number not in looked_at:
            continue
        if step.act is Act.ERASED:
            one = Happening(Told.ERASED, "ledger", step.number, "", contact_id, step.at)
            found.append(one)
            continue
        lists = {one.list_id for one in steps if one.list_id is not None}
        concerned = lists if step.list_id is None else {step.list_id}
        for list_id in sorted(one for one in concerned if not is_separate(one)):
            theirs = [one for one in steps[: place + 1] if one.list_id in (None, list_id)]
            before, after = _is_on(theirs[:-1]), _is_on(theirs)
            if before != after:
                told = Told.JOINED if after else Told.LEFT
                one = Happening(told, "ledger", step.number, list_id, contact_id, step.at)
                found.append(one)
    return found


def _is_on(steps: Sequence[Entry]) -> bool:
    state = standing(steps)
    return state is not None and state.status is SubscriptionStatus.SUBSCRIBED

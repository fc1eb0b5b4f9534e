"""Holding back what the frequency cap holds, before a courier has it.

The leaving commit has the last word, but it comes after the relay's 354, and a letter that
is held back there costs the whole connection: a campaign to a million people who had their
letter this week would be a million connections.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailer.jobs.settle import capped, held_back, released
from mailer.model.delivery import Claim
from mailer.pace.cap import CapRule, cap_for
from mailer.store.claims import Cap
from mailer.store.database import Database
from mailer.store.held import Held, held, not_now
from mailer.store.outcomes import Change, record

_OTHER_TAKES = timedelta(minutes=1)


def may_be_tried(
    database: Database, claims: Sequence[Claim], rule: CapRule | None, now: datetime
) -> list[Claim]:
    """Write down which claims may not leave as things stand; return the others.

    Where there is neither a cap nor somebody who chose how often, it asks nothing.

    Raises:
        DatabaseError: nothing was written.
    """
    if rule is None and not any(claim.chosen_days for claim in claims):
        return list(claims)
    cap = None if rule is None else Cap(rule.letters, rule.since(now))
    names = {claim.id: (claim.id, claim.fence) for claim in claims}
    with database.read() as connection:
        staying = not_now(connection, list(names.values()), now, cap)
        if not staying:
            return list(claims)
        why = held(connection, [names[number] for number in staying], now, cap)
    changes = [
        change
        for claim in claims
        if claim.id in staying
        and (change := _put_off(claim, why.get(claim.id), rule, now)) is not None
    ]
    with database.write() as connection:
        record(connection, changes)
    return [claim for claim in claims if claim.id not in staying]


def _put_off(
    claim: Claim, held_by: Held | None, rule: CapRule | None, now: datetime
) -> Change | None:
    if held_by is not None and held_by.may_leave:
        its_rule = cap_for(held_by.chosen_days, rule)
        if its_rule is None:
            return released(claim, now)
        # Another letter to the same person is in somebody's hands; it may not arrive.
        return capped(claim, its_rule, now, now + _OTHER_TAKES)
    return held_back(claim, held_by, now, rule)

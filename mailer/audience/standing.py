"""Consent rules: where a contact stands on a list, as it follows from the ledger.

`after` is one step, `standing` goes through all of a contact's entries; the subscription
table is what they say and can be made again from the ledger at any time.

Who left comes back only by her own sign-up, confirmed: a grant by import, API or staff
changes nothing for somebody who is unsubscribed. A weaker grant never replaces a stronger
one, so that a purchase does not put an end to an express consent.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from mailer.model.consent import Act, Basis, How, SubscriptionStatus
from mailer.model.subscription import Entry, Subscription

_STATUS = SubscriptionStatus

BY_OTHERS = frozenset({How.IMPORT, How.API, How.SUPPORT, How.COMMAND, How.REPORT})
"""Ways in which not the person herself speaks."""

_STRENGTH = {
    Basis.IMPLIED: 0,
    Basis.SOFT_OPT_IN: 1,
    Basis.EXPRESS: 2,
    Basis.DOUBLE_OPT_IN: 3,
}
_NEVER = datetime.max.replace(tzinfo=UTC)


def after(before: Subscription | None, entry: Entry) -> Subscription | None:
    """Return where a contact stands after an entry that concerns the list.

    None is for somebody who never was on it. An `undone` entry needs all entries before
    it: `standing` knows what to make of it.
    """
    match entry.act:
        case Act.GRANTED:
            return _granted(before, entry)
        case Act.CONFIRMED:
            if entry.how in BY_OTHERS and _left(before):
                return before
            return _subscribed(entry)
        case Act.WITHDRAWN | Act.OBJECTED | Act.ERASED:
            if _left(before) or (before is None and entry.list_id is None):
                return before
            return Subscription(
                _STATUS.UNSUBSCRIBED, None, entry.wording, entry.at, None, entry.number
            )
        case Act.LIFTED | Act.UNDONE | Act.MOVED:
            return before


def standing(entries: Iterable[Entry]) -> Subscription | None:
    """Return where a contact stands after all entries that concern the list, in order."""
    state: Subscription | None = None
    live: list[Entry] = []
    for entry in entries:
        if entry.act is not Act.UNDONE:
            live.append(entry)
            state = after(state, entry)
        elif state is not None and _rests_on(state, live, entry.batch_id):
            live = [one for one in live if not _grants_by(one, entry.batch_id)]
            state = None
            for one in live:
                state = after(state, one)
    return state


def _rests_on(state: Subscription, live: list[Entry], batch_id: int | None) -> bool:
    """Say whether undoing a batch changes anything: a person's own yes or no stays."""
    return any(
        entry.number == state.ledger_number and _grants_by(entry, batch_id)
        for entry in live
    )


def _grants_by(entry: Entry, batch_id: int | None) -> bool:
    return entry.act is Act.GRANTED and entry.batch_id == batch_id


def _granted(before: Subscription | None, entry: Entry) -> Subscription | None:
    if _left(before):
        # Not even a sign-up of her own ends her no: anyone may type her address into a
        # form. Her confirmation does.
        return before
    if entry.basis is Basis.DOUBLE_OPT_IN and entry.how not in BY_OTHERS:
        # Until she confirms, a subscription that stands goes on standing.
        if before is not None and before.stands(entry.at):
            return before
        return Subscription(
            _STATUS.PENDING, entry.basis, entry.wording, entry.at, None, entry.number
        )
    return _subscribed(entry) if before is None or _gains(before, entry) else before


def _gains(before: Subscription, entry: Entry) -> bool:
    """Say whether a grant gives more than what stands."""
    if not before.stands(entry.at):
        return True
    if entry.how not in BY_OTHERS and entry.wording > before.wording:
        return True
    return _weight(entry.basis, entry.wording, entry.expires_at) > _weight(
        before.basis, before.wording, before.expires_at
    )


def _weight(
    basis: Basis | None, wording: int, expires_at: datetime | None
) -> tuple[int, int, datetime]:
    strength = -1 if basis is None else _STRENGTH[basis]
    return (strength, wording, expires_at or _NEVER)


def _left(before: Subscription | None) -> bool:
    return before is not None and before.status is _STATUS.UNSUBSCRIBED


def _subscribed(entry: Entry) -> Subscription:
    return Subscription(
        _STATUS.SUBSCRIBED,
        entry.basis,
        entry.wording,
        entry.at,
        entry.expires_at,
        entry.number,
    )

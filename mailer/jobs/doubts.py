"""What is in doubt and belongs to no campaign: it is listed, and a person settles it.

A campaign's letters are settled by `jobs/deliveries.py`, those of a ticket on their ticket.
"""

from collections.abc import Generator
from dataclasses import dataclass

from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.world import World
from mailer.model.delivery import TRANSITIONS, CauseKind, DeliveryState
from mailer.model.kind import KINDS
from mailer.store.database import Connection, Database
from mailer.store.history import OtherLetter, any_letter_of, doubts_of_no_campaign
from mailer.store.settling import Again, resolve
from mailer.store.tickets import tickets_of_letters

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Doubt:
    """A letter of which nobody knows whether it arrived.

    Args:
        ticket: The number of the ticket that it belongs to; None for none.
    """

    letter: OtherLetter
    ticket: int | None


def doubts(database: Database) -> Generator[Doubt, None, None]:
    """Give the letters in doubt that no campaign wrote, one by one, in order."""
    after = 0
    while True:
        with database.read() as connection:
            found = doubts_of_no_campaign(connection, after, _PAGE)
            page = [Doubt(one, _ticket(connection, one)) for one in found]
        yield from page
        if len(page) < _PAGE:
            break
        after = page[-1].letter.delivery.id


def settle(world: World, number: int, after: DeliveryState) -> None:
    """Settle a letter in doubt: it was accepted, it was refused, or it is sent again.

    Args:
        after: accepted, refused, or queued to send it again under the same Message-ID.

    Raises:
        NotFoundError: when there is no such letter.
        RefusedError: when it is not in doubt, is settled by another command, or would be
            sent again and may not.
    """
    assert after in TRANSITIONS[DeliveryState.IN_DOUBT]
    with world.database.read() as connection:
        found = any_letter_of(connection, number)
        if found is None:
            raise NotFoundError(f"there is no letter {number}; `mailer letter doubts`")
        _require_ours(connection, found)
    if after is DeliveryState.QUEUED and found.rehearsal is not world.rehearsing:
        raise RefusedError(
            f"letter {number} was a rehearsal, and does not go to people"
            if found.rehearsal
            else f"letter {number} goes to a person, and this workspace rehearses now"
        )
    now = world.clock()
    again = Again(now, now + KINDS[found.kind].try_for)
    with world.database.write() as connection:
        if resolve(connection, [number], after, again, now):
            return
        here = any_letter_of(connection, number)
    state = here.delivery.state if here else "gone"
    if state is not DeliveryState.IN_DOUBT:
        raise RefusedError(f"letter {number} is {state}, not in doubt")
    raise RefusedError(
        f"letter {number} stays in doubt: its reader left, is suppressed or was erased;"
        " settle it as accepted or refused"
    )


def _require_ours(connection: Connection, one: OtherLetter) -> None:
    number = one.delivery.id
    if one.cause_kind is CauseKind.CAMPAIGN:
        raise RefusedError(
            f"letter {number} is a campaign's: `mailer campaign resolve {one.cause_id}"
            f" --delivery {number} --as …`"
        )
    ticket = _ticket(connection, one)
    if ticket is not None:
        raise RefusedError(
            f"letter {number} belongs to ticket {ticket}: `mailer inbox settle {ticket}"
            f" {number} --as …`"
        )


def _ticket(connection: Connection, one: OtherLetter) -> int | None:
    if one.cause_kind not in {CauseKind.INCOMING, CauseKind.TICKET}:
        return None
    found = tickets_of_letters(connection, [one.delivery.id])
    return found[0].id if found else None

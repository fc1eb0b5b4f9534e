"""Erasing a person: what is deleted, what is emptied, and what stays without her.

Deliveries stay, so that a campaign's numbers add up: without address, contact and answers.
The ledger stays, so that its chain verifies: without its personal values.
`TABLES` says for every table that may hold something of a person what becomes of it.
"""

import os
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Connection,
    bindparam,
    case,
    delete,
    func,
    select,
    update,
)

from mailer.model.consent import Act
from mailer.model.delivery import DeliveryState, Withheld
from mailer.model.key import HASH_BYTES
from mailer.store import holds
from mailer.store.deliveries import in_states
from mailer.store.doortables import ApiRequestRow
from mailer.store.events import forget_events
from mailer.store.evidence import forget
from mailer.store.frequencies import forget_frequency
from mailer.store.plaintexts import forget_plain
from mailer.store.reasons import unname_reasons
from mailer.store.sharings import forget_shared
from mailer.store.tables import (
    AttemptRow,
    ContactRow,
    DeliveryRow,
    ImportBatch,
    ImportBefore,
    IncomingRow,
    LedgerRow,
    PageRequestRow,
    SignUpRow,
    VerdictRow,
    table,
)
from mailer.store.topics import forget_topics
from mailer.store.transactions import forget_data

_asked = table(ApiRequestRow)
_attempt = table(AttemptRow)
_batch = table(ImportBatch)
_before = table(ImportBefore)
_contact = table(ContactRow)
_delivery = table(DeliveryRow)
_incoming = table(IncomingRow)
_ledger = table(LedgerRow)
_page_request = table(PageRequestRow)
_sign_up = table(SignUpRow)
_verdict = table(VerdictRow)

TABLES = {
    "acknowledgement": "deleted",
    "api_request": "what was answered about her is deleted",
    "attempt": "the words of mail servers are emptied",
    "blocked": "a block of her address is deleted",
    "contact": "deleted",
    "delivery": "stays without address, contact and answers",
    "event": "deleted",
    "frequency": "deleted",
    "import_before": "deleted",
    "incoming": "what came about her letters is emptied",
    "leaving_reason": "stays, without her and her words",
    "ledger": "stays without its personal values",
    "page_request": "deleted",
    "plain_text": "deleted",
    "shared_person": "deleted",
    "sign_up": "deleted",
    "subscription": "stays as left, under a number that is nobody's any more",
    "topic_choice": "deleted",
    "transaction_letter": "stays without what it was sent with",
    "suppression": "stays as a keyed hash, so that nobody writes again",
    "ticket": "deleted",
    "ticket_draft": "deleted",
    "ticket_entry": "deleted; her address and words leave the conversations of others",
    "ticket_file": "deleted",
    "verdict": "stays without what was said",
    "webhook": "stays, under a number that is nobody's any more",
}
"""Every table that may hold something of a person, and what becomes of it."""

_OPEN = (DeliveryState.QUEUED, DeliveryState.CLAIMED)
_ids = _delivery.c.id.in_(bindparam("ids", expanding=True))


def letters_of(connection: Connection, contact_id: int, limit: int) -> list[int]:
    """Return the numbers of a contact's next deliveries."""
    found = connection.execute(
        select(_delivery.c.id)
        .where(_delivery.c.contact_id == contact_id)
        .order_by(_delivery.c.id)
        .limit(limit)
    )
    return list(found.scalars())


def count_letters(connection: Connection, contact_id: int) -> tuple[int, int]:
    """Count a contact's deliveries, and those of them that have not left yet."""
    waiting = func.sum(case((in_states(_OPEN), 1), else_=0))
    row = connection.execute(
        select(func.count(), waiting).where(_delivery.c.contact_id == contact_id)
    ).one()
    return int(row[0]), int(row[1] or 0)


def erase_letters(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    """Withhold what has not left, and take the person out of some deliveries.

    A worker that holds one of them finds that it is not its own any more. A letter that is
    on the line goes on; its answer is written down beside nobody.

    Returns:
        How many were withheld.
    """
    values = {"ids": list(ids)}
    withheld = connection.execute(
        update(_delivery)
        .where(_ids, in_states(_OPEN))
        .values(
            state=DeliveryState.WITHHELD.value,
            reason=Withheld.ERASED.value,
            ended_at=now,
            owner_id=None,
            lease_until=None,
        )
        .returning(_delivery.c.id),
        values,
    ).all()
    _free_hashes(connection, ids)
    connection.execute(
        update(_delivery)
        .where(_ids)
        .values(contact_id=None, address="", reply=None, relay_id=None, shown=None),
        values,
    )
    forget_answers(connection, ids)
    forget_data(connection, ids)
    _forget_messages(connection, ids)
    return len(withheld)


def _forget_messages(connection: Connection, ids: Sequence[int]) -> None:
    """Empty what came about deliveries: reports return the letter, or quote the address.

    The digest stays, so that the same message is not taken in again.
    """
    about = _verdict.c.delivery_id.in_(list(ids))
    connection.execute(
        update(_incoming)
        .where(_incoming.c.id.in_(select(_verdict.c.incoming_id).where(about)))
        .values(raw=b"", because="")
    )
    connection.execute(
        update(_incoming)
        .where(_incoming.c.answers_id.in_(list(ids)))
        .values(raw=b"", because="")
    )
    connection.execute(update(_verdict).where(about).values(said="", words=""))


def forget_answers(connection: Connection, ids: Sequence[int]) -> None:
    """Empty what mail servers said about deliveries: they like to repeat the address."""
    connection.execute(update(_delivery).where(_ids).values(reply=None), {"ids": list(ids)})
    connection.execute(
        update(_attempt).where(_attempt.c.delivery_id.in_(list(ids))).values(words="")
    )


def still_out(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Return which deliveries are on the line at this moment."""
    found = connection.execute(
        select(_delivery.c.id).where(_ids, in_states([DeliveryState.SENDING])),
        {"ids": list(ids)},
    )
    return list(found.scalars())


def erase_contact(connection: Connection, contact_id: int) -> int:
    """Delete what is known about a contact; deliveries come before, in slices.

    Returns:
        How many entries of the ledger stay, without their personal values.
    """
    connection.execute(delete(_sign_up).where(_sign_up.c.contact_id == contact_id))
    connection.execute(delete(_asked).where(_asked.c.contact_id == contact_id))
    connection.execute(
        delete(_page_request).where(_page_request.c.contact_id == contact_id)
    )
    for batch_id in connection.execute(select(_batch.c.id)).scalars().all():
        connection.execute(
            delete(_before).where(
                _before.c.batch_id == batch_id, _before.c.contact_id == contact_id
            )
        )
    entries = forget(connection, contact_id)
    forget_frequency(connection, contact_id)
    forget_events(connection, contact_id)
    forget_topics(connection, contact_id)
    forget_plain(connection, contact_id)
    forget_shared(connection, contact_id)
    unname_reasons(connection, contact_id)
    holds.forget(connection, contact_id)
    connection.execute(delete(_contact).where(_contact.c.id == contact_id))
    return entries


def count_entries(connection: Connection, contact_id: int) -> int:
    """Count a contact's entries in the ledger."""
    return int(
        connection.execute(
            select(func.count()).where(_ledger.c.contact_id == contact_id)
        ).scalar_one()
    )


def is_being_erased(connection: Connection, contact_id: int) -> bool:
    """Say whether the ledger says of a contact last of all that she is erased."""
    last = connection.execute(
        select(_ledger.c.act)
        .where(_ledger.c.contact_id == contact_id)
        .order_by(_ledger.c.number.desc())
        .limit(1)
    ).scalar()
    return last == Act.ERASED.value


def _free_hashes(connection: Connection, ids: Sequence[int]) -> None:
    """Keep (cause, hash) unique for whoever is erased a second time."""
    other = _delivery.alias("other")
    taken = connection.execute(
        select(_delivery.c.id)
        .join(
            other,
            (other.c.cause_kind == _delivery.c.cause_kind)
            & (other.c.cause_id == _delivery.c.cause_id)
            & (other.c.hash == _delivery.c.hash)
            & other.c.contact_id.is_(None),
        )
        .where(_ids),
        {"ids": list(ids)},
    ).scalars()
    for number in taken.all():
        connection.execute(
            update(_delivery)
            .where(_delivery.c.id == number)
            .values(hash=os.urandom(HASH_BYTES))
        )

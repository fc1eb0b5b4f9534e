"""What the ledger says: about one contact for people, about many for the projection."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, or_, select, update

from mailer.audience.standing import standing
from mailer.model.chain import FIRST_MAC, Checkpoint
from mailer.model.consent import Act, Basis, EvidenceOf, How
from mailer.model.subscription import Entry, Subscription
from mailer.store.subscriptions import Place
from mailer.store.tables import LedgerHead, LedgerRow, table

_rows = table(LedgerRow)
_head = table(LedgerHead)

PERSONAL = ("who", "network", "agent", "by")
"""What the names of the columns of personal values begin with."""

STEP_COLUMNS = (
    _rows.c.number, _rows.c.list_id, _rows.c.wording, _rows.c.act, _rows.c.at,
    _rows.c.how, _rows.c.basis, _rows.c.batch_id, _rows.c.expires_at, _rows.c.contact_id,
)  # fmt: skip
"""The fields of an `Entry` in order, then the contact."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One entry as it can be shown to the person, or to somebody who doubts it.

    Args:
        who: The match form; None when it was erased. So are the other personal values.
    """

    number: int
    list_id: str | None
    wording: int
    act: Act
    at: datetime
    how: How
    basis: Basis | None
    source: str
    batch_id: int | None
    expires_at: datetime | None
    who: str | None
    network_address: str | None
    agent: str | None
    by: str | None
    evidence: EvidenceOf | None
    consent_at: datetime | None
    confirmed_at: datetime | None
    purchase_at: datetime | None


def checkpoint(connection: Connection, now: datetime) -> Checkpoint:
    """Return how far the ledger is, to be kept where the database is not."""
    row = connection.execute(select(_head.c.number, _head.c.mac)).first()
    if row is None:
        return Checkpoint(0, FIRST_MAC, now)
    return Checkpoint(row.number, bytes(row.mac), now)


def evidence_of(connection: Connection, contact_id: int) -> list[Evidence]:
    """Return all that the ledger says about one contact, in order."""
    found = connection.execute(
        select(_rows).where(_rows.c.contact_id == contact_id).order_by(_rows.c.number)
    )
    return [_evidence(row) for row in found.mappings()]


def entry_of(connection: Connection, number: int) -> tuple[int, Evidence] | None:
    """Return an entry by its number, with the contact that it is about; None for none."""
    found = connection.execute(select(_rows).where(_rows.c.number == number)).mappings()
    row = found.first()
    return None if row is None else (row["contact_id"], _evidence(row))


def seals(connection: Connection, numbers: Iterable[int]) -> dict[int, bytes]:
    """Return the seals of entries by number; up to 30,000 of them."""
    found = connection.execute(
        select(_rows.c.number, _rows.c.mac).where(_rows.c.number.in_(list(numbers)))
    )
    return {row.number: bytes(row.mac) for row in found}


def steps_of(connection: Connection, contact_ids: Iterable[int]) -> dict[int, list[Entry]]:
    """Return what says where contacts stand, in order; up to 30,000 of them."""
    found = connection.execute(
        select(*STEP_COLUMNS)
        .where(_rows.c.contact_id.in_(contact_ids))
        .order_by(_rows.c.contact_id, _rows.c.number)
    )
    steps: dict[int, list[Entry]] = {}
    for row in found:
        steps.setdefault(row.contact_id, []).append(read_step(tuple(row)))
    return steps


def read_step(row: Sequence[Any]) -> Entry:
    """Turn the `STEP_COLUMNS` of a row into its entry."""
    number, list_id, wording, act, at, how, basis, batch_id, expires_at, _ = row
    return Entry(
        number,
        list_id,
        wording,
        _ACTS[act],
        at,
        _HOWS[how],
        _BASES[basis],
        batch_id,
        expires_at,
    )


def places_by(contact_id: int, steps: Sequence[Entry]) -> dict[Place, Subscription | None]:
    """Return where a contact stands by all of her entries, on each list they name."""
    lists = {step.list_id for step in steps if step.list_id is not None}
    return {
        (contact_id, list_id): standing(
            step for step in steps if step.list_id is None or step.list_id == list_id
        )
        for list_id in lists
    }


def forget(connection: Connection, contact_id: int) -> int:
    """Erase every personal value of a contact's entries; the chain still verifies.

    Who recorded an erasure stays on record: that is no value of hers.

    Returns:
        How many entries there are.
    """
    hers = _rows.c.contact_id == contact_id
    nothing = _nothing(name for name in PERSONAL if name != "by")
    gone = connection.execute(update(_rows).where(hers).values(**nothing))
    others = hers & (_rows.c.act != Act.ERASED.value)
    connection.execute(update(_rows).where(others).values(**_nothing(["by"])))
    return gone.rowcount


_ORIGIN = ("network", "agent")


def old_origins(
    connection: Connection, before: datetime, after: int, limit: int
) -> list[int]:
    """Return the numbers of entries before a moment that say from where they came.

    They are in order, and after a number.
    """
    found = connection.execute(
        select(_rows.c.number)
        .where(
            _rows.c.number > after,
            _rows.c.at < before,
            or_(_rows.c.network_salt.is_not(None), _rows.c.agent_salt.is_not(None)),
        )
        .order_by(_rows.c.number)
        .limit(limit)
    )
    return list(found.scalars())


def forget_origins(connection: Connection, numbers: Sequence[int]) -> int:
    """Erase network address and browser of entries; the chain still verifies.

    Returns:
        How many entries there were.
    """
    gone = connection.execute(
        update(_rows).where(_rows.c.number.in_(list(numbers))).values(**_nothing(_ORIGIN))
    )
    return gone.rowcount


def _nothing(names: Iterable[str]) -> dict[str, None]:
    return {f"{name}_{part}": None for name in names for part in ("salt", "value")}


def _evidence(row: RowMapping) -> Evidence:
    return Evidence(
        row["number"],
        row["list_id"],
        row["wording"],
        Act(row["act"]),
        row["at"],
        How(row["how"]),
        _BASES[row["basis"]],
        row["source"],
        row["batch_id"],
        row["expires_at"],
        row["who_value"],
        row["network_value"],
        row["agent_value"],
        row["by_value"],
        None if row["evidence"] is None else EvidenceOf(row["evidence"]),
        row["consent_at"],
        row["confirmed_at"],
        row["purchase_at"],
    )


_ACTS = {act.value: act for act in Act}
_HOWS = {how.value: how for how in How}
_BASES: dict[str | None, Basis | None] = {None: None, **{one.value: one for one in Basis}}

"""Messages as they came, each once, and what was made of them.

A message is committed before anything is made of it, so that a crash in between loses
nothing; and what was made of it is committed together with the mark that says so, so that
nothing is done twice.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from mailer.model.delivery import CauseKind
from mailer.model.verdict import Earlier, Effect, Verdict
from mailer.store.inserting import inserting
from mailer.store.tables import DeliveryRow, IncomingRow, VerdictRow, table

_incoming = table(IncomingRow)
_verdict = table(VerdictRow)
_delivery = table(DeliveryRow)


@dataclass(frozen=True, slots=True)
class Unsorted:
    """A message of which nothing was made yet.

    Args:
        mailbox: The mailbox that it was read from, or "".
    """

    id: int
    raw: bytes
    received_at: datetime
    channel: str = ""
    mailbox: str = ""


@dataclass(frozen=True, slots=True)
class Concern:
    """The delivery that a message is about."""

    id: int
    contact_id: int | None
    hash: bytes
    address: str
    cause_kind: str
    cause_id: int
    relay: str
    list_id: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict on record, with the letter that it is about."""

    id: int
    incoming_id: int | None
    delivery_id: int
    cause_kind: str
    cause_id: int
    address: str
    relay: str
    notice: str
    reason: str
    hard: bool
    status: str
    said: str
    effect: Effect
    words: str
    at: datetime
    undone_at: datetime | None
    provider: str = ""


def keep(
    connection: Connection,
    raw: bytes,
    channel: str,
    now: datetime,
    *,
    mailbox: str | None = None,
) -> tuple[int, bool]:
    """Keep a message unless it is here already.

    Args:
        channel: By which way it came: `pipe`, `lmtp`, `smtp`, `imap`, `maildir`.
        mailbox: The mailbox that it was read from, by its name in the settings.

    Returns:
        Its number, and whether it is new.
    """
    digest = hashlib.sha256(raw).digest()
    made = connection.execute(
        inserting(connection, _incoming)
        .values(digest=digest, channel=channel, received_at=now, raw=raw, mailbox=mailbox)
        .on_conflict_do_nothing(index_elements=["digest"])
        .returning(_incoming.c.id)
    ).scalar_one_or_none()
    if made is not None:
        return int(made), True
    here = select(_incoming.c.id).where(_incoming.c.digest == digest)
    return int(connection.execute(here).scalar_one()), False


def unsorted(connection: Connection, after: int, limit: int) -> list[Unsorted]:
    """Return messages of which nothing was made yet, oldest first, from a number on."""
    column = _incoming.c
    rows = connection.execute(
        select(column.id, column.raw, column.received_at, column.channel, column.mailbox)
        .where(column.sorted_at.is_(None), column.id > after)
        .order_by(column.id)
        .limit(limit)
    )
    return [
        Unsorted(row.id, bytes(row.raw), row.received_at, row.channel, row.mailbox or "")
        for row in rows
    ]


def mark_sorted(
    connection: Connection, incoming_id: int, kind: str, because: str, now: datetime
) -> bool:
    """Note what a message is; False when somebody else has done it in the meantime."""
    changed = connection.execute(
        update(_incoming)
        .where(_incoming.c.id == incoming_id, _incoming.c.sorted_at.is_(None))
        .values(kind=kind, because=because, sorted_at=now)
    )
    return changed.rowcount == 1


def note_answer(connection: Connection, incoming_id: int, delivery_id: int) -> None:
    """Note which letter of ours a message answers."""
    connection.execute(
        update(_incoming)
        .where(_incoming.c.id == incoming_id)
        .values(answers_id=delivery_id)
    )


def answered_letters(connection: Connection, campaign_id: int) -> int:
    """Count the letters of a campaign that people answered, each once."""
    return int(
        connection.execute(
            select(func.count(func.distinct(_incoming.c.answers_id)))
            .join(_delivery, _delivery.c.id == _incoming.c.answers_id)
            .where(
                _incoming.c.answers_id.is_not(None) & (_incoming.c.kind == "human"),
                _delivery.c.cause_kind == CauseKind.CAMPAIGN.value,
                _delivery.c.cause_id == campaign_id,
            )
        ).scalar_one()
    )


def concern(connection: Connection, delivery_id: int) -> Concern | None:
    """Return the delivery that a message is about; None when it is not kept any more."""
    row = connection.execute(
        select(_delivery).where(_delivery.c.id == delivery_id)
    ).one_or_none()
    return None if row is None else concern_of(row)


def concern_of(row: Any) -> Concern:
    """Return the delivery that a row of its table is."""
    return Concern(
        row.id, row.contact_id, bytes(row.hash), row.address, row.cause_kind, row.cause_id,
        row.relay or "", row.list_id or "",
    )  # fmt: skip


def whose(about: Concern) -> ColumnElement[bool]:
    """Return what says that a delivery is to the same person, or to the same address."""
    # A hash changes with each new key, a contact's number never.
    if about.contact_id is None:
        return _delivery.c.hash == about.hash
    return and_(
        _delivery.c.contact_id.is_not(None), _delivery.c.contact_id == about.contact_id
    )


def earlier(connection: Connection, about: Concern, since: datetime) -> list[Earlier]:
    """Return the bounces of an address since a moment, oldest first."""
    rows = connection.execute(
        select(_verdict.c.at, _verdict.c.reason, _verdict.c.points, _delivery.c.cause_id)
        .join(_delivery, _delivery.c.id == _verdict.c.delivery_id)
        .where(
            whose(about),
            _verdict.c.at >= since,
            _verdict.c.notice == "bounce",
            _verdict.c.undone_at.is_(None),
        )
        .order_by(_verdict.c.id)
    )
    return [Earlier(row.at, row.reason, row.points, row.cause_id) for row in rows]


def record(
    connection: Connection,
    incoming_id: int | None,
    about: Concern,
    facts: dict[str, Any],
    verdict: Verdict,
    now: datetime,
) -> None:
    """Put a verdict on record.

    Args:
        incoming_id: The message that says so; None for an answer while we spoke.
        facts: `notice`, `reason`, `hard`, `status` and `said`.
    """
    connection.execute(
        insert(_verdict).values(
            incoming_id=incoming_id,
            delivery_id=about.id,
            effect=verdict.effect.value,
            points=verdict.points,
            words=verdict.words,
            at=now,
            **facts,
        )
    )


NOTHING_ELSE: Mapping[str, str] = MappingProxyType({})
_judged = select(
    _verdict,
    _delivery.c.cause_kind,
    _delivery.c.cause_id,
    _delivery.c.address,
    _delivery.c.relay,
    _delivery.c.provider,
).join(_delivery, _delivery.c.id == _verdict.c.delivery_id)


def newest(
    connection: Connection, limit: int, only: Mapping[str, str] = NOTHING_ELSE
) -> list[Judged]:
    """Return the latest verdicts, the newest first.

    Args:
        only: Those of a `reason`, `relay`, `campaign` (by its number) or `provider`, which
            is a provider's name or a domain.
    """
    query = _judged
    for name, value in only.items():
        query = query.where(_is(name, value))
    rows = connection.execute(query.order_by(_verdict.c.id.desc()).limit(limit))
    return [_of(row) for row in rows]


def _is(name: str, value: str) -> ColumnElement[bool]:
    if name == "campaign":
        campaigns = _delivery.c.cause_kind == CauseKind.CAMPAIGN.value
        return and_(campaigns, _delivery.c.cause_id == int(value))
    if name == "provider":
        at_domain = func.lower(_delivery.c.address).endswith(
            f"@{value.lower()}", autoescape=True
        )
        return or_(_delivery.c.provider == value, at_domain)
    return (_verdict.c.reason if name == "reason" else _delivery.c.relay) == value


def of_delivery(connection: Connection, delivery_id: int) -> list[Judged]:
    """Return the verdicts about one letter, oldest first."""
    rows = connection.execute(
        _judged.where(_verdict.c.delivery_id == delivery_id).order_by(_verdict.c.id)
    )
    return [_of(row) for row in rows]


def bounces(connection: Connection, since: datetime) -> list[Judged]:
    """Return all verdicts since a moment."""
    rows = connection.execute(_judged.where(_verdict.c.at >= since).order_by(_verdict.c.id))
    return [_of(row) for row in rows]


def _of(row: Any) -> Judged:
    return Judged(
        row.id, row.incoming_id, row.delivery_id, row.cause_kind, row.cause_id, row.address,
        row.relay or "", row.notice, row.reason, bool(row.hard), row.status, row.said,
        Effect(row.effect), row.words, row.at, row.undone_at, row.provider,
    )  # fmt: skip


def verdict_of(connection: Connection, verdict_id: int) -> Judged | None:
    """Return one verdict."""
    row = connection.execute(_judged.where(_verdict.c.id == verdict_id)).one_or_none()
    return None if row is None else _of(row)

"""What servers answered when they refused a letter, in the order in which they did."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from mailer.model.delivery import DeliveryState
from mailer.model.outcome import Stage
from mailer.store.incoming import Concern, concern_of
from mailer.store.noes import mark, pass_mark
from mailer.store.tables import AttemptRow, DeliveryRow, table

_attempt = table(AttemptRow)
_delivery = table(DeliveryRow)
_MARK = "refused_answers"
_REFUSALS_FROM = 500


@dataclass(frozen=True, slots=True)
class RefusedAnswer:
    """One answer that ended a letter.

    Args:
        id: Of the attempt.
        enhanced: The enhanced status code, or "".
    """

    id: int
    concern: Concern
    stage: Stage
    code: int
    enhanced: str
    words: str


def answers(
    connection: Connection, since: datetime, until: datetime, limit: int
) -> list[RefusedAnswer]:
    """Return the next answers of which nothing was made yet, oldest first.

    What we refused ourselves (a size, an address) is none, nor what was rehearsed.
    """
    rows = connection.execute(
        select(
            _delivery,
            _attempt.c.id.label("attempt_id"),
            _attempt.c.stage.label("after"),
            _attempt.c.code.label("code"),
            _attempt.c.enhanced.label("enhanced"),
            _attempt.c.words.label("said"),
        )
        .join(_delivery, _delivery.c.id == _attempt.c.delivery_id)
        .where(
            _attempt.c.id > (mark(connection, _MARK) or 0),
            _attempt.c.at > since,
            _attempt.c.at <= until,
            _attempt.c.outcome == DeliveryState.REFUSED.value,
            _attempt.c.code >= _REFUSALS_FROM,
            _delivery.c.address != "",
            _delivery.c.rehearsal.is_(False),
        )
        .order_by(_attempt.c.id)
        .limit(limit)
    )
    return [
        RefusedAnswer(
            row.attempt_id, concern_of(row), Stage(row.after), row.code, row.enhanced,
            row.said,
        )
        for row in rows
    ]  # fmt: skip


def pass_by(connection: Connection, attempt_id: int) -> bool:
    """Note that something was made of an answer; False when somebody else just did."""
    return pass_mark(connection, _MARK, attempt_id, attempt_id - 1)


def behind(connection: Connection, until: datetime) -> int | None:
    """Return the last answer before any that is later than a moment; None for none."""
    before = mark(connection, _MARK) or 0
    newer = _attempt.c.id > before
    first_later = (
        select(func.min(_attempt.c.id))
        .where(newer, _attempt.c.at > until)
        .scalar_subquery()
    )
    return connection.execute(
        select(func.max(_attempt.c.id)).where(
            newer, or_(first_later.is_(None), _attempt.c.id < first_later)
        )
    ).scalar()

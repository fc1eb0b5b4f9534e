"""Which day it is for each contact, and when it began, in SQL.

A statement cannot ask a calendar, so it is told: for each zone whose answer differs from
the fallback's, that answer. At any moment there are at most three different days on earth.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    false,
    func,
    literal,
    not_,
    or_,
    true,
)

from mailer.model.evaluate import month_days
from mailer.model.rule import Day, Operator, Today
from mailer.model.zone import by_answer, day_begins, later, today
from mailer.store.columns import Instant
from mailer.store.stored import Expression, Stored, contact

Answer = TypeVar("Answer", bound=Hashable)


@dataclass(frozen=True, slots=True)
class _Answers(Generic[Answer]):
    """The fallback's answer, and the others with the names of their zones."""

    usual: Answer
    others: dict[Answer, list[str]]


class Days:
    """The days of all contacts at one moment.

    Args:
        zone: The zone that counts where a contact's own is missing or unknown.
    """

    def __init__(self, now: datetime, zone: str, stored: Stored) -> None:
        self._now = now
        self._zone = zone
        self._stored = stored

    def text(self, day: Today) -> Expression:
        """Return the contact's day as `YYYY-MM-DD`."""
        answers = self._answers(lambda zone: self._day(day, zone).isoformat())
        return self._stored.text(self._chosen(answers, literal))

    def anniversary(self, text: Expression, ahead_days: int) -> Expression:
        """Return whether the month and day of a date come round; NULL without a date."""
        day = Today(ahead_days)
        answers = self._answers(lambda zone: month_days(self._day(day, zone)))
        return self._chosen(answers, func.substr(text, 6).in_)

    def created(self, compared: Operator, day: Day | Today) -> ColumnElement[bool]:
        """Compare the day on which we came to know the contact with another."""
        begun, over = self._created_since(day, 0), self._created_since(day, 1)
        return {
            Operator.EQ: and_(begun, not_(over)),
            Operator.NE: or_(not_(begun), over),
            Operator.LT: not_(begun),
            Operator.LE: not_(over),
            Operator.GT: over,
            Operator.GE: begun,
        }[compared]

    def _created_since(self, day: Day | Today, days_later: int) -> ColumnElement[bool]:
        """Return whether a day had begun for the contact when we came to know them."""

        def begins(zone: ZoneInfo) -> datetime:
            return day_begins(later(self._day(day, zone), days_later), zone)

        answers = self._answers(begins)
        moments = [answers.usual, *answers.others]
        created = contact.c.created_at
        # Only within a day or so does the zone make a difference, and is looked at.
        return case(
            (created >= literal(max(moments), Instant()), true()),
            (created < literal(min(moments), Instant()), false()),
            else_=created >= self._chosen(answers, lambda at: literal(at, Instant())),
        )

    def _day(self, day: Day | Today, zone: ZoneInfo) -> date:
        if isinstance(day, Day):
            return date.fromisoformat(day.iso)
        return later(today(self._now, zone), day.shift_days)

    def _answers(self, ask: Callable[[ZoneInfo], Answer]) -> _Answers[Answer]:
        return _Answers(ask(ZoneInfo(self._zone)), by_answer(ask, self._zone))

    def _chosen(
        self, answers: _Answers[Answer], make: Callable[[Answer], Expression]
    ) -> Expression:
        """Return what the answer makes for the contact's zone."""
        usual = make(answers.usual)
        if not answers.others:
            return usual
        return case(
            *(
                (self._stored.in_zone(zones), make(answer))
                for answer, zones in answers.others.items()
            ),
            else_=usual,
        )

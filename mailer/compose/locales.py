"""Days, times, numbers and money as a language writes them: four filters.

Babel knows how (Unicode's CLDR). A value that comes again is formatted once, because that
takes longer than composing a whole letter.
"""

import copy
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import get_currency_precision, is_currency

from mailer.compose.bounded import text_of
from mailer.compose.languages import locale_of

NAMES = frozenset({"date", "money", "number", "time"})
"""What templates call them. `mailer.compose.localising` writes the language into calls."""

_REMEMBERED = 20_000
_TOUCHING = re.compile(r"([^\W\d_])(\d)")
_LENGTHS = ("short", "medium", "long", "full")
_PATTERN_MAX = 100
_PATTERN = re.compile(r"(?:'[^']*'|[GyMLEdDHhKkmsaQwWezvVZXx]|[^A-Za-z'])+")
_DECIMALS_MAX = 9

_Length = Literal["short", "medium", "long", "full"]


def _date(value: object, language: str, zone: str, format: str = "long") -> str:
    """Write a day; of a moment, the day that it is where the person lives."""
    return _date_text(str(text_of(value)), language, zone, format)


def _time(value: object, language: str, zone: str, format: str = "short") -> str:
    """Write the time of day of a moment, as the clock shows it where the person lives."""
    return _time_text(str(text_of(value)), language, zone, format)


def _number(value: object, language: str, decimals: object = None) -> str:
    """Write a number."""
    return _number_text(_decimal(value), language, _checked(decimals))


def _money(value: object, language: str, currency: str, decimals: object = None) -> str:
    """Write an amount of money: a whole one without decimals, unless they are asked for."""
    return _money_text(_decimal(value), language, str(currency), _checked(decimals))


FILTERS: dict[str, Callable[..., Any]] = {
    "_date": _date,
    "_money": _money,
    "_number": _number,
    "_time": _time,
}


@lru_cache(_REMEMBERED)
def _date_text(value: str, language: str, zone: str, format: str) -> str:
    day: date = _moment(value, zone) if ":" in value else _day(value)
    _check_format(format)
    return format_date(day, cast("_Length", format), _locale(language))


@lru_cache(_REMEMBERED)
def _time_text(value: str, language: str, zone: str, format: str) -> str:
    if ":" not in value:
        raise ValueError(
            f"{value!r} has no time of day: write it like 2026-12-24T18:00+01:00"
        )
    _check_format(format)
    moment = _moment(value, zone)
    return format_time(moment.time(), cast("_Length", format), None, _locale(language))


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is no day: write it like 2026-12-24") from None


def _moment(value: str, zone: str) -> datetime:
    """Read a moment; without an offset it is shown as it is written."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(
            f"{value!r} is no moment: write it like 2026-12-24T18:00+01:00"
        ) from None
    if moment.tzinfo is None or not zone:
        return moment
    try:
        return moment.astimezone(ZoneInfo(zone))
    except (ValueError, OSError, KeyError):
        # A zone that nobody knows counts as none, as everywhere.
        return moment


def _check_format(format: str) -> None:
    if format in _LENGTHS or (len(format) <= _PATTERN_MAX and _PATTERN.fullmatch(format)):
        return
    raise ValueError(
        f"{format!r} is no way to write a date: say {', '.join(_LENGTHS)}, or a pattern"
        " such as 'd. MMMM' or 'EEEE'"
    )


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        # What is missing says so by itself.
        raise TypeError(f"{text_of(value)!r} is no number")
    try:
        found = Decimal(str(value))
    except ArithmeticError:
        raise ValueError(f"{str(value)[:40]!r} is no number") from None
    if not found.is_finite() or abs(found) >= 10**18:
        raise ValueError(f"{str(value)[:40]} is no number that anybody could read")
    return found


def _checked(decimals: object) -> int | None:
    if decimals is None:
        return None
    if type(decimals) is not int or not 0 <= decimals <= _DECIMALS_MAX:
        raise ValueError(f"decimals go from 0 to {_DECIMALS_MAX}, and are no {decimals!r}")
    return decimals


@lru_cache(_REMEMBERED)
def _number_text(value: Decimal, language: str, decimals: int | None) -> str:
    locale = _locale(language)
    if decimals is None:
        return str(locale.decimal_formats[None].apply(value, locale))
    return _with_decimals(locale.decimal_formats[None], value, locale, decimals, None)


@lru_cache(_REMEMBERED)
def _money_text(value: Decimal, language: str, currency: str, decimals: int | None) -> str:
    if not is_currency(currency):
        raise ValueError(
            f"{currency[:40]!r} is no currency: write its code, such as EUR or NOK"
        )
    locale = _locale(language)
    if decimals is None:
        decimals = get_currency_precision(currency)
        if value == value.to_integral_value():
            decimals = 0
    pattern = locale.currency_formats["standard"]
    found = _with_decimals(pattern, value, locale, decimals, currency)
    # CLDR wants a space between letters and digits; Babel does not put it there.
    return _TOUCHING.sub("\\1\xa0\\2", found)


def _with_decimals(
    pattern: Any, value: Decimal, locale: Locale, decimals: int, currency: str | None
) -> str:
    pattern = copy.copy(pattern)
    pattern.frac_prec = (decimals, decimals)
    # As a till rounds; Babel alone would round to the even neighbour.
    rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return str(pattern.apply(rounded, locale, currency=currency, currency_digits=False))


@lru_cache(256)
def _locale(language: str) -> Locale:
    return locale_of(language)

"""Filters that could make much out of little, each counted before it makes anything."""

import re
from collections.abc import Callable, Iterable, Sized
from typing import Any, cast
from urllib.parse import quote

from jinja2 import Undefined, filters, pass_context
from jinja2.runtime import Context, markup_join, str_join

from mailer.compose.limits import Budget

Function = Callable[..., Any]

_PLAIN = (str, int, float, Undefined)
_COUNTABLE = (dict, list, str, tuple)
_SMALL = 256
"""What is shorter is not worth counting."""

_ESCAPED = 5
"""How many characters one becomes at most when it is escaped."""

_WIDTH_MAX = 1_000
_SPEC = re.compile(
    r"%(?:\([^)]*\))?[#0\- +]*(?P<width>\*|[0-9]+)?(?:\.(?P<precise>\*|[0-9]+))?"
)


class BudgetContext(Context):
    """Jinja's context, with what is left of the letter's budget."""

    budget: Budget

    def fresh(self, names: dict[str, Any], budget: Budget) -> "BudgetContext":
        """Make a context for other names, in a third of the time that Jinja takes.

        What says how to escape is shared: no template of ours may change it.
        """
        found = object.__new__(BudgetContext)
        found.__dict__.update(self.__dict__)
        found.parent, found.vars, found.exported_vars = names, {}, set()
        found.budget = budget
        return found

    def derived(self, locals: dict[str, Any] | None = None) -> "BudgetContext":
        """Make Jinja's context for a call inside a loop; the budget stays the same."""
        found = cast("BudgetContext", super().derived(locals))
        found.budget = self.budget
        return found


def plain(value: object) -> object:
    """Return a text or number as it is; a missing value is passed on.

    Raises:
        TypeError: when it is anything else.
    """
    if isinstance(value, _PLAIN):
        return value
    if value is None:
        raise TypeError("there is nothing to print here (none)")
    raise TypeError("a list is no text: print it with |join(', '), or loop over it")


def text_of(value: object) -> str:
    """Return a text or number as text; escaped text stays escaped."""
    value = plain(value)
    return value if isinstance(value, str) else str(value)


def charged(function: Function, first: str = "") -> Function:
    """Return a filter for which what goes in and comes out is counted.

    Args:
        first: What Jinja's filter wants before the value: "environment" or "".
    """

    @pass_context
    def charged(context: BudgetContext, value: Any, *args: Any, **kwargs: Any) -> Any:
        _charge(context.budget, value)
        before = (getattr(context, first),) if first else ()
        found = function(*before, value, *args, **kwargs)
        _charge(context.budget, found)
        return found

    return charged


def _charge(budget: Budget, value: object) -> None:
    if isinstance(value, _COUNTABLE):
        size = len(cast("Sized", value))
        if size > _SMALL:
            budget.make(size)


def of_text(function: Function, first: str = "") -> Function:
    """Return a filter of a text, counted."""

    def of_text(*args: Any, **kwargs: Any) -> Any:
        place = 1 if first else 0
        before, rest = args[:place], args[place + 1 :]
        return function(*before, text_of(args[place]), *rest, **kwargs)

    return charged(of_text, first)


def items_of(value: Iterable[Any]) -> list[Any]:
    """Return what can be looped over as a list."""
    return value if isinstance(value, list) else list(value)


@pass_context
def replace(
    context: BudgetContext, value: object, old: str, new: str, count: int | None = None
) -> str:
    """Put one text in the place of another."""
    text, old, new = text_of(value), text_of(old), text_of(new)
    places = text.count(old) + 1
    context.budget.make(_ESCAPED * (len(text) + places * len(new)))
    return filters.do_replace(context.eval_ctx, text, old, new, count)


@pass_context
def center(context: BudgetContext, value: object, width: int = 80) -> str:
    """Put spaces around a text."""
    context.budget.make(int(width))
    return filters.do_center(text_of(value), width)


@pass_context
def indent(
    context: BudgetContext, value: object, width: int | str = 4, *more: bool, **named: bool
) -> str:
    """Put something before each line."""
    text = text_of(value)
    step = len(width) if isinstance(width, str) else int(width)
    context.budget.make(_ESCAPED * (len(text) + step * (text.count("\n") + 1)))
    return filters.do_indent(text, width, *more, **named)


@pass_context
def wordwrap(context: BudgetContext, value: object, width: int = 79) -> str:
    """Break long lines."""
    text = text_of(value)
    context.budget.make(2 * len(text))
    return filters.do_wordwrap(context.environment, text, max(1, int(width)))


@pass_context
def join(context: BudgetContext, value: Iterable[object], between: str = "") -> str:
    """Put texts together."""
    parts: list[str] = []
    step = len(text_of(between))
    for one in value:
        # One by one, so that the size is known before they are put together.
        part = text_of(one)
        context.budget.make(len(part) + step)
        parts.append(part)
    return filters.sync_do_join(context.eval_ctx, parts, between)


@pass_context
def joined(context: BudgetContext, value: list[object]) -> str:
    """Do what `~` does."""
    parts = [text_of(one) for one in value]
    context.budget.make(sum(len(one) for one in parts if len(one) > _SMALL))
    return markup_join(parts) if context.eval_ctx.autoescape else str_join(parts)


@pass_context
def format_pattern(context: BudgetContext, value: object, *args: Any, **kwargs: Any) -> str:
    """Put values into a pattern such as `%.2f`."""
    text = text_of(value)
    check_format(context.budget, text, kwargs or args)
    return filters.do_format(text, *args, **kwargs)


def check_format(budget: Budget, text: str, given: Any) -> None:
    """Count what a `%` pattern makes before it is made; refuse a width from a value.

    Args:
        given: One value, a tuple of values, or a dictionary of them.
    """
    widths = 0
    for spec in _SPEC.finditer(text):
        for part in (spec["width"] or "0", spec["precise"] or "0"):
            if part == "*" or int(part[:9]) > _WIDTH_MAX:
                raise ValueError(f"a width in {spec[0]!r} may be at most {_WIDTH_MAX}")
            widths += int(part)
    if isinstance(given, dict):
        values = list(cast("dict[str, object]", given).values())
    else:
        values = list(
            cast("tuple[object, ...]", given if isinstance(given, tuple) else (given,))
        )
    longest = max([0, *(len(text_of(value)) for value in values)])
    budget.make(_ESCAPED * (len(text) + widths + longest * text.count("%")))


def _fill(value: object) -> object | None:
    """Return what fills gaps; nothing does when it is an empty text."""
    return None if plain(value) == "" else value


@pass_context
def batch(
    context: BudgetContext, value: Iterable[Any], size: int, fill: object = ""
) -> list[list[Any]]:
    """Cut a list into lists of a size."""
    items = items_of(value)
    context.budget.make(len(items) + max(0, int(size)))
    return list(filters.do_batch(items, max(1, int(size)), _fill(fill)))


@pass_context
def slices(
    context: BudgetContext, value: Iterable[Any], count: int, fill: object = ""
) -> list[list[Any]]:
    """Cut a list into so many lists."""
    items = items_of(value)
    context.budget.make(len(items) + 2 * max(0, int(count)))
    found = filters.sync_do_slice(items, max(1, int(count)), _fill(fill))
    return [list(one) for one in found]


@pass_context
def turns(context: BudgetContext, value: Any, size: int) -> Any:
    """Count the turns of a loop before the first.

    Args:
        size: How many literal characters one turn prints.
    """
    if isinstance(value, range):
        # They were counted when they were made.
        count = len(value)
    else:
        if isinstance(value, _COUNTABLE):
            context.budget.step(len(cast("Sized", value)))
        value = items_of(cast("Iterable[Any]", value))
        count = len(value)
    context.budget.make(count * size)
    return value


@pass_context
def made(context: BudgetContext, value: object) -> object:
    """Count a value that goes into a `{% set %}` block."""
    context.budget.make(len(value) if isinstance(value, str) else 8)
    return value


@pass_context
def count_out(context: BudgetContext, *args: int) -> range:
    """Count numbers out, as turns of a loop: what `range()` does."""
    found = range(*args)
    context.budget.step(len(found))
    return found


def split(value: object, separator: str | None = None) -> list[str]:
    """Cut a text into its words, or where the separator is."""
    return str(text_of(value)).split(separator)


def in_reverse(value: Any) -> Any:
    """Turn a text or list round."""
    return value[::-1] if isinstance(value, str) else items_of(value)[::-1]


def unique(environment: Any, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
    """Leave out what is there already."""
    found = cast(
        "Iterable[Any]", filters.sync_do_unique(environment, value, *args, **kwargs)
    )
    return list(found)


def quoted(value: object) -> str:
    """Quote a value so that it stays one value inside a link, whatever it holds."""
    return quote(str(text_of(value)).encode(errors="replace"), safe="/")

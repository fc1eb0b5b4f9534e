"""How templates compare: as segments do.

A comparison with a missing or differently typed value is false, and `not` of it true; texts
compare by code point. So a condition means the same in a segment and in a letter.
"""

from collections.abc import Callable, Sized
from typing import Any, cast

from jinja2 import Undefined, pass_context

from mailer.compose.bounded import BudgetContext

_SMALL = 256

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: bool(left == right),
    "ne": lambda left, right: bool(left != right),
    "gt": lambda left, right: bool(left > right),
    "gteq": lambda left, right: bool(left >= right),
    "lt": lambda left, right: bool(left < right),
    "lteq": lambda left, right: bool(left <= right),
}


@pass_context
def compared(context: BudgetContext, left: Any, operator: str, right: Any) -> bool:
    """Compare two values.

    Args:
        operator: Jinja's word for it, such as "gteq".
    """
    compare = _OPERATORS.get(operator)
    if compare is not None:
        return _same_type(left, right) and compare(left, right)
    if _is_long(right):
        context.budget.make(len(right))
    return _is_in(left, right) is (operator == "in")


def _is_long(value: Any) -> bool:
    return isinstance(value, list) and len(cast("Sized", value)) > _SMALL


def _type(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else ""


def _same_type(left: object, right: object) -> bool:
    return bool(_type(left)) and _type(left) == _type(right)


def _is_in(item: object, container: object) -> bool:
    if isinstance(container, str):
        return isinstance(item, str) and item in container
    if isinstance(container, list | tuple | dict):
        items = cast("list[object]", container)
        return any(_same_type(item, one) and item == one for one in items)
    return False


def is_known(value: object) -> bool:
    """Whether a value is there."""
    return value is not None and not isinstance(value, Undefined)


def _is_missing(value: object) -> bool:
    return not is_known(value)


def _is_number(value: object) -> bool:
    return _type(value) == "number"


def _is_divisible_by(value: Any, by: Any) -> bool:
    return bool(value % by == 0)


def _is_even(value: Any) -> bool:
    return _is_divisible_by(value, 2)


def _is_odd(value: Any) -> bool:
    return not _is_even(value)


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def _is_string(value: object) -> bool:
    return isinstance(value, str)


TESTS: dict[str, Callable[..., bool]] = {
    "boolean": _is_boolean,
    "defined": is_known,
    "divisibleby": _is_divisible_by,
    "even": _is_even,
    "none": _is_missing,
    "number": _is_number,
    "odd": _is_odd,
    "string": _is_string,
    "undefined": _is_missing,
}
"""All tests that a template may use."""

"""How large a rule may be, so that a database answers it as quickly as people expect."""

from mailer.errors import ExpressionError
from mailer.model.rule import Compare, Created, Leaf, OneOf, Rule, leaves

MAX_LEAVES = 200
MAX_CREATED = 20
"""Each comparison with `created` asks every time zone on earth when a day begins."""


def measure(rule: Rule, where: str) -> None:
    """Refuse a rule that is too large.

    Raises:
        ExpressionError: says what to write instead.
    """
    parts = tuple(leaves(rule))
    count, created = len(parts), sum(map(_created, parts))
    if count > MAX_LEAVES:
        raise ExpressionError(
            f"{where}: {count} conditions are more than {MAX_LEAVES}:"
            " write name in ['a', 'b'] instead of many comparisons"
        )
    if created > MAX_CREATED:
        raise ExpressionError(
            f"{where}: created is compared {created} times, and more than {MAX_CREATED}"
            " times would be slow: write '2026-01-01' <= created <= '2026-12-31'"
        )


def _created(leaf: Leaf) -> int:
    match leaf:
        case Compare(Created(), _, _) | Compare(_, _, Created()):
            return 1
        case OneOf(Created(), values):
            return len(values)
        case _:
            return 0

"""Whom a campaign's content is for: its rule and the values it needs, ready to be asked."""

from collections.abc import Collection
from datetime import datetime

from mailer.jobs.frozen import Frozen
from mailer.model.expression import parse
from mailer.model.operands import BUILT_IN
from mailer.model.rule import Known, Name, Rule
from mailer.store.audience import Audience


def audience_of(
    content: Frozen, at: datetime, up_to: int | None, zone: str, *, ask_needs: bool
) -> Audience:
    """Return the audience of a campaign's content.

    Args:
        at: The moment at which the rule's words about time are read.
        up_to: The last contact that there was at the start; None before it.
        ask_needs: Tell those who lack a value from the others.

    Raises:
        ExpressionError: when the rule names what nobody has.
    """
    return Audience(
        list_id=content.mailing_list.id,
        words_floor=content.mailing_list.words_floor,
        kind=content.source.kind,
        rule=rule_of(content),
        needs=_needs(content) if ask_needs else (),
        at=at,
        up_to=up_to,
        zone=zone,
    )


def rule_of(content: Frozen, lists: Collection[str] | None = None) -> Rule | None:
    """Return the segment's rule, None for everyone on the list.

    Args:
        lists: The ids of all lists, to find a wrong one in the rule; None to take any.

    Raises:
        ExpressionError: names the place and the nearest right name.
    """
    if not content.rule:
        return None
    where = f"lists/{content.mailing_list.name}.toml, segment {content.segment}"
    return parse(content.rule, content.specs, where, lists)


def _needs(content: Frozen) -> tuple[Name, ...]:
    """Return the values as a rule would ask for them; the rest every letter has."""
    asked = [name for name in content.needs if name in content.specs or name in BUILT_IN]
    rules = [parse(f"{name} is defined", content.specs, name) for name in asked]
    return tuple(rule.name for rule in rules if isinstance(rule, Known))

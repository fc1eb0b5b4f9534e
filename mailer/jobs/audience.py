"""Whom a campaign's content is for: rules, exclusions and values needed, to be asked."""

from collections.abc import Collection
from datetime import datetime

from mailer.jobs.frozen import Frozen, FrozenExclusion, FrozenTarget
from mailer.model.expression import parse
from mailer.model.operands import BUILT_IN
from mailer.model.rule import And, Known, Member, Name, Rule
from mailer.store.audience import Audience, Exclusion


def audiences_of(
    content: Frozen,
    at: datetime,
    up_to: int | None,
    zone: str,
    *,
    ask_needs: bool,
    rehearsed: bool = False,
) -> tuple[Audience, ...]:
    """Return the audiences of a campaign's content, one for each of its targets, in order.

    Args:
        at: The moment at which the rules' words about time are read.
        up_to: The last contact that there was at the start; None before it.
        ask_needs: Tell those who lack a value from the others.
        rehearsed: It is for a rehearsal: letters of others count as received.

    Raises:
        ExpressionError: when a rule names what nobody has.
    """
    found: list[Audience] = []
    for target in content.targets:
        found.append(
            Audience(
                list_id=target.mailing_list.id,
                words_floor=target.mailing_list.words_floor,
                kind=content.source.kind,
                rule=rule_of(content, target),
                needs=_needs(content) if ask_needs else (),
                at=at,
                up_to=up_to,
                zone=zone,
                exclude=tuple(exclusion_of(content, one) for one in content.exclude),
                earlier=tuple(found),
                name=str(target),
                rehearsed=rehearsed,
                topics=content.topics,
            )
        )
    return tuple(found)


def rule_of(
    content: Frozen, target: FrozenTarget, lists: Collection[str] | None = None
) -> Rule | None:
    """Return a target's rule, None for everyone on the list.

    Args:
        lists: The ids of all lists, to find a wrong one in the rule; None to take any.

    Raises:
        ExpressionError: names the place and the nearest right name.
    """
    if not target.rule:
        return None
    where = f"lists/{target.mailing_list.name}.toml, segment {target.segment}"
    return parse(target.rule, content.specs, where if target.segment else "the rule", lists)


def exclusion_of(
    content: Frozen, one: FrozenExclusion, lists: Collection[str] | None = None
) -> Exclusion:
    """Return an exclusion, ready to be asked.

    Raises:
        ExpressionError: names the place and the nearest right name.
    """
    rule: Rule | None = None
    if one.list_id is not None:
        rule = Member(one.list_id)
        if one.rule:
            picks = parse(one.rule, content.specs, f"the excluded {one.name}", lists)
            rule = And((rule, picks))
    return Exclusion(one.name, rule, one.campaigns, one.whatever_came)


def _needs(content: Frozen) -> tuple[Name, ...]:
    """Return the values as a rule would ask for them; the rest every letter has."""
    asked = [name for name in content.needs if name in content.specs or name in BUILT_IN]
    rules = [parse(f"{name} is defined", content.specs, name) for name in asked]
    return tuple(rule.name for rule in rules if isinstance(rule, Known))

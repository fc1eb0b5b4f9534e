"""What a letter prints as it is: looked up by name, where Jinja would be run for it.

Most of what is personal in a letter is a name, a fallback for it, or a condition on one.
Here these are told from what has to be run, with the same result byte by byte.
"""

from collections.abc import Sequence

from jinja2 import nodes

from mailer.compose.names import free_names, targets
from mailer.compose.tree import (
    DEFINITIONS,
    Nodes,
    everything,
    printed,
    rebuilt,
)

_FALLBACKS = frozenset({"d", "default"})


def without_unused(body: Nodes) -> Nodes:
    """Drop definitions that nothing uses (any more)."""
    while True:
        used = {
            one.name
            for one in everything(body)
            if isinstance(one, nodes.Name) and one.ctx == "load"
        }
        kept = _kept(body, used)
        if sum(1 for _ in everything(kept)) == sum(1 for _ in everything(body)):
            return kept
        body = kept


def _kept(body: Nodes, used: set[str]) -> Nodes:
    return [
        rebuilt(node, lambda inner: _kept(inner, used))
        for node in body
        if not isinstance(node, DEFINITIONS) or used.intersection(targets(node.target))
    ]


def in_place(body: Nodes) -> Nodes:
    """Put what a `{% set %}` block holds where it is printed, if it would be the same."""
    for node in tuple(body):
        if not isinstance(node, nodes.AssignBlock) or node.filter is not None:
            continue
        # What is set inside of a block ends with it; elsewhere it would go on.
        if any(isinstance(one, DEFINITIONS) for one in everything(node.body)):
            continue
        (name,) = targets(node.target)
        behind = 1 + next(at for at, one in enumerate(body) if one is node)
        fixed = {name, *free_names(*node.body)}
        if set_names(body, but=node).isdisjoint(fixed) and not _has(body[:behind], name):
            rest = _printed_in_place(body[behind:], name, node.body)
            body = [*body[:behind], *rest]
    return without_unused(body)


def _has(body: Nodes, name: str) -> bool:
    found = (one for one in everything(body) if isinstance(one, nodes.Name))
    return any(one.name == name and one.ctx == "load" for one in found)


def _printed_in_place(body: Nodes, name: str, held: Nodes) -> Nodes:
    found: Nodes = []
    for node in body:
        if named(node) == name:
            found += held
        elif isinstance(node, nodes.If):
            found.append(rebuilt(node, lambda inner: _printed_in_place(inner, name, held)))
        else:
            found.append(node)
    return found


def set_names(body: Sequence[nodes.Node], but: nodes.Node | None = None) -> frozenset[str]:
    """Return the names that some statements set, wherever and for whatever.

    Args:
        but: Leave out what this one of them sets, though not what is set inside of it.
    """
    target = but.target if isinstance(but, nodes.AssignBlock) else None
    return frozenset(
        one.name
        for one in everything(body)
        if isinstance(one, nodes.Name) and one.ctx != "load" and one is not target
    )


def named(node: nodes.Node) -> str | None:
    """Return the name that a statement prints as it is, None when it does anything else."""
    child = printed(node)
    return child.name if isinstance(child, nodes.Name) else None


def named_or(node: nodes.Node) -> str | None:
    """Return the name that a statement prints, or a fixed text where nothing has it."""
    match printed(node):
        case nodes.Filter(
            node=nodes.Name(name=name),
            name=filter_name,
            args=[nodes.Const(value=str())],
            kwargs=[],
            dyn_args=None,
            dyn_kwargs=None,
        ) if filter_name in _FALLBACKS:
            return str(name)
        case _:
            return None


def tested(node: nodes.If) -> list[str] | None:
    """Return the names of a condition that asks for nothing else, branch by branch."""
    tests = [node.test, *(one.test for one in node.elif_)]
    names = [one.name for one in tests if isinstance(one, nodes.Name)]
    return names if len(names) == len(tests) else None

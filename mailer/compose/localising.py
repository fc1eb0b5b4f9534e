"""Which language and zone a template's dates, numbers and amounts are written for.

The language is the letter's, so that what everybody gets is still worked out once. A zone
is a person's: it is only asked for where a moment, not a day, may be printed.
"""

import re
from collections.abc import Mapping

from jinja2 import nodes

from mailer.compose.limits import internal
from mailer.compose.locales import NAMES
from mailer.compose.names import free_names
from mailer.compose.tree import Nodes, everything, mapped
from mailer.model.attributes import AttributeSpec, AttributeType

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_TEXTS = frozenset({AttributeType.TEXT, AttributeType.TEXTS})


def localised(body: Nodes, language: str, specs: Mapping[str, AttributeSpec]) -> Nodes:
    """Write the letter's language, and where it matters the person's zone, into filters."""
    instants = any(
        isinstance(one, nodes.Const)
        and isinstance(one.value, str)
        and _INSTANT.search(one.value)
        for one in everything(body)
    )
    texts = {name for name, spec in specs.items() if spec.type in _TEXTS}

    def written(node: nodes.Node) -> nodes.Node:
        if not isinstance(node, nodes.Filter) or node.name not in NAMES:
            return node
        assert node.node is not None
        before: list[nodes.Expr] = [nodes.Const(language, lineno=node.lineno)]
        if node.name in {"date", "time"}:
            # Only a moment depends on a zone: days stay the same for everybody.
            depends = instants or not texts.isdisjoint(
                free_names(nodes.Output([node.node]))
            )
            before.append(_zone(node.lineno) if depends else nodes.Const(""))
        found = internal(f"_{node.name}", node.node, *before, *node.args)
        found.kwargs = node.kwargs
        return found

    return [mapped(one, written) for one in body]


def _zone(line: int) -> nodes.Expr:
    name = nodes.Name("time_zone", "load", lineno=line)
    nothing = nodes.Const("", lineno=line)
    return nodes.Filter(name, "default", [nothing], [], None, None, lineno=line)

"""What a template may cost: counted, not timed, so that no letter depends on the load.

A loop that prints nothing never yields, and one operator can make a text of a gigabyte.
So the turns of loops are counted before they run, and the size of what an operator or a
filter makes before it is made. `counting` writes these counts into the syntax tree.
"""

from dataclasses import dataclass

from jinja2 import nodes

from mailer.compose.tree import Nodes, everything, mapped, rebuilt

_SCALARS = (nodes.Const, nodes.List, nodes.Dict, nodes.Tuple)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one letter may cost.

    Args:
        max_steps: Turns of all loops together.
        max_output_bytes: The size of one part, and of all texts made on the way to it.
    """

    max_steps: int = 10_000
    max_output_bytes: int = 1_000_000


class LimitReached(Exception):  # noqa: N818 - it is caught in this package and given a place
    """A template costs more than it may."""


class Budget:
    """What is left for one letter."""

    __slots__ = ("_limits", "emitted", "made", "steps")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.steps = 0
        self.made = 0
        self.emitted = 0

    def step(self, turns: int) -> None:
        """Take so many turns of a loop."""
        self.steps += turns
        if self.steps > self._limits.max_steps:
            raise LimitReached(
                f"the loops of one letter make more than {self._limits.max_steps} turns:"
                " loop over less, or raise max_steps under [templates] in config.toml"
            )

    def make(self, size: int) -> None:
        """Take so many characters or elements, before they are made."""
        self.made += size
        self._check(self.made)

    def emit(self, size: int) -> None:
        """Take so many characters that are printed."""
        self.emitted += size
        self._check(self.emitted)

    def _check(self, size: int) -> None:
        if size > self._limits.max_output_bytes:
            raise LimitReached(
                "it makes more than"
                f" {self._limits.max_output_bytes} characters for one letter:"
                " make less, or raise max_output_bytes under [templates] in config.toml"
            )


def counting(body: Nodes) -> Nodes:
    """Write the counts into some statements."""
    return [_captures(mapped(node, _counted)) for node in body]


def internal(name: str, node: nodes.Node, *args: nodes.Expr) -> nodes.Filter:
    """Return a call of one of our own filters, which no template can name."""
    return nodes.Filter(node, name, list(args), [], None, None, lineno=node.lineno)


def _counted(node: nodes.Node) -> nodes.Node:
    match node:
        case nodes.For():
            size = nodes.Const(_literal_size(node.body), lineno=node.lineno)
            node.iter = internal("_turns", node.iter, size)
        case nodes.Concat():
            return internal("_joined", nodes.List(node.nodes, lineno=node.lineno))
        case nodes.Compare():
            return _comparison(node)
        case nodes.List() | nodes.Tuple() if getattr(node, "ctx", "load") == "load":
            node.items = [_plain(item) for item in node.items]
        case nodes.Pair():
            node.key, node.value = _plain(node.key), _plain(node.value)
        case nodes.CondExpr() if node.expr2 is None:
            node.expr2 = nodes.Const("", lineno=node.lineno)
        case _:
            pass
    return node


def _plain(item: nodes.Expr) -> nodes.Expr:
    """Keep lists that are made at run time out of lists: nested, they grow without end."""
    return item if isinstance(item, _SCALARS) else internal("_plain", item)


def _comparison(node: nodes.Compare) -> nodes.Expr:
    """Compare as segments do: false with what is missing or of another type."""
    found: nodes.Expr | None = None
    left = node.expr
    for operand in node.ops:
        kind = nodes.Const(operand.op, lineno=node.lineno)
        one = internal("_compared", left, kind, operand.expr)
        found = nodes.And(found, one, lineno=node.lineno) if found else one
        left = operand.expr
    return found or node


def _literal_size(body: Nodes) -> int:
    return sum(
        len(one.data) for one in everything(body) if isinstance(one, nodes.TemplateData)
    )


def _captures(node: nodes.Node) -> nodes.Node:
    """Count what goes into a `{% set %}` block: it is held back while it grows."""
    if isinstance(node, nodes.AssignBlock):
        return mapped(node, _measured)
    return rebuilt(node, lambda body: [_captures(one) for one in body])


def _measured(node: nodes.Node) -> nodes.Node:
    if isinstance(node, nodes.Output):
        node.nodes = [
            one if isinstance(one, nodes.TemplateData) else internal("_made", one)
            for one in node.nodes
        ]
    return node

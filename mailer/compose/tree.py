"""Small things that are done with Jinja's syntax trees in many places."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from jinja2 import nodes

Nodes = list[nodes.Node]
NodeT = TypeVar("NodeT", bound=nodes.Node)

DEFINITIONS = (nodes.Assign, nodes.AssignBlock)
"""Statements that print nothing and give a name a value."""


def replaced(node: NodeT, **fields: object) -> NodeT:
    """Copy a node, not what is below it, with some fields changed."""
    return _with(node, dict(node.iter_fields()) | fields)


def _with(node: NodeT, fields: dict[str, object]) -> NodeT:
    return type(node)(*(fields[name] for name in node.fields), lineno=node.lineno)


def literal(text: str, line: int) -> nodes.Output:
    """Return the statement that prints a text as it is."""
    return nodes.Output([nodes.TemplateData(text, lineno=line)], lineno=line)


def printed(node: nodes.Node) -> nodes.Expr | None:
    """Return what an output statement prints; None for other statements.

    Outputs have one child each: `single_outputs` makes them so.
    """
    return node.nodes[0] if isinstance(node, nodes.Output) else None


def literal_text(node: nodes.Node) -> str | None:
    """Return the text that a statement prints for everybody, None when it depends."""
    child = printed(node)
    return child.data if isinstance(child, nodes.TemplateData) else None


def single_outputs(body: Iterable[nodes.Node]) -> Nodes:
    """Split outputs so that each prints one thing."""
    found: Nodes = []
    for node in body:
        if isinstance(node, nodes.Output):
            found += (nodes.Output([one], lineno=one.lineno) for one in node.nodes)
        else:
            found.append(node)
    return found


def rebuilt(node: nodes.Node, change: Callable[[Nodes], Nodes]) -> nodes.Node:
    """Copy a statement with each list of statements in it changed."""
    match node:
        case nodes.If():
            return replaced(
                node,
                body=change(node.body),
                elif_=[rebuilt(one, change) for one in node.elif_],
                else_=change(node.else_),
            )
        case nodes.For():
            return replaced(node, body=change(node.body), else_=change(node.else_))
        case nodes.With() | nodes.Scope() | nodes.AssignBlock():
            return replaced(node, body=change(node.body))
        case _:
            return node


def merged(body: Nodes) -> Nodes:
    """Put literal texts that follow each other together."""
    found: Nodes = []
    for node in body:
        text = literal_text(node)
        before = literal_text(found[-1]) if found else None
        if text is not None and before is not None:
            found[-1] = literal(before + text, found[-1].lineno)
        else:
            found.append(rebuilt(node, merged))
    return found


def branches(node: nodes.If) -> list[tuple[nodes.Node | None, Nodes]]:
    """Return the branches of a condition, each with its test; the last may have none."""
    found: list[tuple[nodes.Node | None, Nodes]] = [(node.test, node.body)]
    found += ((one.test, one.body) for one in node.elif_)
    if node.else_:
        found.append((None, node.else_))
    return found


def mapped(node: nodes.Node, change: Callable[[nodes.Node], nodes.Node]) -> nodes.Node:
    """Copy a tree from its leaves up, each node as `change` returns it."""
    fields = {name: _mapped(value, change) for name, value in node.iter_fields()}
    return change(_with(node, fields))


def _mapped(value: Any, change: Callable[[nodes.Node], nodes.Node]) -> Any:
    if isinstance(value, nodes.Node):
        return mapped(value, change)
    if isinstance(value, list):
        return [_mapped(one, change) for one in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def everything(body: Sequence[nodes.Node]) -> Iterator[nodes.Node]:
    """Yield all nodes of some statements, parents first."""
    for node in body:
        yield node
        yield from node.find_all(nodes.Node)


def ended(body: Nodes) -> Nodes:
    """End a body with one line break, and begin it with none."""
    body = list(body)
    first = literal_text(body[0]) if body else None
    if first is not None:
        body[0] = literal(first.lstrip("\n"), body[0].lineno)
    last = literal_text(body[-1]) if body else None
    if last is None:
        return [*body, literal("\n", 1)]
    return [*body[:-1], literal(last.rstrip("\n") + "\n", body[-1].lineno)]

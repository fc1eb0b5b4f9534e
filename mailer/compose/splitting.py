"""What of a body everybody gets, what is looked up for a person, and what has to be run.

The literal text is taken out of the statements; what is left is a program that prints one
piece for each value, the number of the branch for each condition, and for each loop its
pieces and then an end.
"""

from dataclasses import dataclass

from jinja2 import nodes

from mailer.compose.direct import in_place, named, named_or, set_names, tested
from mailer.compose.slots import parts, with_parts
from mailer.compose.tree import DEFINITIONS, Nodes, literal, literal_text

END = "\udc00end\udcff"
"""Ends a loop's pieces. No value can be this: half surrogates are cleaned out before."""


class Value:
    """The next piece."""


class Loop:
    """All pieces up to the end."""


@dataclass(frozen=True, slots=True)
class Named:
    """The value of a name.

    Args:
        node: Prints the same, whatever the value is.
        has_fallback: It prints a fixed text where nobody has the name.
    """

    name: str
    node: nodes.Output
    has_fallback: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """The next piece is the number of the branch that was taken."""

    branches: "list[list[Step]]"


@dataclass(frozen=True, slots=True)
class Test:
    """The branch of the first name that has a value, or else the last."""

    names: list[str]
    branches: "list[list[Step]]"


Step = str | Value | Loop | Named | Choice | Test


def split(body: Nodes) -> tuple[list[Step], Nodes]:
    """Split statements into steps, and a program for what the steps do not say."""
    body = in_place(body)
    return _Splitting(set_names(body)).split(body)


class _Splitting:
    """One pass over statements."""

    def __init__(self, set_here: frozenset[str]) -> None:
        self._set_here = set_here

    def split(self, body: Nodes) -> tuple[list[Step], Nodes]:
        steps: list[Step] = []
        stream: Nodes = []
        for node in body:
            more, statements = self._one(node)
            steps += more
            stream += statements
        return steps, stream

    def _one(self, node: nodes.Node) -> tuple[list[Step], Nodes]:
        text = literal_text(node)
        if text is not None:
            return [text], []
        match node:
            case nodes.Output():
                step = self._named(node)
                return ([Value()], [node]) if step is None else ([step], [])
            case nodes.If():
                return self._choice(node)
            case nodes.With() | nodes.Scope():
                steps, inside = self.split(node.body)
                return steps, [with_parts(node, [inside])] if inside else []
            case _ if isinstance(node, DEFINITIONS):
                return [], [node]
            case _:
                return [Loop()], [node, literal(END, node.lineno)]

    def _named(self, node: nodes.Output) -> Named | None:
        name = named(node) or named_or(node)
        if name is None or name in self._set_here:
            return None
        return Named(name, node, named(node) is None)

    def _choice(self, node: nodes.If) -> tuple[list[Step], Nodes]:
        line = node.lineno
        otherwise = node.else_ or [literal("", line)]
        complete = nodes.If(node.test, node.body, node.elif_, otherwise, lineno=line)
        names = tested(node)
        branches: list[list[Step]] = []
        bodies: list[Nodes] = []
        for body in parts(complete):
            steps, inside = self.split(body)
            branches.append(steps)
            bodies.append(inside)
        if not any(bodies) and not any(any(steps) for steps in branches):
            return [], []
        if names is not None and self._set_here.isdisjoint(names):
            statement = [with_parts(complete, bodies)] if any(bodies) else []
            return [Test(names, branches)], statement
        numbered = [
            [literal(str(number), line), *inside] for number, inside in enumerate(bodies)
        ]
        return [Choice(branches)], [with_parts(complete, numbered)]

"""What is the same for everybody is worked out once, when the template is prepared.

A list's title, its postal address, a loop over products that the template itself lists:
all of it becomes text, so that CSS is laid into what readers will see and no letter pays
for it.
"""

from dataclasses import dataclass

from jinja2 import nodes

from mailer.compose.direct import without_unused
from mailer.compose.engine import Engine
from mailer.compose.names import free_names, targets
from mailer.compose.parts import Part, Where
from mailer.compose.tree import (
    DEFINITIONS,
    Nodes,
    everything,
    literal,
    literal_text,
    rebuilt,
)
from mailer.errors import CannotComposeError, TemplateError

_APART = "\0"
"""Stands between what is worked out in one go; no file of a template may hold it."""


@dataclass(frozen=True, slots=True)
class Common:
    """What is the same for everybody.

    Args:
        values: By name; all names that a run must find are among them.
    """

    engine: Engine
    values: dict[str, object]
    where: Where


def folded(body: Nodes, common: Common) -> Nodes:
    """Turn what is the same for everybody into text.

    Raises:
        TemplateError: names the file and line that failed.
    """
    return without_unused(_Fold(common).statements(body))


class _Fold:
    """One pass over statements."""

    def __init__(self, common: Common) -> None:
        self._common = common
        self._definitions: Nodes = []
        self._names = set(common.values)

    def statements(self, body: Nodes) -> Nodes:
        """Fold some statements; names that they set stay known behind them."""
        found: Nodes = []
        run: Nodes = []
        for node in body:
            if self._is_common(node):
                if isinstance(node, DEFINITIONS):
                    found += self._evaluated(run)
                    found.append(node)
                    run = []
                    self._define(node)
                else:
                    run.append(node)
                continue
            found += self._evaluated(run)
            run = []
            found.append(self._personal(node))
        return found + self._evaluated(run)

    def _is_common(self, node: nodes.Node) -> bool:
        inside = isinstance(node, DEFINITIONS) or not _defines(node)
        return inside and free_names(node) <= self._names

    def _define(self, node: nodes.Assign | nodes.AssignBlock) -> None:
        self._definitions.append(node)
        self._names.update(targets(node.target))

    def _personal(self, node: nodes.Node) -> nodes.Node:
        """Fold what is inside a statement that is not the same for everybody."""
        # Whatever it sets is personal from here on, also when it was common before.
        self._names -= _set_by(node)
        if isinstance(node, nodes.For | nodes.AssignBlock):
            return node
        before = set(self._names)
        definitions = list(self._definitions)

        def inner(body: Nodes) -> Nodes:
            self._names = before - _bound_by(node)
            self._definitions = list(definitions)
            return self.statements(body)

        found = rebuilt(node, inner)
        self._names = before - _set_by(node)
        self._definitions = definitions
        return found

    def _evaluated(self, run: Nodes) -> Nodes:
        """Work statements out in one go, each into a text that keeps its line."""
        todo = [node for node in run if literal_text(node) is None]
        if not todo:
            return run
        apart = [one for node in todo for one in (literal(_APART, node.lineno), node)]
        texts = self._worked_out(apart[1:]).split(_APART)
        if len(texts) != len(todo):
            # A value holds what stands between them.
            texts = [self._worked_out([node]) for node in todo]
        done = iter(texts)
        return [
            literal(next(done), node.lineno) if literal_text(node) is None else node
            for node in run
        ]

    def _worked_out(self, body: Nodes) -> str:
        part = Part(
            self._common.engine, [*self._definitions, *body], str, self._common.where
        )
        try:
            return "".join(part.fill(self._common.values))
        except CannotComposeError as problem:
            raise TemplateError(str(problem)) from problem


def _set_by(node: nodes.Node) -> set[str]:
    """Return the names that a statement sets for what follows it."""
    if isinstance(node, DEFINITIONS):
        return set(targets(node.target))
    if isinstance(node, nodes.If):
        inside = [one for one in everything([node]) if isinstance(one, DEFINITIONS)]
        return {name for one in inside for name in targets(one.target)}
    return set()


def _bound_by(node: nodes.Node) -> set[str]:
    if isinstance(node, nodes.With):
        return {name for one in node.targets for name in targets(one)}
    return set()


def _defines(node: nodes.Node) -> bool:
    return isinstance(node, nodes.If) and bool(_set_by(node))

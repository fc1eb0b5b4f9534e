"""Which names a template uses, and which of them a person must have for it to be printed.

A name counts as needed where its value is printed or worked with and nothing stands in for
it: neither `|default(…)`, nor a condition that only holds when the value is there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jinja2 import nodes

from mailer.compose.engine import FUNCTIONS
from mailer.compose.tree import branches

_LENIENT_FILTERS = frozenset({"d", "default"})
_LENIENT_TESTS = frozenset({"boolean", "defined", "none", "number", "string", "undefined"})
_TESTS_TRUE_IF_THERE = frozenset({"boolean", "defined", "number", "string"})
_TESTS_FALSE_IF_THERE = frozenset({"none", "undefined"})


@dataclass(frozen=True, slots=True)
class Uses:
    """The free names of some statements, each with the line of its first use.

    Args:
        found: All of them.
        needed: Those that a person must have.
        unsure: Names that only some branches of a condition set.
    """

    found: dict[str, int] = field(default_factory=dict[str, int])
    needed: dict[str, int] = field(default_factory=dict[str, int])
    unsure: set[str] = field(default_factory=set[str])


def uses(body: Sequence[nodes.Node]) -> Uses:
    """Say which names some statements use."""
    walk = _Walk()
    walk.statements(body, _Scope({}, frozenset()))
    return walk.uses


def free_names(*body: nodes.Node) -> frozenset[str]:
    """Return the names that some statements take from outside, functions apart."""
    return frozenset(uses(body).found) - frozenset(FUNCTIONS)


def targets(target: nodes.Node) -> list[str]:
    """Return the names that an assignment gives values to."""
    found = [target] if isinstance(target, nodes.Name) else target.find_all(nodes.Name)
    return [one.name for one in found]


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is known at a place.

    Args:
        bound: Local names, each with the free name that it is another word for, or None.
        sure: Free names whose value is certainly there.
    """

    bound: Mapping[str, str | None]
    sure: frozenset[str]

    def free(self, node: nodes.Node) -> str | None:
        """Return the free name that a node stands for."""
        if not isinstance(node, nodes.Name):
            return None
        return self.bound.get(node.name, node.name)

    def binding(self, names: Mapping[str, str | None]) -> "_Scope":
        return replace(self, bound={**self.bound, **names})

    def with_sure(self, names: frozenset[str]) -> "_Scope":
        return replace(self, sure=self.sure | names)


class _Walk:
    """One pass over statements; what it finds is in `uses`."""

    def __init__(self) -> None:
        self.uses = Uses()

    def statements(self, body: Sequence[nodes.Node], scope: _Scope) -> _Scope:
        """Go through statements one after the other; return what is known behind them."""
        for node in body:
            scope = self._statement(node, scope)
        return scope

    def _statement(self, node: nodes.Node, scope: _Scope) -> _Scope:
        match node:
            case nodes.If():
                return self._condition(node, scope)
            case nodes.For():
                self._loop(node, scope)
            case nodes.With():
                self.statements(node.body, self._bound(node.targets, node.values, scope))
            case nodes.Scope():
                self.statements(node.body, scope)
            case nodes.Assign():
                return self._bound([node.target], [node.node], scope)
            case nodes.AssignBlock():
                self.statements(node.body, scope)
                return scope.binding(dict.fromkeys(targets(node.target)))
            case _:
                self._children(node, scope)
        return scope

    def _bound(
        self, names: Sequence[nodes.Node], values: Sequence[nodes.Node], scope: _Scope
    ) -> _Scope:
        """Give names values; a name for another name needs nothing until it is used."""
        given: dict[str, str | None] = {}
        for target, value in zip(names, values, strict=True):
            if isinstance(target, nodes.Name) and isinstance(value, nodes.Name):
                self._use(value, scope, needed=False)
                given[target.name] = scope.free(value)
            else:
                self._value(value, scope)
                given |= dict.fromkeys(targets(target))
        return scope.binding(given)

    def _condition(self, node: nodes.If, scope: _Scope) -> _Scope:
        ends: list[_Scope] = []
        here = scope
        complete = False
        for test, body in branches(node):
            inner = here
            complete = test is None
            if test is not None:
                self._truth(test, here)
                inner = here.with_sure(_if_true(test, here))
                here = here.with_sure(_if_false(test, here))
            ends.append(self.statements(body, inner))
        if not complete:
            ends.append(here)
        everywhere = set(ends[0].bound).intersection(*(end.bound for end in ends))
        self.uses.unsure.update(*(set(end.bound) - everywhere for end in ends))
        added = {name: None for name in everywhere if name not in scope.bound}
        return scope.binding(added)

    def _loop(self, node: nodes.For, scope: _Scope) -> None:
        self._value(node.iter, scope)
        inner = scope.binding({"loop": None, **dict.fromkeys(targets(node.target))})
        if node.test is not None:
            self._truth(node.test, inner)
            inner = inner.with_sure(_if_true(node.test, inner))
        self.statements(node.body, inner)
        self.statements(node.else_, scope)

    def _use(self, name: nodes.Name, scope: _Scope, *, needed: bool) -> None:
        free = scope.free(name)
        if free is None:
            return
        self.uses.found.setdefault(free, name.lineno)
        if needed and free not in scope.sure:
            self.uses.needed.setdefault(free, name.lineno)

    def _children(self, node: nodes.Node, scope: _Scope) -> None:
        for child in node.iter_child_nodes():
            self._value(child, scope)

    def _lenient(self, node: nodes.Node, scope: _Scope) -> None:
        """Go through a value that may be missing as it stands."""
        if isinstance(node, nodes.Name):
            self._use(node, scope, needed=False)
        else:
            self._value(node, scope)

    def _value(self, node: nodes.Node, scope: _Scope) -> None:
        """Go through a value that is printed or worked with."""
        match node:
            case nodes.Name():
                self._use(node, scope, needed=True)
            case nodes.Filter() | nodes.Test():
                self._called(node, scope)
            case nodes.CondExpr():
                self._truth(node.test, scope)
                self._value(node.expr1, scope.with_sure(_if_true(node.test, scope)))
                if node.expr2 is not None:
                    self._value(node.expr2, scope.with_sure(_if_false(node.test, scope)))
            case nodes.And() | nodes.Or():
                self._either(node, scope)
            case nodes.Not():
                self._truth(node.node, scope)
            case nodes.Compare():
                self._compared(node, scope)
            case _:
                self._children(node, scope)

    def _compared(self, node: nodes.Compare, scope: _Scope) -> None:
        """Go through a comparison: with a missing value it is only false."""
        for one in [node.expr, *(operand.expr for operand in node.ops)]:
            self._lenient(one, scope)

    def _called(self, node: nodes.Filter | nodes.Test, scope: _Scope) -> None:
        """Go through a filter or test; some of them take a missing value."""
        lenient = _LENIENT_FILTERS if isinstance(node, nodes.Filter) else _LENIENT_TESTS
        if node.node is not None and node.name in lenient:
            self._lenient(node.node, scope)
            for child in [*node.args, *node.kwargs]:
                self._value(child, scope)
        else:
            self._children(node, scope)

    def _either(self, node: nodes.And | nodes.Or, scope: _Scope) -> None:
        """Go through `and` or `or` where one of both values is used."""
        if isinstance(node, nodes.Or):
            self._truth(node.left, scope)
            self._value(node.right, scope.with_sure(_if_false(node.left, scope)))
        else:
            self._value(node.left, scope)
            self._value(node.right, scope.with_sure(_if_true(node.left, scope)))

    def _truth(self, node: nodes.Node, scope: _Scope) -> None:
        """Go through a condition: there a missing value is only false."""
        match node:
            case nodes.And():
                self._truth(node.left, scope)
                self._truth(node.right, scope.with_sure(_if_true(node.left, scope)))
            case nodes.Or():
                self._truth(node.left, scope)
                self._truth(node.right, scope.with_sure(_if_false(node.left, scope)))
            case _:
                self._lenient(node, scope)


def _named(scope: _Scope, *found: nodes.Node) -> frozenset[str]:
    return frozenset(name for one in found if (name := scope.free(one)) is not None)


def _if_true(node: nodes.Node, scope: _Scope) -> frozenset[str]:
    """Return the free names that are there whenever a condition holds."""
    match node:
        case nodes.Name():
            return _named(scope, node)
        case nodes.Test() if node.name in _TESTS_TRUE_IF_THERE:
            return _named(scope, node.node)
        case nodes.Not():
            return _if_false(node.node, scope)
        case nodes.And() | nodes.Or():
            return _both(node, scope, _if_true, all_of=isinstance(node, nodes.And))
        case nodes.Compare() if all(one.op != "notin" for one in node.ops):
            return _named(scope, node.expr, *(one.expr for one in node.ops))
        case _:
            return frozenset()


def _if_false(node: nodes.Node, scope: _Scope) -> frozenset[str]:
    """Return the free names that are there whenever a condition does not hold."""
    match node:
        case nodes.Test() if node.name in _TESTS_FALSE_IF_THERE:
            return _named(scope, node.node)
        case nodes.Not():
            return _if_true(node.node, scope)
        case nodes.And() | nodes.Or():
            return _both(node, scope, _if_false, all_of=isinstance(node, nodes.Or))
        case nodes.Compare() if [one.op for one in node.ops] == ["notin"]:
            return _named(scope, node.expr, node.ops[0].expr)
        case _:
            return frozenset()


def _both(
    node: nodes.And | nodes.Or,
    scope: _Scope,
    ask: Callable[[nodes.Node, _Scope], frozenset[str]],
    *,
    all_of: bool,
) -> frozenset[str]:
    left, right = ask(node.left, scope), ask(node.right, scope)
    return left | right if all_of else left & right

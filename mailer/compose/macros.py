"""Macros: what a call stands for, with names of its own."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jinja2 import nodes

from mailer.compose.engine import FUNCTIONS
from mailer.compose.names import free_names
from mailer.compose.places import Places
from mailer.compose.tree import DEFINITIONS, Nodes, everything, mapped, replaced
from mailer.errors import did_you_mean

Macros = dict[str, "Macro | Module"]


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro and the file that it was written in."""

    node: nodes.Macro
    page: "Page"


@dataclass(frozen=True, slots=True)
class Module:
    """What `{% import "file" as name %}` gives a name to."""

    macros: Macros


@dataclass(frozen=True, slots=True)
class Page:
    """A file with the files that it extends.

    Args:
        blocks: By name, the one that wins first, then the one that `super()` means, and on.
    """

    files: tuple[str, ...]
    macros: Macros
    blocks: dict[str, list[nodes.Block]] = field(
        default_factory=dict[str, list[nodes.Block]]
    )


@dataclass(frozen=True, slots=True)
class Spot:
    """Where statements are put.

    Args:
        block: The block that they are in, with how many times `super()` was followed.
        caller: What `caller()` prints.
        local: The names that loops and macros around them have bound.
        within: The macros that they are in.
        nested: They are in a condition or loop.
    """

    page: Page
    block: tuple[str, int] | None = None
    caller: Nodes | None = None
    local: frozenset[str] = frozenset()
    within: tuple[nodes.Macro, ...] = ()
    nested: bool = False


def refuse_calls(
    node: nodes.Node, macros: Mapping[str, "Macro | Module"], places: Places
) -> None:
    """Refuse macros inside of expressions: their HTML stands where it is printed.

    Raises:
        TemplateError: names the place.
    """
    for call in _calls(node):
        whole = isinstance(node, nodes.Output) and call is node.nodes[0]
        if whole or call is node or is_function(call):
            continue
        name = called_name(call)
        words = f"there is no function {name!r}"
        if not name or name in macros or name in {"super", "caller"}:
            words = "a macro can only be printed by itself: {{ macro(…) }}"
        raise places.error(call, words)


def _calls(node: nodes.Node) -> Iterator[nodes.Call]:
    """Yield the calls in a statement's own expressions."""
    if isinstance(node, nodes.Call):
        yield node
    for child in node.iter_child_nodes(exclude=("body", "else_", "elif_")):
        if not isinstance(node, nodes.CallBlock) or child is not node.call:
            yield from _calls(child)


def is_function(call: nodes.Call) -> bool:
    """Say whether a call is none of a macro."""
    called = call.node
    if isinstance(called, nodes.Name):
        return called.name in FUNCTIONS
    return (
        isinstance(called, nodes.Getattr)
        and isinstance(called.node, nodes.Name)
        and called.node.name == "loop"
        and called.attr in {"cycle", "changed"}
    )


def called_name(call: nodes.Call) -> str:
    """Return the plain name that is called, "" when it is something else."""
    return call.node.name if isinstance(call.node, nodes.Name) else ""


def find(call: nodes.Call, macros: Mapping[str, Macro | Module], places: Places) -> Macro:
    """Return the macro that is called.

    Raises:
        TemplateError: when there is none by that name.
    """
    name, known = called_name(call), macros
    if isinstance(call.node, nodes.Getattr) and isinstance(call.node.node, nodes.Name):
        name = call.node.attr
        module = macros.get(call.node.node.name)
        if not isinstance(module, Module):
            words = "a value has no functions: write a filter, such as {{ name|upper }}"
            raise places.error(call, words)
        known = module.macros
    found = known.get(name)
    if not isinstance(found, Macro):
        raise places.error(call, f"there is no macro {name!r}{did_you_mean(name, known)}")
    return found


class Expansion:
    """One call of a macro: its statements, with names that no other statement has."""

    def __init__(
        self, call: nodes.Call, macro: nodes.Macro, number: int, places: Places
    ) -> None:
        """Bind a call's values to the macro's names.

        Args:
            number: Unlike that of any other call in the template.

        Raises:
            TemplateError: when the values are not those that the macro takes.
        """
        self._macro = macro
        # What a macro prints for everybody stands where it is called.
        self._line = call.lineno
        self._own = {name: f"{name}__{number}" for name in _own_names(macro)}
        self._given = _given(call, macro, places)
        self.body = self._renamed(macro.body)
        self.local = frozenset(self._own.values())

    def _renamed(self, body: Iterable[nodes.Node]) -> Nodes:
        return [mapped(one, self._rename) for one in body]

    def _rename(self, node: nodes.Node) -> nodes.Node:
        if isinstance(node, nodes.Name) and node.name in self._own:
            return replaced(node, name=self._own[node.name])
        return node

    def taken(self, local: frozenset[str]) -> list[str]:
        """Return the names that mean something else where the macro is called."""
        return sorted(free_names(*self.body) & local)

    def bound(self, body: Nodes) -> Nodes:
        """Give the macro's names their values around its statements.

        Args:
            body: `self.body`, put in place.
        """
        macro = self._macro
        defaulted = macro.args[len(macro.args) - len(macro.defaults) :]
        rest: dict[str, nodes.Node] = {
            arg.name: mapped(default, self._rename)
            for arg, default in zip(defaulted, macro.defaults, strict=True)
            if arg.name not in self._given
        }
        found = scoped(body)
        # The defaults may use the values that were given, so these are bound around them.
        line = self._line
        for values in (rest, self._given):
            if values:
                names = [
                    nodes.Name(self._own[name], "param", lineno=line) for name in values
                ]
                values_of = list(values.values())
                found = Nodes([nodes.With(names, values_of, found, lineno=line)])
        return found


def _own_names(macro: nodes.Macro) -> set[str]:
    own = {one.name for one in macro.args}
    for one in everything(macro.body):
        if isinstance(one, nodes.Name) and one.ctx != "load":
            own.add(one.name)
    return own


def _given(call: nodes.Call, macro: nodes.Macro, places: Places) -> dict[str, nodes.Node]:
    names = [one.name for one in macro.args]
    if len(call.args) > len(names):
        words = f"the macro {macro.name!r} takes {len(names)} values at most"
        raise places.error(call, words)
    given: dict[str, nodes.Node] = dict(zip(names, call.args, strict=False))
    for keyword in call.kwargs:
        if keyword.key not in names or keyword.key in given:
            near = did_you_mean(keyword.key, set(names) - set(given))
            words = f"the macro {macro.name!r} takes no {keyword.key!r}{near}"
            raise places.error(call, words)
        given[keyword.key] = keyword.value
    for name in names[: len(names) - len(macro.defaults)]:
        if name not in given:
            raise places.error(call, f"the macro {macro.name!r} needs {name!r}")
    return given


def scoped(body: Nodes) -> Nodes:
    """Keep the names that some statements set to themselves."""
    if any(isinstance(node, DEFINITIONS) for node in everything(body)):
        return [nodes.Scope(body, lineno=body[0].lineno)]
    return body

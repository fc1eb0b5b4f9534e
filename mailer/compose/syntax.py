"""How the text of a template becomes a syntax tree that holds only what templates may say.

The list is closed: what stands in no table here is refused with its place and, where there
is one, the nearest right name.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

from mailer.compose.comparison import TESTS
from mailer.compose.engine import LOOP_NAMES, TEXT
from mailer.compose.filters import FILTER_NAMES
from mailer.compose.places import Places, check_depth, move
from mailer.compose.tree import Nodes, everything
from mailer.errors import did_you_mean

_REMEMBERED = 256
"""How many texts' files are remembered: the same layouts stand around all letters."""

_ALLOWED = (
    nodes.Add, nodes.And, nodes.Assign, nodes.AssignBlock, nodes.Block, nodes.Call,
    nodes.CallBlock, nodes.Compare, nodes.Concat, nodes.CondExpr, nodes.Const, nodes.Dict,
    nodes.Div, nodes.Extends, nodes.Filter, nodes.FloorDiv, nodes.For, nodes.FromImport,
    nodes.Getattr, nodes.Getitem, nodes.If, nodes.Import, nodes.Include, nodes.Keyword,
    nodes.List, nodes.Macro, nodes.Mod, nodes.Mul, nodes.Name, nodes.Neg, nodes.Not,
    nodes.Operand, nodes.Or, nodes.Output, nodes.Pair, nodes.Pos, nodes.Pow, nodes.Slice,
    nodes.Sub, nodes.TemplateData, nodes.Test, nodes.Tuple, nodes.With,
)  # fmt: skip
_INSTEAD: dict[type[nodes.Node], str] = {
    nodes.FilterBlock: "{% filter %} cannot be used: write the filter behind a value",
    nodes.NSRef: "a namespace cannot be used: give the value a name with {% set %}",
}


def parse(text: str, places: Places, offset: int) -> Nodes:
    """Read a template's text.

    Args:
        offset: What `Places.add` returned for its file.

    Raises:
        TemplateError: when it does not parse, or says what no template may.
    """
    try:
        tree = TEXT.parse(text)
    except TemplateSyntaxError as problem:
        words = f"{problem.message} (each {{% if %}}, {{% for %}} and {{{{ needs its end)"
        raise places.error(problem.lineno + offset, words) from problem
    except (ValueError, RecursionError, MemoryError) as problem:
        raise places.error(1 + offset, f"it does not parse: {problem}") from problem
    move(tree, offset)
    check_depth(tree.body, places)
    for node in everything(tree.body):
        _check(node, places)
    return tree.body


@lru_cache(_REMEMBERED)
def named_files(text: str, shown: str) -> tuple[str, ...]:
    """Return the files that a template's text extends, includes and imports, by name.

    Args:
        shown: What the file is called in messages.

    Raises:
        TemplateError: as `parse`.
    """
    places = Places()
    body = parse(text, places, places.add(shown))
    found = (node.template for node in everything(body) if isinstance(node, _NAMING))
    names = (one.value for one in found if isinstance(one, nodes.Const))
    return tuple(name for name in names if isinstance(name, str))


_NAMING = (nodes.Extends, nodes.FromImport, nodes.Import, nodes.Include)


def _check(node: nodes.Node, places: Places) -> None:
    words: str | None
    if isinstance(node, _ALLOWED):
        check = _CHECKS.get(type(node))
        words = check(node) if check else None
    else:
        kind = type(node)
        words = _INSTEAD.get(kind, f"{kind.__name__.lower()} cannot be used in a template")
    if words is not None:
        raise places.error(node, words)


def _check_filter(node: Any) -> str | None:
    if node.dyn_args or node.dyn_kwargs:
        return "* and ** cannot be used here"
    if node.name not in FILTER_NAMES:
        return f"no such filter {node.name!r}{did_you_mean(node.name, FILTER_NAMES)}"
    return None


def _check_test(node: Any) -> str | None:
    if node.name not in TESTS:
        return f"no such test {node.name!r}{did_you_mean(node.name, TESTS)}"
    return None


def _check_for(node: Any) -> str | None:
    return "a recursive loop cannot be used" if node.recursive else None


def _check_set_block(node: Any) -> str | None:
    if node.filter is not None:
        return "write the filter where the value is printed, not behind {% set %}"
    return None


def _check_attribute(node: Any) -> str | None:
    if node.attr.startswith("_"):
        return f"no such name {node.attr!r}"
    of_loop = isinstance(node.node, nodes.Name) and node.node.name == "loop"
    if of_loop and node.attr not in LOOP_NAMES:
        return f"a loop has no {node.attr!r}{did_you_mean(node.attr, LOOP_NAMES)}"
    return None


def _check_constant(node: Any) -> str | None:
    # A carriage return or half a surrogate pair is in no file, so in no text either.
    if isinstance(node.value, str):
        text = node.value.replace("\r\n", "\n").replace("\r", "\n")
        node.value = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return None


def _check_call(node: Any) -> str | None:
    """Calls of macros are seen to when macros are put in place; here, what is none."""
    if node.dyn_args or node.dyn_kwargs:
        return "* and ** cannot be used here"
    called = node.node
    if isinstance(called, nodes.Name):
        return None
    if isinstance(called, nodes.Getattr) and isinstance(called.node, nodes.Name):
        return None
    return "only macros, range(), loop.cycle() and loop.changed() can be called"


_CHECKS: dict[type[nodes.Node], Callable[[Any], str | None]] = {
    nodes.AssignBlock: _check_set_block,
    nodes.Call: _check_call,
    nodes.Const: _check_constant,
    nodes.Filter: _check_filter,
    nodes.For: _check_for,
    nodes.Getattr: _check_attribute,
    nodes.Test: _check_test,
}

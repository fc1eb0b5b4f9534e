"""Jinja as we run it: sandboxed, strict, with a closed list of what a template can reach.

Values have no methods and no attributes but the items of a dictionary and what a loop knows
about itself, so there is nothing to break out of. A missing value is false in a condition,
as in a segment, and an error where it would be printed.
"""

from collections.abc import Iterator
from types import FrameType
from typing import Any, NoReturn, cast

from jinja2 import StrictUndefined, Template, nodes, pass_context
from jinja2 import TemplateError as JinjaError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from mailer.compose.bounded import BudgetContext, check_format, count_out, plain
from mailer.compose.comparison import TESTS
from mailer.compose.filters import HTML_FILTERS, TEXT_FILTERS
from mailer.compose.limits import Budget, LimitReached
from mailer.compose.places import Places
from mailer.compose.tree import Nodes
from mailer.errors import TemplateError

_MAX_BITS = 1_024
LOOP_NAMES = frozenset(
    {
        "changed", "cycle", "depth", "depth0", "first", "index", "index0", "last", "length",
        "nextitem", "previtem", "revindex", "revindex0",
    }
)  # fmt: skip
"""What a loop knows about itself."""

FUNCTIONS: dict[str, object] = {"range": count_out}
"""What every run must find among its names."""

RENDER_ERRORS = (
    JinjaError,
    LimitReached,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
"""What a template's own mistakes raise while it runs."""


class Missing(StrictUndefined):
    """A value that is not there: false in a condition, an error where it would be used."""

    __slots__ = ()

    # Jinja's own is declared never to return.
    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def __abs__(self) -> NoReturn:
        self._fail_with_undefined_error()

    def __round__(self, digits: int = 0) -> NoReturn:
        self._fail_with_undefined_error()

    @property
    def _undefined_message(self) -> str:
        name = self._undefined_name
        if self._undefined_hint:
            return self._undefined_hint
        if isinstance(name, str) and self._undefined_obj is missing:
            return (
                f"there is no {name!r} here: give a fallback such as"
                f" {{{{ {name}|default('…') }}}}, or put it inside {{% if {name} %}}"
            )
        return f"there is no {name!r} in it"


@pass_context
def _finalize(context: Context, value: object) -> object:
    """Refuse to print what nobody wants to read."""
    # With the context as argument it is not called at compile time, without a place.
    del context
    return value if isinstance(value, str) else plain(value)


class Engine(ImmutableSandboxedEnvironment):
    """Jinja's environment, for HTML or for plain text."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})
    context_class = BudgetContext

    def __init__(self, *, html: bool) -> None:
        super().__init__(
            autoescape=html,
            undefined=Missing,
            finalize=_finalize,
            trim_blocks=True,
            lstrip_blocks=True,
            enable_async=False,
            # Nothing is computed at compile time: there it could not be counted.
            optimized=False,
        )
        self.globals = dict(FUNCTIONS)
        self.filters = dict(HTML_FILTERS if html else TEXT_FILTERS)
        self.tests = dict(TESTS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Give an item of a dictionary, or what a loop knows about itself."""
        if isinstance(obj, LoopContext) and attribute in LOOP_NAMES:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Give an item of a list, a text or a dictionary."""
        if isinstance(obj, Missing):
            # It is the whole that is missing.
            return obj
        if isinstance(obj, dict | list | tuple | str):
            try:
                return cast("Any", obj)[argument]
            except (LookupError, TypeError):
                pass
        return self.undefined(obj=obj, name=argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Do what an operator does, after its result was counted."""
        budget = cast("BudgetContext", context).budget
        if operator == "%" and isinstance(left, str):
            check_format(budget, left, right)
        elif operator == "+" and isinstance(left, str | list | tuple):
            budget.make(len(cast("str", left)) + len(right))
        elif operator == "*":
            _check_product(budget, left, right)
        elif operator == "**" and _bits(left) * abs(right) > _MAX_BITS:
            raise LimitReached("the power is too large")
        return self.binop_table[operator](left, right)


def _check_product(budget: Budget, left: Any, right: Any) -> None:
    if not isinstance(left, int | float):
        left, right = right, left
    if not isinstance(left, int | float):
        raise TypeError("only numbers can be multiplied")
    if isinstance(right, str):
        budget.make(len(right) * max(0, int(left)))
    elif not isinstance(right, int | float):
        raise TypeError("a list cannot be multiplied")
    elif _bits(left) + _bits(right) > _MAX_BITS:
        raise LimitReached("the product is too large")


def _bits(number: Any) -> int:
    return number.bit_length() if isinstance(number, int) else 1


HTML = Engine(html=True)
TEXT = Engine(html=False)


class Program:
    """Some statements, compiled once."""

    def __init__(self, engine: Engine, body: Nodes, places: Places, where: str) -> None:
        """Compile the statements.

        Args:
            where: What to name in messages when there is no better place.

        Raises:
            TemplateError: when they are nested too deeply for Python.
        """
        self._places = places
        self._file = f"<{where}>"
        self._engine = engine
        tree = nodes.Template(body, lineno=1)
        tree.set_environment(engine)
        try:
            code = engine.compile(tree, where, self._file)
        except (SyntaxError, RecursionError, MemoryError, JinjaError) as problem:
            raise TemplateError(
                f"{where} cannot be compiled: {problem}: nest it less deeply"
            ) from problem
        self._template = Template.from_code(engine, code, dict(engine.globals))
        self._context = BudgetContext(engine, {}, None, {})

    def run(self, names: dict[str, object], budget: Budget) -> Iterator[str]:
        """Yield what the statements print, one piece for each output.

        Args:
            names: Holds `FUNCTIONS` too.
        """
        context = self._context.fresh(names, budget)
        return self._template.root_render_func(context)

    def explain(self, problem: BaseException, stream: Iterator[str]) -> str | None:
        """Say in words where the template failed and why; None when it did not."""
        line = self._line(problem)
        if line is None and isinstance(problem, LimitReached):
            # Who reads the stream counts what is printed: the template waits there.
            frame = cast("FrameType | None", getattr(stream, "gi_frame", None))
            line = frame.f_lineno if frame else None
        if line is None:
            return None
        place = self._places.at(self._template.get_corresponding_lineno(line))
        return f"{place}: {problem}"

    def _line(self, problem: BaseException) -> int | None:
        """Return the line of compiled code that failed, innermost first."""
        trace, line = problem.__traceback__, None
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self._file:
                line = trace.tb_lineno
            trace = trace.tb_next
        return line

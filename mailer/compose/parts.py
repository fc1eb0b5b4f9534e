"""One part of a letter, split once into what everybody gets and what is personal.

What everybody gets is encoded once. Values that are printed as they are, perhaps with a
fallback, are looked up (`mailer.compose.direct`). All others are printed one after the
other by a single run of one compiled program, from which the literal text has been taken
out: a value is one piece, a condition prints which branch it took, and a loop prints its
pieces and then an end. The bytes are those of a plain rendering.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from jinja2 import nodes
from markupsafe import escape

from mailer.compose.direct import in_place, named, named_or, set_names, tested
from mailer.compose.engine import RENDER_ERRORS, Engine, Program
from mailer.compose.limits import Budget, Limits
from mailer.compose.places import Places
from mailer.compose.slots import parts, with_parts
from mailer.compose.tree import DEFINITIONS, Nodes, literal, literal_text
from mailer.errors import CannotComposeError, TemplateError

TextT = TypeVar("TextT", str, bytes)
Encode = Callable[[str], TextT]

_TEXT = (str, bytes)
_END = "\udc00end\udcff"
"""Ends a loop's pieces. No value can be this: half surrogates are cleaned out before."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a part comes from, for messages, and what it may cost."""

    places: Places
    file: str
    limits: Limits

    @property
    def too_large(self) -> str:
        """What to say about a part that is too large."""
        return (
            f"{self.file}: this part of the letter has more than"
            f" {self.limits.max_output_bytes} bytes: shorten it, or raise max_output_bytes"
            " under [templates] in config.toml"
        )


class _Value:
    """The next piece."""


class _Loop:
    """All pieces up to the end."""


@dataclass(frozen=True, slots=True)
class _Named(Generic[TextT]):
    """The value of a name.

    Args:
        fallback: What is printed where nobody has it; None where that is a mistake.
        program: Prints the same, whatever the value is.
    """

    name: str
    fallback: TextT | None
    program: Program


@dataclass(frozen=True, slots=True)
class _Choice(Generic[TextT]):
    """The next piece says which branch was taken."""

    branches: dict[str, "_Plan[TextT]"]


@dataclass(frozen=True, slots=True)
class _Test(Generic[TextT]):
    """The branch of the first name that somebody has, or else the last."""

    names: tuple[str, ...]
    branches: "tuple[_Plan[TextT], ...]"


_Step: TypeAlias = TextT | _Value | _Loop | _Named[TextT] | _Choice[TextT] | _Test[TextT]
_Plan: TypeAlias = tuple[_Step[TextT], ...]
_VALUE = _Value()
_LOOP = _Loop()


class Part(Generic[TextT]):
    """A body, ready to be filled in."""

    def __init__(
        self, engine: Engine, body: Nodes, encode: Encode[TextT], where: Where
    ) -> None:
        """Split some statements.

        Args:
            encode: Makes what a letter is put together from: closed segments that can
                follow each other in any order.

        Raises:
            TemplateError: when what everybody gets is larger than a part may be.
        """
        self.body = body
        self._encode: Encode[TextT] = encode
        self._where = where
        self._engine = engine
        self._escapes = bool(engine.autoescape)
        body = in_place(body)
        self._set_names = set_names(body)
        steps, stream = self._split(body)
        self._plan: _Plan[TextT] = self._encoded(steps)
        self._program = self._compiled(stream) if stream else None
        if _size(self._plan) > where.limits.max_output_bytes:
            raise TemplateError(where.too_large)

    def _compiled(self, body: Nodes) -> Program:
        return Program(self._engine, body, self._where.places, self._where.file)

    def fill(self, names: dict[str, object]) -> list[TextT]:
        """Return the part for one person.

        Raises:
            CannotComposeError: when a value is missing or wrong, or a limit is reached.
        """
        found: list[TextT] = []
        budget = Budget(self._where.limits)
        if self._program is None:
            self._fill(self._plan, iter(()), _Run(names, budget), found)
        else:
            stream = self._program.run(names, budget)
            with _explained(self._program, stream):
                self._fill(self._plan, stream, _Run(names, budget), found)
        if sum(map(len, found)) > self._where.limits.max_output_bytes:
            raise CannotComposeError(self._where.too_large)
        return found

    def _fill(
        self, plan: _Plan[TextT], stream: Iterator[str], run: "_Run", found: list[TextT]
    ) -> None:
        encode, add = self._encode, found.append
        for step in plan:
            if isinstance(step, _TEXT):
                add(step)
            elif isinstance(step, _Named):
                add(self._named(step, run))
            elif step is _VALUE:
                add(encode(next(stream)))
            elif isinstance(step, _Test):
                self._fill(_branch(step, run.names), stream, run, found)
            elif isinstance(step, _Choice):
                self._fill(step.branches[next(stream)], stream, run, found)
            else:
                add(encode(_loop(stream, run.budget)))

    def _named(self, step: _Named[TextT], run: "_Run") -> TextT:
        value = run.names.get(step.name)
        if type(value) is str:
            # Most are words, which need no escaping.
            if self._escapes and not value.isalnum():
                value = str(escape(value))
            return self._encode(value)
        if value is None and step.fallback is not None:
            return step.fallback
        stream = step.program.run(run.names, run.budget)
        with _explained(step.program, stream):
            return self._encode("".join(stream))

    def _split(self, body: Nodes) -> tuple[list[_Step[str]], Nodes]:
        """Split statements into the steps of a plan and a program for the rest."""
        steps: list[_Step[str]] = []
        stream: Nodes = []
        for node in body:
            text = literal_text(node)
            if text is not None:
                steps.append(text)
            elif isinstance(node, nodes.Output):
                direct = self._direct(node)
                steps.append(direct or _VALUE)
                stream += [] if direct else [node]
            elif isinstance(node, DEFINITIONS):
                stream.append(node)
            elif isinstance(node, nodes.If):
                more, statement = self._split_choice(node)
                steps += more
                stream += statement
            elif isinstance(node, nodes.With | nodes.Scope):
                more, inside = self._split(node.body)
                steps += more
                stream += [with_parts(node, [inside])] if inside else []
            else:
                steps.append(_LOOP)
                stream += [node, literal(_END, node.lineno)]
        return steps, stream

    def _direct(self, node: nodes.Output) -> _Named[str] | None:
        name = named(node) or named_or(node)
        if name is None or name in self._set_names:
            return None
        program, fallback = self._compiled([node]), None
        if named(node) is None:
            fallback = "".join(program.run({}, Budget(self._where.limits)))
        return _Named(name, fallback, program)

    def _split_choice(self, node: nodes.If) -> tuple[list[_Step[str]], Nodes]:
        """Split a condition: unless it is looked up, a branch prints its number first."""
        line = node.lineno
        otherwise = node.else_ or [literal("", line)]
        complete = nodes.If(node.test, node.body, node.elif_, otherwise, lineno=line)
        names = tested(node)
        is_direct = names is not None and self._set_names.isdisjoint(names)
        branches: list[list[_Step[str]]] = []
        bodies: list[Nodes] = []
        for number, body in enumerate(parts(complete)):
            branch: list[_Step[str]]
            inside: Nodes
            branch, inside = self._split(body)
            branches.append(branch)
            bodies.append(inside if is_direct else [literal(str(number), line), *inside])
        is_empty = not any(any(steps) for steps in branches)
        if is_empty and all(len(body) == (not is_direct) for body in bodies):
            return [], []
        statement = with_parts(complete, bodies)
        if names is None or not is_direct:
            numbered = {str(number): tuple(one) for number, one in enumerate(branches)}
            return [_Choice(numbered)], [statement]
        return [_Test(tuple(names), tuple(map(tuple, branches)))], [statement] if any(
            bodies
        ) else []

    def _encoded(self, steps: Sequence[_Step[str]]) -> _Plan[TextT]:
        """Encode what everybody gets, in pieces as long as can be."""
        plan: list[_Step[TextT]] = []
        for is_text, run in groupby(steps, key=lambda step: isinstance(step, str)):
            if is_text:
                text = "".join(step for step in run if isinstance(step, str))
                plan += [self._encode(text)] if text else []
            else:
                plan += (self._encoded_step(step) for step in run)
        return tuple(plan)

    def _encoded_step(self, step: _Step[str]) -> _Step[TextT]:
        match step:
            case _Named():
                fallback = step.fallback
                encoded = None if fallback is None else self._encode(fallback)
                return _Named(step.name, encoded, step.program)
            case _Choice():
                return _Choice(
                    {at: self._encoded(one) for at, one in step.branches.items()}
                )
            case _Test():
                return _Test(step.names, tuple(map(self._encoded, step.branches)))
            case _:
                assert not isinstance(step, str)
                return step


class _Run(NamedTuple):
    """What one filling works with."""

    names: dict[str, object]
    budget: Budget


@contextmanager
def _explained(program: Program, stream: Iterator[str]) -> Generator[None, None, None]:
    try:
        yield
    except RENDER_ERRORS as problem:
        words = program.explain(problem, stream)
        if words is None:
            raise
        raise CannotComposeError(words) from problem


def _branch(step: _Test[TextT], names: dict[str, object]) -> _Plan[TextT]:
    for name, branch in zip(step.names, step.branches, strict=False):
        if names.get(name):
            return branch
    return step.branches[-1]


def _loop(stream: Iterator[str], budget: Budget) -> str:
    pieces: list[str] = []
    for piece in iter(stream.__next__, _END):
        budget.emit(len(piece))
        pieces.append(piece)
    return "".join(pieces)


def _size(plan: _Plan[TextT]) -> int:
    return sum(len(step) for step in plan if isinstance(step, str | bytes))

"""One part of a letter, split once into what everybody gets and what is personal.

What everybody gets is encoded once. The personal values are printed one after the other by
a single run of one compiled program, from which the literal text has been taken out: a
value is one piece, a condition prints which branch it took, and a loop prints its pieces
and then an end. The bytes are those of a plain rendering.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, TypeVar

from jinja2 import nodes

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
class _Choice(Generic[TextT]):
    """The next piece says which branch was taken."""

    branches: dict[str, "tuple[TextT | _Value | _Loop | _Choice[TextT], ...]"]


_Plan = tuple[TextT | _Value | _Loop | _Choice[TextT], ...]
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
        steps, stream = _split(body)
        self._plan: _Plan[TextT] = _encoded(steps, encode)
        self._program = Program(engine, stream, where.places, where.file)
        if _size(self._plan) > where.limits.max_output_bytes:
            raise TemplateError(where.too_large)

    def fill(self, names: dict[str, object]) -> list[TextT]:
        """Return the part for one person.

        Raises:
            CannotComposeError: when a value is missing or wrong, or a limit is reached.
        """
        found: list[TextT] = []
        budget = Budget(self._where.limits)
        stream = self._program.run(names, budget)
        try:
            self._fill(self._plan, stream, budget, found)
        except RENDER_ERRORS as problem:
            words = self._program.explain(problem, stream)
            if words is None:
                raise
            raise CannotComposeError(words) from problem
        if sum(map(len, found)) > self._where.limits.max_output_bytes:
            raise CannotComposeError(self._where.too_large)
        return found

    def _fill(
        self,
        plan: _Plan[TextT],
        stream: Iterator[str],
        budget: Budget,
        found: list[TextT],
    ) -> None:
        encode, add = self._encode, found.append
        for step in plan:
            if step is _VALUE:
                add(encode(next(stream)))
            elif isinstance(step, _TEXT):
                add(step)
            elif isinstance(step, _Choice):
                self._fill(step.branches[next(stream)], stream, budget, found)
            else:
                add(encode(_loop(stream, budget)))


def _loop(stream: Iterator[str], budget: Budget) -> str:
    pieces: list[str] = []
    for piece in iter(stream.__next__, _END):
        budget.emit(len(piece))
        pieces.append(piece)
    return "".join(pieces)


_Step = str | _Value | _Loop | dict[str, list["_Step"]]


def _split(body: Nodes) -> tuple[list[_Step], Nodes]:
    """Split statements into the steps of a plan and the program that prints the rest."""
    steps: list[_Step] = []
    stream: Nodes = []
    for node in body:
        text = literal_text(node)
        if text is not None:
            steps.append(text)
        elif isinstance(node, nodes.Output):
            steps.append(_VALUE)
            stream.append(node)
        elif isinstance(node, DEFINITIONS):
            stream.append(node)
        elif isinstance(node, nodes.If):
            more, statement = _split_choice(node)
            steps += more
            stream += statement
        elif isinstance(node, nodes.With | nodes.Scope):
            more, inside = _split(node.body)
            steps += more
            stream += [with_parts(node, [inside])] if inside else []
        else:
            steps.append(_LOOP)
            stream += [node, literal(_END, node.lineno)]
    return steps, stream


def _split_choice(node: nodes.If) -> tuple[list[_Step], Nodes]:
    """Split a condition: each branch prints its number, then its own personal values."""
    line = node.lineno
    otherwise = node.else_ or [literal("", line)]
    complete = nodes.If(node.test, node.body, node.elif_, otherwise, lineno=line)
    choice: dict[str, list[_Step]] = {}
    bodies: list[Nodes] = []
    for number, body in enumerate(parts(complete)):
        choice[str(number)], stream = _split(body)
        bodies.append([literal(str(number), line), *stream])
    if not any(any(steps) for steps in choice.values()) and all(
        len(body) == 1 for body in bodies
    ):
        return [], []
    return [choice], [with_parts(complete, bodies)]


def _encoded(steps: Sequence[_Step], encode: Encode[TextT]) -> _Plan[TextT]:
    """Encode what everybody gets, in pieces as long as can be."""
    plan: list[TextT | _Value | _Loop | _Choice[TextT]] = []
    for is_text, run in groupby(steps, key=lambda step: isinstance(step, str)):
        if is_text:
            text = "".join(step for step in run if isinstance(step, str))
            plan += [encode(text)] if text else []
        else:
            plan += (_step(step, encode) for step in run)
    return tuple(plan)


def _step(step: _Step, encode: Encode[TextT]) -> _Value | _Loop | _Choice[TextT]:
    if isinstance(step, _Value | _Loop):
        return step
    assert not isinstance(step, str)
    return _Choice({name: _encoded(one, encode) for name, one in step.items()})


def _size(plan: _Plan[TextT]) -> int:
    return sum(len(step) for step in plan if isinstance(step, str | bytes))

"""One part of a letter, split once into what everybody gets and what is personal.

What everybody gets is encoded once. Values that are printed as they are, perhaps with a
fallback, are looked up; all others are printed one after the other by a single run of one
compiled program (`mailer.compose.splitting`). The bytes are those of a plain rendering.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import Generic, NamedTuple, TypeVar

from markupsafe import escape

from mailer.compose.engine import RENDER_ERRORS, Engine, Program
from mailer.compose.limits import Budget, Limits
from mailer.compose.places import Places
from mailer.compose.splitting import END, Choice, Loop, Named, Step, Test, split
from mailer.compose.tree import Nodes
from mailer.errors import CannotComposeError, TemplateError

TextT = TypeVar("TextT", str, bytes)
Encode = Callable[[str], TextT]


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


class _Run(NamedTuple):
    """What one filling works with."""

    names: dict[str, object]
    stream: Iterator[str]
    budget: Budget


class _Gap(ABC, Generic[TextT]):
    """Something personal."""

    __slots__ = ()

    @abstractmethod
    def fill(self, run: _Run) -> TextT:
        """Return it for one person."""


def _added(first: TextT, second: TextT) -> TextT:
    return first + second


@dataclass(frozen=True, slots=True)
class _Plan(Generic[TextT]):
    """What everybody gets, with gaps.

    Args:
        pieces: In their order; anything where a gap is.
        gaps: Each with its place.
    """

    pieces: list[TextT]
    gaps: list[tuple[int, _Gap[TextT]]]

    def filled(self, run: _Run) -> list[TextT]:
        found = self.pieces.copy()
        for place, gap in self.gaps:
            found[place] = gap.fill(run)
        return found

    def whole(self, run: _Run) -> TextT:
        return reduce(_added, self.filled(run))


@dataclass(frozen=True, slots=True)
class _NextPiece(_Gap[TextT]):
    encode: Encode[TextT]

    def fill(self, run: _Run) -> TextT:
        return self.encode(next(run.stream))


@dataclass(frozen=True, slots=True)
class _Looped(_Gap[TextT]):
    encode: Encode[TextT]

    def fill(self, run: _Run) -> TextT:
        pieces: list[str] = []
        for piece in iter(run.stream.__next__, END):
            run.budget.emit(len(piece))
            pieces.append(piece)
        return self.encode("".join(pieces))


@dataclass(frozen=True, slots=True)
class _LookedUp(_Gap[TextT]):
    """The value of a name.

    Args:
        fallback: What is printed where nobody has it; None where that is a mistake.
        program: Prints the same, whatever the value is.
    """

    encode: Encode[TextT]
    escapes: bool
    name: str
    fallback: TextT | None
    program: Program

    def fill(self, run: _Run) -> TextT:
        value = run.names.get(self.name)
        if type(value) is str:
            # Most are words, which need no escaping.
            if self.escapes and not value.isalnum():
                value = str(escape(value))
            return self.encode(value)
        if value is None and self.fallback is not None:
            return self.fallback
        stream = self.program.run(run.names, run.budget)
        with _explained(self.program, stream):
            text = "".join(stream)
        return self.encode(text)


@dataclass(frozen=True, slots=True)
class _Chosen(_Gap[TextT]):
    branches: dict[str, _Plan[TextT]]

    def fill(self, run: _Run) -> TextT:
        return self.branches[next(run.stream)].whole(run)


@dataclass(frozen=True, slots=True)
class _Tested(_Gap[TextT]):
    branches: list[tuple[str, _Plan[TextT]]]
    otherwise: _Plan[TextT]

    def fill(self, run: _Run) -> TextT:
        for name, branch in self.branches:
            if run.names.get(name):
                return branch.whole(run)
        return self.otherwise.whole(run)


@contextmanager
def _explained(program: Program, stream: Iterator[str]) -> Generator[None, None, None]:
    try:
        yield
    except RENDER_ERRORS as problem:
        words = program.explain(problem, stream)
        if words is None:
            raise
        raise CannotComposeError(words) from problem


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
        self._engine = engine
        self._encode: Encode[TextT] = encode
        self._where = where
        steps, stream = split(body)
        self._program = self._compiled(stream) if stream else None
        self._plan: _Plan[TextT] = self._planned(steps)
        if _size(self._plan) > where.limits.max_output_bytes:
            raise TemplateError(where.too_large)

    def _compiled(self, body: Nodes) -> Program:
        return Program(self._engine, body, self._where.places, self._where.file)

    def fill(self, names: dict[str, object]) -> list[TextT]:
        """Return the part for one person.

        Raises:
            CannotComposeError: when a value is missing or wrong, or a limit is reached.
        """
        budget = Budget(self._where.limits)
        if self._program is None:
            found = self._plan.filled(_Run(names, iter(()), budget))
        else:
            stream = self._program.run(names, budget)
            with _explained(self._program, stream):
                found = self._plan.filled(_Run(names, stream, budget))
        if sum(map(len, found)) > self._where.limits.max_output_bytes:
            raise CannotComposeError(self._where.too_large)
        return found

    def _planned(self, steps: Sequence[Step]) -> _Plan[TextT]:
        """Encode what everybody gets, in pieces as long as can be."""
        plan: _Plan[TextT] = _Plan([], [])
        text = ""
        for step in [*steps, None]:
            if isinstance(step, str):
                text += step
                continue
            if text or (step is None and not plan.pieces):
                plan.pieces.append(self._encode(text))
                text = ""
            if step is not None:
                plan.gaps.append((len(plan.pieces), self._gap(step)))
                plan.pieces.append(self._encode(""))
        return plan

    def _gap(self, step: Step) -> _Gap[TextT]:
        match step:
            case Named():
                return self._looked_up(step)
            case Choice():
                plans = map(self._planned, step.branches)
                return _Chosen({str(number): plan for number, plan in enumerate(plans)})
            case Test():
                branches = [self._planned(branch) for branch in step.branches]
                tests = list(zip(step.names, branches, strict=False))
                return _Tested(tests, branches[-1])
            case Loop():
                return _Looped(self._encode)
            case _:
                return _NextPiece(self._encode)

    def _looked_up(self, step: Named) -> _Gap[TextT]:
        program, fallback = self._compiled([step.node]), None
        if step.has_fallback:
            words = program.run({}, Budget(self._where.limits))
            fallback = self._encode("".join(words))
        escapes = bool(self._engine.autoescape)
        return _LookedUp(self._encode, escapes, step.name, fallback, program)


def _size(plan: _Plan[TextT]) -> int:
    return sum(map(len, plan.pieces))

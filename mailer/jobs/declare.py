"""Columns that are not declared yet: what type each could have, by all of its cells.

A column is a number, a date or a yes and no only if every cell of every file is one: what
is a number in one file and text in the next is text.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field

from mailer.audience.header import attribute_name, column_name
from mailer.audience.services import Standing
from mailer.jobs.import_contacts import ImportOrder, columns_of
from mailer.jobs.move_in import Source
from mailer.model.attributes import AttributeSpec, AttributeType, coerce
from mailer.workspace.csvfiles import records

_NARROW: tuple[AttributeType, ...] = (
    AttributeType.NUMBER,
    AttributeType.DATE,
    AttributeType.BOOLEAN,
)
_WORDS_OF_BOOLEAN = frozenset({"yes", "no", "true", "false"})
_CELLS_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """An attribute that could be declared.

    Args:
        column: What the column is called in its file.
        note: What somebody should know about the type; "" for nothing.
    """

    name: str
    column: str
    type: AttributeType
    note: str

    def text(self) -> str:
        """Return it as config.toml says it."""
        return f'\n[attributes.{self.name}]\ntype = "{self.type}"\n'


@dataclass(slots=True)
class _Guess:
    """What the cells of one column were so far.

    Args:
        wrong: Of each narrow type, the first cell that is none: file, line, cell.
        files: By file, the types that all of its cells fit.
    """

    column: str
    texts: bool
    wrong: dict[AttributeType, tuple[str, int, str]] = field(
        default_factory=dict[AttributeType, tuple[str, int, str]]
    )
    files: dict[str, set[AttributeType]] = field(
        default_factory=dict[str, set[AttributeType]]
    )
    words: bool = False
    seen: set[str] = field(default_factory=set[str])

    def add(self, file: str, line: int, cell: str) -> None:
        fits = self.files.setdefault(file, set(_NARROW))
        if cell in self.seen and fits <= self.possible():
            return
        if len(self.seen) < _CELLS_REMEMBERED:
            self.seen.add(cell)
        self.words = self.words or cell.lower() in _WORDS_OF_BOOLEAN
        for kind in tuple(fits):
            if not _fits(kind, cell):
                fits.discard(kind)
                self.wrong.setdefault(kind, (file, line, cell))

    def possible(self) -> set[AttributeType]:
        return set(_NARROW) - self.wrong.keys()

    def type(self) -> AttributeType:
        if self.texts:
            return AttributeType.TEXTS
        possible = self.possible()
        if AttributeType.BOOLEAN in possible and self.words:
            return AttributeType.BOOLEAN
        return next((one for one in _NARROW[:2] if one in possible), AttributeType.TEXT)

    def note(self) -> str:
        """Say where a narrower type does not hold although it does in another file."""
        if self.type() is not AttributeType.TEXT:
            return ""
        for kind in _NARROW:
            where = [name for name, fits in self.files.items() if kind in fits]
            if where and kind in self.wrong:
                file, line, cell = self.wrong[kind]
                return (
                    f"a {kind} in {where[0]}, but not in {file} (line {line}:"
                    f" {cell[:40]!r})"
                )
        return ""


def propose(
    sources: Sequence[Source], specs: Mapping[str, AttributeSpec], order: ImportOrder
) -> list[Proposal]:
    """Propose a type for each column of members that is not declared; empty ones get none.

    Raises:
        ImportFileError: when a file has no column of addresses.
    """
    guesses: dict[str, _Guess] = {}
    for source in sources:
        if source.has_members:
            _look(source, specs, order, guesses)
    return [
        Proposal(name, guess.column, guess.type(), guess.note())
        for name, guess in guesses.items()
        if guess.files and name not in specs
    ]


def _look(
    source: Source,
    specs: Mapping[str, AttributeSpec],
    order: ImportOrder,
    guesses: dict[str, _Guess],
) -> None:
    file, adapter = source.file, source.adapter
    wanted = ImportOrder(
        file.path,
        order.mailing_list,
        order.basis,
        order.source,
        called=order.called,
        ignore_unknown=True,
        adapter=adapter,
    )
    ignored = set(columns_of(file, specs, wanted).ignored)
    header = file.header if adapter is None else adapter.header
    places: list[tuple[int, _Guess]] = []
    for place, cell in enumerate(header):
        if column_name(cell) in ignored:
            name = attribute_name(cell)
            texts = adapter is not None and place == adapter.tags
            places.append((place, guesses.setdefault(name, _Guess(cell.strip(), texts))))
    for line, row in _members(source) if places else ():
        for place, guess in places:
            if text := row[place].strip():
                guess.add(file.name, line, text)


def _members(source: Source) -> Generator[tuple[int, Sequence[str]], None, None]:
    """Give the rows of members as an import would read them."""
    file, adapter = source.file, source.adapter
    width = len(file.header) if adapter is None else adapter.width
    for line, cells, problem in records(file):
        if problem or len(cells) < width:
            continue
        if adapter is None:
            yield line, cells
        elif adapter.standing(cells) is Standing.MEMBER:
            yield line, adapter.cells(cells)


def _fits(type: AttributeType, cell: str) -> bool:
    try:
        coerce(AttributeSpec("value", type), cell)
    except ValueError:
        return False
    return True

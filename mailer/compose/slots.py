"""A template as a document with marks in it, and back again.

CSS and plain text are made from a whole HTML document by tools that know no Jinja. So each
value and each edge of a statement is marked, the tool works on the marked document, and the
marks are turned back into statements. Between elements a mark is a comment, which no parser
moves, also between table rows; elsewhere it is a word that no document has.

While it marks, this makes values safe for their place (`mailer.compose.markup`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from jinja2 import nodes

from mailer.compose.markup import Place, Where, behind
from mailer.compose.places import Places
from mailer.compose.safety import safe, why_no_statement, why_no_value
from mailer.compose.tree import (
    DEFINITIONS,
    Nodes,
    branches,
    literal,
    merged,
    printed,
    replaced,
)
from mailer.errors import TemplateError


class Role(StrEnum):
    """What a mark stands for."""

    VALUE = "v"
    DEFINITION = "d"
    OPEN = "o"
    MIDDLE = "m"
    CLOSE = "c"


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark.

    Args:
        branch: For an edge, which branch of the statement begins here.
    """

    role: Role
    node: nodes.Node
    branch: int = 0


@dataclass(frozen=True, slots=True)
class Marked:
    """A document with marks.

    Args:
        word: What each mark begins with; occurs nowhere else.
        text: The document.
        marks: In the order in which they stand in it.
    """

    word: str
    text: str
    marks: tuple[Mark, ...]

    @property
    def pattern(self) -> re.Pattern[str]:
        """A mark as it stands in a document, with its number."""
        word = re.escape(self.word)
        return re.compile(rf"<!--{word}(\d+)[vdomc]x-->|{word}(\d+)[vdomc]x")

    def found_in(self, text: str) -> list[int]:
        """Return the numbers of the marks in a document, in their order."""
        return [int(one or other) for one, other in self.pattern.findall(text)]


def mark(body: Nodes, places: Places) -> Marked:
    """Turn statements that make HTML into a document with marks.

    Raises:
        TemplateError: when a value or statement stands where it cannot be made safe, or the
            document ends inside of something.
    """
    body = merged(body)
    marking = _Marking(_unused_word(body), places)
    end = marking.statements(body, Place())
    if not end.in_text:
        last = body[-1] if body else 1
        raise places.error(
            last,
            f"the HTML ends inside {_words(end)}: is the file saved to its end?",
        )
    return Marked(marking.word, "".join(marking.pieces), tuple(marking.marks))


def _unused_word(body: Nodes) -> str:
    texts = [one.data for node in body for one in _data(node)]
    number = 0
    while True:
        word = f"qj{number}q"
        if not any(word in text for text in texts):
            return word
        number += 1


def _data(node: nodes.Node) -> list[nodes.TemplateData]:
    return list(node.find_all(nodes.TemplateData))


class _Marking:
    """One pass over statements."""

    def __init__(self, word: str, places: Places) -> None:
        self.word = word
        self.pieces: list[str] = []
        self.marks: list[Mark] = []
        self._places = places

    def statements(self, body: Nodes, place: Place) -> Place:
        """Mark some statements that begin at a place; return the place behind them."""
        for node in body:
            place = self._statement(node, place)
        return place

    def _statement(self, node: nodes.Node, place: Place) -> Place:
        child = printed(node)
        if isinstance(child, nodes.TemplateData):
            self.pieces.append(child.data)
            return place.after(child.data)
        if isinstance(node, DEFINITIONS):
            self._refuse(node, why_no_statement(place) or _why_not_held(node))
            self._put(Mark(Role.DEFINITION, node), place)
            return place
        if child is not None:
            self._refuse(child, why_no_value(place))
            value = nodes.Output([safe(child, place)], lineno=node.lineno)
            self._put(Mark(Role.VALUE, value), place)
            return place.after_value()
        self._refuse(node, why_no_statement(place))
        return self._parts(node, place)

    def _refuse(self, node: nodes.Node, why: str | None) -> None:
        if why is not None:
            raise self._places.error(node, why)

    def _parts(self, node: nodes.Node, place: Place) -> Place:
        ends: list[Place] = []
        for number, body in enumerate(parts(node)):
            self._put(Mark(Role.MIDDLE if number else Role.OPEN, node, number), place)
            end = self.statements(body, place)
            if not end.matches(place):
                words = (
                    "what is inside must begin and end in the same place of the HTML: it"
                )
                raise self._places.error(node, f"{words} ends inside {_words(end)}")
            ends.append(end)
        self._put(Mark(Role.CLOSE, node), place)
        if isinstance(node, nodes.For) or (isinstance(node, nodes.If) and not node.else_):
            ends.append(place)
        return behind(ends)

    def _put(self, one: Mark, place: Place) -> None:
        number = len(self.marks)
        self.marks.append(one)
        text = f"{self.word}{number}{one.role}x"
        is_word = one.role is Role.VALUE or place.conditional or not place.in_text
        self.pieces.append(text if is_word else f"<!--{text}-->")


def _why_not_held(node: nodes.Node) -> str | None:
    """Say why a definition cannot hold what it does: CSS would not reach its elements."""
    if isinstance(node, nodes.AssignBlock) and any("<" in one.data for one in _data(node)):
        return "a {% set %} block can hold text only: for elements make a {% macro %}"
    return None


def _words(place: Place) -> str:
    match place.where:
        case Where.VALUE:
            return f"the value of {place.attribute}="
        case Where.TAG:
            return "a tag"
        case Where.COMMENT:
            return "a comment"
        case _:
            return f"<{place.element}>" if place.element else "text"


def parts(node: nodes.Node) -> list[Nodes]:
    """Return the lists of statements inside a statement, as marks number them."""
    match node:
        case nodes.If():
            return [body for _, body in branches(node)]
        case nodes.For():
            return [node.body, node.else_] if node.else_ else [node.body]
        case _:
            assert isinstance(node, nodes.With | nodes.Scope)
            return [node.body]


def with_parts(node: nodes.Node, bodies: Sequence[Nodes]) -> nodes.Node:
    """Copy a statement with other statements inside: the reverse of `parts`."""
    match node:
        case nodes.If():
            count = len(node.elif_)
            return replaced(
                node,
                body=bodies[0],
                elif_=[
                    replaced(one, body=body)
                    for one, body in zip(node.elif_, bodies[1 : count + 1], strict=True)
                ],
                else_=bodies[count + 1] if node.else_ else [],
            )
        case nodes.For():
            return replaced(node, body=bodies[0], else_=bodies[1] if node.else_ else [])
        case _:
            return replaced(node, body=bodies[0])


def unmark(marked: Marked, text: str, places: Places) -> Nodes:
    """Turn a document with marks into statements.

    Args:
        text: The document as a tool returned it. Values may have moved or gone; a statement
            that was kept must have all its edges.

    Raises:
        TemplateError: when an edge is without the others.
    """
    items: list[str | Mark] = []
    end = 0
    for found in marked.pattern.finditer(text):
        items += (text[end : found.start()], marked.marks[int(found[1] or found[2])])
        end = found.end()
    return _Unmarking([*items, text[end:]], places).whole()


class _Unmarking:
    """One pass over the pieces of a document."""

    def __init__(self, items: list[str | Mark], places: Places) -> None:
        self._items = iter(items)
        self._places = places

    def whole(self) -> Nodes:
        """Return all statements."""
        body, edge = self._until_edge()
        if edge is not None:
            raise self._unpaired(edge)
        return body

    def _until_edge(self) -> tuple[Nodes, Mark | None]:
        """Read up to an edge that was not opened here, or to the end."""
        body: Nodes = []
        for item in self._items:
            if isinstance(item, str):
                body += [literal(item, 1)] if item else []
            elif item.role is Role.OPEN:
                body.append(self._statement(item))
            elif item.role in {Role.MIDDLE, Role.CLOSE}:
                return body, item
            else:
                body.append(item.node)
        return body, None

    def _statement(self, opening: Mark) -> nodes.Node:
        bodies: list[Nodes] = []
        edge = opening
        while edge.role is not Role.CLOSE:
            body, found = self._until_edge()
            bodies.append(body)
            if found is None or found.node is not opening.node:
                raise self._unpaired(opening)
            edge = found
        if len(bodies) != len(parts(opening.node)):
            raise self._unpaired(opening)
        return with_parts(opening.node, bodies)

    def _unpaired(self, edge: Mark) -> TemplateError:
        return self._places.error(
            edge.node,
            "the beginning and the end of this are torn apart by the HTML around it",
        )

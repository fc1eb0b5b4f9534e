"""How the text of an expression becomes Jinja's syntax tree, with the place of each part.

Jinja's nodes know a line and no column, so each token is given to its parser with its place
in the text instead of its line: whatever is refused later can say where it stands. Length
and depth are bounded before anything recursive sees the text.
"""

import re
from dataclasses import dataclass

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser

from mailer.errors import ExpressionError

MAX_CHARACTERS = 20_000
MAX_DEPTH = 20
_MAX_DIGITS = 30
_MAX_PREFIXES = 2

_ENVIRONMENT = Environment(autoescape=True)
_ESCAPES = re.compile(r"\\[\\'\"]")

_INSTEAD = {
    "=": "write == to compare",
    "|": "write 'or' between two conditions",
    "||": "write 'or' between two conditions",
    "&": "write 'and' between two conditions",
    "!": "write 'not' before a condition, or != between two values",
    "<>": "write != between two values",
    "\u201c": "write straight quotes: 'text'",
    "\u201d": "write straight quotes: 'text'",
    "\u201e": "write straight quotes: 'text'",
    "\u2018": "write straight quotes: 'text'",
    "\u2019": "write straight quotes: 'text'",
    "'": "the text that begins here has no end",
    '"': "the text that begins here has no end",
    "if": "write 'and' and 'or' between conditions",
    "AND": "write 'and' in small letters",
    "OR": "write 'or' in small letters",
    "NOT": "write 'not' in small letters",
    "IN": "write 'in' in small letters",
    "IS": "write 'is' in small letters",
}
"""What people write, and what stands there in this language."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of an expression and where it stands.

    Args:
        where: Such as `lists/news.toml, segment norway`.
    """

    text: str
    where: str

    def error(self, place: int, words: str) -> ExpressionError:
        """Return the error that names a place.

        Args:
            place: How many characters stand before it.
        """
        before = self.text[:place]
        line = before.count("\n") + 1
        column = place - before.rfind("\n")
        named = f"column {column}"
        if "\n" in self.text.strip():
            named = f"line {line}, {named}"
        return ExpressionError(f"{self.where}, {named}: {words}")


def tree(text: str, where: str) -> tuple[Source, nodes.Expr]:
    """Read an expression; each node's `lineno` is 1 + its place in the source's text.

    Raises:
        ExpressionError: when it is none, is too long or too deeply nested.
    """
    source = Source(text.replace("\r\n", "\n").replace("\r", "\n"), where)
    if not source.text.strip():
        raise ExpressionError(f"{where}: the expression is empty")
    if len(source.text) > MAX_CHARACTERS:
        raise ExpressionError(
            f"{where}: the expression is longer than {MAX_CHARACTERS} characters:"
            " make an attribute or a list of it"
        )
    tokens = _tokens(source)
    _measure(source, tokens)
    parser = Parser(_ENVIRONMENT, "")
    parser.stream = TokenStream(iter(tokens), None, None)
    try:
        expression = parser.parse_expression()
    except TemplateSyntaxError as problem:
        raise _unexpected(source, tokens, parser.stream.current) from problem
    if parser.stream:
        raise _unexpected(source, tokens, parser.stream.current)
    return source, expression


def place_of(node: nodes.Node) -> int:
    """Return how many characters stand before a part of the source."""
    while (first := _first_part(node)) is not None:
        node = first
    return node.lineno - 1


def _first_part(node: nodes.Node) -> nodes.Node | None:
    """Return what stands first inside a node; a long chain is deep on its left side."""
    match node:
        case nodes.Compare():
            return node.expr
        case nodes.BinExpr():
            return node.left
        case nodes.Filter() | nodes.Test() | nodes.Call():
            return node.node
        case nodes.Getattr() | nodes.Getitem():
            return node.node
        case nodes.Concat():
            return node.nodes[0]
        case _:
            return None


def _tokens(source: Source) -> list[Token]:
    placed: list[tuple[int, str, str]] = []
    place = 0
    lexer = _ENVIRONMENT.lexer
    try:
        for _, kind, text in lexer.tokeniter(source.text, None, None, "variable"):
            _check_token(source, place, kind, text)
            placed.append((place + 1, kind, text))
            place += len(text)
        return list(lexer.wrap(placed))
    except TemplateSyntaxError as problem:
        raise _unreadable(source, place) from problem


def _check_token(source: Source, place: int, kind: str, text: str) -> None:
    if kind in {"integer", "float"} and len(text) > _MAX_DIGITS:
        raise source.error(place, f"the number {text[:12]}… is too long")
    if kind == "string" and "\\" in _ESCAPES.sub("", text):
        raise source.error(
            place, f"in {text}: a backslash may only stand before a quote or a backslash"
        )
    if kind == "name" and not text.isidentifier():
        raise source.error(place, f"{text!r} is no name")


def _unreadable(source: Source, place: int) -> ExpressionError:
    found = source.text[place : place + 1]
    if found and found in ")]}":
        return source.error(place, f"{found!r} closes nothing that was opened before it")
    instead = _INSTEAD.get(found)
    return source.error(
        place,
        f"{found!r} is no part of an expression" + (f": {instead}" if instead else ""),
    )


def _measure(source: Source, tokens: list[Token]) -> None:
    depth = prefixes = 0
    for token in tokens:
        depth += (token.type in _OPENING) - (token.type in _CLOSING)
        prefixes = prefixes + 1 if _is_prefix(token) else 0
        if depth > MAX_DEPTH or prefixes > _MAX_PREFIXES:
            raise source.error(
                token.lineno - 1,
                f"nested too deeply (more than {MAX_DEPTH} brackets, or"
                f" {_MAX_PREFIXES} times 'not'): say it more simply",
            )
        if token.test("name:if"):
            raise source.error(
                token.lineno - 1, f"'if' is no part of an expression: {_INSTEAD['if']}"
            )


_OPENING = frozenset({"lparen", "lbracket", "lbrace"})
_CLOSING = frozenset({"rparen", "rbracket", "rbrace"})


def _is_prefix(token: Token) -> bool:
    return token.test("name:not") or token.type in {"sub", "add"}


def _unexpected(source: Source, tokens: list[Token], found: Token) -> ExpressionError:
    """Say which token cannot stand where it does, and what was perhaps meant."""
    if found.type == "eof":
        return source.error(len(source.text.rstrip()), "something is missing at the end")
    at = next(i for i, token in enumerate(tokens) if token is found)
    word, before = str(found.value), str(tokens[at - 1].value) if at else ""
    if instead := _INSTEAD.get(before + word) or _INSTEAD.get(word):
        words = f"{word!r} cannot stand here: {instead}"
    elif instead := _INSTEAD.get(before):
        found, words = tokens[at - 1], f"{before!r} cannot stand here: {instead}"
    else:
        words = f"{word!r} cannot stand here"
    return source.error(found.lineno - 1, words)

"""A body in Markdown (CommonMark with tables) becomes the HTML of a layout's block.

Jinja stays working in it. Each tag of Jinja is put away behind a word before Markdown reads
the text, and put back after, so neither sees the other: no value is ever read as Markdown,
and Jinja's own escaping makes values safe, as in a body of HTML.

A statement, comment or macro on a line of its own stands between paragraphs; a value, and
whatever stands in the middle of a line, is part of the text.
"""

import re
from collections.abc import Mapping, Sequence

from jinja2 import nodes
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mailer.compose.places import Places
from mailer.compose.syntax import parse
from mailer.compose.tags import Lines, Tag, alone, put_back, tags, unused_word

LAYOUTS = "_layouts"
MACROS_FILE = f"{LAYOUTS}/macros.html"
"""Its macros can be used in every Markdown body without an import."""

BLOCK = "body"
"""The block of the layout that a Markdown body fills."""

_EXTENDS = re.compile(r"\{%[+-]?\s*extends\b")
_LOOP = re.compile(r"\{%[+-]?\s*for\b")
_LOOP_ENDS = re.compile(r"\{%[+-]?\s*endfor\b")

# Four spaces at the beginning of a line are how people indent Jinja, not code.
_MARKDOWN = (
    MarkdownIt("commonmark", {"html": True})
    .enable(["table", "strikethrough"])
    .disable(["code"])
)


def layout_file(layout: str) -> str:
    """Return the file of a layout by its name in `letter.toml`."""
    return f"{LAYOUTS}/{layout}.html"


def extends_itself(text: str) -> bool:
    """Say whether a Markdown body names its layout with a statement of its own."""
    return any(_EXTENDS.match(tag.text) for tag in tags(text))


def page_of(text: str, layout: str, files: Mapping[str, str]) -> tuple[str, Lines]:
    """Turn a Markdown body into a template of HTML that extends its layout.

    Args:
        layout: The file of the layout, unless the body names one by `{% extends %}`; ""
            for a part of a body, which has none.
        files: What the template can extend and import, by name.

    Returns:
        The template's text, and which lines of the body its lines come from.
    """
    found = tags(text)
    word = unused_word(text)
    html = _html(text, found, word)
    before = _imported(files)
    after = ""
    if layout and not extends_itself(text):
        before = f'{{% extends "{layout}" %}}{before}{{% block {BLOCK} %}}\n'
        after = "{% endblock %}\n"
    made, lines = put_back(before + html, found, word)
    return made + after, lines


def _imported(files: Mapping[str, str]) -> str:
    """Return the statement that makes the layouts' macros known."""
    if MACROS_FILE not in files:
        return ""
    places = Places()
    body = parse(files[MACROS_FILE], places, places.add(MACROS_FILE))
    names = [node.name for node in body if isinstance(node, nodes.Macro)]
    return f'{{% from "{MACROS_FILE}" import {", ".join(names)} %}}' if names else ""


def _html(text: str, found: Sequence[Tag], word: str) -> str:
    """Return the HTML of a Markdown text, with a word in the place of each tag."""
    pieces: list[str] = []
    end = 0
    standing = set(alone(text, found))
    for number, tag in enumerate(found):
        mark = f"{word}{number}x"
        pieces += (text[end : tag.start], f"<!--{mark}-->" if number in standing else mark)
        end = tag.end
    pieces.append(text[end:])
    tokens = _MARKDOWN.parse("".join(pieces))
    tokens = _lists_around_loops(tokens, found, word)
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def _lists_around_loops(
    tokens: list[Token], found: Sequence[Tag], word: str
) -> list[Token]:
    """Put a loop whose body is one list inside of it: one list, not one for each turn."""
    mark = re.compile(rf"\s*<!--{word}(\d+)x-->\s*")

    def stands_for(token: Token, what: re.Pattern[str]) -> bool:
        if token.type != "html_block" or not (one := mark.fullmatch(token.content)):
            return False
        return what.match(found[int(one[1])].text) is not None

    moved = list(tokens)
    for at, token in enumerate(tokens[:-1]):
        if not stands_for(token, _LOOP) or not tokens[at + 1].type.endswith("_list_open"):
            continue
        end = _end_of(tokens, at + 1)
        if end + 1 < len(tokens) and stands_for(tokens[end + 1], _LOOP_ENDS):
            moved[at], moved[at + 1] = tokens[at + 1], token
            moved[end], moved[end + 1] = tokens[end + 1], tokens[end]
    return moved


def _end_of(tokens: Sequence[Token], opening: int) -> int:
    """Return where the element ends that a token opens."""
    depth = 0
    for at in range(opening, len(tokens)):
        depth += tokens[at].nesting
        if depth == 0:
            return at
    return len(tokens)

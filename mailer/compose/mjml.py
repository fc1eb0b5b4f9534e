"""A body in MJML becomes HTML; this module needs the extra `mjml` (a port of MJML in Rust).

Jinja's tags are put away before MJML reads the text. One that stands between elements is
put into `<mj-raw>`, where MJML wants everything that is not its own. Included files come
from those that the template names and were read with it; nothing is fetched.
"""

import re
from collections.abc import Mapping

from mjml import mjml2html

from mailer.compose.tags import Lines, Tag, put_back, tags, unused_word

_HOLDS_HTML = (
    "mj-accordion-text", "mj-accordion-title", "mj-button", "mj-navbar-link", "mj-preview",
    "mj-raw", "mj-social-element", "mj-style", "mj-table", "mj-text", "mj-title",
)  # fmt: skip
_EDGE = re.compile(rf"<(?P<close>/?)(?:{'|'.join(_HOLDS_HTML)})\b[^>]*?(?P<empty>/?)>")
_LANGUAGE = re.compile(r'lang="und" dir="auto"')
_WRITTEN_IN = 'lang="{{ letter_language }}" dir="auto"'


def page_of(text: str, files: Mapping[str, str]) -> tuple[str, Lines]:
    """Turn a body in MJML into a template of HTML.

    Args:
        files: What `<mj-include>` can name.

    Returns:
        The template's text, and which lines of the body its lines come from.

    Raises:
        ValueError: in words of MJML's reader, when it does not parse.
    """
    word = unused_word("".join([text, *files.values()]))
    found: list[Tag] = []

    def included(path: str) -> str:
        name = path.removeprefix("./")
        if name not in files:
            raise ValueError(f"there is no file {name!r} to include beside the letter")
        line = text[: max(0, text.find(path))].count("\n") + 1
        return _put_away(files[name], word, found, line)

    html = str(
        mjml2html(
            _put_away(text, word, found),
            # A font from elsewhere would be asked for by each reader, and know them.
            fonts={},
            include_loader=included,
        )
    )
    made, lines = put_back(html, found, word)
    return _LANGUAGE.sub(_WRITTEN_IN, made), lines


def _put_away(text: str, word: str, found: list[Tag], line: int | None = None) -> str:
    """Put a word in the place of each tag.

    Args:
        found: The tags so far; these are added.
        line: Where to say that all of them stand; None for where they do.
    """
    pieces: list[str] = []
    end = 0
    for tag in tags(text):
        mark = f"{word}{len(found)}x"
        if _between_elements(text, tag):
            mark = f"<mj-raw><!--{mark}--></mj-raw>"
        pieces += (text[end : tag.start], mark)
        found.append(tag if line is None else Tag(tag.text, tag.start, tag.end, line))
        end = tag.end
    return "".join([*pieces, text[end:]])


def _between_elements(text: str, tag: Tag) -> bool:
    """Say whether a tag stands outside of every element that holds HTML, and of tags."""
    if text.rfind("<", 0, tag.start) > text.rfind(">", 0, tag.start):
        return False
    depth = 0
    for edge in _EDGE.finditer(text, 0, tag.start):
        depth += 0 if edge["empty"] else -1 if edge["close"] else 1
    return depth <= 0

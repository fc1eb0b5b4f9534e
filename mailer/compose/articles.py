"""An article's Markdown becomes the HTML of its page: no HTML of its own, no pictures."""

from markdown_it import MarkdownIt
from markupsafe import Markup

# CommonMark's links are checked: javascript: and data: become text.
_MARKDOWN = (
    MarkdownIt("commonmark", {"html": False})
    .enable(["table", "strikethrough"])
    .disable(["image", "code"])
)
_BELOW_THE_TITLE = 1


def article_html(text: str) -> Markup:
    """Return an article's text as HTML; its headings stand below the page's own."""
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            level = min(6, int(token.tag[1:]) + _BELOW_THE_TITLE)
            token.tag = f"h{level}"
    # Everything that is not Markdown's own was escaped by its renderer.
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704

"""Places in HTML: where we think a value stands is where an HTML parser puts it."""

# ruff: noqa: E501 - the pieces are read line by line

from html.parser import HTMLParser

import css_inline
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mailer.compose.markup import Place, Where

MARK = "QMARKQ"
INLINER = css_inline.CSSInliner(inline_style_tags=False, keep_style_tags=True)
PIECES = st.sampled_from(
    [
        "<p", "<a", "<b", "<div", "</p", "</b", ">", "/>", "/", " ", "\n", "=", '"', "'", "x", "-",
        " title=", ' title="', " title='", ' href="', " href = '", " href=x", " HREF='", " a b",
        "<!--", "-->", "--!>", "--", "<!-->", "<!--->", "<!", "<?", "</", "<", "<1", "<!doctype p>",
        "<!--[if mso]>", "<![endif]-->", "<!--[if !mso]><!-->", "<!--<![endif]-->", "<!-- x -->",
        "<!--[if !mso]> <!-->", "<!-- <![endif]-->", "<!--[if !mso]><!-- -->", "<![if !mso]>",
        "<script>", "</script>", "</script ", "</scriptx>", "<title>", "</title>", "<TEXTAREA>",
        "</textarea>", "&lt;", "&quot;", "text",
    ]
)  # fmt: skip


class _Finder(HTMLParser):
    """Finds the mark in a document that a real parser has put in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[Where, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [
            (Where.VALUE, name) for name, value in attrs if MARK in (value or "")
        ]
        if MARK.lower() in tag or any(MARK.lower() in name for name, _ in attrs):
            self.found.append((Where.TAG, ""))

    def handle_data(self, data: str) -> None:
        if MARK in data:
            self.found.append((Where.TEXT, ""))

    def handle_comment(self, data: str) -> None:
        if MARK in data:
            self.found.append((Where.COMMENT, ""))


def where_a_parser_puts_it(text: str, place: Place) -> list[tuple[Where, str]]:
    """Close what should be open, parse, and look for the mark."""
    closing = {
        Where.VALUE: f"{place.quote}>",
        Where.COMMENT: place.quote or "-->",
        Where.ESCAPABLE: f"</{place.element}>",
    }
    end = closing.get(place.where, "")
    if place.conditional:
        end += "<![endif]-->"
    finder = _Finder()
    finder.feed(INLINER.inline(f"<body>.{text}{MARK}{end}</body>"))
    finder.close()
    return finder.found


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
@example("<!--[if !mso]> <!--><a href='")
@example("<!--><a href='")
@example("<!-- --!><a href='")
@example("<a title=a href='")
@example("<a title='>' href=\"")
@example("<a/href='")
def test_a_place_is_what_an_html_parser_makes_of_it(text: str) -> None:
    place = Place().after(f"<body>.{text}")
    # Where no value may stand it does not matter what exactly the place is.
    assume(place.where not in {Where.TAG, Where.RAW})
    assume(place.where is not Where.VALUE or place.quote)
    found = where_a_parser_puts_it(text, place)
    if place.conditional:
        assert found == [(Where.COMMENT, "")]
    elif place.where is Where.VALUE:
        # The second attribute of one name counts for nothing, so the mark is lost with it.
        assert found in ([(Where.VALUE, place.attribute)], [])
    elif place.where is Where.COMMENT:
        assert found == [(Where.COMMENT, "")]
    else:
        assert found == [(Where.TEXT, "")]

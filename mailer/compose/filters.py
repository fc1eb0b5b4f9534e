"""The filters that templates may use: a closed list, each bounded.

What could grow is in `mailer.compose.bounded`. A list is no text: it is printed through
`join`. Names that begin with `_` are written into
the syntax tree by other modules of this package; no template can name them.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from jinja2 import filters
from markupsafe import Markup, escape

from mailer.compose import bounded, locales
from mailer.compose.bounded import charged, of_text, text_of
from mailer.compose.comparison import compared

_SCHEME = re.compile(r"(?i)(?:https?://|mailto:|tel:)")
_UNQUOTED_IN_URLS = "%/:=&?~#+!$,;'@()*[]"  # RFC 3986 §2.2, and what is quoted already
_STYLE_VALUE = re.compile(r"[A-Za-z0-9 #.,%+-]*")


def _url_start(value: object) -> str:
    """Check a value that begins a link: it can only lead to the web, mail or phone."""
    text = str(text_of(value)).strip()
    if not _SCHEME.match(text):
        raise ValueError(
            "this value begins a link, so it must begin with https://, http://, mailto: or"
            " tel:"
        )
    return quote(text.encode(errors="replace"), safe=_UNQUOTED_IN_URLS)


def _style(value: object) -> str:
    """Check a value in a style: it can be a number, a word or a colour."""
    text = str(text_of(value))
    if not _STYLE_VALUE.fullmatch(text):
        raise ValueError(
            "this value stands in a style, so it may hold letters, digits, spaces and"
            " # . , % + - only"
        )
    return text


def _nl2br(value: object) -> Markup:
    """Break lines in HTML where the value does."""
    return Markup("<br>\n").join(escape(text_of(value)).splitlines())


_SHARED: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "batch": bounded.batch,
    "capitalize": of_text(filters.do_capitalize),
    "center": bounded.center,
    "count": len,
    "d": filters.do_default,
    "default": filters.do_default,
    "first": filters.sync_do_first,
    "float": charged(filters.do_float),
    "format": bounded.format_pattern,
    "indent": bounded.indent,
    "int": charged(filters.do_int),
    "join": bounded.join,
    "last": filters.do_last,
    "length": len,
    "list": charged(bounded.items_of),
    "lower": of_text(filters.do_lower),
    "max": charged(filters.do_max, "environment"),
    "min": charged(filters.do_min, "environment"),
    "replace": bounded.replace,
    "reverse": charged(bounded.in_reverse),
    "round": filters.do_round,
    "slice": bounded.slices,
    "sort": charged(filters.do_sort, "environment"),
    "split": charged(bounded.split),
    "title": of_text(filters.do_title),
    "trim": of_text(filters.do_trim),
    "truncate": of_text(filters.do_truncate, "environment"),
    "unique": charged(bounded.unique, "environment"),
    "upper": of_text(filters.do_upper),
    "urlencode": charged(bounded.quoted),
    "wordcount": of_text(filters.do_wordcount),
    "wordwrap": bounded.wordwrap,
}
_INTERNAL: dict[str, Callable[..., Any]] = {
    "_compared": compared,
    "_joined": bounded.joined,
    "_made": bounded.made,
    "_plain": bounded.plain,
    "_style": _style,
    "_turns": bounded.turns,
    "_url": bounded.quoted,
    "_url_start": _url_start,
    **locales.FILTERS,
}
HTML_FILTERS: dict[str, Callable[..., Any]] = {
    **_SHARED,
    **_INTERNAL,
    "e": escape,
    "escape": escape,
    "nl2br": charged(_nl2br),
}
TEXT_FILTERS: dict[str, Callable[..., Any]] = {
    **_SHARED,
    **_INTERNAL,
    "e": text_of,
    "escape": text_of,
    "nl2br": text_of,
}
"""In plain text there is nothing to escape, and a line break is one already."""

FILTER_NAMES = (frozenset(HTML_FILTERS) - frozenset(_INTERNAL)) | locales.NAMES

"""Links by which clicks are counted, with no person in them.

Each goes by a page of our own, the same for everybody in a campaign, so that it costs
nothing when letters are composed. Only where a list asks to know who follows its links is
there a place behind each, empty but in the letters of those who agreed to that. A link with
a person's value in it stays as it is: who followed it could be told. So do all links to our
own pages: nobody who leaves is counted on the way.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from jinja2 import nodes

from mailer.compose.links import Site
from mailer.compose.slots import Marked
from mailer.compose.textlinks import ENDS_A_SENTENCE, WEB_LINK
from mailer.compose.tree import Nodes, literal, literal_text, rebuilt
from mailer.model.mailinglist import MailingList

LINK = re.compile(
    r"(?is)(<(?:a|area)\b(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?\shref\s*=\s*)"
    r"(?:\"([^\"]*)\"|'([^']*)')"
)
"""A link of HTML: what stands before its address, and the address in either quotes."""

_TAG = re.compile(r"<[^>]*>")
_LIKE_AN_ADDRESS = re.compile(
    r"(?i)https?://|www\.[a-z0-9]|^\s*(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/\S*)?\s*$"
)
CLICKER = "_clicker"
"""The name of what says who follows a link: "" for all who did not agree to that."""

_PLACE = "~~clicker~~"
NO_WAYS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Counting:
    """Which links of one edition are counted, and by which way they then go.

    Args:
        own: The domain of our own pages; None counts nothing.
        ways: From where a link leads to what is written instead.
        personal: The list asks to know who follows them.
        found: Where the links lead that can be counted, in their order; is added to.
    """

    own: str | None
    ways: Mapping[str, str]
    personal: bool = False
    found: dict[str, None] = field(default_factory=dict[str, None])

    def counted(self, marked: Marked) -> str:
        """Return a document with marks in which links go by their ways."""
        if self.own is None:
            return marked.text

        def replaced(found: re.Match[str]) -> str:
            raw = found[3] if found[2] is None else found[2]
            url = html.unescape(raw).strip()
            if marked.pattern.search(raw) or not self._is_meant(url):
                return found[0]
            if _shows_an_address(marked.text, found.end()):
                return found[0]
            self.found[url] = None
            way = self._way(url)
            return found[0] if way is None else f'{found[1]}"{way}"'

        return LINK.sub(replaced, marked.text)

    def in_text(self, body: Nodes) -> Nodes:
        """Return a written plain text in which links go by their ways."""
        return body if self.own is None else self._statements(body, is_last=True)

    def _statements(self, body: Nodes, *, is_last: bool) -> Nodes:
        found: Nodes = []
        for place, node in enumerate(body):
            ends = is_last and place == len(body) - 1
            text = literal_text(node)
            if text is not None:
                found.append(literal(self._in_literal(text, ends=ends), node.lineno))
            elif isinstance(node, nodes.Output):
                found.append(node)
            else:
                found.append(
                    rebuilt(node, lambda one: self._statements(one, is_last=False))
                )
        return found

    def _in_literal(self, text: str, *, ends: bool) -> str:
        def replaced(found: re.Match[str]) -> str:
            # What may go on with a value or in a condition is not a whole address.
            if found.end() == len(text) and not ends:
                return found[0]
            url = found[0].rstrip(ENDS_A_SENTENCE)
            if not self._is_meant(url):
                return found[0]
            self.found[url] = None
            return (self._way(url) or url) + found[0][len(url) :]

        return WEB_LINK.sub(replaced, text)

    def _way(self, url: str) -> str | None:
        way = self.ways.get(url)
        return f"{way}{_PLACE}" if way is not None and self.personal else way

    def with_clicker(self, page: Nodes, text: Nodes) -> tuple[Nodes, Nodes]:
        """Return both bodies with who follows each link in its place behind it."""
        if not self.personal:
            return page, text
        return self._clickers(page), self._clickers(text)

    def _clickers(self, body: Nodes) -> Nodes:
        found: Nodes = []
        for node in body:
            text = literal_text(node)
            if text is None:
                is_output = isinstance(node, nodes.Output)
                found.append(node if is_output else rebuilt(node, self._clickers))
                continue
            first, *others = text.split(_PLACE)
            found.append(literal(first, node.lineno))
            for other in others:
                name = nodes.Name(CLICKER, "load", lineno=node.lineno)
                found.append(nodes.Output([name], lineno=node.lineno))
                found.append(literal(other, node.lineno))
        return found

    def _is_meant(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
        except ValueError:
            return False
        return parts.scheme.lower() in {"http", "https"} and host not in {"", self.own}


def _shows_an_address(text: str, place: int) -> bool:
    """Say whether a link is called as a website is.

    Mail programs warn of a link that says one website and leads to another.
    """
    said = _TAG.sub("", text[place : place + 2000].partition("</a")[0].partition(">")[2])
    return _LIKE_AN_ADDRESS.search(html.unescape(said)) is not None


def counting_of(
    mailing_list: MailingList | None, site: Site, ways: Mapping[str, str]
) -> Counting:
    """Return what is counted in a list's letters.

    Args:
        ways: From where a link leads to what is written instead.
    """
    if mailing_list is None or not mailing_list.count_links:
        return Counting(None, NO_WAYS)
    own = (urlsplit(site.public_url).hostname or "").lower()
    return Counting(own, ways, personal=mailing_list.clicks is not None and bool(ways))

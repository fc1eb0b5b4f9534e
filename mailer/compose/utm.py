"""UTM parameters: what a shop's statistics know visitors from a letter by.

They are added once a template, to links that lead to websites of the marketer's choice. Our
own pages never get them: what readers leave a list by holds nothing but its token. A
parameter that a link has already is kept.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus, urlsplit

from jinja2 import nodes

from mailer.compose.counting import LINK
from mailer.compose.links import Site
from mailer.compose.safety import TRUSTED
from mailer.compose.slots import Marked
from mailer.model.mailinglist import MailingList

_PLACE = re.compile(r"(?<!&)#")
"""Where the part of a link begins that says a place in the page; `&#` begins an entity."""


@dataclass(frozen=True, slots=True)
class Tagging:
    """What is added to which links.

    Args:
        parameters: By name, such as `utm_source`, as they are read.
        domains: The websites; none for all but our own.
        own: The domain of our own pages.
    """

    parameters: Mapping[str, str]
    domains: tuple[str, ...]
    own: str

    def tagged(self, marked: Marked) -> str:
        """Return a document with marks with the parameters in its links."""
        if not self.parameters:
            return marked.text

        def replaced(found: re.Match[str]) -> str:
            quote_sign = "'" if found[2] is None else '"'
            raw = found[3] if found[2] is None else found[2]
            return f"{found[1]}{quote_sign}{self.added(marked, raw)}{quote_sign}"

        return LINK.sub(replaced, marked.text)

    def added(self, marked: Marked, raw: str, joint: str = "&amp;") -> str:
        """Return a link, as it stands in HTML, with what is added.

        It is only put in: browsers read `&copy=` otherwise than `&copy`, so taking entities
        apart and writing them again would change a link.

        Args:
            joint: What stands between two parameters: `&` in a plain text.
        """
        is_html = joint != "&"
        known = _beginning(marked, html.unescape(raw) if is_html else raw)
        if known is None or not self._is_meant(marked, known):
            return raw
        place = _PLACE.search(raw)
        if place is None and "#" in known:
            # The value that begins it has it, and what stands behind is no query.
            return raw
        end = place.start() if place else len(raw)
        whole, _, _ = known.partition("#")
        query = whole.partition("?")[2]
        there = {unquote_plus(one.partition("=")[0]).lower() for one in query.split("&")}
        more = joint.join(
            f"{name}={quote(value, safe='')}"
            for name, value in self.parameters.items()
            if name not in there
        )
        begin = joint if "?" in whole else "?"
        if raw[:end].endswith(("?", "&", "&amp;")):
            begin = ""
        return f"{raw[:end]}{begin}{more}{raw[end:]}" if more else raw

    def _is_meant(self, marked: Marked, known: str) -> bool:
        try:
            parts = urlsplit(known.strip())
            host = (parts.hostname or "").lower()
        except ValueError:
            return False
        if parts.scheme.lower() not in {"http", "https"} or not host:
            return False
        if marked.pattern.search(host) or host == self.own:
            return False
        return not self.domains or any(
            host == one or host.endswith(f".{one}") for one in self.domains
        )


def tagging_of(mailing_list: MailingList | None, template: str, site: Site) -> Tagging:
    """Return what a list adds to the links of a template.

    The medium is `email` unless the list says otherwise, the campaign the template's name.
    """
    own = (urlsplit(site.public_url).hostname or "").lower()
    if mailing_list is None or not mailing_list.utm:
        return Tagging({}, (), own)
    given = {"medium": "email", "campaign": template, **mailing_list.utm}
    names = ("source", "medium", "campaign", "term", "content")
    return Tagging(
        {f"utm_{name}": given[name] for name in names if given.get(name)},
        mailing_list.utm_domains,
        own,
    )


def _beginning(marked: Marked, url: str) -> str | None:
    """Return a link with what is known of a value that begins it; None when nothing is."""
    found = marked.pattern.match(url)
    if found is None:
        return url
    node = marked.marks[int(found[1] or found[2])].node
    value = _plain(node.nodes[0]) if isinstance(node, nodes.Output) else None
    if isinstance(value, nodes.Name):
        if value.name in TRUSTED:
            return None
        # A macro's own name: what it stands for is said around it.
        value = _plain(_given(marked, value.name))
    if not isinstance(value, nodes.List) or not value.items:
        return None
    texts = [one.value for one in value.items if isinstance(one, nodes.Const)]
    if not isinstance(value.items[0], nodes.Const):
        return None
    return "".join(str(one) for one in texts) + url[found.end() :]


def _plain(value: nodes.Node | None) -> nodes.Node | None:
    """Take off our own filters: what stays is a name, or the list of what `~` joins."""
    while isinstance(value, nodes.Filter) and value.name.startswith("_"):
        value = value.node
    return value


def _given(marked: Marked, name: str) -> nodes.Node | None:
    for one in marked.marks:
        if isinstance(one.node, nodes.With):
            for target, value in zip(one.node.targets, one.node.values, strict=True):
                if isinstance(target, nodes.Name) and target.name == name:
                    return value
    return None

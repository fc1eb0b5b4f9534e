"""Links of a plain text: where they end, and values in them, quoted as in the HTML."""

import re

from jinja2 import nodes

from mailer.compose.safety import TRUSTED, safe_in_url
from mailer.compose.tree import Nodes, literal_text, printed, rebuilt

WEB_LINK = re.compile(r"(?i)\bhttps?://[^\s<>\"]+")
"""A web address in a plain text, with what ends the sentence behind it."""

ENDS_A_SENTENCE = ".,;:!?)'"
"""Of these, what stands at the end of an address is none of it."""

_OPEN_LINK = re.compile(r"(?i)(?:https?://|mailto:)[^\s<>\"]*\Z")
_ENDS_LINK = re.compile(r"[\s<>\"]")


def with_safe_links(body: Nodes) -> Nodes:
    """Quote the values that stand inside links of a text."""
    return _Links().statements(body)


class _Links:
    """One pass over statements: it knows whether it is inside a link."""

    def __init__(self) -> None:
        self._inside = False

    def statements(self, body: Nodes) -> Nodes:
        """Go through some statements."""
        return [self._statement(node) for node in body]

    def _statement(self, node: nodes.Node) -> nodes.Node:
        text = literal_text(node)
        if text is not None:
            goes_on = self._inside and not _ENDS_LINK.search(text)
            self._inside = goes_on or bool(_OPEN_LINK.search(text))
            return node
        value = printed(node)
        if value is not None:
            return self._value(value)
        # A link that is open behind one branch counts as open behind all of them.
        before, after = self._inside, self._inside

        def branch(body: Nodes) -> Nodes:
            nonlocal after
            self._inside = before
            found = self.statements(body)
            after = after or self._inside
            return found

        found = rebuilt(node, branch)
        self._inside = after if not isinstance(node, nodes.AssignBlock) else before
        return found

    def _value(self, value: nodes.Expr) -> nodes.Output:
        if self._inside:
            value = safe_in_url(value, begins=False)
        elif isinstance(value, nodes.Name) and value.name in TRUSTED:
            self._inside = True
        return nodes.Output([value], lineno=value.lineno)

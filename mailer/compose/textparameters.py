"""UTM parameters in the links of a written plain text, as in those of the HTML."""

import re

from jinja2 import nodes

from mailer.compose.slots import Mark, Marked, Role
from mailer.compose.textlinks import ENDS_A_SENTENCE, WEB_LINK
from mailer.compose.tree import Nodes, literal, literal_text, printed, rebuilt
from mailer.compose.utm import Tagging

_WORD = "\ue0f1"
"""Of the letters that mean nothing to anybody, and stand in no link."""


def with_parameters(body: Nodes, tagging: Tagging) -> Nodes:
    """Add parameters to the links of a text.

    A link that goes on in a condition stays as it is: nobody knows where it ends.
    """
    if not tagging.parameters:
        return body
    return _statements(body, tagging, is_whole=True)


def _statements(body: Nodes, tagging: Tagging, *, is_whole: bool) -> Nodes:
    found: Nodes = []
    run: Nodes = []
    for node in body:
        if isinstance(node, nodes.Output):
            run.append(node)
            continue
        found += _run(run, tagging, ends=False)
        run = []
        found.append(
            rebuilt(node, lambda inner: _statements(inner, tagging, is_whole=False))
        )
    return found + _run(run, tagging, ends=is_whole)


def _run(run: Nodes, tagging: Tagging, *, ends: bool) -> Nodes:
    """Change the links in texts and values that stand one behind the other.

    Args:
        ends: Nothing stands behind them.
    """
    marks: list[Mark] = []
    pieces: list[str] = []
    for node in run:
        text = literal_text(node)
        if text is None:
            pieces.append(f"{_WORD}{len(marks)}vx")
            marks.append(Mark(Role.VALUE, node))
        else:
            pieces.append(text)
    whole = "".join(pieces)
    marked = Marked(_WORD, whole, tuple(marks))

    def replaced(found: re.Match[str]) -> str:
        if found.end() == len(whole) and not ends:
            return found[0]
        link = found[0].rstrip(ENDS_A_SENTENCE)
        return tagging.added(marked, link, joint="&") + found[0][len(link) :]

    changed = WEB_LINK.sub(replaced, whole)
    if changed == whole:
        return run
    return _taken_apart(changed, marked, run[0].lineno)


def _taken_apart(text: str, marked: Marked, line: int) -> Nodes:
    found: Nodes = []
    place = 0
    for one in marked.pattern.finditer(text):
        if one.start() > place:
            found.append(literal(text[place : one.start()], line))
        node = marked.marks[int(one[1] or one[2])].node
        found.append(node)
        line, place = node.lineno, one.end()
    if place < len(text):
        found.append(literal(text[place:], line))
    assert all(printed(one) is not None for one in found)
    return found

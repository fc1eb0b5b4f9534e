"""Marks: a template becomes a document and a template again."""

import pytest
from jinja2 import nodes

from mailer.compose.places import Places
from mailer.compose.slots import Marked, mark, unmark
from mailer.compose.tree import Nodes, literal, literal_text
from mailer.errors import TemplateError

PLACES = Places()
PLACES.add("templates/mail/sale/body.html")


def name(word: str) -> nodes.Name:
    return nodes.Name(word, "load", lineno=7)


def example() -> Nodes:
    condition = nodes.If(
        name("a"), [literal("<p>yes</p>", 7)], [], [literal("<p>no</p>", 7)], lineno=7
    )
    value = nodes.Output([name("city")], lineno=7)
    return [literal("<div>", 7), condition, value, literal("</div>", 7)]


def marked() -> Marked:
    return mark(example(), PLACES)


def test_a_document_with_its_marks_becomes_the_same_template() -> None:
    found = unmark(marked(), marked().text, PLACES)
    assert [type(one) for one in found] == [type(one) for one in example()]
    assert found[1] == example()[1]


def test_values_may_move_and_go() -> None:
    text = marked().text
    value = "qj0q3vx"
    assert value in text
    moved = unmark(marked(), value + text.replace(value, ""), PLACES)
    assert literal_text(moved[0]) is None
    gone = unmark(marked(), text.replace(value, ""), PLACES)
    assert len(gone) == len(moved) - 1


@pytest.mark.parametrize("lost", ["<!--qj0q0ox-->", "<!--qj0q1mx-->", "<!--qj0q2cx-->"])
def test_a_statement_that_lost_an_edge_is_refused_with_its_line(lost: str) -> None:
    text = marked().text
    assert lost in text
    with pytest.raises(TemplateError, match=r"body\.html, line 7: .* torn apart"):
        unmark(marked(), text.replace(lost, ""), PLACES)


def test_an_edge_without_its_statement_is_refused() -> None:
    with pytest.raises(TemplateError, match="torn apart"):
        unmark(marked(), "<!--qj0q2cx-->", PLACES)

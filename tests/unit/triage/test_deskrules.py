"""A workspace's own rules: when they hold, and what several do together."""

import pytest
from frontdesks import a_message

from mailer.model.ticket import Priority, TicketKind
from mailer.triage.deskrules import (
    NOTHING,
    Acquaintance,
    DeskRule,
    Treatment,
    treatment_of,
)
from mailer.triage.message import open_message

DOES = Treatment(tags=("x",), rules=("one",))
RAW = a_message(
    "Where is my Refund?\nIt cost 5 €.", "Eve <Eve@sub.bad.example>",
    subject="Rückzahlung, please", X_Form="contact page",
)  # fmt: skip
GOLD = Acquaintance(
    frozenset({"newsletter"}), {"tier": "Gold", "points": 7.0, "interests": ["tents"]}
)


def holds(known: Acquaintance = GOLD, **asks: object) -> bool:
    rule = DeskRule("one", DOES, **asks)  # type: ignore[arg-type]
    return treatment_of([rule], open_message(RAW), "support", known) is not NOTHING


@pytest.mark.parametrize(
    "asks",
    [
        {"mailboxes": frozenset({"support", "sales"})},
        {"senders": ("*@*.bad.example",)},
        {"senders": ("nobody@x.example", "eve@SUB.bad.example")},
        {"subject": ("rückzahlung",)},
        {"subject": ("RÜCK*",)},
        {"text": ("my refund",)},
        {"text": ("5 €",)},
        {"headers": {"x-form": ("contact",)}},
        {"headers": {"x-form": ("*",)}},
        {"lists": frozenset({"newsletter"})},
        {"person": {"tier": ("gold",)}},
        {"person": {"points": ("7",), "interests": ("tents", "boats")}},
        {"subject": ("please",), "text": ("refund",), "mailboxes": frozenset({"support"})},
    ],
)
def test_a_rule_holds_when_all_that_it_asks_for_does(asks):
    assert holds(**asks)


@pytest.mark.parametrize(
    "asks",
    [
        {"mailboxes": frozenset({"sales"})},
        {"senders": ("*@bad.example",)},
        {"senders": ("eve@sub.bad.exampl",)},
        {"subject": ("zahlung",)},
        {"text": ("fund", "refunds")},
        {"headers": {"x-other": ("*",)}},
        {"lists": frozenset({"courses"})},
        {"person": {"tier": ("silver",)}},
        {"person": {"unknown": ("x",)}},
        {"subject": ("please",), "text": ("nothing",)},
    ],
)
def test_a_rule_does_not_hold_when_one_of_them_does_not(asks):
    assert not holds(**asks)


def test_a_stranger_is_on_no_list_and_has_no_values():
    assert not holds(Acquaintance(), lists=frozenset({"newsletter"}))
    assert not holds(Acquaintance(), person={"tier": ("gold",)})


def test_what_rules_do_is_put_together_and_the_later_one_wins():
    first = DeskRule(
        "a", Treatment(("x",), "Kari", TicketKind.QUERY, silent=True, rules=("a",)),
        text=("refund",),
    )  # fmt: skip
    second = DeskRule(
        "b",
        Treatment(("x", "y"), "Ola", None, Priority.HIGH, rules=("b",)),
        subject=("please",),
    )
    found = treatment_of([first, second], open_message(RAW), "support", GOLD)
    assert found == Treatment(
        ("x", "y"), "Ola", TicketKind.QUERY, Priority.HIGH, silent=True, rules=("a", "b")
    )
    assert found.words() == "tag x, tag y, given to Ola, query, priority high, no answer"


def test_one_long_word_does_not_take_a_rule_for_ever():
    for text in ("a" * 50_000, f"{'a' * 39} " * 1200):
        rule = DeskRule("one", DOES, text=("*aa*ab",))
        message = open_message(a_message(text))
        assert treatment_of([rule], message, "support", GOLD) is NOTHING

"""A report counts only when a token of ours ties it to a letter."""

import pytest

from mailer.model.key import Key, KeyRing, Purpose
from mailer.model.notice import Clues
from mailer.model.token import TokenBox, TokenKind
from mailer.triage.attribution import Tied, Untied, signed_by_us, tie

TOKENS = TokenBox(KeyRing((Key(1, Purpose.TOKEN, b"k" * 32),)))
OTHERS = TokenBox(KeyRing((Key(1, Purpose.TOKEN, b"x" * 32),)))


def path(tokens: TokenBox, delivery_id: int) -> str:
    return f"b+{tokens.for_delivery(TokenKind.RETURN_PATH, delivery_id)}@bounces.example"


def message_id(tokens: TokenBox, delivery_id: int) -> str:
    return f"{tokens.for_delivery(TokenKind.MESSAGE, delivery_id)}@shop.example"


@pytest.mark.parametrize(
    ("clues", "by"),
    [
        (Clues(addressed_to=("post@shop.example", path(TOKENS, 7).upper())), "return path"),
        (Clues(envelope_id=message_id(TOKENS, 7).partition("@")[0]), "envelope id"),
        (Clues(message_ids=(message_id(TOKENS, 7),)), "Message-ID"),
    ],
)
def test_each_proof_ties_a_report_to_its_letter(clues: Clues, by: str):
    assert tie(clues, TOKENS) == Tied(7, by)


@pytest.mark.parametrize(
    "clues",
    [
        Clues(),
        Clues(addressed_to=(path(OTHERS, 7),)),
        Clues(addressed_to=("b+00@bounces.example", "b+@bounces.example", "")),
        Clues(envelope_id=message_id(OTHERS, 7)),
        Clues(message_ids=(message_id(OTHERS, 7),)),
        # The token of a Message-ID, which every reader sees, is none of a return path.
        Clues(
            addressed_to=(f"b+{message_id(TOKENS, 7).partition('@')[0]}@bounces.example",)
        ),
        Clues(message_ids=(path(TOKENS, 7).removeprefix("b+"),)),
        # Not the letter that was returned, but one further up in its thread.
        Clues(message_ids=("1@example.net", message_id(TOKENS, 7))),
    ],
)
def test_what_is_forged_ties_nothing(clues: Clues):
    assert isinstance(tie(clues, TOKENS), Untied)


def test_two_proofs_of_different_letters_are_none():
    clues = Clues(addressed_to=(path(TOKENS, 7),), message_ids=(message_id(TOKENS, 8),))
    assert isinstance(tie(clues, TOKENS), Untied)
    assert tie(
        Clues(addressed_to=(path(TOKENS, 7),), message_ids=(message_id(TOKENS, 7),)), TOKENS
    ) == Tied(7, "return path")


def test_our_own_message_ids_are_known():
    ours = signed_by_us(TOKENS)
    assert ours(message_id(TOKENS, 1))
    assert not ours(message_id(OTHERS, 1))
    assert not ours("")

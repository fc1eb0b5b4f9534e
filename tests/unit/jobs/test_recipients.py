"""Whose mail is taken in: named addresses, and those that we alone can sign."""

from mailer.jobs.recipients import Recipients
from mailer.model.key import Key, KeyRing, Purpose
from mailer.model.token import Reader, TokenBox, TokenKind, in_mailbox

TOKENS = TokenBox(KeyRing((Key(1, Purpose.TOKEN, b"k" * 32),)))
OTHERS = TokenBox(KeyRing((Key(1, Purpose.TOKEN, b"x" * 32),)))
OURS = Recipients(("shop.example",), ("support@shop.example",), TOKENS)


def path(tokens: TokenBox) -> str:
    return f"b+{tokens.for_delivery(TokenKind.RETURN_PATH, 7)}@shop.example"


def leave(tokens: TokenBox) -> str:
    token = tokens.for_reader(TokenKind.UNSUBSCRIBE, Reader(1, 1, 1))
    return f"leave+{in_mailbox(token)}@shop.example"


def test_named_addresses_take_mail_whatever_follows_a_plus():
    for one in ("support@shop.example", "Support+ticket7@SHOP.example"):
        assert OURS.takes(one)
    for one in ("sales@shop.example", "support@elsewhere.example", "support", "", "@"):
        assert not OURS.takes(one)


def test_postmaster_and_abuse_always_take_mail():
    for one in ("postmaster@shop.example", "abuse@shop.example", "Postmaster"):
        assert OURS.takes(one)


def test_signed_addresses_take_mail_and_forged_ones_do_not():
    assert OURS.takes(path(TOKENS))
    assert OURS.takes(path(TOKENS).upper())
    assert OURS.takes(leave(TOKENS))
    assert not OURS.takes(path(OTHERS))
    assert not OURS.takes(leave(OTHERS))
    assert not OURS.takes("b+@shop.example")


def test_a_domain_without_named_addresses_takes_all_of_its_mail():
    everything = Recipients(("shop.example",), (), TOKENS)
    assert everything.takes("anything@shop.example")
    assert not everything.takes("anything@elsewhere.example")

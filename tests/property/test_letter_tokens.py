"""The tokens of a letter, made all at once, are those that are made one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.model.key import Key, KeyRing, Purpose
from mailer.model.token import Reader, TokenBox, TokenKind

READERS = st.builds(
    Reader,
    st.integers(0, 2**40 - 1),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**32 - 1),
)
DELIVERIES = st.integers(0, 2**48 - 1)
SECRETS = st.binary(min_size=32, max_size=32)


@given(secret=SECRETS, key_id=st.integers(1, 255), reader=READERS, delivery=DELIVERIES)
def test_the_tokens_of_a_letter_are_the_same_made_at_once_and_one_by_one(
    secret: bytes, key_id: int, reader: Reader, delivery: int
) -> None:
    tokens = TokenBox(KeyRing((Key(key_id, Purpose.TOKEN, secret),)))
    assert tokens.for_letter(reader, delivery) == (
        tokens.for_reader(TokenKind.UNSUBSCRIBE, reader),
        tokens.for_reader(TokenKind.PREFERENCES, reader),
        tokens.for_delivery(TokenKind.MESSAGE, delivery),
        tokens.for_delivery(TokenKind.RETURN_PATH, delivery),
    )


@pytest.mark.parametrize(
    ("reader", "delivery"),
    [
        (Reader(2**40, 1, 1), 1),
        (Reader(1, 2**16, 1), 1),
        (Reader(1, 1, 2**32), 1),
        (Reader(1, 1, 1), 2**48),
        (Reader(-1, 1, 1), 1),
        (Reader(1, 1, 1), -1),
    ],
)
def test_a_number_that_no_token_can_hold_is_refused_not_cut(
    reader: Reader, delivery: int
) -> None:
    tokens = TokenBox(KeyRing((Key(1, Purpose.TOKEN, b"k" * 32),)))
    with pytest.raises(OverflowError):
        tokens.for_letter(reader, delivery)

"""Quoted-printable segments: any texts, in any order, read back as they were."""

import quopri

from hypothesis import given
from hypothesis import strategies as st

from mailer.compose.quoted import segment
from mailer.model.token import base32, from_mailbox, in_mailbox

PIECES = st.lists(
    st.one_of(
        st.text(max_size=200),
        st.text(alphabet="a =\n\t.é", max_size=240),
        st.sampled_from(["x" * 72, "x" * 75, "x" * 76, "é" * 25, "=" * 25, "\n", ""]),
    ),
    max_size=8,
)


@given(PIECES)
def test_any_segments_read_back_in_their_order(pieces: list[str]) -> None:
    encoded = b"".join(segment(one) for one in pieces)
    wanted = "".join(
        one.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
        for one in pieces
    )
    assert quopri.decodestring(encoded) == wanted.encode()
    lines = encoded.split(b"\r\n")
    assert all(len(line) <= 76 for line in lines)
    assert encoded.isascii()
    assert not any(line.endswith((b" ", b"\t")) for line in lines)
    assert not any(line.startswith(b".") for line in lines)


@given(st.binary(max_size=40))
def test_base32_is_that_of_the_standard_library(raw: bytes) -> None:
    import base64  # noqa: PLC0415

    assert base32(raw) == base64.b32encode(raw).rstrip(b"=").decode().lower()


@given(st.binary(min_size=1, max_size=40))
def test_a_token_survives_in_an_address_whatever_its_case(raw: bytes) -> None:
    import base64  # noqa: PLC0415

    token = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    assert from_mailbox(in_mailbox(token)) == token
    assert from_mailbox(in_mailbox(token).upper()) == token


@given(st.text(max_size=60))
def test_what_is_no_token_gives_none(text: str) -> None:
    assert isinstance(from_mailbox(text), str)

"""Whatever a letter says, its signature verifies, and what is composed is not touched."""

import letters
from hypothesis import given, settings
from hypothesis import strategies as st
from letters import DATE, FOOT, person, ready, source
from signatures import SIGNER, ZONE

from mailer.compose.sign import sign
from mailer.errors import CannotComposeError
from mailer.model.kind import Kind
from mailer.model.letter import Letter

PREPARED = ready(
    source(
        "<p>Hi {{ name|default('you') }},\t {{ city|default('x') }}  </p>" + FOOT,
        subject="{{ city|default('News') }} for {{ name|default('you') }}",
        kind=Kind.MARKETING,
    ),
    mailing_list=letters.NEWS,
)
LINES = st.lists(
    st.one_of(
        st.binary(max_size=12).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b"")),
        st.sampled_from([b"", b" ", b"\t", b" \t ", b".", b"a  b", b"x \t", b"=20"]),
    ),
    max_size=8,
)


@given(st.text(max_size=40), st.text(max_size=120))
@settings(max_examples=60)
def test_a_letter_verifies_whoever_it_is_for(name: str, city: str) -> None:
    try:
        letter = PREPARED.compose(
            person(attributes={"name": name, "city": city}), 9, 5, DATE
        )
    except CannotComposeError:
        return
    content = sign(letter, SIGNER, DATE).content
    assert content.endswith(letter.content)
    assert ZONE.verifies(content)
    # It is signed piece by piece: as if nothing were known of its pieces.
    assert letter.pieces
    assert sign(letter._replace(pieces=()), SIGNER, DATE).content == content


@given(LINES, st.sampled_from([b"", b"\r\n", b"\r\n\r\n"]))
@settings(max_examples=120)
def test_any_body_verifies(lines: list[bytes], end: bytes) -> None:
    body = b"\r\n".join(lines) + end
    letter = Letter("", "x@example.net", b"From: a@example.com\r\n\r\n" + body, "id")
    assert ZONE.verifies(sign(letter, SIGNER, DATE).content)

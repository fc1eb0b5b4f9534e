"""Other fields are other bytes: nothing in an entry can be changed behind its seal."""

from dataclasses import astuple

from hypothesis import given
from hypothesis import strategies as st

from mailer.model.chain import Common, canonical, common_bytes, personal_bytes

_TEXT = st.one_of(st.text(max_size=3), st.sampled_from(["", "\0", "\1", "\0\0\0\1"]))
_MAYBE_TEXT = st.one_of(st.none(), _TEXT)
_NUMBER = st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1))
_MAYBE_NUMBER = st.one_of(st.none(), _NUMBER)
_MAYBE_DIGEST = st.one_of(
    st.none(), st.binary(max_size=2), st.binary(min_size=32, max_size=32)
)
_COMMON = st.builds(
    Common,
    list_id=_MAYBE_TEXT,
    wording=_NUMBER,
    words_digest=_MAYBE_DIGEST,
    act=_TEXT,
    at=_NUMBER,
    how=_TEXT,
    basis=_MAYBE_TEXT,
    source=_TEXT,
    batch_id=_MAYBE_NUMBER,
    expires_at=_MAYBE_NUMBER,
    evidence=_MAYBE_TEXT,
    consent_at=_MAYBE_NUMBER,
    confirmed_at=_MAYBE_NUMBER,
    purchase_at=_MAYBE_NUMBER,
)
_DIGEST = st.binary(min_size=32, max_size=32)
_PERSONAL = st.tuples(_DIGEST, _MAYBE_DIGEST, _MAYBE_DIGEST, _MAYBE_DIGEST)
_ENTRY = st.tuples(_NUMBER, _NUMBER, _COMMON, _PERSONAL)


def sealed(entry):
    contact_id, key_id, common, personal = entry
    shared, own = common_bytes(common), personal_bytes(*personal)
    return canonical(contact_id, key_id, shared, own, common.version)


@given(_ENTRY, _ENTRY)
def test_two_entries_have_the_same_bytes_only_if_they_are_the_same(one, other):
    assert (sealed(one) == sealed(other)) is (one == other)


@given(_COMMON, st.integers(0, 13), st.integers(0, 13))
def test_values_cannot_change_places(common, first, second):
    fields = list(astuple(common))
    fields[first], fields[second] = fields[second], fields[first]
    kinds = {type(fields[first]), type(fields[second])}
    if len(kinds) == 1:
        moved = Common(*fields)
        assert (common_bytes(common) == common_bytes(moved)) is (common == moved)

"""Texts that are used often: the ticket's language, its values, and plain mistakes."""

import pytest

from mailer.compose.canned import canned_of, canned_text
from mailer.errors import NotFoundError, TemplateError

TEXTS = {
    "parcel.txt": "Hello {{ person }}, ticket {{ ticket }}.\n",
    "parcel.nb.txt": "Hei {{ person }}.\n",
    "evil.txt": "{{ person.__class__.__mro__ }}",
    "wrong.txt": "{{ persn }}",
}
VALUES = {"ticket": 12, "person": "<Ola>", "subject": "Tents", "staff": "Kari"}


def test_a_text_is_filled_in_in_the_ticket_s_language_where_there_is_one():
    assert canned_text(TEXTS, "parcel", "nb-NO", VALUES) == "Hei <Ola>.\n"
    assert canned_text(TEXTS, "parcel", "fr", VALUES) == "Hello <Ola>, ticket 12.\n"
    names = [(one.name, one.language) for one in canned_of(TEXTS)]
    assert ("parcel", "nb") in names


def test_a_mistake_names_the_file_and_what_it_may_say():
    with pytest.raises(TemplateError, match=r"wrong\.txt.*a text has: ticket, person"):
        canned_text(TEXTS, "wrong", "en", VALUES)
    with pytest.raises(TemplateError, match=r"evil\.txt"):
        canned_text(TEXTS, "evil", "en", VALUES)
    with pytest.raises(NotFoundError, match="did you mean 'parcel'"):
        canned_text(TEXTS, "parcl", "en", VALUES)

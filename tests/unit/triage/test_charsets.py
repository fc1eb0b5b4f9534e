"""What HTML says: all of what a page shows, and nothing of what it does not."""

import pytest

from mailer.triage.charsets import without_tags


@pytest.mark.parametrize(
    "hidden",
    [
        "<title>x</title>",
        "<TITLE>\u0130\u0130\u0130\u0130\u0130\u0130\u0130\u0130\u0130</Title>",
        "<head><title>\u0130LAN \u0130\u00c7\u0130N \u0130\u0130\u0130</title></head>",
        "<style>p { color: red }</style>",
        "<script>'</p>'</SCRIPT>",
    ],
)
def test_what_a_page_hides_takes_nothing_with_it(hidden: str):
    page = f"<p>\u0130yi g\u00fcnler.</p>{hidden}<p>Sipari\u015fim nerede?</p>"
    words = without_tags(page).split()
    assert words == ["\u0130yi", "g\u00fcnler.", "Sipari\u015fim", "nerede?"]


@pytest.mark.parametrize("name", ["\u017ftyle", "scr\u0131pt", "t\u0130tle"])
def test_only_a_tag_s_own_letters_hide(name: str):
    assert without_tags(f"<{name}>Hei</{name}>").split() == ["Hei"]

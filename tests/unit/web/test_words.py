"""Which language a page is shown in, and what its words are safe against."""

import pytest

from mailer.web.words import choose_language, in_english, words_of

THERE = {"en", "nb", "de"}


@pytest.mark.parametrize(
    ("wanted", "accepted", "want"),
    [
        ([], "", "en"),
        (["de"], "nb", "de"),
        (["", "nb"], "de", "nb"),
        (["fr", "de-AT"], "nb", "de"),
        (["NN_no"], "", "nb"),
        ([], "no", "nb"),
        ([], "fr,nb;q=0.4,de;q=0.8", "de"),
        ([], "de;q=0,nb;q=0.1", "nb"),
        ([], "fr, *;q=0.5", "en"),
        ([], "de;q=x,;;,nb", "nb"),
        (["../de"], "\x00", "en"),
        ([], "x," * 10_000 + "de", "en"),
    ],
)
def test_the_person_comes_first_then_the_link_then_the_browser(wanted, accepted, want):
    assert choose_language(wanted, accepted, THERE) == want


def test_words_are_safe_in_html_and_values_too():
    assert in_english("a < b & c") == "a &lt; b &amp; c"
    assert in_english("to %(who)s", who="<b>") == "to &lt;b&gt;"
    say = words_of({"de": {"to %(who)s": "an %(who)s & <i>"}.get})["de"]
    assert say("to %(who)s", who="<b>") == "an &lt;b&gt; &amp; &lt;i&gt;"

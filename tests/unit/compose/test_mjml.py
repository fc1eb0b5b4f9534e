"""A body in MJML: Jinja works in it, and what it includes comes from beside the letter."""

# ruff: noqa: E501 - templates and tables are read line by line

import sys
from dataclasses import replace

import letters
import pytest
from letters import NEWS, ready, source

from mailer.compose.template import TemplateSource
from mailer.errors import TemplateError
from mailer.model.kind import Kind

BODY = """<mjml>
<mj-head><mj-preview>{{ preview }}</mj-preview></mj-head>
<mj-body>
  {% if member %}
  <mj-section><mj-column><mj-text>You are a member.</mj-text></mj-column></mj-section>
  {% endif %}
  <mj-section>
    <mj-column>
      <mj-text>Dear {{ city|default("you") }}, <b>{% if points > 3 %}gold{% endif %}</b></mj-text>
      {% for one in interests|default([]) %}
      <mj-text>- {{ one }}</mj-text>
      {% endfor %}
      <mj-button href="https://shop.example.com/?c={{ city|default('x')|urlencode }}">Go</mj-button>
      <mj-text><a href="{{ unsubscribe_url }}">Leave</a><br>{{ postal_address|nl2br }}</mj-text>
    </mj-column>
  </mj-section>
</mj-body>
</mjml>
"""


def in_mjml(body: str = BODY, **files: str) -> TemplateSource:
    return replace(source(body, preview="Look", files=files), file="body.mjml")


def refusal(template: TemplateSource) -> str:
    with pytest.raises(TemplateError) as caught:
        ready(template)
    return str(caught.value)


def test_mjml_and_jinja_each_do_their_part() -> None:
    one = letters.letter(
        replace(in_mjml(), kind=Kind.MARKETING),
        city="Å & <b>", member=True, points=5, interests=["tents", "<i>"],
    )  # fmt: skip
    html, text = letters.html_of(one), letters.text_of(one)
    assert "Dear Å &amp; &lt;b&gt;, <b>gold</b>" in html
    assert 'href="https://shop.example.com/?c=%C3%85%20%26%20%3Cb%3E"' in html
    assert text.startswith("You are a member.\n")
    assert "- tents\n" in text
    assert "- <i>\n" in text
    assert "<!--[if mso | IE]>" in html
    assert "mj-" not in html.partition("<body")[2].replace("mj-column", "").replace(
        "mj-outlook-group-fix", ""
    )
    stranger = letters.html_of(letters.letter(in_mjml(), points=1))
    assert "You are a member." not in stranger
    assert "Dear you, <b></b>" in stranger


def test_nothing_is_fetched_and_the_language_is_said() -> None:
    html = letters.html_of(letters.letter(replace(in_mjml(), language="nb"), points=1))
    assert "fonts.googleapis.com" not in html
    assert '<html lang="nb" dir="auto"' in html
    assert "und" not in html.partition("<body")[0].partition("lang=")[2][:6]


def test_a_file_beside_the_letter_can_be_included() -> None:
    body = BODY.replace("<mj-button", '<mj-include path="./offer.mjml"/><mj-button')
    one = letters.letter(
        in_mjml(body, **{"offer.mjml": "<mj-text>For {{ city }}</mj-text>"}),
        city="Oslo", points=1,
    )  # fmt: skip
    assert "For Oslo" in letters.html_of(one)


@pytest.mark.parametrize(
    "path", ["../../secret.mjml", "/etc/passwd", "file:///etc/passwd", "x"]
)
def test_nothing_else_can_be_included(path: str) -> None:
    body = BODY.replace("<mj-button", f'<mj-include path="{path}"/><mj-button')
    words = refusal(in_mjml(body))
    assert words.startswith("templates/mail/sale/body.mjml: it is no MJML: ")
    assert "include" in words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<p>no</p>", "body.mjml: it is no MJML: "),
        (
            BODY.replace("</mj-section>\n</mj-body>", "</mj-body>"),
            "body.mjml: it is no MJML: ",
        ),
        (
            BODY.replace("{{ preview }}", "{{ nmae }}"),
            "body.mjml, line 2: no such name 'nmae'",
        ),
        (BODY.replace("{{ one }}", "{{ two }}"), "body.mjml, line 11: no such name 'two'"),
        (BODY.replace("{% endif %}\n", "\n", 1), "body.mjml, line"),
    ],
)
def test_a_mistake_is_named(body: str, words: str) -> None:
    assert words in refusal(in_mjml(body))


def test_a_marketing_letter_still_needs_a_way_out() -> None:
    body = BODY.replace("{{ unsubscribe_url }}", "https://x.example/")
    with pytest.raises(TemplateError) as caught:
        ready(replace(in_mjml(body), kind=Kind.MARKETING), mailing_list=NEWS)
    assert "body.mjml: each marketing letter must print {{ unsubscribe_url }}" in str(
        caught.value
    )


def test_without_the_extra_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "mjml", None)
    monkeypatch.delitem(sys.modules, "mailer.compose.mjml", raising=False)
    assert "pip install 'permission-mailer[mjml]'" in refusal(in_mjml())

"""Plain text from HTML: what a letter says, for people who read text."""

# ruff: noqa: E501 - templates and tables are read line by line

import letters
import pytest
from letters import ready, source

from mailer.errors import TemplateError


def text(html: str, **attributes: object) -> str:
    return letters.text_of(letters.letter(html, **attributes))


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("<h1>Title</h1><p>One</p><p>Two</p>", "Title\n\nOne\n\nTwo\n"),
        ("<p>a\n  b\t c</p>", "a b c\n"),
        ("<p>a<br>b<br><br>c</p>", "a\nb\n\nc\n"),
        ("<div>a</div><div>b</div>", "a\nb\n"),
        ("<ul><li>a</li><li>b</li></ul>c", "- a\n- b\n\nc\n"),
        ("<ol><li>a</li></ol>", "- a\n"),
        ("<p>5 kr <s class='was'>7 kr</s> <del>{{ 9 }}</del></p>", "5 kr (7 kr) (9)\n"),
        ("<p>a</p><hr><p>b</p>", "a\n\n" + "-" * 40 + "\n\nb\n"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n"),
        ("<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>", "a\n\nb\n"),
        ('<p>See <a href="https://x.example/a">our shop</a>, now</p>', "See our shop <https://x.example/a>, now\n"),
        ('<a href="https://x.example/">x.example</a>', "x.example\n"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example\n"),
        ('<a href="mailto:a@example.com">a@example.com</a>', "a@example.com\n"),
        ('<a href="https://x.example/"><img src="https://x.example/l.png" alt="Logo"></a>', "Logo <https://x.example/>\n"),
        ('<a href="https://x.example/"><img src="https://x.example/l.png"></a>', "https://x.example/\n"),
        ('<a href="#top">up</a><a name="x">here</a>', "uphere\n"),
        ("<pre>a\n  b</pre>", "a\n  b\n"),
        ("<p>a</p><pre>\u200b</pre>", "a\n"),
        ("<div hidden><noscript></b><p>x</noscript></div><p>a</p>", "a\n"),
        ("<svg><path d='x'/><text>s</text></svg><p>a</p>", "s\n\na\n"),
        ("<p>&nbsp;a&nbsp;b &amp; &lt;c&gt; &copy;</p>", "a b & <c> ©\n"),
        ("<p>a\u200c\u00adb</p>", "ab\n"),
        ('<div style="display:none">hidden</div><p>a</p>', "a\n"),
        ("<style>.h{display: none}</style><div class='h'><p>hidden</p><br></div><p>a</p>", "a\n"),
        ('<p hidden>x</p><p aria-hidden="true">y</p><p>a</p>', "a\n"),
        ("<html><head><title>t</title></head><body>a</body></html>", "a\n"),
        ("<p>a <b>b</b><i>c</i> d</p>", "a bc d\n"),
        ("<!--[if mso]><p>x</p><![endif]--><p>a</p><!-- b -->", "a\n"),
        ("<p>{# no #}a {% raw %}{{ b }}{% endraw %}</p>", "a {{ b }}\n"),
    ],
)  # fmt: skip
def test_text_says_what_readers_of_the_html_see(html: str, wanted: str) -> None:
    assert text(html) == wanted


@pytest.mark.parametrize(
    ("html", "names", "wanted"),
    [
        ("<p>Hi {{ name }}!</p>", {"name": "A & <b>"}, "Hi A & <b>!\n"),
        ("<p>{{ city|e }}{{ city|nl2br }}</p>", {"city": "<\n"}, "<\n<\n\n"),
        ("<p>A</p>{% if member %}<p>B</p>{% endif %}<p>C</p>", {"member": True}, "A\n\nB\n\nC\n"),
        ("<p>A</p>{% if member %}<p>B</p>{% endif %}<p>C</p>", {"member": False}, "A\n\nC\n"),
        ("<p>Hi {% if member %}dear {% endif %}you</p>", {"member": True}, "Hi dear you\n"),
        ("<p>Hi {% if member %}dear {% endif %}you</p>", {"member": False}, "Hi you\n"),
        ("<p>Hi{% if member %} dear{% endif %} you</p>", {"member": True}, "Hi dear you\n"),
        ("<p>Hi{% if member %} dear{% endif %} you</p>", {"member": False}, "Hi you\n"),
        ("<p>x{% if member %}<b>y</b>{% else %}<i>z</i>{% endif %}!</p>", {"member": False}, "xz!\n"),
        ("a{% if member %}<p>B</p>{% endif %}<p>C</p>", {"member": True}, "a\n\nB\n\nC\n"),
        ("a{% if member %}<p>B</p>{% endif %}<p>C</p>", {"member": False}, "a\n\nC\n"),
        ("{% if member %}<p>A</p>{% else %}<p>B</p>{% endif %}<p>C</p>", {"member": True}, "A\n\nC\n"),
        ("<ul>{% for i in interests %}<li>{{ i }}</li>{% endfor %}</ul>x", {"interests": ["a", "b"]}, "- a\n- b\n\nx\n"),
        ("<table>{% for i in interests %}<tr><td>{{ loop.index }}</td><td>{{ i }}</td></tr>{% endfor %}</table>x",
         {"interests": ["a", "b"]}, "1 a\n2 b\nx\n"),
        ("<p>{% for i in interests %}{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}.</p>",
         {"interests": ["a", "b"]}, "a, b.\n"),
        ('<p><a href="https://x.example/{% if member %}m{% else %}n{% endif %}?c={{ city }}">{{ name }}</a></p>',
         {"member": True, "city": "a b", "name": "Bo"}, "Bo <https://x.example/m?c=a%20b>\n"),
        ("<p>{% set who = name|upper %}{{ who }}</p>", {"name": "bo"}, "BO\n"),
        ("<p>{% set who %}{{ name }} &amp; co{% endset %}{{ who }}</p>", {"name": "<b>"}, "<b> & co\n"),
        ('<div style="display:none">{% if member %}x{{ name }}{% endif %}</div><p>a</p>',
         {"member": True, "name": "Bo"}, "a\n"),
        ('<img alt="{{ name }}" src="https://x.example/a.png">', {"name": "Bo"}, "Bo\n"),
    ],
)  # fmt: skip
def test_values_conditions_and_loops_are_kept(
    html: str, names: dict[str, object], wanted: str
) -> None:
    assert text(html, **names) == wanted


def test_a_written_text_is_taken_as_it_is() -> None:
    template = source("<p>HTML</p>", text="\n\nHi {{ name }},\n\n  you\n\n\n")
    assert letters.text_of(letters.letter(template, name="<Bo>")) == "Hi <Bo>,\n\n  you\n"


def test_the_link_to_leave_is_never_lost() -> None:
    one = letters.letter("<p>x</p>" + letters.FOOT)
    link = letters.text_of(one).partition("Leave <")[2].partition(">")[0]
    assert link in letters.html_of(one)
    assert link.startswith("https://mail.example.com/u/")


def test_a_statement_torn_apart_by_its_links_is_refused_or_kept_whole() -> None:
    html = '<p>{% if member %}<a href="https://x.example/">{{ name }}</a>{% endif %}</p>'
    assert text(html, member=True, name="Bo") == "Bo <https://x.example/>\n"
    with pytest.raises(TemplateError):
        ready(source('<a href="https://x.example/">{% if member %}</a>{% endif %}'))

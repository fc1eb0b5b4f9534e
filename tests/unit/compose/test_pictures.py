"""Images and attachments in a letter: addresses, and what a mail program reads."""

# ruff: noqa: E501 - templates and tables are read line by line

import hashlib
import re
from dataclasses import replace
from email.message import EmailMessage

import letters
import pytest
from images import png
from letters import DATE, NEWS, SITE, person, read, ready, source

from mailer.compose.pictures import with_own_images
from mailer.compose.template import Edition, TemplateSource
from mailer.errors import TemplateError
from mailer.model.enclosure import Enclosure
from mailer.model.kind import Kind

TENT, LOGO = png(1200, 2), png(90, 30, 7)
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40


def enclosure(content: bytes, kind: str = "image/png", width: int = 0) -> Enclosure:
    return Enclosure(hashlib.sha256(content).hexdigest(), kind, len(content), width)


IMAGES = {"tent.png": enclosure(TENT, width=1200), "my logo.png": enclosure(LOGO, width=90)}
CONTENTS = {hashlib.sha256(one).hexdigest(): one for one in (TENT, LOGO, PDF)}
SERVED = f"https://mail.example.com/i/{IMAGES['tent.png'].hash}.png"
INSIDE = f"cid:{IMAGES['tent.png'].hash}@image"


def with_images(
    html: str, embed: tuple[str, ...] | None = (), *attached: str
) -> TemplateSource:
    return replace(
        source(html),
        images=IMAGES,
        embed=embed,
        attachments=dict.fromkeys(attached, enclosure(PDF, "application/pdf")),
        contents=CONTENTS,
    )


def shown(html: str, embed: tuple[str, ...] | None = (), **known: object) -> str:
    return letters.body_of(letters.letter(with_images(html, embed), **known)).strip()


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ('<img src="tent.png" alt="A" width="80">', f'<img src="{SERVED}" alt="A" width="80">'),
        ("<img alt='a > b' src='tent.png' width='9'>", f'src="{SERVED}"'),
        ('<img alt="{{ city }}" src="tent.png" width="9">', f'alt="Oslo" src="{SERVED}"'),
        ('<p style="background: url(tent.png)">x</p>', f"url('{SERVED}')"),
        ('<style>p { background: url("tent.png") }</style><p>x</p>', SERVED),
        ('<!--[if mso]><v:fill src="tent.png"/><![endif]-->x', f'<v:fill src="{SERVED}"/>'),
        ('<table><tr><td background="tent.png">x</td></tr></table>', f'background="{SERVED}"'),
        ("{% macro i(f) %}<img src=\"{{ f }}\" width='9'>{% endmacro %}{{ i('tent.png') }}",
         f'src="{SERVED}"'),
        ("{% for f in ['tent.png'] %}<img src=\"{{ f }}\" width='9'>{% endfor %}",
         f'src="{SERVED}"'),
        ('{% if city %}<img src="tent.png" width="9">{% endif %}', f'src="{SERVED}"'),
        ('<img src="https://x.example/tent.png">', 'src="https://x.example/tent.png"'),
        ('<img src="//x.example/tent.png">', 'src="//x.example/tent.png"'),
        ('<img src="data:image/png;base64,AA">', 'src="data:image/png;base64,AA"'),
        ('<img src="https://x.example/{{ city }}.png">', 'src="https://x.example/Oslo.png"'),
        ("<p>tent.png url(none.png)</p>", "<p>tent.png url(none.png)</p>"),
    ],
)  # fmt: skip
def test_an_image_is_served_under_its_hash(html: str, wanted: str) -> None:
    found = shown(html, city="Oslo").replace("&#39;", "'").replace("&quot;", "'")
    assert wanted in found


def test_an_image_without_a_width_gets_one_that_outlook_heeds() -> None:
    assert '<img width="536" src' in shown('<img src="tent.png" alt="">')
    assert '<img width="90" src' in shown('<img src="my logo.png" alt="">')


def test_markdown_names_an_image_that_has_a_space() -> None:
    template = replace(
        letters.written("![Us](<my logo.png>)"), images=IMAGES, contents=CONTENTS
    )
    found = letters.body_of(letters.letter(template))
    assert f"/i/{IMAGES['my logo.png'].hash}.png" in found


def test_the_plain_text_says_what_the_image_shows() -> None:
    template = with_images('<p>Look: <img src="tent.png" alt="A tent in the snow"></p>')
    assert letters.text_of(letters.letter(template)) == "Look: A tent in the snow\n"


@pytest.mark.parametrize("name", ["tnet.png", "/tent.png", "images/tent.png"])
def test_an_image_that_is_not_there_is_named_with_its_line(name: str) -> None:
    with pytest.raises(TemplateError) as caught:
        ready(with_images(f'<p>a</p>\n<p><img src="{name}"></p>'))
    assert "body.html, line 2: there is no image templates/mail/" in str(caught.value)
    if name == "tnet.png":
        assert "did you mean 'tent.png'?" in str(caught.value)


def parts(template: TemplateSource) -> tuple[EmailMessage, list[str]]:
    one = ready(template).compose(person(city="Oslo"), 1, 1, DATE)
    check_lines(one.content)
    message = read(one)
    return message, [part.get_content_type() for part in message.walk()]


def check_lines(content: bytes) -> None:
    assert content.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", content)
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(line.startswith(b".") for line in lines)


def test_an_image_inside_the_letter_goes_along_once() -> None:
    html = (
        '<p>{{ city }}<img src="tent.png"><img src="tent.png"><img src="my logo.png"></p>'
    )
    message, kinds = parts(with_images(html, ("tent.png",)))
    assert kinds == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    page = message.get_body(("html",))
    image = next(part for part in message.walk() if part.get_content_maintype() == "image")
    assert page is not None
    assert str(page.get_content()).count(INSIDE) == 2
    assert image.get_payload(decode=True) == TENT
    assert image["Content-ID"] == f"<{INSIDE.removeprefix('cid:')}>"
    assert image.get_content_disposition() == "inline"
    assert message.get_body(("plain",)) is not None


def test_files_are_attached_around_everything() -> None:
    names = ("prices.pdf", "Priser på våre telt.pdf", 'a"b;c.pdf')
    message, kinds = parts(with_images('<img src="tent.png">', None, *names))
    assert kinds[:2] == ["multipart/mixed", "multipart/alternative"]
    assert kinds[-3:] == ["application/pdf"] * 3
    attached = list(message.iter_attachments())
    assert [part.get_filename() for part in attached] == list(names)
    assert all(part.get_payload(decode=True) == PDF for part in attached)
    _, without = parts(with_images("<p>x</p>", (), "prices.pdf"))
    assert without == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html",
        "application/pdf",
    ]  # fmt: skip


def test_a_letter_with_enclosures_is_the_same_each_time_and_the_same_text() -> None:
    html = letters.FOOT + '<p>{{ city }} <img src="tent.png"></p>'
    rich = replace(with_images(html, None, "a.pdf"), kind=Kind.MARKETING)
    prepared = ready(rich, mailing_list=NEWS)
    one = prepared.compose(person(city="Oslo"), 1, 1, DATE)
    assert prepared.compose(person(city="Oslo"), 1, 1, DATE) == one
    plain = ready(replace(rich, embed=(), attachments={}), mailing_list=NEWS)
    other = plain.compose(person(city="Oslo"), 1, 1, DATE)
    assert letters.text_of(one) == letters.text_of(other)
    assert letters.html_of(one).replace(INSIDE, SERVED) == letters.html_of(other)
    assert read(one)["List-Unsubscribe"] == read(other)["List-Unsubscribe"]


def test_images_inside_the_letter_are_small_together() -> None:
    large = replace(IMAGES["tent.png"], size_bytes=1_100_000)
    template = replace(
        with_images('<img src="tent.png">', None), images={"tent.png": large}
    )
    with pytest.raises(TemplateError) as caught:
        ready(template)
    assert "have 1.1 MB together, and may have 1 at most" in str(caught.value)


def test_a_file_that_is_no_longer_on_record_is_said() -> None:
    with pytest.raises(TemplateError) as caught:
        ready(replace(with_images("<p>x</p>", (), "a.pdf"), contents={}))
    assert "is no longer on record" in str(caught.value)
    # What is served is none of the letter's bytes.
    assert ready(replace(with_images('<img src="tent.png">'), contents={}))


def test_a_letter_can_be_shown_with_images_of_its_own() -> None:
    key = IMAGES["tent.png"].hash
    html = f'<img src="{SERVED}"><img src="{INSIDE}"><img src="cid:{"0" * 64}@image">'
    assert with_own_images(html, SITE, {key: "data:x"}) == (
        f'<img src="data:x"><img src="data:x"><img src="cid:{"0" * 64}@image">'
    )


def test_each_language_carries_its_own_images() -> None:
    nb = Edition("Hei", None, '<img src="my logo.png">', "body.nb.html")
    template = replace(with_images('<img src="tent.png">', None), editions={"nb": nb})
    prepared = ready(template)
    english = prepared.compose(person(), 1, 1, DATE).content
    norwegian = prepared.compose(person()._replace(language="nb"), 1, 1, DATE).content
    assert IMAGES["tent.png"].hash.encode() in english
    assert IMAGES["tent.png"].hash.encode() not in norwegian
    assert IMAGES["my logo.png"].hash.encode() in norwegian

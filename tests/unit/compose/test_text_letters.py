"""Letters as text alone, for who chose that: the same letter without its HTML."""

from pathlib import Path

import pytest
from images import gif
from letters import DATE, person, read, ready, source

from mailer.compose.template import TemplateSource
from mailer.model.kind import Kind
from mailer.workspace.templates import read_template

HTML = """<p>Dear {{ name|default('friend') }},</p><p>Tents at 20 % off, and æøå.</p>
<p><a href="{{ unsubscribe_url }}">Leave</a></p>
<p>{{ postal_address }}</p>"""


def both(template: TemplateSource, **values: object) -> tuple[bytes, bytes]:
    """Compose a letter as it is, and as text alone."""
    prepared, reader = ready(template), person(**values)
    full = prepared.compose(reader, 1234, 5, DATE)
    plain = prepared.compose(reader._replace(plain=True), 1234, 5, DATE)
    assert (plain.sender, plain.recipient) == (full.sender, full.recipient)
    assert plain.envelope_id == full.envelope_id
    return full.content, plain.content


def test_it_is_the_text_of_the_letter_and_nothing_else():
    template = source(HTML, kind=Kind.MARKETING)
    prepared, reader = ready(template), person(name="Kåre")
    full = read(prepared.compose(reader, 1234, 5, DATE))
    plain = read(prepared.compose(reader._replace(plain=True), 1234, 5, DATE))
    assert plain.get_content_type() == "text/plain"
    assert plain.get_content_charset() == "utf-8"
    body = full.get_body(("plain",))
    assert body is not None
    assert plain.get_content().rstrip() == body.get_content().rstrip()
    assert "Dear Kåre" in plain.get_content()
    assert "/u/" in plain.get_content()
    apart = {"Content-Type", "Content-Transfer-Encoding"}
    assert {name: str(value) for name, value in plain.items() if name not in apart} == {
        name: str(value) for name, value in full.items() if name not in apart
    }
    assert plain["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_same_letter_has_the_same_bytes_again():
    assert both(source(HTML), name="Kåre") == both(source(HTML), name="Kåre")


def test_its_lines_are_as_smtp_wants_them():
    _, plain = both(source("<p>.</p><p>" + "x" * 2000 + "</p>"))
    *lines, last = plain.split(b"\r\n")
    assert last == b""
    assert all(len(line) <= 998 and b"\n" not in line for line in lines)
    assert not any(line.startswith(b".") for line in lines)


@pytest.mark.parametrize("files", ['attachments = ["terms.txt"]\n', ""])
def test_what_is_attached_goes_along_and_images_of_the_html_stay_away(
    tmp_path: Path, files: str
):
    folder = tmp_path / "templates" / "mail" / "sale"
    folder.mkdir(parents=True)
    (folder / "letter.toml").write_text(f'subject = "Sale"\nembed = true\n{files}')
    (folder / "body.html").write_text(f'{HTML}<img src="dot.gif" alt="A dot">')
    (folder / "terms.txt").write_text("Terms.")
    (folder / "dot.gif").write_bytes(gif())
    prepared = ready(read_template(str(tmp_path), "sale"))
    one = prepared.compose(person()._replace(plain=True), 1234, 5, DATE)
    found = read(one)
    types = [part.get_content_type() for part in found.walk()]
    if not files:
        assert types == ["text/plain"]
        return
    assert types == ["multipart/mixed", "text/plain", "text/plain"]
    (terms,) = found.iter_attachments()
    assert (terms.get_filename(), terms.get_content().strip()) == ("terms.txt", "Terms.")

"""What a message brings along: names that do not lie, HTML that does nothing."""

import pytest

from mailer.compose.enclosing import file_part
from mailer.triage.enclosed import (
    content_of,
    enclosed_of,
    harmless,
    html_of,
    name_of,
    safe_name,
)
from mailer.triage.mime import Part, read


def part(disposition: str, kind: str = "application/pdf", body: bytes = b"x") -> Part:
    return read(
        f"Content-Type: {kind}\nContent-Disposition: {disposition}\n\n".encode() + body
    )


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('attachment; filename="a b.pdf"', "a b.pdf"),
        ("attachment; filename*=UTF-8''%e2%82%ac%20rates.pdf", "€ rates.pdf"),
        ("attachment; filename*=no-such''a%2Fb.pdf", "b.pdf"),
        ("attachment; filename*=idna''a%20b.pdf", "a b.pdf"),
        ("attachment; filename*=punycode''a%2Fb.pdf", "b.pdf"),
        ("attachment; filename*=undefined''a%20b.pdf", "a b.pdf"),
        ("attachment; filename*=iso-8859-1''fjell%F8.pdf", "fjellø.pdf"),
        ("attachment; filename*=shift_jis''%93%FA%96%7B.pdf", "日本.pdf"),
        ("attachment; filename*=UTF-8''fjellø%20%C3%B8.pdf", "fjellø ø.pdf"),
        ('attachment; filename="=?utf-8?q?fjell=C3=B8.pdf?="', "fjellø.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:x.doc"', "C_x.doc"),
        ('attachment; filename="..."', "attachment"),
        ("attachment", "attachment"),
        ('attachment; filename="cod.\u202egpj.exe"', "cod.gpj.exe"),
        ('attachment; filename="a\x00\x1b[2Jb.pdf"', "a[2Jb.pdf"),
    ],
)
def test_an_attachment_s_name_is_a_plain_file_name(said, name):
    assert name_of(part(said)) == name


def test_a_long_name_keeps_its_end():
    name = name_of(part(f'attachment; filename="{"a" * 500}.pdf"'))
    assert name.endswith(".pdf")
    assert len(name) == 100


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("\U0001f4a9" * 100 + ".pdf", "\U0001f4a9" * 59 + ".pdf"),
        ("東" * 99 + ".pdf", "東" * 78 + ".pdf"),
        ("a" * 99 + "." + "b" * 99, "a" * 99),
        ("a" * 95 + "...... .pdf", "a" * 95 + ".pdf"),
    ],
)
def test_a_long_name_fits_a_disk_and_the_line_of_a_header(said, name):
    assert safe_name(said) == name
    head = file_part(name, "application/pdf", b"x").partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 998  # RFC 5322 §2.1.1


def test_attachments_are_numbered_and_their_bytes_given():
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
        b"Content-Type: text/plain\n\nHi\n"
        b"--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n"
        b"Content-Disposition: attachment; filename=a.png\n\niVBORw==\n"
        b"--b\nContent-Type: application/x-msdownload; name=run.exe\n\nMZ\n--b--\n"
    )
    message = read(raw)
    first, second = enclosed_of(message)
    assert (first.number, first.name, first.kind, first.size_bytes, first.runs) == (
        1, "a.png", "image/png", 4, False,
    )  # fmt: skip
    assert (second.name, second.runs) == ("run.exe", True)
    assert content_of(message, 1) == ("a.png", b"\x89PNG")
    assert content_of(message, 0) is None
    assert content_of(message, 3) is None
    assert html_of(message) is None


@pytest.mark.parametrize(
    "evil",
    [
        "<script>x</script>", "<img src=x onerror=y>", "<a href=javascript:x>y</a>",
        "<svg><script>x</script></svg>", "<math><mtext></math><style><img src=x onerror=y>",
        "<div style='background:url(//e.example)'>x</div>", "<form action=//e.example>",
        "<iframe srcdoc='<script>x</script>'>", "<object data=//e.example>",
        "<base href=//e>",
        "<a href='data:text/html,<script>x</script>'>y</a>", "<p class=top id=main>x</p>",
    ],
)  # fmt: skip
def test_no_html_runs_loads_or_looks_like_ours(evil):
    clean = harmless(f"before {evil} after")
    for bad in ("<script", "<img", "onerror", "javascript:", "style", "<form", "<iframe",
                "<object", "<base", "data:", "class=", "id="):  # fmt: skip
        assert bad not in clean, (evil, clean)
    assert "before" in clean


def test_links_open_elsewhere_and_tell_nobody_from_where():
    link = harmless("<a href='https://example.com/?a=1&b=2' target=_top rel=opener>x</a>")
    assert 'target="_blank"' in link
    assert 'rel="noopener noreferrer nofollow"' in link

"""Quoted-printable segments: closed, so that they can follow each other in any order."""

import quopri

import pytest

from mailer.compose.quoted import segment

TEXTS = [
    "",
    "a",
    " ",
    "a ",
    "\t",
    "=",
    "=\n",
    ".",
    "..",
    ".htaccess",
    "a\n.b\n..c",
    "." * 200,
    "a" * 75 + ".b",
    ("b" * 75 + ".") * 3 + "\x00\xff",
    "\n.\n",
    "\n",
    "a\n",
    "a\r\nb\rc\nd",
    "é",
    "é" * 100,
    "a" * 72,
    "a" * 73,
    "a" * 74,
    "a" * 75,
    "a" * 76,
    "a" * 77,
    "a" * 1000,
    "a" * 73 + "é",
    "a" * 74 + "=",
    "a" * 75 + " ",
    "line \nline\t\n",
    "From me",
    "\x00\x01\x7f",
    "\u2028",
    "=3D=\r\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_segment_reads_back_with_crlf(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    assert quopri.decodestring(segment(text)) == lines.encode()


@pytest.mark.parametrize("text", TEXTS)
def test_a_segment_is_ascii_closed_and_within_its_lines(text: str) -> None:
    found = segment(text)
    assert found.isascii()
    assert found == b"" or found.endswith(b"\r\n")
    lines = found.split(b"\r\n")
    assert all(len(line) <= 76 for line in lines)
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)
    assert not any(line.endswith((b" ", b"\t")) for line in lines)
    assert not any(line.startswith(b".") for line in lines)


@pytest.mark.parametrize("first", TEXTS)
def test_segments_can_follow_each_other(first: str) -> None:
    for second in TEXTS:
        both = quopri.decodestring(segment(first) + segment(second))
        alone = [quopri.decodestring(segment(one)) for one in (first, second)]
        assert both == b"".join(alone)


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    assert quopri.decodestring(segment("a\ud800b")).decode() == "a\ufffdb"

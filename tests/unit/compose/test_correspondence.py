"""Letters to one person: their header, whatever was in the message that they answer."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from mailer.compose.acknowledging import (
    Facts,
    acknowledgement_text,
    check_texts,
    language_for,
    moment_in_words,
)
from mailer.compose.correspondence import Correspondence, compose_correspondence
from mailer.errors import CannotComposeError, TemplateError
from mailer.model.attached import Attached
from mailer.model.kind import Kind
from mailer.model.letter import Letter
from mailer.model.ticket import Envelope
from mailer.model.token import TokenBox

DATE = datetime(2026, 11, 25, 12, tzinfo=UTC)
ENVELOPE = Envelope(
    "Fjell & Fjord", "support@shop.example", "bounces.shop.example", "Ola",
    "support+abc@shop.example", "m1@x.example", ("a@x.example", "m1@x.example"),
)  # fmt: skip
FACTS = Facts(12, True, DATE, DATE, "Fjell & Fjord", "support@shop.example", "Ola")
TEXTS = {
    "received.txt": "{{ ticket }} by {{ answer_by }}",
    "received.nb.txt": "{{ ticket }} innen {{ answer_by }}",
}


def composed(ring, letter: Correspondence, address="ola@example.com", to="") -> Letter:
    return compose_correspondence(letter, address, TokenBox(ring), 7, DATE, to)


def test_a_reply_comes_back_to_its_own_return_path_and_is_no_machines(ring):
    letter = composed(ring, Correspondence(Kind.REPLY, ENVELOPE, "Re: x [#1]", "Yes.\n"))
    assert letter.sender.startswith("b+")
    assert letter.sender.endswith("@bounces.shop.example")
    head = message_from_bytes(letter.content, policy=policy.default)
    assert head["Auto-Submitted"] is None
    assert head["References"] == "<a@x.example> <m1@x.example>"


def test_the_same_letter_has_the_same_bytes_again(ring):
    letter = Correspondence(Kind.REPLY, ENVELOPE, "Re: x [#1]", "Yes.\n")
    assert composed(ring, letter) == composed(ring, letter)


def test_a_rehearsed_one_goes_to_nobody_but_the_rehearsals_address(ring):
    letter = Correspondence(Kind.ACKNOWLEDGEMENT, ENVELOPE, "Re: x", "Yes.")
    found = composed(ring, letter, to="me@shop.example")
    assert (found.sender, found.recipient) == ("me@shop.example", "me@shop.example")
    assert b"[Rehearsal for ola@example.com]" in found.content


def test_files_and_copies_stand_in_it_as_other_programs_read_them(ring):
    files = (
        Attached("Rechnung Zelt ü.pdf", "application/pdf", bytes(range(256)) * 20),
        Attached(".a b.txt", "text/plain", "blå\n".encode()),
    )
    envelope = replace(ENVELOPE, to="ola@example.com", cc=("p@x.example", "q@x.example"))
    letter = Correspondence(Kind.REPLY, envelope, "Re: x [#1]", ".Yes.\n", files)
    copy = composed(ring, letter, "p@x.example")
    assert copy.recipient == "p@x.example"
    found = message_from_bytes(copy.content, policy=policy.default)
    assert not found.defects
    assert (found["To"], found["Cc"]) == (
        "Ola <ola@example.com>",
        "p@x.example, q@x.example",
    )
    assert found.get_body().get_content() == ".Yes.\r\n"
    parts = list(found.iter_attachments())
    assert [one.get_filename() for one in parts] == ["Rechnung Zelt ü.pdf", ".a b.txt"]
    assert parts[0].get_content() == files[0].content
    assert parts[1].get_content() == "blå\n"
    assert not any(line.startswith(b".") for line in copy.content.splitlines())
    assert max(map(len, copy.content.splitlines())) <= 78
    assert composed(ring, letter, "p@x.example") == copy


def test_a_rehearsal_names_nobody_who_would_get_a_copy(ring):
    envelope = replace(ENVELOPE, to="ola@example.com", cc=("p@x.example",))
    letter = Correspondence(Kind.REPLY, envelope, "Re: x [#1]", "Yes.\n")
    found = composed(ring, letter, "p@x.example", to="me@shop.example")
    assert b"Cc:" not in found.content
    assert found.recipient == "me@shop.example"


def test_no_line_is_longer_than_mail_allows_and_none_begins_with_a_dot(ring):
    many = tuple(f"{'x' * 200}{n}@long.example" for n in range(20))
    envelope = Envelope("F" * 200, "support@shop.example", references=many)
    text = ".\n..\n" + "å" * 5000 + "\n.end"
    subject = "Re: " + "grüße " * 30
    letter = composed(ring, Correspondence(Kind.REPLY, envelope, subject, text))
    lines = letter.content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(line.startswith(b".") for line in lines)
    parsed = message_from_bytes(letter.content, policy=policy.default)
    assert parsed.get_content().splitlines() == text.splitlines()
    assert parsed["References"].count("@long.example") == 20


@pytest.mark.parametrize(
    "letter",
    [
        Correspondence(Kind.REPLY, ENVELOPE, "Re: x\r\nBcc: eve@example.org", "Yes."),
        Correspondence(Kind.REPLY, ENVELOPE, "Re: x", " \n"),
        Correspondence(
            Kind.REPLY, Envelope("x\nBcc: y", "support@shop.example"), "Re: x", "Yes."
        ),
        Correspondence(
            Kind.REPLY,
            Envelope("", "support@shop.example", in_reply_to="a@x\r\nBcc: y"),
            "Re: x",
            "Yes.",
        ),
    ],
)
def test_nothing_begins_a_header_of_its_own(ring, letter: Correspondence):
    with pytest.raises(CannotComposeError):
        composed(ring, letter)


@pytest.mark.parametrize(
    ("wished", "fallback", "language"),
    [("nb", "en", "nb"), ("no-NO", "en", "nb"), (None, "nb", "nb"), ("fr", "nb", "nb"),
     ("fr", "it", "en"), ("en-GB", "nb", "en")],
)  # fmt: skip
def test_the_persons_language_comes_before_the_mailboxs(wished, fallback, language):
    assert language_for(TEXTS, "received", wished, fallback) == language


def test_times_are_said_as_the_language_says_them():
    assert moment_in_words(DATE, "Europe/Oslo", "en") == "Wednesday 25 November, 13:00"
    assert moment_in_words(DATE, "Europe/Oslo", "de") == "Mittwoch, 25. November, 13:00"
    assert moment_in_words(DATE, "Europe/Oslo", "nb") == "onsdag 25. november, 13:00"


def test_a_text_is_filled_in():
    said = acknowledgement_text(TEXTS, "received", "nb", "UTC", FACTS)
    assert said == "12 innen onsdag 25. november, 12:00\n"


@pytest.mark.parametrize(
    "text", ["{{ nobody }}", "{% if %}", "{{ ticket.__class__.mro() }}", "{{ 1/0 }}"]
)
def test_a_text_that_is_wrong_is_told_with_its_file(text: str):
    texts = {"received.txt": text}
    assert "templates/acknowledgements/received.txt" in check_texts(texts, "received")
    with pytest.raises(TemplateError):
        acknowledgement_text(texts, "received", "en", "UTC", FACTS)


def test_a_text_that_is_not_there_is_told():
    assert "there is no templates/acknowledgements/x.txt" in check_texts(TEXTS, "x")

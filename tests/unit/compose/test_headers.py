"""Header fields: folded, encoded and refused by the rules, as bytes."""

import re
from dataclasses import replace
from email.headerregistry import Address

import letters
import pytest
from letters import DATE, FOOT, NEWS, owed, person, read, ready, source

from mailer.compose.headers import address_field, text_field
from mailer.errors import TemplateError
from mailer.model.kind import Kind
from mailer.model.mailinglist import MailingList


def marketing(mailing_list: MailingList = NEWS, kind: Kind = Kind.MARKETING) -> bytes:
    template = source("<p>Hi</p>" + FOOT, kind=kind)
    return ready(template, mailing_list=mailing_list).compose(person(), 9, 5, DATE).content


def lines_of(content: bytes, name: bytes) -> bytes:
    """Return a field with its folds."""
    found = re.search(rb"(?:\A|\r\n)(" + name + rb": (?:[^\r]|\r\n )*)\r\n", content)
    assert found
    return found[1]


def test_list_unsubscribe_is_no_encoded_word() -> None:
    """Trap 1: `EmailMessage` folds it into encoded words, and one-click is invisible."""
    field = lines_of(marketing(), b"List-Unsubscribe")
    assert re.fullmatch(
        rb"List-Unsubscribe: <https://mail\.example\.com/u/[\w-]{38}>,\r\n"
        rb" <mailto:leave\+[a-z2-7]{45}@example\.com\?subject=unsubscribe>",
        field,
    )


def test_list_unsubscribe_is_whole_whatever_the_length_of_the_address() -> None:
    site = replace(letters.SITE, public_url="https://" + "x" * 200 + ".example.com")
    template = source("<p>Hi</p>" + FOOT, kind=Kind.MARKETING)
    content = ready(template, site=site).compose(person(), 9, 5, DATE).content
    field = lines_of(content, b"List-Unsubscribe")
    assert b"=?" not in field
    assert field.split(b"\r\n")[0].endswith(b">,")


def test_one_click_is_offered_in_exactly_its_words() -> None:
    field = lines_of(marketing(), b"List-Unsubscribe-Post")
    assert field == b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"


def test_without_a_mailbox_only_the_link_is_offered() -> None:
    content = marketing(replace(NEWS, unsubscribe_mailbox=""))
    assert b"mailto" not in lines_of(content, b"List-Unsubscribe")


def test_a_mailbox_without_room_for_the_token_is_refused() -> None:
    with pytest.raises(TemplateError, match="unsubscribe_mailbox may have 17 characters"):
        marketing(replace(NEWS, unsubscribe_mailbox="u" * 18 + "@example.com"))
    assert marketing(replace(NEWS, unsubscribe_mailbox="u" * 17 + "@example.com"))


def test_strange_characters_of_a_mailbox_are_quoted_as_in_links() -> None:
    content = marketing(replace(NEWS, unsubscribe_mailbox="a%b&c?@example.com"))
    assert b"<mailto:a%25b%26c%3F+" in lines_of(content, b"List-Unsubscribe")


@pytest.mark.parametrize(
    ("title", "field"),
    [
        ("News", b"List-Id: News <news.lists.example.com>"),
        ("News, daily", b'List-Id: "News, daily" <news.lists.example.com>'),
        ("Nyheter fra fjellæ", b"List-Id: <news.lists.example.com>"),
        ("x" * 300, b"List-Id: <news.lists.example.com>"),
    ],
)
def test_list_id_has_the_title_where_it_needs_no_encoding(title: str, field: bytes) -> None:
    assert lines_of(marketing(replace(NEWS, title=title)), b"List-Id") == field


def test_feedback_id_names_campaign_list_kind_and_sender() -> None:
    assert (
        lines_of(marketing(), b"Feedback-ID")
        == b"Feedback-ID: 5:news:marketing:example.com"
    )


FIELDS = (
    b"List-Unsubscribe",
    b"List-Unsubscribe-Post",
    b"List-Id",
    b"Feedback-ID",
    b"Precedence",
)


@pytest.mark.parametrize("kind", [Kind.MARKETING, Kind.JOURNEY])
def test_letters_to_lists_have_all_list_fields(kind: Kind) -> None:
    content = marketing(kind=kind)
    for name in FIELDS:
        assert lines_of(content, name)
    assert lines_of(content, b"Precedence") == b"Precedence: bulk"


@pytest.mark.parametrize(
    "kind", [kind for kind in Kind if kind not in {"marketing", "journey"}]
)
def test_other_letters_have_none(kind: Kind) -> None:
    template = source("<p>Hi</p>" + owed(kind), kind=kind)
    content = ready(template).compose(person(), 9, 5, DATE).content
    for name in FIELDS:
        assert name + b":" not in content


@pytest.mark.parametrize(
    ("kind", "submitted", "suppress"),
    [
        (Kind.MARKETING, None, "OOF, AutoReply"),
        (Kind.JOURNEY, "auto-generated", "OOF, AutoReply"),
        (Kind.TRANSACTIONAL, "auto-generated", "OOF, AutoReply"),
        (Kind.CONFIRMATION, "auto-generated", "OOF, AutoReply"),
        (Kind.ACKNOWLEDGEMENT, "auto-replied", "All"),
        (Kind.ALARM, "auto-generated", "All"),
        (Kind.REPLY, None, None),
        (Kind.TEST, None, None),
    ],
)
def test_machines_are_told_by_kind_not_to_answer(
    kind: Kind, submitted: str | None, suppress: str | None
) -> None:
    template = source("<p>Hi</p>" + owed(kind), kind=kind)
    message = read(ready(template).compose(person(), 9, 5, DATE))
    assert message["Auto-Submitted"] == submitted
    assert message["X-Auto-Response-Suppress"] == suppress


def test_reply_to_is_there_when_answers_go_elsewhere() -> None:
    assert lines_of(marketing(), b"Reply-To") == b"Reply-To: hello@example.com"
    assert b"Reply-To" not in marketing(replace(NEWS, reply_to="news@example.com"))
    assert b"Reply-To" not in marketing(replace(NEWS, reply_to=""))


@pytest.mark.parametrize(
    "name",
    [
        "Ida",
        "Ida Nilsen",
        "Nilsen, Ida",
        'Ida "Fjell" Nilsen',
        "back\\slash",
        "x@example.com",
        "PayPal <security@paypal.example>",
        "Åse Østby",
        "=?utf-8?q?forged?=",
        "عائشة",
        "😀 emoji",
        "x" * 200,
        "many words " * 20 + "end",
        "å" * 200,
        "O'Brien (home)",
        '"' * 40,
        "dot.ted",
    ],
)
def test_display_names_read_back_as_they_were(name: str) -> None:
    one = letters.letter(source(), name=name)
    assert letters.mailbox_of(one, "To") == (name, "ingrid@example.com")
    for line in lines_of(one.content, b"To").split(b"\r\n"):
        assert len(line) <= 78


@pytest.mark.parametrize("name", ["Fjell & Fjord", "Fjell, Fjord", "Bjørn", ""])
def test_the_sender_reads_back_as_the_list_says(name: str) -> None:
    message = read(
        ready(source(), mailing_list=replace(NEWS, sender_name=name)).compose(
            person(), 9, 5, DATE
        )
    )
    assert message["From"].addresses == (Address(name, "news", "example.com"),)


def test_a_sender_that_cannot_be_in_a_header_is_refused() -> None:
    with pytest.raises(TemplateError, match=r"lists/news\.toml: From: "):
        ready(source(), mailing_list=replace(NEWS, sender_name="a\nb"))


@pytest.mark.parametrize(
    "subject",
    [
        "Short",
        "A subject of many words " * 12 + "that ends",
        "x" * 300,
        "é" * 300,
        "two  spaces",
        "=?utf-8?b?Zm9yZ2Vk?=",
        "مرحبا بالعالم",
        "mixed ascii and æøå " * 10 + "end",
        "tab is refused elsewhere, comma; stays",
        "a" * 76 + " b",
        "w " * 200 + "w",
    ],
)
def test_subjects_read_back_as_they_were_and_are_folded(subject: str) -> None:
    one = letters.letter(source(subject="{{ city }}"), city=subject)
    assert read(one)["Subject"] == subject
    for line in lines_of(one.content, b"Subject").split(b"\r\n"):
        assert len(line) <= 78
        assert line.strip()
    for word in re.findall(rb"=\?.*?\?=", lines_of(one.content, b"Subject")):
        assert len(word) <= 75


def test_spaces_around_a_subject_do_not_count() -> None:
    assert text_field("Subject", "  x ") == "Subject: x\r\n"


def test_a_name_of_spaces_leaves_the_bare_address() -> None:
    assert address_field("To", "", "a@example.com") == "To: a@example.com\r\n"
    assert address_field("To", "  ", "a@example.com") == "To: a@example.com\r\n"


def test_a_long_address_stands_on_a_line_of_its_own() -> None:
    address = "a" * 60 + "@example.com"
    assert address_field("To", "Ida", address) == f"To: Ida\r\n <{address}>\r\n"

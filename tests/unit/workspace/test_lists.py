"""Lists: each mistake is named with file, place and what may be there."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from mailer.errors import NotFoundError, WorkspaceError
from mailer.model.mailinglist import MailingList, OptIn
from mailer.workspace.lists import parse_list, read_list, read_lists
from mailer.workspace.tomlfiles import parse_toml

NEWS = """
id = "news"
title = "News"
purpose = "What is new."
opt_in = "double"
from = "Fjell & Fjord <news@example.com>"
postal_address = "Storgata 12, Bergen"
list_host = "news.lists.example.com"
language = "nb"

[[wordings]]
version = 1
text = "Yes, write to me."

[segments]
norway = "country == 'NO'"
"""


def news(old: str = "", new: str = "") -> MailingList:
    assert old in NEWS
    return parse_list(parse_toml(NEWS.replace(old, new, 1), "lists/news.toml"), "news")


def refusal(old: str, new: str) -> str:
    with pytest.raises(WorkspaceError) as caught:
        news(old, new)
    return str(caught.value)


def test_a_list_is_what_its_file_says():
    got = news()
    assert (got.id, got.name, got.opt_in) == ("news", "news", OptIn.DOUBLE)
    assert (got.sender_name, got.sender_address) == ("Fjell & Fjord", "news@example.com")
    assert got.wording.text == "Yes, write to me."
    assert got.segments == {"norway": "country == 'NO'"}
    assert (got.reply_to, got.bounce_domain, got.unsubscribe_mailbox) == ("", "", "")


@pytest.mark.parametrize(
    ("sender", "name", "address"),
    [
        ("news@example.com", "", "news@example.com"),
        ("<news@example.com>", "", "news@example.com"),
        ('\\"Fjell, Fjord\\" <news@example.com>', "Fjell, Fjord", "news@example.com"),
        ("Ålesund <hei@ålesund.example>", "Ålesund", "hei@xn--lesund-hua.example"),
    ],
)  # fmt: skip
def test_a_sender_has_a_name_and_an_address_with_an_a_label(
    sender: str, name: str, address: str
):
    got = news("Fjell & Fjord <news@example.com>", sender)
    assert (got.sender_name, got.sender_address) == (name, address)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("title", "tilte", "lists/news.toml: title is missing"),
        ('id = "news"', 'id = "News letter"', "id is 'News letter', but must be small"),
        ('"double"', '"doubel"', "opt_in is 'doubel', but must be 'double'"),
        ("<news@example.com>", "<news>", "from is 'news', but must be an address"),
        ("<news@example.com>", "news@example.com", "from is"),
        ("Fjell & Fjord <", "Fjell\\nBcc: x <", "from must be one line"),
        ('"News"', '"News\\r\\nBcc: x"', "title must be one line"),
        ("news.lists.example.com", "not a host", "list_host is 'not a host'"),
        ('language = "nb"', 'language = "norsk bokmål"', "language is"),
        ('[[wordings]]\nversion = 1\ntext = "Yes, write to me."', "",
         "[[wordings]] is missing"),
        ("version = 1", "version = 0", "[[wordings]] 1: version is 0"),
        ('text = "Yes', 'texts = "Yes', "[[wordings]] 1: text is missing"),
        ('"country == \'NO\'"', "3", "the segment 'norway' must be an expression"),
        ("[segments]", "segmnets = 3\n[segments]", "[[wordings]] 1: no such setting"),
        ('id = "news"', 'id = "news"\nopt = 1', "no such setting 'opt'"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(old: str, new: str, words: str):
    got = refusal(old, new)
    assert got.startswith("lists/news.toml")
    assert words in got


def test_a_version_of_the_words_is_there_once():
    again = '[[wordings]]\nversion = 1\ntext = "Other words."\n\n[segments]'
    assert "[[wordings]] 2: version is 1" in refusal("[segments]", again)


def test_a_misspelt_key_is_told_with_the_nearest_right_one():
    got = refusal('title = "News"', 'title = "News"\nreplyto = "a@example.com"')
    assert "no such setting 'replyto'; did you mean 'reply_to'?" in got


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "news.toml").write_text(NEWS, encoding="utf-8")
    return tmp_path


def test_lists_are_read_by_name(folder: Path):
    (folder / "lists" / "_draft.toml").write_text("not yet", encoding="utf-8")
    (folder / "lists" / ".#news.toml").write_text("an editor's", encoding="utf-8")
    assert [one.name for one in read_lists(str(folder))] == ["news"]
    assert read_list(str(folder), "news").id == "news"


def test_a_list_that_is_not_there_is_told_with_the_nearest_right_name(folder: Path):
    with pytest.raises(NotFoundError, match=re.escape("did you mean 'news'?")):
        read_list(str(folder), "newz")


def test_two_files_never_have_one_id(folder: Path):
    (folder / "lists" / "old.toml").write_text(NEWS, encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"lists/old.toml: the id 'news' is that of"):
        read_lists(str(folder))
    with pytest.raises(WorkspaceError, match=r"lists/news.toml: the id 'news' is that of"):
        read_list(str(folder), "news")


def test_a_mistake_in_one_list_does_not_stop_another(folder: Path):
    (folder / "lists" / "other.toml").write_text("id = ", encoding="utf-8")
    assert read_list(str(folder), "news").id == "news"
    with pytest.raises(WorkspaceError, match=r"lists/other.toml"):
        read_lists(str(folder))


def test_a_workspace_without_lists_has_none(tmp_path: Path):
    assert read_lists(str(tmp_path)) == ()


def test_an_archive_and_parameters_for_links_are_read():
    plain = news()
    assert (plain.archive, plain.utm, plain.utm_domains) == (False, {}, ())
    utm = '[utm]\nsource = "news"\ndomains = ["Shop.example.com"]\n\n[segments]'
    found = news("[segments]", utm)
    assert (found.utm, found.utm_domains) == ({"source": "news"}, ("shop.example.com",))
    assert news('language = "nb"', 'language = "nb"\narchive = true').archive


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('medium = "email"', "[utm]: source is missing"),
        ('source = "a\\nb"', "source must be one line"),
        ('source = "a"\ndomains = ["https://shop.example.com/"]', "must be a domain alone"),
        ('source = "a"\ndomains = "shop.example.com"', "domains"),
        ('source = "a"\nsuorce = "b"', "suorce"),
    ],
)
def test_parameters_that_cannot_be_are_told(lines: str, words: str):
    said = refusal("[segments]", f"[utm]\n{lines}\n\n[segments]")
    assert said.startswith("lists/news.toml")
    assert words in said


WELCOME = "[sign_up]\n\n[welcome]\n"


@pytest.mark.parametrize(
    ("lines", "template", "delay"),
    [
        ("", "welcome", timedelta()),
        ('template = "hello"\ndelay = "1d 12h"', "hello", timedelta(hours=36)),
        ('delay = "0s"', "welcome", timedelta()),
    ],
)
def test_a_welcome_is_read(lines: str, template: str, delay: timedelta):
    assert news().welcome is None
    found = news("[segments]", f"{WELCOME}{lines}\n\n[segments]").welcome
    assert found is not None
    assert (found.template, found.delay) == (template, delay)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (f'{WELCOME}delay = "soon"', "'soon' is no length of time"),
        (f"{WELCOME}delay = 3", "delay is 3, but must be text"),
        (f'{WELCOME}delay = "-1h"', "is no length of time"),
        (f'{WELCOME}delay = "366d"', "delay may be 365d at most"),
        (f'{WELCOME}delay = "99999999999999w"', "delay"),
        (f'{WELCOME}template = ""', "template is empty"),
        (f'{WELCOME}delya = "1h"', "no such setting 'delya'"),
        ("[welcome]", "nobody can join by herself: add [sign_up]"),
    ],
)
def test_a_welcome_that_cannot_be_is_told(lines: str, words: str):
    said = refusal("[segments]", f"{lines}\n\n[segments]")
    assert said.startswith("lists/news.toml, [welcome]")
    assert words in said


def test_topics_have_words_in_each_language():
    got = news(
        "[segments]",
        """[topics]
tents = "Tents and tarps"
tours = { en = "Tours", nb = "Turer", "de-AT" = "Touren" }

[segments]""",
    )
    tents, tours = got.topics
    assert (tents.id, tents.said("nb"), tents.said("de")) == (
        "tents",
        *["Tents and tarps"] * 2,
    )
    assert [tours.said(tag) for tag in ("nb", "nb-NO", "de-AT", "fr")] == [
        "Turer", "Turer", "Touren", "Tours",
    ]  # fmt: skip
    assert news().topics == ()


@pytest.mark.parametrize(
    ("topics", "words"),
    [
        ("Tents = 'x'", "'Tents' must be small letters"),
        ("tents = ''", "tents is empty"),
        ("tents = 1", "tents is 1, but must be text"),
        ("tents = {}", "say in words what it is about"),
        ("tents = { english = 'Tents' }", "'english' is no language"),
        ('tents = "a\\nb"', "must be one line"),
        (f"tents = '{'x' * 101}'", "at most 100 characters"),
        ("\n".join(f"t{n} = 'x'" for n in range(51)), "51 topics are more than anybody"),
    ],
)
def test_a_mistake_in_a_topic_is_named(topics, words):
    said = refusal("[segments]", f"[topics]\n{topics}\n[segments]")
    assert said.startswith("lists/news.toml, [topics]")
    assert words in said


def test_a_file_that_says_the_same_is_not_parsed_again(folder: Path):
    first = read_list(str(folder), "news")
    assert read_list(str(folder), "news") is first
    file = folder / "lists" / "news.toml"
    file.write_text(NEWS.replace('"News"', '"Else"'), encoding="utf-8")
    assert read_list(str(folder), "news").title == "Else"
    file.write_text(NEWS, encoding="utf-8")
    assert read_list(str(folder), "news") == first


def test_an_id_that_another_list_gets_and_loses_again_is_noticed(folder: Path):
    first, other = read_list(str(folder), "news"), folder / "lists" / "other.toml"
    other.write_text(NEWS, encoding="utf-8")
    with pytest.raises(WorkspaceError, match="other"):
        read_list(str(folder), "news")
    other.write_text(NEWS.replace('id = "news"', 'id = "other"'), encoding="utf-8")
    assert read_list(str(folder), "news") == first

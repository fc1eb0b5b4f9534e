"""Tables of a file: what is missing, wrong or unknown is named with its place."""

from pathlib import Path

import pytest

from mailer.errors import WorkspaceError
from mailer.workspace.tomlfiles import Table, parse_toml, read_toml


def test_a_file_that_does_not_parse_is_named_with_the_line(tmp_path: Path):
    path = tmp_path / "news.toml"
    path.write_text("id = 'a'\ntitle = \nfrom = 'b'", encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"^lists/news.toml: .*line 2"):
        read_toml(str(path), "lists/news.toml")


def test_a_file_half_saved_is_a_mistake_and_no_crash():
    with pytest.raises(WorkspaceError, match=r"news.toml"):
        parse_toml('id = "a', "news.toml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[relay]\nport = 25\n[site]\n[relay]\nport = 587\n",
            "[relay] is there twice, the second time in line 4: put what stands below",
        ),
        ('[dkim."a.example"]\n[dkim."a.example"]\n', '[dkim."a.example"] is there twice'),
        ("title = News\n", '(at line 1, column 9): text stands in straight quotes, "…"'),
        ("title = “News”\n", "text stands in straight quotes"),
        ("shown = True\n", "yes and no are true and false"),
        ('title = "News\nfrom = "a"\n', '(at line 1, column 14): the quote " at the end'),
        ('id = "a"\nid = "b"\n', "(at line 2, column 9): the same name is there twice"),
        ('words = "\\d"\n', "write \\\\ for each \\"),
    ],
)
def test_a_mistake_that_is_often_made_is_told_with_what_to_do(text: str, told: str):
    with pytest.raises(WorkspaceError) as caught:
        parse_toml(text, "config.toml")
    assert str(caught.value).startswith("config.toml: ")
    assert told in str(caught.value)


def refusal(values: dict[str, object], ask: str, key: str) -> str:
    with pytest.raises(WorkspaceError) as caught:
        getattr(Table(values, "news.toml"), ask)(key)
    return str(caught.value)


def test_what_is_missing_is_named():
    assert refusal({}, "text", "id") == "news.toml: id is missing"


def test_what_is_missing_is_found_under_a_misspelt_name():
    assert refusal({"id": "n", "tilte": "News"}, "text", "title") == (
        "news.toml: title is missing; is 'tilte' meant to be it?"
    )


def test_an_empty_text_is_as_good_as_none():
    assert refusal({"id": " "}, "text", "id") == "news.toml: id is empty"


def test_a_wrong_type_is_told_with_what_may_be():
    assert refusal({"id": 3}, "text", "id") == (
        "news.toml: id is 3, but must be text in quotes"
    )
    assert "must be a whole number" in refusal({"version": True}, "number", "version")
    assert "must be a whole number" in refusal({"version": 1.5}, "number", "version")
    assert "write [[words]]" in refusal({"words": [1]}, "tables", "words")
    assert "must be a table" in refusal({"segments": "x"}, "table", "segments")


def test_what_nobody_asked_for_is_refused_with_the_nearest_right_name():
    table = Table({"tilte": "x"}, "news.toml")
    table.text("title", "")
    with pytest.raises(WorkspaceError) as caught:
        table.end()
    assert str(caught.value) == "news.toml: no such setting 'tilte'; did you mean 'title'?"


def test_tables_in_a_list_say_which_one_they_are():
    (_, second) = Table({"words": [{}, {}]}, "news.toml").tables("words")
    with pytest.raises(
        WorkspaceError, match=r"news.toml, \[\[words\]\] 2: text is missing"
    ):
        second.text("text")


def test_defaults_stand_in_for_what_is_not_there():
    table = Table({}, "news.toml")
    assert table.text("a", "") == ""
    assert table.number("b", 2) == 2
    assert table.flag("c", default=True)
    assert table.table("d") == {}
    assert table.tables("e") == []

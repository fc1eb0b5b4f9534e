"""The jobs behind `mailer segment`, on a workspace's lists."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rulecases import SPECS, Letter, Somebody, Standing, put

from mailer.errors import ExpressionError, NotFoundError, WorkspaceError
from mailer.jobs.segments import (
    Questions,
    count_segments,
    preview_segment,
    segments_of,
)
from mailer.store.database import Database

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
ON = Standing("newsletter", "subscribed", NOW - timedelta(days=10), None)
SPRING = Letter("campaign", "spring", "accepted", NOW - timedelta(days=3))
LIST = """
id = "newsletter"
title = "News"
purpose = "News from the mountains"
opt_in = "double"
from = "Fjell & Fjord <news@example.com>"
postal_address = "Storgata 12, Bergen"
list_host = "news.example.com"
language = "en"
[[wordings]]
version = 1
text = "Yes"
[segments]
norway = "country == 'NO'"
keen = "country == 'NO' and 'tents' in interests and not received_within('14d')"
"""


@pytest.fixture
def questions(database: Database, tmp_path: Path) -> Questions:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "newsletter.toml").write_text(LIST, encoding="utf-8")
    people = [
        Somebody({"country": "NO", "interests": ["tents"]}, None, None, NOW, (ON,)),
        Somebody(
            {"country": "NO", "interests": ["tents"]}, None, None, NOW, (ON,), (SPRING,)
        ),
        Somebody({"country": "NO"}, None, None, NOW, (ON,)),
        Somebody({"country": "SE"}, None, None, NOW, (ON,)),
        Somebody({"country": "NO"}, None, None, NOW),
    ]
    with database.write() as connection:
        put(connection, people)
    return Questions(database, str(tmp_path), SPECS, NOW, "Europe/Oslo")


def counts(
    questions: Questions, target: str, rule: str | None = None
) -> dict[str, tuple[int, int]]:
    counted = count_segments(questions, segments_of(questions, target, rule))
    return {one.segment.name: (one.picked, one.asked) for one in counted}


def test_a_list_is_counted_with_all_its_segments(questions: Questions):
    assert counts(questions, "newsletter") == {
        "newsletter": (4, 4),
        "newsletter/norway": (3, 4),
        "newsletter/keen": (1, 4),
    }


def test_a_rule_is_tried_among_a_list_or_among_everyone(questions: Questions):
    assert counts(questions, "newsletter", "country == 'NO'") == {"newsletter": (3, 4)}
    assert counts(questions, "", "country == 'NO'") == {"all contacts": (4, 5)}
    assert counts(questions, "", "not member('newsletter')") == {"all contacts": (1, 5)}


def test_each_clause_is_counted_by_itself(questions: Questions):
    [keen] = count_segments(questions, segments_of(questions, "newsletter/keen", None))
    assert keen.clauses == (
        ("country == 'NO'", 3),
        ("'tents' in interests", 2),
        ("not received_within('14d')", 3),
    )
    [norway] = count_segments(questions, segments_of(questions, "newsletter/norway", None))
    assert norway.clauses == ()


def test_a_campaign_that_never_was_is_noted(questions: Questions):
    rule = "received('spring') or received('sprng')"
    [counted] = count_segments(questions, segments_of(questions, "newsletter", rule))
    assert counted.picked == 1
    assert counted.notes == ("no campaign was ever called 'sprng'; did you mean 'spring'?",)


def test_a_preview_shows_what_the_rule_reads_of_people(questions: Questions):
    [keen] = segments_of(questions, "newsletter/keen", None)
    [only] = preview_segment(questions, keen, 10)
    assert only.values == {"country": "NO", "interests": ["tents"]}
    assert only.history == {"received_within('14d')": False}
    everyone = segments_of(questions, "newsletter", None)[0]
    assert len(preview_segment(questions, everyone, 3)) == 3
    assert preview_segment(questions, everyone, 3)[0].values == {}


@pytest.mark.parametrize(
    ("target", "rule", "words"),
    [
        ("newslettr", None, "there is no list 'newslettr'"),
        ("newsletter/norwy", None, "no segment 'norwy'; did you mean 'norway'?"),
        ("newsletter/", None, None),
        ("", None, "name a list"),
        ("newsletter/norway", "loyal", "give a rule or a segment"),
    ],
)
def test_a_wrong_target_is_named(
    questions: Questions, target: str, rule: str | None, words: str | None
):
    if words is None:
        assert counts(questions, target, rule)["newsletter"] == (4, 4)
        return
    with pytest.raises(NotFoundError) as refused:
        segments_of(questions, target, rule)
    assert words in str(refused.value)


def test_a_wrong_rule_is_named_with_file_segment_and_place(
    questions: Questions, tmp_path: Path
):
    file = tmp_path / "lists" / "newsletter.toml"
    file.write_text(LIST + "off = \"loyal and contry == 'NO'\"\n", encoding="utf-8")
    with pytest.raises(ExpressionError) as refused:
        segments_of(questions, "newsletter/off", None)
    assert str(refused.value) == (
        "lists/newsletter.toml, segment off, column 11: no such name 'contry';"
        " did you mean 'country'?"
    )
    with pytest.raises(ExpressionError, match="the rule, column 8: no list has the id"):
        segments_of(questions, "", "member('newslettr')")
    file.write_text("nonsense", encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"lists/newsletter.toml"):
        segments_of(questions, "newsletter", None)

from datetime import timedelta

import pytest
from rulecases import SPECS

from mailer.errors import ExpressionError
from mailer.model.attributes import AttributeSpec, AttributeType
from mailer.model.bounds import MAX_LEAVES
from mailer.model.expression import parse
from mailer.model.rule import (
    Always,
    And,
    Anniversary,
    Compare,
    Contains,
    Created,
    Day,
    Fixed,
    JoinedWithin,
    Known,
    Length,
    Member,
    Name,
    Not,
    OneOf,
    Operator,
    Or,
    Received,
    ReceivedWithin,
    Rule,
    Today,
    Truthy,
    names,
)
from mailer.model.ruletext import clauses, unparse
from mailer.model.syntax import MAX_CHARACTERS, MAX_DEPTH

T = AttributeType
KNOWN = {
    "country": T.TEXT,
    "city": T.TEXT,
    "points": T.NUMBER,
    "birthday": T.DATE,
    "loyal": T.BOOLEAN,
    "interests": T.TEXTS,
}
WHERE = "lists/news.toml, segment norway"
COUNTRY = Name("country", T.TEXT)
CITY = Name("city", T.TEXT)
POINTS = Name("points", T.NUMBER)
BIRTHDAY = Name("birthday", T.DATE)
LOYAL = Name("loyal", T.BOOLEAN)
INTERESTS = Name("interests", T.TEXTS)


def rule(text: str) -> Rule:
    return parse(text, KNOWN, WHERE, lists={"news", "tips"})


def problem(text: str) -> str:
    with pytest.raises(ExpressionError) as refused:
        rule(text)
    words = str(refused.value)
    assert words.startswith(f"{WHERE}")
    return words.removeprefix(f"{WHERE}, ")


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("country == 'NO'", Compare(COUNTRY, Operator.EQ, Fixed("NO"))),
        ("'NO' != country", Compare(Fixed("NO"), Operator.NE, COUNTRY)),
        ("country < city", Compare(COUNTRY, Operator.LT, CITY)),
        ("points >= -1.5", Compare(POINTS, Operator.GE, Fixed(-1.5))),
        ("points > 1_000", Compare(POINTS, Operator.GT, Fixed(1000))),
        ("loyal == true", Compare(LOYAL, Operator.EQ, Fixed(True))),
        ("birthday <= '1980-12-24'", Compare(BIRTHDAY, Operator.LE, Day("1980-12-24"))),
        ("birthday < days_ago(30)", Compare(BIRTHDAY, Operator.LT, Today(-30))),
        ("birthday == days_ahead(7)", Compare(BIRTHDAY, Operator.EQ, Today(7))),
        ("today == '2026-12-24'", Compare(Today(), Operator.EQ, Day("2026-12-24"))),
        ("created >= '2026-01-01'", Compare(Created(), Operator.GE, Day("2026-01-01"))),
        ("country in ['NO', 'SE']", OneOf(COUNTRY, (Fixed("NO"), Fixed("SE")))),
        ("country in ('NO', 'SE')", OneOf(COUNTRY, (Fixed("NO"), Fixed("SE")))),
        ("country not in ['NO']", Not(OneOf(COUNTRY, (Fixed("NO"),)))),
        ("points in [1, -2]", OneOf(POINTS, (Fixed(1), Fixed(-2)))),
        ("created in ['2026-01-01']", OneOf(Created(), (Day("2026-01-01"),))),
        ("'tents' in interests", Contains(INTERESTS, Fixed("tents"))),
        ("city in interests", Contains(INTERESTS, CITY)),
        ("'land' in country", Contains(COUNTRY, Fixed("land"))),
        ("interests|length >= 2", Compare(Length(INTERESTS), Operator.GE, Fixed(2))),
        ("country", Truthy(COUNTRY)),
        ("interests|length", Truthy(Length(INTERESTS))),
        ("created", Truthy(Created())),
        ("language == 'nb'", Compare(Name("language", T.TEXT), Operator.EQ, Fixed("nb"))),
        ("time_zone is none", Not(Known(Name("time_zone", T.TEXT)))),
        ("country is defined", Known(COUNTRY)),
        ("country is not none", Known(COUNTRY)),
        ("not not loyal", Truthy(LOYAL)),
        ("true", Always(True)),
        ("member('news')", Member("news")),
        ("joined_within('2w', 'tips')", JoinedWithin(timedelta(days=14), "tips")),
        ("received('spring')", Received("spring")),
        ("received_within('36h')", ReceivedWithin(timedelta(hours=36))),
        ("anniversary(birthday)", Anniversary(BIRTHDAY)),
        ("anniversary(birthday, 7)", Anniversary(BIRTHDAY, 7)),
        (
            "10 < points <= 20",
            And(
                (
                    Compare(Fixed(10), Operator.LT, POINTS),
                    Compare(POINTS, Operator.LE, Fixed(20)),
                )
            ),
        ),
        (
            "loyal and (country and city) and not (points or city)",
            And(
                (
                    Truthy(LOYAL),
                    Truthy(COUNTRY),
                    Truthy(CITY),
                    Not(Or((Truthy(POINTS), Truthy(CITY)))),
                )
            ),
        ),
    ],
)
def test_an_expression_is_read_as_a_rule(text: str, want: Rule) -> None:
    got = rule(text)
    assert got == want
    assert rule(unparse(got)) == want


def test_a_rule_is_written_in_one_way() -> None:
    text = "(country  == \"O'Brien\" or not  'a\\\\b' in interests)and points==1.0"
    assert unparse(rule(text)) == (
        "(country == 'O\\'Brien' or 'a\\\\b' not in interests) and points == 1.0"
    )


def test_a_text_in_a_rule_is_composed_like_a_cell() -> None:
    assert rule("city == 'A\u030alesund'") == Compare(
        CITY, Operator.EQ, Fixed("\u00c5lesund")
    )


def test_a_declared_default_comes_along() -> None:
    known = {"city": AttributeSpec("city", T.TEXT, "Oslo"), "tags": SPECS["tags"]}
    got = parse("city == 'Oslo' and 'x' in tags", known, WHERE)
    assert names(got) == {
        "city": Name("city", T.TEXT, "Oslo"),
        "tags": Name("tags", T.TEXTS, ("tents", "ål")),
    }


def test_any_list_is_taken_where_nobody_knows_them() -> None:
    assert parse("member('anything')", KNOWN, WHERE) == Member("anything")


def test_clauses_are_what_must_all_hold() -> None:
    got = [
        text for text, _ in clauses(rule("loyal and country == 'NO' and (city or points)"))
    ]
    assert got == ["loyal", "country == 'NO'", "city or points"]
    assert [text for text, _ in clauses(rule("city or points"))] == ["city or points"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("contry == 'NO'", "column 1: no such name 'contry'; did you mean 'country'?"),
        ("loyal and contry == 'NO'", "column 11: no such name 'contry'"),
        ("country == NO", "(a text stands in quotes: 'NO')"),
        ("member", "column 1: 'member' is a function: write member('list')"),
        ("birthday > days_ago", "column 12: 'days_ago' is a function: write days_ago(30)"),
        ("country = 'NO'", "column 9: '=' cannot stand here: write == to compare"),
        ("loyal || city", "column 8: '|' cannot stand here: write 'or'"),
        ("loyal && city", "column 7: '&' is no part of an expression: write 'and'"),
        (
            "loyal AND city",
            "column 7: 'AND' cannot stand here: write 'and' in small letters",
        ),
        ("NOT loyal", "column 1: 'NOT' cannot stand here: write 'not' in small letters"),
        ("!loyal", "column 1: '!' is no part of an expression: write 'not'"),
        ("country <> 'NO'", "write != between two values"),
        ("country == \u201cNO\u201d", "column 12: '\u201c' is no part of an expression"),
        ("country == 'NO", 'column 12: "\'" is no part of an expression: the text that'),
        ("(loyal", "column 7: something is missing at the end"),
        ("loyal)", "column 6: ')' closes nothing that was opened before it"),
        ("loyal and", "column 10: something is missing at the end"),
        ("loyal city", "column 7: 'city' cannot stand here"),
        ("loyal, city", "column 6: ',' cannot stand here"),
        ("city if loyal else country", "column 6: 'if' is no part of an expression"),
        ("points > 'x'", "points is a number and 'x' a text: they never compare"),
        ("birthday > 5", "birthday is a date and 5 a number: they never compare"),
        ("points > -'x'", "column 11: only a number can have a sign"),
        ("points > -true", "only a number can have a sign"),
        ("loyal and country.name", "column 11: nothing stands behind a point"),
        ("loyal and country[0]", "column 11: no brackets stand behind a value"),
        ("points > true", "points is a number and true a boolean"),
        ("loyal > false", "true and false have no order"),
        ("1 == 1", "two fixed values are compared"),
        (
            "birthday == 'soon'",
            "column 13: 'soon' is not a date: write it like '2026-12-24'",
        ),
        ("birthday in ['2026-02-30']", "column 14: '2026-02-30' is not a date"),
        ("created == birthday", "created is compared with a day in quotes"),
        (
            "interests == 'tents'",
            "interests holds several texts: write 'text' in interests",
        ),
        ("interests in ['tents']", "interests holds several texts"),
        ("country in []", "the list after 'in' is empty"),
        ("country in ['NO', 5]", "column 19: country is a text, not 5"),
        ("country in [city]", "column 13: only fixed values stand in a list"),
        ("'a' in ['a']", "a fixed value is looked for in a list"),
        ("'x' in points", "column 8: points is a number: nothing is in it"),
        ("5 in interests", "only a text can be in interests"),
        ("'x' in 'xyz'", "column 8: here stands the name of a value"),
        ("country == none", "nothing is compared with none: write 'name is none'"),
        ("country is empty", "no such test 'is empty'; there is: defined, none"),
        ("points is divisibleby 3", "no such test 'is divisibleby'"),
        ("interests|lenght > 1", "no such filter 'lenght'; did you mean 'length'?"),
        ("country|upper == 'NO'", "no such filter 'upper'"),
        ("points|length > 1", "points is a number and has no length"),
        ("interests|length|length", "here stands the name of a value"),
        ("points + 1 > 5", "there is no arithmetic in expressions"),
        ("-points > 5", "there is no arithmetic in expressions"),
        ("country ~ city == 'x'", "texts cannot be joined"),
        ("country.upper()", "nothing stands behind a point"),
        ("country[0] == 'N'", "no brackets stand behind a value"),
        ("{'a': 1}", "there are no dictionaries"),
        ("['a']", "a list stands only after 'in'"),
        ("'a'", "a value alone is no condition"),
        ("5", "a value alone is no condition"),
        ("today", "a value alone is no condition"),
        ("none", "a value alone is no condition"),
        ("days_ago(3)", "days_ago(…) is a day: compare it with one"),
        ("(loyal and city) == true", "a condition stands where a value is due"),
        ("member('news') == true", "member(…) says yes or no by itself"),
        ("member('nwes')", "column 8: no list has the id 'nwes'; did you mean 'news'?"),
        ("member('')", "no list has the id ''"),
        ("member(news)", "here stands a text in quotes, as in member('list')"),
        ("member()", "write member('list')"),
        ("member('news', 'tips')", "write member('list')"),
        ("member(list='news')", "write member('list')"),
        ("member(*['news'])", "write member('list')"),
        ("joined_within('news')", "write joined_within('14d', 'list')"),
        ("received_within(14)", "here stands a text in quotes"),
        ("received_within('soon')", "column 17: 'soon' is no length of time"),
        ("received_within('9999999w')", "is no length of time"),
        ("received_within('999999w')", "is longer than ten years"),
        ("birthday < days_ago(-1)", "here stands a whole number up to"),
        ("birthday < days_ago(99999999)", "here stands a whole number up to"),
        ("birthday < days_ago('1')", "here stands a whole number up to"),
        ("birthday < days_ago(true)", "here stands a whole number up to"),
        ("birthday < days_ago(1.5)", "here stands a whole number up to"),
        ("birthday < days_ago()", "write days_ago(30)"),
        ("birthday < today + 5", "there is no arithmetic"),
        ("anniversary(city)", "column 13: city is a text, not a date"),
        ("anniversary(created)", "here stands the name of a value"),
        (
            "opened_within('30d')",
            "ask what she did of her own accord: engaged_within",
        ),
        ("engaged_within()", "write engaged_within('90d')"),
        ("opened_within('30d')", "column 1: opened_within(…) asks what a person did"),
        ("clicked('sale')", "letters carry no pixel, and links are counted with no person"),
        ("eval('1')", "no such function 'eval'"),
        ("__import__('os').system('x')", "nothing stands behind a point"),
        ("memebr('news')", "no such function 'memebr'; did you mean 'member'?"),
        ("points > 1e999", "numbers go from"),
        ("points > 9007199254740993", "numbers go from"),
        (
            "points > 99999999999999999999999999999999",
            "column 10: the number 999999999999…",
        ),
        ("city == 'a\\x00b'", "a backslash may only stand before a quote or a backslash"),
        ("city == 'a\\N{BULLET}'", "a backslash may only stand"),
        ("city == 'a\x00b'", "holds a character that cannot be kept: U+0000"),
        ("city == 'a\nb'", "holds a character that cannot be kept: U+000A"),
        ("city == '\ud800'", "holds a character that cannot be kept: U+D800"),
        ("{{ loyal }}", "cannot stand here"),
        ("loyal }} {% raw %}", "'}}' cannot stand here"),
        ("loyal # comment", "'#' is no part of an expression"),
        ("\u00bd", "column 1: '\u00bd' is no name"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, words: str) -> None:
    assert words in problem(text)


def test_a_mistake_in_several_lines_names_the_line() -> None:
    assert problem("loyal and\n  contry").startswith("line 2, column 3: no such name")
    assert problem("loyal and\r\n  contry").startswith("line 2, column 3: no such name")
    assert problem("\n\nloyal\nand contry\n").startswith("line 4, column 5: ")


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
def test_an_empty_expression_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match="norway: the expression is empty"):
        rule(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5_000 + "loyal" + ")" * 5_000,
        "[" * 5_000,
        "{" * 5_000,
        "not " * 4_000 + "loyal",
        "-" * 10_000 + "1 < points",
        " + ".join(["points"] * 2_000) + " > 1",
        " ~ ".join(["city"] * 2_000) + " == 'x'",
        " and ".join(["loyal"] * 2_000),
        " < ".join(["points"] * 2_000),
        "city" + ".x" * 9_000,
        "city" + "[0]" * 6_000,
        "city" + "()" * 9_000,
        "interests" + "|length" * 2_500 + " > 1",
        "points if " * 1_500 + "points",
        "points ** " * 1_500 + "points",
        "x" * (MAX_CHARACTERS + 1),
    ],
    ids=lambda text: text[:12],
)
def test_size_and_depth_are_bounded(text: str) -> None:
    with pytest.raises(ExpressionError):
        rule(text)


def test_what_is_within_the_bounds_is_read() -> None:
    deep = "(city or not (loyal and " * (MAX_DEPTH // 2) + "city" + "))" * (MAX_DEPTH // 2)
    assert rule(unparse(rule(deep))) == rule(deep)
    wide = " or ".join(["points == 5"] * MAX_LEAVES)
    assert rule(wide) == Or((Compare(POINTS, Operator.EQ, Fixed(5)),) * MAX_LEAVES)
    long = ", ".join(f"'{number}'" for number in range(2_000))
    assert isinstance(rule(f"city in [{long}]"), OneOf)


def test_too_many_conditions_are_refused_with_a_way_out() -> None:
    with pytest.raises(ExpressionError, match=r"201 conditions .* name in \['a', 'b'\]"):
        rule(" or ".join(["points == 5"] * (MAX_LEAVES + 1)))


def test_created_is_compared_a_few_times_only() -> None:
    days = [f"'2026-01-{day:02}'" for day in range(1, 22)]
    for text in (
        " or ".join(f"{day} == created" for day in days),
        f"created in [{', '.join(days)}]",
    ):
        with pytest.raises(ExpressionError, match="created is compared 21 times"):
            rule(text)
    assert isinstance(rule(f"created in [{', '.join(days[1:])}]"), OneOf)

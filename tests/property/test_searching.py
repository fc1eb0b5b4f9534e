"""A search finds the same on SQLite, on PostgreSQL and in Python."""

import re
from datetime import UTC, datetime

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailer.model.ticket import EntryKind
from mailer.store import tickets
from mailer.store.database import Database
from mailer.store.ticketsearch import search
from mailer.triage.searching import asked_for, words_of

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)

letters = st.one_of(
    st.text(max_size=12),
    st.text("aäåøoe-'\"\\:*&|!()@._+ \n", max_size=12),
    st.text("テント東京都我想退货텐트के अन्त", max_size=6),
    st.sampled_from(["OR", "NOT tent", "tent*", "ola@example.com", "O'Brien", "55-213"]),
)
said = st.lists(letters, max_size=6).map(" ".join)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    texts = draw(st.lists(said, min_size=1, max_size=5))
    parts = st.sampled_from(texts).flatmap(
        lambda text: st.tuples(st.integers(0, len(text)), st.integers(0, 6)).map(
            lambda place: text[place[0] : place[0] + place[1]]
        )
    )
    asked = st.lists(st.one_of(parts, letters), min_size=1, max_size=3)
    return texts, draw(st.lists(asked, min_size=1, max_size=4))


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(case=cases())
@example(case=(["", "", "", "     1"], [[""], ["1"], ["#1"], ["#9"], ["01"], ["1", "1"]]))
def test_both_databases_find_what_python_finds(
    database: Database, case: tuple[list[str], list[list[str]]]
) -> None:
    texts, questions = case
    # What is written down holds no NUL and no half signs (`clean`).
    texts = [one.replace("\0", "").encode("utf-8", "replace").decode() for one in texts]
    with database.engine.connect() as connection, connection.begin() as transaction:
        numbers = [_ticket(connection, one) for one in texts]
        for words in questions:
            begun = asked_for(words)
            expected = [
                number
                for number, text in zip(numbers, texts, strict=True)
                if begun and all(_begins(one, words_of(text)) for one in begun)
            ]
            first = [number for number in numbers if _names(words, number)]
            if len(words) == 1 and re.fullmatch(r"#\d+", words[0]):
                expected = []
            others = [number for number in expected[::-1] if number not in first]
            found = [one.id for one in search(connection, words, 50)]
            assert found == [*first, *others]
        transaction.rollback()


@given(text=said)
def test_whoever_asks_for_all_of_a_text_finds_it(text: str) -> None:
    begun = asked_for(text.split())
    assert all(_begins(one, words_of(text)) for one in begun)


def _names(words: list[str], ticket: int) -> bool:
    """Say whether a ticket's number is all that is asked for."""
    asked = words[0].removeprefix("#") if len(words) == 1 else ""
    return asked.isascii() and asked.isdecimal() and int(asked) == ticket


def _begins(asked: str, words: list[str]) -> bool:
    return any(word.startswith(asked) for word in words)


def _ticket(connection, text: str) -> int:
    values = {
        "mailbox": "support", "subject": "", "contact_id": None, "match": "", "address": "",
        "person": "", "language": "en", "opened_at": NOW, "changed_at": NOW,
    }  # fmt: skip
    number = tickets.create_ticket(connection, values)
    tickets.add_entry(connection, number, EntryKind.CAME, NOW, text=text)
    return number

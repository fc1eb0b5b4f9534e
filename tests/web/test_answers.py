"""The answers page: listed, searched, read, in the reader's language, for nobody known."""

import pytest
from customers import app_of
from starlette.testclient import TestClient


def test_all_answers_are_listed_in_the_browser_s_language(page):
    answer = page.get("/answers", headers={"Accept-Language": "nb"})
    assert answer.status_code == 200
    assert "Sende noe tilbake" in answer.text
    assert "set-cookie" not in answer.headers
    assert answer.headers["X-Robots-Tag"] == "all"


@pytest.mark.parametrize(
    ("words", "language", "found"),
    [
        ("refund", "en", "Sending something back"),
        ("mugg", "nb", "Vaske og oppbevare et telt"),
        ("Rückgabe", "de", "Etwas zurückschicken"),
        # Words of another language find what is shown in the reader's.
        ("refund", "de", "Etwas zurückschicken"),
    ],
)
def test_a_search_finds_answers_by_words_that_people_use(page, words, language, found):
    answer = page.get("/answers", params={"q": words, "lang": language})
    assert found in answer.text
    assert answer.text.count("<li>") == 1


def test_a_search_shows_what_was_typed_and_runs_none_of_it(page):
    answer = page.get("/answers", params={"q": "<script>alert(1)</script>"})
    assert "&lt;script&gt;" in answer.text
    assert "<script" not in answer.text
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_an_answer_is_shown_in_a_language_that_it_is_there_in(page):
    assert "30 dager" in page.get("/answers/returns?lang=nb").text
    assert "30 days" in page.get("/answers/returns?lang=fr").text
    assert page.get("/answers/nothing").status_code == 404
    assert page.get("/answers/..%2Fkeys").status_code == 404


def test_a_workspace_without_answers_has_no_such_page(world, tmp_path):
    (tmp_path / "lists").mkdir()
    app = app_of(world, folder=tmp_path)
    with TestClient(app, "https://mail.example.com") as client:
        assert client.get("/answers").status_code == 404

"""Which article answers a question: measured on a hundred questions, and on other mail."""

from samples.questions import ARTICLES, HELD_OUT, LOOKED_AT, OTHER_MAIL
from samples.unrelated import UNRELATED

from mailer.model.article import Article
from mailer.triage.ranking import shelf_of, stems

SHELF = shelf_of(ARTICLES)


def right_and_made(questions):
    made = [(SHELF.suggest(words, "en"), name) for words, name in questions]
    given = [(found[0].name, name) for found, name in made if found]
    return sum(found == name for found, name in given), len(given)


def test_suggestions_are_right_nine_times_in_ten_when_they_are_made():
    for questions in (LOOKED_AT, HELD_OUT):
        right, made = right_and_made(questions)
        assert right >= 0.9 * made
        assert made >= 0.8 * len(questions)


def test_no_suggestion_is_made_on_unrelated_mail():
    assert [one for one in OTHER_MAIL if SHELF.suggest(one, "en")] == []


def test_a_question_in_a_language_without_articles_gets_none():
    assert SHELF.suggest("Where is my parcel? No tracking number.", "nb") == []
    assert shelf_of([]).search("tents", "en") == []


def test_words_are_compared_whatever_they_end_with():
    assert stems("Deliveries delivered, STOPPED stopping!") == stems(
        "delivery deliver stop stops"
    )


def test_signs_without_spaces_are_found_by_two_of_them():
    shelf = shelf_of(
        [Article("r", "ja", "返品について", "返金", "三十日以内に返品できます")]
    )
    assert [one.article.name for one in shelf.search("返品したい", "ja")] == ["r"]


def test_the_order_never_depends_on_the_order_of_files():
    backwards = shelf_of(ARTICLES[::-1])
    for words, _ in LOOKED_AT:
        assert [one.article.name for one in SHELF.search(words, "en")] == [
            one.article.name for one in backwards.search(words, "en")
        ]


def test_a_hundred_people_who_ask_for_none_of_it_get_no_suggestion():
    asked = {*OTHER_MAIL, *UNRELATED}
    assert len(asked) >= 100
    assert [one for one in asked if SHELF.suggest(one, "en")] == []

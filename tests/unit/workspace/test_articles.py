"""Articles as they are written in files, and what is said of one that cannot be."""

import pytest

from mailer.compose.articles import article_html
from mailer.errors import WorkspaceError
from mailer.workspace.articles import article_of, articles_problem, read_articles


def test_an_article_has_a_title_other_words_and_a_text():
    found = article_of(
        "returns.nb.md", "# Retur\n<!-- asked: bytte,\n feil -->\n\nGratis.\n"
    )
    assert (found.name, found.language) == ("returns", "nb")
    assert (found.title, found.asked, found.text) == ("Retur", "bytte, feil", "Gratis.")


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("Returns!.md", "# A\n\nB", "small letters"),
        ("returns.md", "No title", "first line must be its title"),
        ("returns.md", "# Title\n<!-- asked: a -->\n", "says nothing below"),
    ],
)
def test_what_cannot_be_an_article_is_named_with_its_file(file, text, said):
    with pytest.raises(WorkspaceError, match=said) as problem:
        article_of(file, text)
    assert f"templates/answers/{file}" in str(problem.value)


def test_a_workspace_without_the_folder_has_no_articles_of_anybody(tmp_path):
    assert read_articles(str(tmp_path)) == ()
    assert articles_problem(str(tmp_path)) is None
    folder = tmp_path / "templates/answers"
    folder.mkdir(parents=True)
    (folder / "a.md").write_text("no title")
    assert "a.md" in (articles_problem(str(tmp_path)) or "")


def test_nothing_in_an_article_runs_or_is_loaded():
    html = article_html("# T\n<script>x</script> ![p](p.png) [l](javascript:x)")
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert "<h2>" in html

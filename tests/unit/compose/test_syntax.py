"""What a template's text names: the files around it, read once while it stays the same."""

import pytest

from mailer.compose.syntax import named_files
from mailer.errors import TemplateError

TEXT = '{% extends "_frame.html" %}{% block body %}{% include "_foot.html" %}{% endblock %}'


def test_the_files_that_a_text_names_are_found_once_while_it_stays_the_same():
    found = named_files(TEXT, "a.html")
    assert found == ("_frame.html", "_foot.html")
    assert named_files(TEXT, "a.html") is found
    other = TEXT.replace("_foot", "_end")
    assert named_files(other, "a.html") == ("_frame.html", "_end.html")


def test_a_mistake_is_told_each_time_and_with_the_file_that_has_it():
    for name in ("a.html", "b.html", "a.html"):
        with pytest.raises(TemplateError, match=rf"{name}, line 1"):
            named_files("{% if %}", name)

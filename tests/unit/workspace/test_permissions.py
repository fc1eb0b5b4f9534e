"""What is there and may not be read is told as that, and never as missing."""

from collections.abc import Callable

import pytest
from permissions import anybody_s_folder, unreadable

from mailer.errors import WorkspaceError
from mailer.workspace.lists import read_list
from mailer.workspace.schedules import read_schedule
from mailer.workspace.templates import read_template, template_names

DENIED = "cannot be read: Permission denied: let the user that runs this program read it"


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        ("lists", read_list),
        ("schedules", read_schedule),
        ("templates/mail", read_template),
    ],
)
def test_a_folder_of_somebody_else_is_not_called_empty(
    kind: str, read: Callable[[str, str], object]
):
    with anybody_s_folder() as folder:
        (folder / kind).mkdir(parents=True)
        with (
            unreadable(folder / kind),
            pytest.raises(WorkspaceError, match=rf"^{kind}/ {DENIED}"),
        ):
            read(str(folder), "spring")


def test_a_letter_of_somebody_else_is_there_and_says_why_it_is_not_read():
    with anybody_s_folder() as folder:
        letter = folder / "templates" / "mail" / "spring"
        letter.mkdir(parents=True)
        (letter / "letter.toml").write_text('subject = "Spring"\n')
        (letter.parent / "no-letter").mkdir()
        with unreadable(letter):
            assert template_names(str(folder)) == ["spring"]
            with pytest.raises(WorkspaceError, match=rf"^templates/mail/spring/ {DENIED}"):
                read_template(str(folder), "spring")

"""`[clicks]` of a list's file: in which words it asks to know who follows which link."""

from mailer.errors import WorkspaceError
from mailer.model.mailinglist import Clicks
from mailer.workspace.tomlfiles import Table
from mailer.workspace.wordingtable import wordings_of

_LONGEST = 100


def clicks_of(file: Table, *, counted: bool) -> Clicks | None:
    """Read what a list asks for about clicks; None where it does not.

    Args:
        counted: Its links are counted, without which nobody's click is seen.

    Raises:
        WorkspaceError: names the place that is wrong.
    """
    if not file.has("clicks"):
        return None
    table = Table(file.table("clicks"), f"{file.where}, [clicks]")
    found = Clicks(
        table.text("title").strip(),
        table.text("purpose").strip(),
        wordings_of(table, "clicks"),
    )
    table.end()
    if not found.title.isprintable() or len(found.title) > _LONGEST:
        raise WorkspaceError(
            f"{table.where}: title must be one line of at most {_LONGEST} characters"
        )
    if not counted:
        raise WorkspaceError(
            f"{table.where}: count_links is false, so no click is ever seen: take one"
            " of the two away"
        )
    return found

"""`[quiet_hours]` of a list's file: when its letters may not leave."""

from mailer.errors import WorkspaceError
from mailer.model.quiet import QuietRule, ever_opens, read_quiet
from mailer.workspace.tomlfiles import Table


def quiet_of(file: Table) -> QuietRule | None:
    """Read a list's own quiet hours and sending days; None where it has none.

    Raises:
        WorkspaceError: names the place that is wrong.
    """
    if not file.has("quiet_hours"):
        return None
    table = Table(file.table("quiet_hours"), f"{file.where}, [quiet_hours]")
    begins, ends = table.text("begins", ""), table.text("ends", "")
    days = table.texts("only_on")
    table.end()
    try:
        rule = read_quiet(begins, ends, days)
    except ValueError as problem:
        raise WorkspaceError(f"{table.where}: {problem}") from None
    if rule is not None and not ever_opens([rule]):
        raise WorkspaceError(f"{table.where}: no letter could ever leave")
    return rule

"""`[welcome]` of a list's file: the letter after a person's first own yes."""

from datetime import timedelta

from mailer.errors import WorkspaceError
from mailer.model.schedule import parse_duration
from mailer.model.signup import LONGEST_DELAY, WELCOME, Welcome
from mailer.workspace.tomlfiles import Table


def welcome_of(file: Table) -> Welcome | None:
    """Read what a list welcomes people with; None where it says nothing of that.

    Raises:
        WorkspaceError: names the place that is wrong.
    """
    if not file.has("welcome"):
        return None
    table = Table(file.table("welcome"), f"{file.where}, [welcome]")
    template = table.text("template") if table.has("template") else WELCOME
    delay = _delay(table)
    table.end()
    if not file.has("sign_up"):
        raise WorkspaceError(
            f"{table.where}: nobody would get it, for nobody can join by herself: add"
            " [sign_up]"
        )
    return Welcome(template, delay)


def _delay(table: Table) -> timedelta:
    written = table.text("delay", "0s").strip()
    if written == "0s":
        return timedelta()
    try:
        delay = parse_duration(written)
    except (ValueError, OverflowError) as problem:
        raise WorkspaceError(f"{table.where}: delay: {problem}") from None
    if delay > LONGEST_DELAY:
        raise WorkspaceError(f"{table.where}: delay may be {LONGEST_DELAY.days}d at most")
    return delay

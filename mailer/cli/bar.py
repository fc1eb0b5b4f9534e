"""How far a file has been read: a bar for people, nothing where nobody looks."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn


@contextmanager
def file_bar(what: str) -> Generator[Callable[[int, int | None], None], None, None]:
    """Give what is called with how many are done, and of how many if that is known."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    seen = console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not seen) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)

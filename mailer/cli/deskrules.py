"""`mailer inbox rules`: what the workspace's own rules would do, without doing it."""

from collections.abc import Iterator

import click

from mailer.cli.output import as_json, print_rows
from mailer.jobs.try_rules import Tried, came_lately, try_rules
from mailer.receiving import front_desk_of
from mailer.wiring import open_workspace, utc_now
from mailer.workspace.messages import message_files, read_messages


@click.command
@click.argument("paths", nargs=-1, metavar="[FILE...]")
@click.option(
    "--last",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="Without a file: so many of the messages that people wrote, the newest first.",
)
@as_json
@click.pass_obj
def rules(folder: str, paths: tuple[str, ...], *, last: int, as_json: bool) -> None:
    """Say what inbox-rules.toml would do with messages. Nothing is changed.

    \b
    Example: mailer inbox rules
             mailer inbox rules message.eml --json
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder, need_keys=False) as workspace:
        front = front_desk_of(workspace)
        if paths:
            messages = list(_messages(paths))
        else:
            messages = came_lately(workspace.database, last)
        tried = try_rules(workspace.database, front, messages, utc_now())
    print_rows(map(_row, tried), as_json=as_json, nothing="no messages")


def _messages(paths: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        for file in message_files(path):
            for raw in read_messages(file):
                yield file, raw


def _row(one: Tried) -> dict[str, object]:
    return {
        "message": one.name,
        "from": one.sender,
        "subject": one.subject,
        "rules": list(one.treatment.rules),
        "does": one.treatment.words(),
    }

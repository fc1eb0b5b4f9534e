"""What goes along with an answer from the command line: copies, and files."""

import click

from mailer.model.attached import Attached
from mailer.triage.attaching import BYTES_AT_MOST, attached
from mailer.workspace.files import read_limited

cc_option = click.option(
    "--cc", "cc", metavar="ADDRESS", multiple=True,
    help="Who gets a copy, as all others see; as often as needed.",
)  # fmt: skip
attach_option = click.option(
    "--attach", "files", metavar="FILE", multiple=True,
    help="A file that goes with it, of 10 MB together; as often as needed.",
)  # fmt: skip


def read_files(paths: tuple[str, ...]) -> tuple[Attached, ...]:
    """Read files that go with an answer.

    Raises:
        WorkspaceError: when one cannot be read; says why.
    """
    return tuple(attached(path, read_limited(path, BYTES_AT_MOST)) for path in paths)

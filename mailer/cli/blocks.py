"""`mailer inbox block|unblock|blocks`: whom the desk does not hear any more."""

import click

from mailer.cli.options import by_staff
from mailer.cli.output import as_json, print_facts, print_rows
from mailer.jobs import blocks as jobs
from mailer.model.blocked import Blocked
from mailer.wiring import open_workspace, utc_now
from mailer.workspace.manners import read_manners


@click.command
@click.argument("value", metavar="ADDRESS|DOMAIN")
@click.option("--why", default="", help="Why, for the others.")
@by_staff
@as_json
@click.pass_obj
def block(folder: str, value: str, *, why: str, by: str, as_json: bool) -> None:
    """Hear an address, or a whole domain, no more.

    What comes from there is kept, stands on a ticket that is closed at once with the tag
    `blocked`, and is never acknowledged. Who wants to leave a list is heard all the same.

    \b
    Example: mailer inbox block troll@example.com --why "threats" --by Kari
             mailer inbox block offers.example --by Kari
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder, need_keys=False) as workspace:
        shared = read_manners().free_mail
        done = jobs.block(
            workspace.database, workspace.mailboxes(), shared, (value, why), by, utc_now()
        )
    print_facts(_row(done), as_json=as_json)


@click.command
@click.argument("value", metavar="ADDRESS|DOMAIN")
@as_json
@click.pass_obj
def unblock(folder: str, value: str, *, as_json: bool) -> None:
    """Hear an address or a domain again. What was closed stays closed.

    Example: mailer inbox unblock troll@example.com
    """
    with open_workspace(folder, need_keys=False) as workspace:
        done = jobs.unblock(workspace.database, value)
    print_facts({"unblocked": done}, as_json=as_json)


@click.command
@as_json
@click.pass_obj
def blocks(folder: str, *, as_json: bool) -> None:
    """List who is blocked, by whom and why.

    Example: mailer inbox blocks --json
    """
    with open_workspace(folder, need_keys=False) as workspace:
        found = jobs.all_blocks(workspace.database)
    print_rows(map(_row, found), as_json=as_json, nothing="nobody is blocked")


def _row(one: Blocked) -> dict[str, object]:
    return {"blocked": one.value, "by": one.who, "at": one.at, "why": one.why}


BLOCKS = (block, unblock, blocks)
"""What `mailer inbox` gets from here."""

"""`mailer check`: would it hold if letters went to people now?"""

import asyncio

import click

from mailer.cli.output import as_json, print_rows
from mailer.jobs.check_workspace import (
    check_disk,
    check_files,
    check_relay,
    check_site,
)
from mailer.senders import relay_address_of
from mailer.wiring import open_workspace, utc_now

FOUND_EXIT_STATUS = 1


@click.command
@click.option(
    "--offline", is_flag=True, help="Ask no server: files, keys, database and disk."
)
@as_json
@click.pass_context
def check(context: click.Context, *, offline: bool, as_json: bool) -> None:
    """Say what does not hold before letters go to people. Exit status 1 if anything.

    Each list, schedule and template is read and composed, the relay takes the login (no
    letter is handed over), the pages answer where links lead, and the disk has room.

    \b
    Example: mailer check
             mailer check --offline       as a git hook
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(context.obj) as workspace:
        settings = workspace.settings
        looked = check_files(workspace.world(), utc_now())
        looked.append(check_disk(workspace.folder, settings.alarms.disk_free_mb))
        if not offline:
            looked.append(asyncio.run(check_relay(relay_address_of(workspace))))
            looked.append(check_site(settings.site.public_url, settings.warnings()))
    print_rows(
        (
            {"looked at": one.what, "holds": not one.problem, "problem": one.problem}
            for one in looked
        ),
        as_json=as_json,
    )
    if any(one.problem for one in looked):
        context.exit(FOUND_EXIT_STATUS)

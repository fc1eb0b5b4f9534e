"""`mailer staff`: who works at the front desk, in the console."""

import click

from mailer.cli.output import as_json, print_facts, print_json, print_rows
from mailer.jobs import staff as jobs
from mailer.jobs.staff import INVITED_FOR, NewStaff
from mailer.model.news import News
from mailer.model.quiet import hours_text
from mailer.model.staff import Role, Staff
from mailer.wiring import Workspace, open_workspace, utc_now

COMMAND_LINE = "(command line)"
"""Who did it, where a command did."""

_name = click.argument("name")
_role = click.Choice([one.value for one in Role])


@click.group(name="staff")
def staff() -> None:
    """Let people of the company into the console, and see what they did.

    Example: mailer staff add Kari --email kari@example.com
    """


@staff.command
@_name
@click.option(
    "--role",
    type=_role,
    default=Role.AGENT.value,
    show_default=True,
    help="An admin may also erase people, and read who did what.",
)
@click.option("--email", default="", help="An address of theirs, for the record.")
@click.option(
    "--mailbox", "mailboxes", multiple=True, help="They see only this mailbox; repeatable."
)
@as_json
@click.pass_obj
def add(
    folder: str, name: str, *, role: str, email: str, mailboxes: tuple[str, ...],
    as_json: bool,
) -> None:  # fmt: skip
    """Add somebody and show the link by which they choose a password, this once.

    It works for 48 hours. They also need a program that makes codes, as telephones have.

    \b
    Example: mailer staff add Kari --email kari@example.com
             mailer staff add Ola --role admin
             mailer staff add Per --mailbox support
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder, need_keys=False) as workspace:
        new = NewStaff(name, Role(role), email, mailboxes)
        known = [one.name for one in workspace.mailboxes()]
        secret = jobs.add(workspace.database, new, known, COMMAND_LINE, utc_now())
        _print_link(workspace, name, secret, as_json=as_json)


@staff.command
@_name
@as_json
@click.pass_obj
def invite(folder: str, name: str, *, as_json: bool) -> None:
    """Give somebody a new link: they forgot the password, or lost the telephone.

    What they signed in with until now opens nothing any more.

    Example: mailer staff invite Kari
    """
    with open_workspace(folder, need_keys=False) as workspace:
        secret = jobs.invite(workspace.database, name, COMMAND_LINE, utc_now())
        _print_link(workspace, name, secret, as_json=as_json)


@staff.command(name="list")
@as_json
@click.pass_obj
def list_(folder: str, *, as_json: bool) -> None:
    """List the staff with roles and mailboxes.

    Example: mailer staff list --json
    """
    with open_workspace(folder, need_keys=False) as workspace:
        found = jobs.staff_list(workspace.database)
    print_rows(map(_row, found), as_json=as_json, nothing="nobody yet: mailer staff add")


@staff.command
@_name
@click.option("--role", type=_role, help="What they may do.")
@click.option("--email", help="An address of theirs, for the record; '' for none.")
@click.option(
    "--mailbox", "mailboxes", multiple=True, help="They see only this mailbox; repeatable."
)
@click.option("--all-mailboxes", is_flag=True, help="They see all mailboxes.")
@click.option("--signature", help="What stands below their answers; '' for nothing.")
@click.option(
    "--notify",
    "notify",
    multiple=True,
    type=click.Choice([*(one.value for one in News), "nothing"]),
    help="What they are told of, by mail and in an open browser; as often as needed.",
)
@click.option("--quiet", help="When they hear nothing: 22:00-07:00; '' for never.")
@as_json
@click.pass_obj
def change(
    folder: str, name: str, *, role: str | None, email: str | None,
    mailboxes: tuple[str, ...], all_mailboxes: bool, signature: str | None,
    notify: tuple[str, ...], quiet: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Change what somebody may do and see, from their next click on.

    What they are told of is one letter a minute at most, with links and no word of what a
    person wrote; what happens in their quiet hours is one letter afterwards.

    \b
    Example: mailer staff change Kari --role admin
             mailer staff change Kari --notify assigned --notify due --quiet 18:00-08:00
             mailer staff change Kari --notify nothing
    """  # noqa: D301 - click's own mark for lines that stay as they are
    if mailboxes and all_mailboxes:
        raise click.UsageError("say --mailbox or --all-mailboxes, one of them")
    with open_workspace(folder, need_keys=False) as workspace:
        changed = jobs.change(
            workspace.database, name, COMMAND_LINE, utc_now(),
            role=Role(role) if role else None,
            email=email,
            mailboxes=mailboxes if mailboxes or all_mailboxes else None,
            known=[one.name for one in workspace.mailboxes()],
            signature=signature,
            notify=[News(one) for one in notify if one != "nothing"] if notify else None,
            quiet=quiet,
        )  # fmt: skip
    print_facts(_row(changed), as_json=as_json)


@staff.command
@_name
@click.pass_obj
def remove(folder: str, name: str) -> None:
    """Let somebody in no more, at once. What they wrote stays under their name.

    Example: mailer staff remove Kari
    """
    with open_workspace(folder, need_keys=False) as workspace:
        ended = jobs.leave(workspace.database, name, COMMAND_LINE, utc_now())
    click.echo(f"{name} is let in no more; {ended} of their sessions ended")


@staff.command
@click.option("--who", metavar="NAME", help="Only what this one did.")
@click.option("--ticket", type=int, help="Only what was done with this ticket.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True,
    help="So many at most.",
)  # fmt: skip
@as_json
@click.pass_obj
def audit(
    folder: str, *, who: str | None, ticket: int | None, limit: int, as_json: bool
) -> None:
    """Show who did what in the console, and who could not sign in, the newest first.

    Example: mailer staff audit --ticket 12
    """
    with open_workspace(folder, need_keys=False) as workspace:
        found = jobs.deeds(workspace.database, limit, who, ticket)
    print_rows(
        (
            {
                "at": one.at,
                "who": one.who,
                "what": one.what,
                "ticket": one.ticket_id,
                "from": one.network,
            }
            for one in found
        ),
        as_json=as_json,
    )


def _print_link(workspace: Workspace, name: str, secret: str, *, as_json: bool) -> None:
    link = f"{workspace.site().public_url.rstrip('/')}/console/invited/{secret}"
    if as_json:
        print_json({"name": name, "link": link})
        return
    click.echo(link)
    hours = int(INVITED_FOR.total_seconds()) // 3600
    click.echo(
        f"Give it to {name}: it works once, for {hours} hours; nobody can show it again.",
        err=True,
    )


def _row(one: Staff) -> dict[str, object]:
    state = "ready" if one.ready else "invited"
    return {
        "name": one.name,
        "role": one.role.value,
        "state": "removed" if one.left_at else state,
        "mailboxes": list(one.mailboxes) or "all",
        "email": one.email,
        "told of": sorted(one.notify),
        "quiet": hours_text(one.quiet),
        "since": one.made_at,
    }

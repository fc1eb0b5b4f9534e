"""`mailer inbox`: the conversations with people, and how they are worked on."""

from collections.abc import Callable
from typing import Any

import click

from mailer.cli.conversation import conversation_lines, ticket_json, ticket_row
from mailer.cli.options import DURATION, by_staff, read_moment
from mailer.cli.output import as_json, print_facts, print_json, print_rows
from mailer.jobs import desk_stats, ticket_steps, tickets
from mailer.jobs.ticket_steps import Sorting
from mailer.model.ticket import OVER_STATES, Priority, Ticket, TicketKind, TicketState
from mailer.store import ticketqueue, ticketsearch
from mailer.wiring import Workspace, open_workspace, utc_now

_number = click.argument("number", metavar="TICKET", type=int)
_limit = click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="So many at most.",
)


@click.command(name="list")
@click.option("--mailbox", help="Only what was written to this mailbox.")
@click.option("--assignee", metavar="NAME", help="Only what this one of the staff has.")
@click.option("--tag", help="Only what has this tag.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([one.value for one in TicketState]),
    help="Only tickets in this state; as often as needed. Else all that are not over.",
)
@_limit
@as_json
@click.pass_obj
def list_(
    folder: str, *, mailbox: str | None, assignee: str | None, tag: str | None,
    states: tuple[str, ...], limit: int, as_json: bool,
) -> None:  # fmt: skip
    """List the tickets by when an answer is due, the first one first.

    \b
    Example: mailer inbox list
             mailer inbox list --mailbox support --assignee Kari --json
    """  # noqa: D301 - click's own mark for lines that stay as they are
    asked = frozenset(map(TicketState, states)) or frozenset(TicketState) - OVER_STATES
    given = {"mailbox": mailbox, "assignee": assignee, "tag": tag}
    named: dict[str, Any] = {
        name: value for name, value in given.items() if value is not None
    }
    with open_workspace(folder, need_keys=False) as workspace:
        tickets.wake(workspace.database, utc_now())
        with workspace.database.read() as connection:
            found = ticketqueue.queue(connection, limit, states=asked, **named)
    _print(found, as_json=as_json)


@click.command
@click.argument("words", nargs=-1, required=True)
@_limit
@as_json
@click.pass_obj
def search(folder: str, words: tuple[str, ...], *, limit: int, as_json: bool) -> None:
    """Find tickets in one of whose messages all words stand, the newest first.

    Addresses, names and subjects are searched too. A word is found by how it begins, in
    whatever letters, with or without accents.

    Example: mailer inbox search tent Iceland
    """
    with (
        open_workspace(folder, need_keys=False) as workspace,
        workspace.database.read() as connection,
    ):
        found = ticketsearch.search(connection, words, limit)
    _print(found, as_json=as_json)


@click.command
@_number
@click.option("--raw", type=int, metavar="MESSAGE", help="Print this message as it came.")
@as_json
@click.pass_obj
def show(folder: str, number: int, *, raw: int | None, as_json: bool) -> None:
    """Show a ticket: what was said, where each letter of ours stands, what is due.

    Also whether each message was acknowledged, and why not. A letter in doubt stands at
    the top: `mailer inbox settle` says what became of it.

    \b
    Example: mailer inbox show 12
             mailer inbox show 12 --raw 34 > message.eml
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder, need_keys=False) as workspace:
        found = tickets.conversation(workspace.database, number)
        if raw is not None:
            click.echo(tickets.message_as_it_came(workspace.database, found, raw), nl=False)
            return
    if as_json:
        print_json(ticket_json(found))
        return
    for line in conversation_lines(found):
        click.echo(line)


@click.command
@_number
@by_staff
@as_json
@click.pass_obj
def take(folder: str, number: int, *, by: str, as_json: bool) -> None:
    """Take a ticket, so that others see who has it.

    Example: mailer inbox take 12 --by Kari
    """
    _changed(
        folder,
        lambda one: ticket_steps.take(one.database, number, by, utc_now()),
        as_json=as_json,
    )


@click.command
@_number
@click.option("--to", "assignee", metavar="NAME", help="Who has it; '' for nobody.")
@click.option(
    "--kind",
    type=click.Choice([one.value for one in TicketKind]),
    help="What the person wants.",
)
@click.option(
    "--priority",
    type=click.Choice([one.value for one in Priority]),
    help="High ones are listed first.",
)
@click.option("--tag", "tags", multiple=True, help="Add a tag; as often as needed.")
@click.option("--untag", "without", multiple=True, help="Take a tag away.")
@by_staff
@as_json
@click.pass_obj
def assign(
    folder: str, number: int, *, assignee: str | None, kind: str | None,
    priority: str | None, tags: tuple[str, ...], without: tuple[str, ...], by: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Say who has a ticket, what it is, how urgent, and by which tags it is found.

    \b
    Example: mailer inbox assign 12 --to Ola --by Kari
             mailer inbox assign 12 --kind complaint --priority high --tag parcel --by Kari
    """  # noqa: D301 - click's own mark for lines that stay as they are
    how = Sorting(
        assignee,
        TicketKind(kind) if kind else None,
        Priority(priority) if priority else None,
        tags,
        without,
    )
    _changed(
        folder,
        lambda one: ticket_steps.assign(one.database, number, how, by, utc_now()),
        as_json=as_json,
    )


@click.command
@_number
@by_staff
@as_json
@click.pass_obj
def close(folder: str, number: int, *, by: str, as_json: bool) -> None:
    """Close a ticket: nothing is owed any more. It opens when the person writes again.

    Example: mailer inbox close 12 --by Kari
    """
    _changed(
        folder,
        lambda one: ticket_steps.close(one.database, number, by, utc_now()),
        as_json=as_json,
    )


@click.command
@_number
@by_staff
@as_json
@click.pass_obj
def reopen(folder: str, number: int, *, by: str, as_json: bool) -> None:
    """Open a ticket again that was closed, or was taken for spam.

    Example: mailer inbox reopen 12 --by Kari
    """
    _changed(
        folder,
        lambda one: ticket_steps.reopen(one.database, number, by, utc_now()),
        as_json=as_json,
    )


@click.command
@_number
@by_staff
@as_json
@click.pass_obj
def spam(folder: str, number: int, *, by: str, as_json: bool) -> None:
    """Say that a ticket is spam. What comes to it is kept and never answered.

    Example: mailer inbox spam 12 --by Kari
    """
    _changed(
        folder,
        lambda one: ticket_steps.spam(one.database, number, by, utc_now()),
        as_json=as_json,
    )


@click.command
@_number
@click.option("--until", metavar="TIME", help="2026-12-01T09:00, in the workspace's zone.")
@click.option("--for", "lasting", type=DURATION, help="So long: 2d, 6h.")
@by_staff
@as_json
@click.pass_obj
def snooze(
    folder: str, number: int, *, until: str | None, lasting: object, by: str, as_json: bool
) -> None:
    """Let a ticket rest until a time, or until the person writes again.

    \b
    Example: mailer inbox snooze 12 --until 2026-12-01T09:00 --by Kari
             mailer inbox snooze 12 --for 2d --by Kari
    """  # noqa: D301 - click's own mark for lines that stay as they are

    def snoozed(workspace: Workspace) -> Ticket:
        now = utc_now()
        moment = read_moment(until, workspace.settings.time_zone, now)
        if (moment is None) == (lasting is None):
            raise click.UsageError("say --until TIME or --for LENGTH, one of them")
        if moment is None:
            moment = now + DURATION.convert(lasting, None, None)
        return ticket_steps.snooze(workspace.database, number, moment, by, now)

    _changed(folder, snoozed, as_json=as_json)


@click.command
@_number
@click.argument("into", type=int)
@by_staff
@as_json
@click.pass_obj
def merge(folder: str, number: int, into: int, *, by: str, as_json: bool) -> None:
    """Put a ticket into another one of the same person; both numbers lead there.

    Example: mailer inbox merge 13 12 --by Kari
    """
    _changed(
        folder,
        lambda one: ticket_steps.merge(one.database, number, into, by, utc_now()),
        as_json=as_json,
    )


@click.command
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=30,
    show_default=True,
    help="First answers are counted so far back.",
)
@as_json
@click.pass_obj
def stats(folder: str, *, days: int, as_json: bool) -> None:
    """Count the tickets of each mailbox: open, late, and how soon people were answered.

    Example: mailer inbox stats --days 7
    """
    with open_workspace(folder, need_keys=False) as workspace:
        tickets.wake(workspace.database, utc_now())
        found = desk_stats.stats(workspace.database, days, utc_now())
    print_rows((one.facts() for one in found), as_json=as_json, nothing="no tickets yet")


def _changed(folder: str, work: Callable[[Workspace], Ticket], *, as_json: bool) -> None:
    with open_workspace(folder, need_keys=False) as workspace:
        ticket = work(workspace)
    print_facts(ticket_row(ticket), as_json=as_json)


def _print(found: list[Ticket], *, as_json: bool) -> None:
    print_rows(map(ticket_row, found), as_json=as_json, nothing="no tickets")


TICKETS = (
    list_, search, show, take, assign, close, reopen, spam, snooze, merge, stats,
)  # fmt: skip
"""What `mailer inbox` gets from here."""

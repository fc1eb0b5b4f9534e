"""`mailer inbox`: what comes back, and what the mailer makes of it."""

from collections.abc import Callable, Iterator

import click

from mailer.cli.answering import ANSWERING
from mailer.cli.blocks import BLOCKS
from mailer.cli.deskrules import rules
from mailer.cli.output import as_json, json_text, print_json, print_rows, shown
from mailer.cli.printable import printable
from mailer.cli.tickets import TICKETS
from mailer.config.places import places_of
from mailer.errors import MailerError, WorkspaceError
from mailer.jobs.holds import decide, waiting
from mailer.jobs.incoming import Handled, handle_all, keep
from mailer.model.notice import KINDS, Notice
from mailer.model.token import TokenBox
from mailer.receiving import desk_of
from mailer.triage.attribution import signed_by_us
from mailer.triage.sort import sort
from mailer.wiring import Workspace, open_workspace, settings_of, utc_now
from mailer.workspace.files import exists, inside
from mailer.workspace.folder import CONFIG
from mailer.workspace.keyfile import read_keys
from mailer.workspace.knowledge import read_knowledge
from mailer.workspace.messages import STANDARD_INPUT, message_files, read_messages

TRY_AGAIN = 75
"""EX_TEMPFAIL: a mail server keeps the message and pipes it again."""


@click.group
def inbox() -> None:
    """Answer people, and understand what comes back.

    \b
    Example: mailer inbox list
             mailer inbox reply 12 --by Kari
             mailer inbox classify bounce.eml
    """  # noqa: D301 - click's own mark for lines that stay as they are


for _command in (*TICKETS, *ANSWERING, *BLOCKS, rules):
    inbox.add_command(_command)


@inbox.command
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@as_json
@click.pass_context
def classify(context: click.Context, paths: tuple[str, ...], *, as_json: bool) -> None:
    """Say what messages are, without acting on them: - reads from a pipe.

    A folder or Maildir is read with all that is in it; an mbox gives each of its messages.
    With --json each message is one line: file, kind, recipients and because. A file that
    can't be read is named on the error output, the others are read, and the exit status
    is 1.

    Example: mailer inbox classify --json bounces/ | jq 'select(.kind == "bounce")'
    """
    knowledge = read_knowledge(context.obj if _is_workspace(context.obj) else None)
    ours = _ours(context.obj)
    failed = False
    for path, raw in _messages(paths):
        if isinstance(raw, WorkspaceError):
            click.echo(f"mailer: {printable(str(raw))}", err=True)
            failed = True
            continue
        notice = sort(raw, knowledge, ours)
        click.echo(json_text(_facts(path, notice)) if as_json else _line(path, notice))
    if failed:
        context.exit(1)


@inbox.command
@as_json
@click.pass_context
def ingest(context: click.Context, *, as_json: bool) -> None:
    """Take one message from a pipe: keep it, understand it, act on it once.

    It is on disk before anything is made of it. The same message taken again changes
    nothing. When it can't be kept the exit status is 75, so that the mail server keeps it
    and tries again; when only what follows fails, the next one that comes does it.

    \b
    Example: mailer inbox ingest < message.eml
             bounces: "|mailer -w /srv/shop inbox ingest"   (in /etc/aliases)
    """  # noqa: D301 - click's own mark for lines that stay as they are
    try:
        with open_workspace(context.obj) as workspace:
            (raw, *others) = read_messages(STANDARD_INPUT)
            number, _ = keep(workspace.database, raw, "pipe", utc_now())
            for one in others:
                keep(workspace.database, one, "pipe", utc_now())
            _act(workspace, number, as_json=as_json)
    except MailerError as problem:
        click.echo(f"mailer: {printable(str(problem))}", err=True)
        context.exit(TRY_AGAIN)


@inbox.command(name="held")
@as_json
@click.pass_obj
def held_(folder: str, *, as_json: bool) -> None:
    """List messages such as "please remove me" that a person must decide about.

    Meanwhile their senders get no marketing.

    Example: mailer inbox held
    """
    with open_workspace(folder, need_keys=False) as workspace:
        found = waiting(workspace.database)
    print_rows(
        (
            {
                "message": one.incoming_id,
                "at": one.received_at,
                "from": one.address,
                "because": one.because,
            }
            for one in found
        ),
        as_json=as_json,
        nothing="no message waits for a decision",
    )


@inbox.command
@click.argument("message", type=int)
@click.option("--keep", is_flag=True, help="They did not mean it: letters go there again.")
@click.option("--by", required=True, help="Who has read it.")
@as_json
@click.pass_obj
def confirm(folder: str, message: int, by: str, *, keep: bool, as_json: bool) -> None:
    """Confirm that who wrote "please remove me" leaves all marketing.

    Until then their letters are held. Only the person can come back, by signing up.

    \b
    Example: mailer inbox confirm 12 --by Ola
             mailer inbox confirm 12 --by Ola --keep
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder) as workspace:
        done = decide(
            workspace.database, workspace.logbook, message, by, utc_now(), keep=keep
        )
    if as_json:
        print_json({"message": message, "address": done.address, "left": done.left})
        return
    what = "is off all marketing" if done.left else "may be written to again"
    click.echo(f"{shown(done.address)} {what}")


def _act(workspace: Workspace, number: int, *, as_json: bool) -> None:
    """Make of every message that is kept what it is, and say so."""
    done: list[Handled] = []
    try:
        done.extend(handle_all(desk_of(workspace), utc_now()))
    except MailerError as problem:
        # It is kept: whoever gave it must not give it again.
        click.echo(
            f"mailer: kept, and not acted on yet: {printable(str(problem))}", err=True
        )
    if as_json:
        print_json([_handled(one) for one in done])
        return
    for one in done:
        effect = f", {one.verdict.effect}" if one.verdict else ""
        click.echo(f"{one.incoming_id}: {one.kind}{effect} ({shown(one.words)})")
    if not done:
        click.echo(f"{number}: known already, nothing to do")


def _handled(one: Handled) -> dict[str, object]:
    return {
        "message": one.incoming_id,
        "kind": one.kind,
        "effect": one.verdict.effect if one.verdict else None,
        "words": one.words,
    }


def _messages(paths: tuple[str, ...]) -> Iterator[tuple[str, bytes | WorkspaceError]]:
    for path in paths:
        for file in message_files(path):
            try:
                messages = read_messages(file)
            except WorkspaceError as problem:
                yield file, problem
            else:
                yield from ((file, raw) for raw in messages)


def _is_workspace(folder: str) -> bool:
    return exists(inside(folder, CONFIG))


def _ours(folder: str) -> Callable[[str], bool]:
    """Return what knows our own Message-IDs; outside a workspace nothing is ours."""
    if not _is_workspace(folder):
        return lambda _: False
    keys_file = places_of(folder, settings_of(folder)).keys_file
    return signed_by_us(TokenBox(read_keys(keys_file)))


def _facts(path: str, notice: Notice) -> dict[str, object]:
    return {
        "file": path,
        "kind": KINDS[type(notice)],
        "recipients": [
            {
                "address": one.address,
                "hard": one.hard,
                "reason": one.reason,
                "status": one.status,
                "action": one.action,
            }
            for one in notice.recipients
        ],
        "because": notice.because,
    }


def _line(path: str, notice: Notice) -> str:
    people = [
        " ".join(
            word
            for word in (
                shown(one.address),
                one.reason,
                "hard" if one.hard else "",
                one.status,
                one.action,
            )
            if word
        )
        for one in notice.recipients
    ]
    told = f": {'; '.join(people)}" if people else ""
    return f"{shown(path)}: {KINDS[type(notice)]}{told} ({notice.because})"

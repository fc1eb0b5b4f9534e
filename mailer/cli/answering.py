"""`mailer inbox reply|forward|note|new|settle`: what the staff writes."""

import sys
from datetime import timedelta
from typing import Any

import click

from mailer.cli.attaching import attach_option, cc_option, read_files
from mailer.cli.conversation import conversation_lines, ticket_row
from mailer.cli.output import as_json, print_facts, print_json, shown
from mailer.config.modes import mode_of
from mailer.errors import RefusedError
from mailer.jobs import answering, forwarding, taking_back, ticket_steps, tickets
from mailer.jobs.answering import Answer
from mailer.jobs.canned import fill_in
from mailer.jobs.correspond import Along, Pen
from mailer.jobs.forwarding import Passing
from mailer.jobs.new_ticket import Call, note_call
from mailer.jobs.world import is_rehearsal
from mailer.model.delivery import SETTLED_AS
from mailer.model.token import TokenBox
from mailer.store.settling import Again
from mailer.wiring import Workspace, open_workspace, utc_now
from mailer.workspace.acknowledgements import read_acknowledgements
from mailer.workspace.files import read_text
from mailer.workspace.messages import STANDARD_INPUT

_TRIED_FOR = timedelta(hours=72)
_ABOVE = "# Your answer stands above this line; what is below it is not sent."

_number = click.argument("number", metavar="TICKET", type=int)
_by = click.option(
    "--by",
    metavar="NAME",
    envvar="MAILER_STAFF",
    show_envvar=True,
    required=True,
    help="Who of the staff writes.",
)
_body = click.option(
    "--body", metavar="FILE", help="The file with the text, - for standard input."
)


@click.command
@_number
@_body
@click.option(
    "--canned", metavar="NAME", help="Answer with templates/canned/NAME.txt, or begin so."
)
@cc_option
@attach_option
@click.option("--close", "close", is_flag=True, help="Close the ticket with it.")
@click.option("--dry-run", is_flag=True, help="Show the letter, and send nothing.")
@click.option(
    "--if-version",
    "version",
    type=int,
    metavar="N",
    help="Only if the ticket is as you saw it: `inbox show` says its version.",
)
@_by
@as_json
@click.pass_obj
def reply(
    folder: str, number: int, *, body: str | None, canned: str | None, cc: tuple[str, ...],
    files: tuple[str, ...], close: bool, dry_run: bool, version: int | None, by: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Answer a person; the letter goes out within moments, on the conversation.

    Without --body the editor opens with the conversation below. When somebody else has
    answered in the meantime, or the person wrote again, nothing is sent. With --canned
    the text is there already; `--body -` and a canned one cannot be both. Whoever gets a
    copy by --cc is seen by all others, and may answer too.

    \b
    Example: mailer inbox reply 12 --by Kari
             mailer inbox reply 12 --canned parcel --by Kari --dry-run
             mailer inbox reply 12 --body answer.txt --close --by Kari --dry-run
             mailer inbox reply 12 --cc ola@example.com --attach bill.pdf --by Kari
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder) as workspace:
        if canned is not None:
            if body is not None:
                raise click.UsageError("say --body or --canned, one of them")
            found = tickets.conversation(workspace.database, number).ticket
            text = fill_in(workspace.folder, canned, found, by)
        elif body is None:
            text, seen = _edited(workspace, number)
            version = version or seen
        else:
            text = _text(body)
        answer = answering.reply(
            workspace.database, _pen(workspace), number, text, by, utc_now(),
            version=version, close=close, dry_run=dry_run,
            along=Along(cc, read_files(files)),
        )  # fmt: skip
    _say(answer, dry_run=dry_run, as_json=as_json)


def _say(answer: Answer, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(_answer_facts(answer, dry_run=dry_run))
    elif dry_run:
        _print_letter(answer)
    else:
        click.echo(
            f"letter {answer.delivery_id} to {shown(answer.letter.to)} leaves now;"
            f" ticket {answer.ticket.id} is {answer.ticket.state}"
        )


@click.command(name="forward")
@_number
@click.option("--to", metavar="ADDRESS", required=True, help="To whom it goes on.")
@cc_option
@click.option(
    "--message",
    type=int,
    metavar="MESSAGE",
    help="Which message, as `inbox show` numbers them; else the person's last.",
)
@click.option("--bare", is_flag=True, help="Without its attachments.")
@_body
@click.option("--dry-run", is_flag=True, help="Show the letter, and send nothing.")
@_by
@as_json
@click.pass_obj
def forward_(
    folder: str, number: int, *, to: str, cc: tuple[str, ...], message: int | None,
    bare: bool, body: str | None, dry_run: bool, by: str, as_json: bool,
) -> None:  # fmt: skip
    """Pass a person's message on to somebody who knows the answer.

    What they write back comes to the ticket, for the staff alone; the answer to the person
    stays due. Attachments go along, but for those that may run something when opened.

    \b
    Example: mailer inbox forward 12 --to depot@example.com --by Kari --dry-run
             echo "Where is it?" | mailer inbox forward 12 --to depot@example.com
               --body - --by Kari
    """  # noqa: D301 - click's own mark for lines that stay as they are
    text = "" if body is None else _text(body)
    what = Passing(to, text, message, files=not bare, cc=cc)
    with open_workspace(folder) as workspace:
        found = forwarding.forward(
            workspace.database, _pen(workspace), number, what, by, utc_now(),
            dry_run=dry_run,
        )  # fmt: skip
    _say(found, dry_run=dry_run, as_json=as_json)


@click.command
@_number
@click.argument("words", nargs=-1)
@_body
@_by
@as_json
@click.pass_obj
def note(
    folder: str, number: int, *, words: tuple[str, ...], body: str | None, by: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Write something down for the others. It goes to nobody.

    It is about the person, so it is in what she downloads of herself.

    Example: mailer inbox note 12 "Rang her, parcel is on its way" --by Kari
    """
    text = " ".join(words) if body is None else _text(body)
    with open_workspace(folder, need_keys=False) as workspace:
        ticket = ticket_steps.note(workspace.database, number, text, by, utc_now())
    print_facts(ticket_row(ticket), as_json=as_json)


@click.command
@click.option(
    "--from", "address", metavar="ADDRESS", required=True, help="Who it is about."
)
@click.option("--name", default="", help="The person's name.")
@click.option("--subject", required=True, help="What it is about.")
@click.option("--mailbox", help="Whose hours hold; else the first one of config.toml.")
@_body
@_by
@as_json
@click.pass_obj
def new(
    folder: str, *, address: str, name: str, subject: str, mailbox: str | None,
    body: str | None, by: str, as_json: bool,
) -> None:  # fmt: skip
    """Make a ticket by hand: somebody called, or stood in the shop.

    Nobody is acknowledged by mail; `mailer inbox reply` answers.

    Example: echo "Wants the blue one" | mailer inbox new --from kari@example.com
        --subject "Tent" --body - --by Ola
    """
    text = "" if body is None else _text(body)
    with open_workspace(folder, need_keys=False) as workspace:
        call = Call(address, name, subject, text, mailbox)
        made = note_call(workspace.database, workspace.mailboxes(), call, by, utc_now())
    print_facts(ticket_row(made), as_json=as_json)


@click.command
@_number
@click.argument("letter", type=int)
@click.option(
    "--as",
    "outcome",
    required=True,
    type=click.Choice(list(SETTLED_AS)),
    help="It arrived; it did not and stays so; or it is sent once more.",
)
@_by
@click.pass_obj
def settle(folder: str, number: int, letter: int, *, outcome: str, by: str) -> None:
    """Say what became of a letter in doubt: it may or may not have arrived.

    `again` sends it under the same Message-ID, so that most mail programs show one.

    Example: mailer inbox settle 12 345 --as accepted --by Kari
    """
    now = utc_now()
    with open_workspace(folder, need_keys=False) as workspace:
        ticket_steps.settle_letter(
            workspace.database, number, letter, SETTLED_AS[outcome], by,
            Again(now, now + _TRIED_FOR), now,
        )  # fmt: skip
    click.echo(f"letter {letter}: {SETTLED_AS[outcome]}")


@click.command
@_number
@click.argument("entry", type=int)
@_by
@as_json
@click.pass_obj
def split(folder: str, number: int, entry: int, *, by: str, as_json: bool) -> None:
    """Make a ticket of its own of one message: it is about something else.

    ENTRY is the entry's `id` in `mailer inbox show --json`.

    Example: mailer inbox split 12 34 --by Kari
    """
    with open_workspace(folder, need_keys=False) as workspace:
        made = taking_back.split(workspace.database, number, entry, by, utc_now())
    print_facts(ticket_row(made), as_json=as_json)


def _pen(workspace: Workspace) -> Pen:
    return Pen(
        workspace.mailboxes(),
        workspace.site(),
        workspace.ring,
        TokenBox(workspace.ring),
        is_rehearsal(mode_of(workspace.settings)),
        read_acknowledgements(workspace.folder),
    )


def _text(file: str) -> str:
    if file == STANDARD_INPUT:
        return sys.stdin.read()
    return read_text(file, file)


def _edited(workspace: Workspace, number: int) -> tuple[str, int]:
    """Let somebody write an answer over the conversation; return it with what they saw."""
    found = tickets.conversation(workspace.database, number)
    below = "\n".join(f"# {line}".rstrip() for line in conversation_lines(found))
    written = click.edit(f"\n\n{_ABOVE}\n{below}\n", extension=".txt")
    if written is None:
        raise RefusedError("the editor saved nothing, so nothing was sent")
    return written.partition(_ABOVE)[0].strip() + "\n", found.ticket.version


def _answer_facts(answer: Answer, *, dry_run: bool) -> dict[str, Any]:
    return {
        "ticket": answer.ticket.id,
        "state": answer.ticket.state.value,
        "letter": None if dry_run else answer.delivery_id,
        "to": answer.letter.to,
        "cc": list(answer.envelope.cc),
        "files": [
            {"name": one.name, "type": one.type, "size_bytes": len(one.content)}
            for one in answer.letter.files
        ],
        "subject": answer.subject,
        "in_reply_to": answer.envelope.in_reply_to,
        "references": list(answer.envelope.references),
        "text": answer.text,
    }


def _print_letter(answer: Answer) -> None:
    envelope = answer.envelope
    click.echo(f"From: {shown(envelope.from_name)} <{shown(envelope.from_address)}>")
    click.echo(
        f"To: {shown(envelope.to_name)} <{shown(answer.letter.to)}>".replace("  ", " ")
    )
    if envelope.cc:
        click.echo(f"Cc: {shown(', '.join(envelope.cc))}")
    click.echo(f"Subject: {shown(answer.subject)}")
    for one in answer.letter.files:
        click.echo(f"Attached: {shown(one.name)} ({one.type}, {len(one.content)} bytes)")
    click.echo()
    for line in answer.text.rstrip().split("\n"):
        click.echo(shown(line))


ANSWERING = (reply, forward_, note, new, settle, split)
"""What `mailer inbox` gets from here."""

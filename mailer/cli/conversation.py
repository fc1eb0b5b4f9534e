"""How a ticket with its conversation is printed; nothing in it moves the cursor."""

from collections.abc import Iterator
from dataclasses import asdict

from mailer.cli.output import shown
from mailer.jobs.tickets import Conversation
from mailer.model.ticket import Entry, EntryKind, Ticket

_WHAT = {
    EntryKind.CAME: "wrote",
    EntryKind.ACKNOWLEDGEMENT: "acknowledgement",
    EntryKind.REPLY: "answered",
    EntryKind.FORWARD: "passed on",
    EntryKind.NOTE: "noted",
    EntryKind.EVENT: "",
}


def ticket_row(ticket: Ticket) -> dict[str, object]:
    """Return the facts of a ticket that a list shows."""
    return {
        "ticket": ticket.id,
        "state": ticket.state.value,
        "due": ticket.due_at,
        "priority": ticket.priority.value,
        "mailbox": ticket.mailbox,
        "from": ticket.address,
        "subject": ticket.subject,
        "kind": ticket.kind.value,
        "assignee": ticket.assignee,
        "tags": list(ticket.tags),
    }


def ticket_json(found: Conversation) -> dict[str, object]:
    """Return a whole conversation as JSON values."""
    return {
        "ticket": asdict(found.ticket),
        "entries": [asdict(one) for one in found.entries],
        "letters": [asdict(one) for one in found.letters.values()],
        "files": [
            {"entry": entry, **asdict(one)}
            for entry, files in found.files.items()
            for one in files
        ],
        "acknowledgements": [asdict(one) for one in found.decisions],
    }


def conversation_lines(found: Conversation) -> Iterator[str]:
    """Write a whole conversation for people."""
    ticket = found.ticket
    for doubt in found.in_doubt:
        yield (
            f"In doubt: letter {doubt.id} to {shown(doubt.address)} may or may not have"
            f" arrived ({shown(doubt.reply)}): `mailer inbox settle {ticket.id} {doubt.id}`"
        )
    yield f"Ticket {ticket.id}: {shown(ticket.subject)}"
    yield f"  {ticket.state.value}, {ticket.kind.value}, priority {ticket.priority.value}"
    who = f"{ticket.person} <{ticket.address}>" if ticket.person else ticket.address
    known = f", contact {ticket.contact_id}" if ticket.contact_id else ""
    yield f"  from {shown(who)}{known}, to {shown(ticket.mailbox or 'no mailbox of ours')}"
    yield f"  {shown(ticket.assignee)} has it" if ticket.assignee else "  nobody has it yet"
    if ticket.tags:
        yield f"  tags: {shown(' '.join(ticket.tags))}"
    for name, at in (
        ("first answer due", ticket.first_due_at),
        ("next answer due", ticket.next_due_at),
        ("solution due", ticket.solve_due_at),
        ("snoozed until", ticket.snoozed_until),
        ("closed", ticket.closed_at),
    ):
        if at is not None:
            yield f"  {name}: {shown(at)}"
    if ticket.follows:
        yield f"  it follows ticket {ticket.follows}"
    yield f"  version {ticket.version}"
    why = {one.incoming_id: one for one in found.decisions}
    for entry in found.entries:
        yield ""
        yield from _entry_lines(entry, found)
        decided = why.get(entry.incoming_id or 0)
        if entry.kind is EntryKind.CAME and decided is not None and decided.why:
            rule = f"rule {decided.rule}: " if decided.rule else ""
            yield f"    (not acknowledged: {rule}{shown(decided.why)})"


def _entry_lines(entry: Entry, found: Conversation) -> Iterator[str]:
    message = f", message {entry.incoming_id}" if entry.kind is EntryKind.CAME else ""
    if entry.incoming_id is None:
        message = ""
    who = " ".join(one for one in (shown(entry.author), _WHAT[entry.kind]) if one)
    if entry.kind is EntryKind.EVENT:
        yield f"{shown(entry.at)}  {who}: {shown(entry.text)}"
        return
    yield f"{shown(entry.at)}  {who}{message}: {shown(entry.subject)}".rstrip(": ")
    if entry.envelope is not None and entry.envelope.to:
        copies = "".join(f", cc {shown(one)}" for one in entry.envelope.cc)
        yield f"    to {shown(entry.envelope.to)}{copies}"
    for file in found.files.get(entry.id, ()):
        yield f"    attached: {shown(file.name)} ({file.size_bytes} bytes)"
    letter = found.letters.get(entry.delivery_id or 0)
    if letter is not None:
        yield f"    letter {letter.id}: {letter.state.value}"
    for line in entry.text.rstrip().split("\n"):
        yield f"    {shown(line)}".rstrip()

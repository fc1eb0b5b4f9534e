"""What the forms beside a ticket ask for: each does what `mailer inbox` does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from mailer.errors import MailerError, RefusedError
from mailer.jobs import answering, blocks, console, ticket_steps
from mailer.jobs.correspond import Along, addresses_in
from mailer.jobs.erase import erase
from mailer.jobs.forwarding import Passing, forward
from mailer.jobs.requests import Request as Asking
from mailer.jobs.requests import record
from mailer.jobs.taking_back import UNDO_WITHIN, split, take_back
from mailer.jobs.ticket_steps import Sorting
from mailer.model.consent import Act
from mailer.model.delivery import SETTLED_AS
from mailer.model.kind import KINDS, Kind
from mailer.model.staff import Deed
from mailer.model.ticket import Priority, Step, TicketKind, steps_of
from mailer.store.database import Database
from mailer.store.settling import Again
from mailer.store.staff import note_deed
from mailer.triage.attaching import attached
from mailer.web.console import ticket as ticket_page
from mailer.web.console.door import led_to
from mailer.web.console.means import Office, Visit
from mailer.web.console.ticket import Kept
from mailer.web.console.words import SNOOZES
from mailer.workspace.manners import read_manners

_SIGNED = "\n\n-- \n"
_KEEPS_TEXT = frozenset({"reply", "forward", "note"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One form's wish: who asks, about which ticket, with which fields."""

    office: Office
    visit: Visit
    number: int
    now: datetime

    @property
    def by(self) -> str:
        """Under whose name it is done."""
        return self.visit.staff.name

    def field(self, name: str) -> str:
        """Return a field of the form, "" when it is not there."""
        return self.visit.form.get(name, "")

    def whole(self, name: str) -> int:
        """Return a field that is a number.

        Raises:
            RefusedError: when it is none.
        """
        text = self.field(name).lstrip("#")
        if not (text.isascii() and text.isdecimal() and len(text) <= 15):  # noqa: PLR2004
            raise RefusedError(f"write the number of a ticket, not {text[:40]!r}")
        return int(text)


async def act(request: Request, office: Office, visit: Visit) -> Response:
    """Do what a form asks for; what cannot be done loses nothing that was written."""
    what = request.path_params["what"]
    deed = _DEEDS.get(what)
    if deed is None:
        raise RefusedError(f"there is no {what[:40]!r} here")
    if not visit.staff.may(Deed.WORK):
        raise RefusedError("your role may not do this")
    asked = Asked(office, visit, request.path_params["number"], office.clock())

    def do() -> str | None:
        # Also whose number is not for them: it is as if there were none.
        console.seen_by(office.database, visit.staff, asked.number)
        way = deed(asked)
        with office.database.write() as connection:
            note_deed(
                connection, asked.by, what, asked.now, ticket_id=asked.number,
                network=visit.network,
            )  # fmt: skip
        return way

    try:
        way = await office.working.do(do)
    except MailerError as mistake:
        if what not in _KEEPS_TEXT or not isinstance(mistake, RefusedError):
            raise
        again = " Choose the files again." if visit.files else ""
        return await ticket_page.page(
            request, office, visit, wrong=f"{mistake}.{again}", kept=_kept(asked, what),
            status=409,
        )  # fmt: skip
    return led_to(office, way or f"{_here(asked.number)}?said={what}")


def _kept(asked: Asked, what: str) -> Kept:
    """Return what somebody had written, for the form that they wrote it in."""
    text = asked.field("text")
    match what:
        case "reply":
            return Kept(text, cc=asked.field("cc"))
        case "forward":
            return Kept(to=asked.field("to"), passing=text)
        case _:
            return Kept(note=text)


def _reply(asked: Asked) -> str:
    version = asked.field("version")
    answer = answering.reply(
        asked.office.database, asked.office.pen, asked.number, _signed(asked), asked.by,
        asked.now, version=int(version) if version.isdecimal() else None,
        close=asked.field("then") == "close", wait=UNDO_WITHIN, along=_along(asked),
        drafted_by=asked.visit.staff.id,
    )  # fmt: skip
    return f"{_here(asked.number)}?said=reply&letter={answer.delivery_id}"


def _along(asked: Asked) -> Along:
    files = tuple(attached(name, content) for name, content in asked.visit.files)
    return Along(addresses_in(asked.field("cc")), files)


def _forward(asked: Asked) -> str:
    message = asked.field("message")
    what = Passing(
        asked.field("to"), _signed(asked),
        int(message) if message.isdecimal() and len(message) <= 15 else None,  # noqa: PLR2004
        files=asked.field("bare") != "yes", cc=addresses_in(asked.field("cc")),
    )  # fmt: skip
    found = forward(
        asked.office.database, asked.office.pen, asked.number, what, asked.by, asked.now,
        wait=UNDO_WITHIN,
    )  # fmt: skip
    return f"{_here(asked.number)}?said=forward&letter={found.delivery_id}"


def _undo(asked: Asked) -> None:
    ticket, text = take_back(
        asked.office.database, asked.number, asked.whole("letter"), asked.by, asked.now
    )
    if not text:
        return
    # What was put below is put there again when the answer is sent.
    helped = answering.were_you_helped(
        asked.office.database, asked.office.pen, asked.number
    ).strip()
    text = text.rstrip()
    if helped:
        text = text.removesuffix(helped).rstrip()
    if signature := asked.office.signature(asked.visit.staff, ticket.mailbox):
        text = text.removesuffix(f"{_SIGNED}{signature}")
    console.be_here(
        asked.office.database, asked.visit.staff, ticket.id, text, ticket.version, asked.now
    )


def _split(asked: Asked) -> str:
    entry = asked.whole("entry")
    made = split(asked.office.database, asked.number, entry, asked.by, asked.now)
    return f"{_here(made.id)}?said=split"


def _unsubscribe(asked: Asked) -> None:
    _require_sure(asked)
    ticket = console.seen_by(asked.office.database, asked.visit.staff, asked.number).ticket
    request = Asking(ticket.address, Act.WITHDRAWN, None, "mail", asked.by)
    record(asked.office.database, asked.office.world.logbook, request, asked.now)


def _erase(asked: Asked) -> str:
    if not asked.visit.staff.may(Deed.ERASE):
        raise RefusedError("only an admin may erase a person")
    _require_sure(asked)
    ticket = console.seen_by(asked.office.database, asked.visit.staff, asked.number).ticket
    erase(
        asked.office.database, asked.office.world.logbook, ticket.address, asked.by,
        asked.office.clock,
    )  # fmt: skip
    return "/?said=erase"


def _require_sure(asked: Asked) -> None:
    if asked.field("sure") != "yes":
        raise RefusedError("tick the box: this cannot be taken back by us")


def _here(number: int) -> str:
    return f"/tickets/{number}"


def _signed(asked: Asked) -> str:
    text, staff = asked.field("text"), asked.visit.staff
    ticket = console.seen_by(asked.office.database, staff, asked.number).ticket
    signature = asked.office.signature(staff, ticket.mailbox)
    if not text or not signature or text.rstrip().endswith(signature):
        return text
    return f"{text.rstrip()}{_SIGNED}{signature}\n"


def _note(asked: Asked) -> None:
    ticket_steps.note(
        asked.office.database, asked.number, asked.field("text"), asked.by, asked.now
    )


def _plain(
    step: Callable[[Database, int, str, datetime], object],
) -> Callable[[Asked], None]:
    """Return what does a step that needs to know no more than who does it."""

    def do(asked: Asked) -> None:
        step(asked.office.database, asked.number, asked.by, asked.now)

    return do


def _assign(asked: Asked) -> None:
    try:
        kind = TicketKind(asked.field("kind")) if asked.field("kind") else None
        urgent = Priority(asked.field("priority")) if asked.field("priority") else None
    except ValueError:
        raise RefusedError("there is no such kind or priority") from None
    tags = tuple(asked.field("tags").split())
    without: tuple[str, ...] = ()
    ticket = console.seen_by(asked.office.database, asked.visit.staff, asked.number).ticket
    if "tags" in asked.visit.form:
        without = tuple(one for one in ticket.tags if one not in tags)
        tags = tuple(one for one in tags if one not in ticket.tags)
    to = asked.field("assignee")
    how = Sorting(
        to if "assignee" in asked.visit.form and to != ticket.assignee else None,
        kind if kind is not ticket.kind else None,
        urgent if urgent is not ticket.priority else None,
        tags,
        without,
    )
    if how != Sorting():
        ticket_steps.assign(asked.office.database, asked.number, how, asked.by, asked.now)


def _block(asked: Asked) -> None:
    ticket = console.seen_by(asked.office.database, asked.visit.staff, asked.number).ticket
    value = ticket.match
    if asked.field("what") == "domain":
        value = value.rpartition("@")[2]
    blocks.block(
        asked.office.database, asked.office.pen.mailboxes, read_manners().free_mail,
        (value, asked.field("why")), asked.by, asked.now,
    )  # fmt: skip
    if Step.CLOSED in steps_of(ticket.state):
        ticket_steps.close(asked.office.database, asked.number, asked.by, asked.now)


def _snooze(asked: Asked) -> None:
    length = SNOOZES.get(asked.field("for"))
    if length is None:
        raise RefusedError("say for how long")
    until = asked.now + length[1]
    ticket_steps.snooze(asked.office.database, asked.number, until, asked.by, asked.now)


def _merge(asked: Asked) -> None:
    into = asked.whole("into")
    console.seen_by(asked.office.database, asked.visit.staff, into)
    ticket_steps.merge(asked.office.database, asked.number, into, asked.by, asked.now)


def _settle(asked: Asked) -> None:
    outcome = SETTLED_AS.get(asked.field("as"))
    if outcome is None:
        raise RefusedError("say whether it arrived, did not, or is sent once more")
    ticket_steps.settle_letter(
        asked.office.database, asked.number, asked.whole("letter"), outcome, asked.by,
        Again(asked.now, asked.now + KINDS[Kind.REPLY].try_for), asked.now,
    )  # fmt: skip


def _draft(asked: Asked) -> None:
    version = asked.field("version")
    console.be_here(
        asked.office.database, asked.visit.staff, asked.number, asked.field("text"),
        int(version) if version.isdecimal() else 0, asked.now,
    )  # fmt: skip


_DEEDS: dict[str, Callable[[Asked], str | None]] = {
    "reply": _reply,
    "forward": _forward,
    "note": _note,
    "take": _plain(ticket_steps.take),
    "assign": _assign,
    "close": _plain(ticket_steps.close),
    "reopen": _plain(ticket_steps.reopen),
    "snooze": _snooze,
    "merge": _merge,
    "spam": _plain(ticket_steps.spam),
    "block": _block,
    "settle": _settle,
    "draft": _draft,
    "undo": _undo,
    "split": _split,
    "unsubscribe": _unsubscribe,
    "erase": _erase,
}
"""What can be asked for, by the last word of the address; it may say where to go then."""

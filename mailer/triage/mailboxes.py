"""The mailboxes that people write to: who reads them, when, and what they promise.

A published address is a promise to answer: one without hours and somebody who reads it
promises nothing, and `mailer check` says so.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mailer.triage.workinghours import WorkingHours

_NO_REPLY = re.compile(
    r"(?:.*[-_.+])?"
    r"(?:no|do[-_.]?not|dont|ne[-_.]?pas|keine?|nicht|ikke|ej|non?|nao)[-_.]?"
    r"(?:reply|replies|respond|response|repondre|antwort|antworten|svar|svare|svara"
    r"|responder|rispondere)"
    r"(?:[-_.+].*)?",
)


@dataclass(frozen=True, slots=True)
class Targets:
    """In how much working time a person answers, answers again, and has it solved."""

    first_answer: timedelta = timedelta(hours=8)
    next_answer: timedelta = timedelta(hours=8)
    solution: timedelta = timedelta(hours=40)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address that people write to.

    Args:
        name: As in `[mailboxes.NAME]`; "" for what was written to no mailbox.
        address: With its domain as A-label.
        sender_name: The display name of its answers, "" for none.
        aliases: Further addresses of it, in small letters.
        staff: Who works there, by name.
        read_by: A sentence that says who reads it, where nobody is named.
        acknowledges: People get an automatic first answer.
        words: The name of its texts in `templates/acknowledgements/`.
        bounce_domain: Where returned replies go; "" for the mailbox itself.
        must_name_us: Only what names us in To or Cc is acknowledged.
        form: People can write to it on a page, too.
        signature: What stands below answers of who has no signature of their own.
    """

    name: str
    address: str = ""
    sender_name: str = ""
    aliases: frozenset[str] = frozenset()
    language: str = "en"
    zone: str = "UTC"
    hours: WorkingHours | None = None
    targets: Targets = Targets()
    staff: tuple[str, ...] = ()
    read_by: str = ""
    acknowledges: bool = True
    words: str = "received"
    bounce_domain: str = ""
    must_name_us: bool = True
    form: bool = True
    signature: str = ""

    @property
    def has_form(self) -> bool:
        """Whether it has a page to write on: only where an answer is promised."""
        return self.form and bool(self.address) and self.promises

    @property
    def addresses(self) -> frozenset[str]:
        """All addresses that are its own, in small letters."""
        return frozenset(one for one in (self.address.lower(), *self.aliases) if one)

    @property
    def promises(self) -> bool:
        """Whether somebody reads it at known hours, so that a time can be promised."""
        return self.hours is not None and bool(self.staff or self.read_by)


NOWHERE = Mailbox("", acknowledges=False)
"""What is written to none of our mailboxes is a ticket too; nobody is promised a time."""


def mailbox_of(addressed_to: Sequence[str], mailboxes: Sequence[Mailbox]) -> Mailbox | None:
    """Return the mailbox that a message was written to, by its envelope before its header.

    A `+detail` behind a name makes no difference. None when it names none of them.
    """
    for address in addressed_to:
        local, _, domain = address.lower().rpartition("@")
        for spelt in (f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}"):
            for one in mailboxes:
                if spelt in one.addresses:
                    return one
    return None


def is_no_reply(address: str) -> bool:
    """Say whether an address tells people not to answer, in one of several languages."""
    return _NO_REPLY.fullmatch(address.rpartition("@")[0].lower()) is not None


def problems_of(mailbox: Mailbox) -> Iterator[str]:
    """Say what keeps a mailbox from being a promise that can be kept."""
    for address in sorted(mailbox.addresses):
        if is_no_reply(address):
            yield (
                f"{address} tells people not to answer, and this is where they write to:"
                " name an address that is read"
            )
    if mailbox.hours is None:
        yield "nobody is ever there: say when, as in hours = ['mon-fri 09:00-17:00']"
    elif not any(mailbox.hours.week):
        yield "its hours are empty"
    if not mailbox.staff and not mailbox.read_by.strip():
        yield (
            "nobody reads it: name them, as in staff = ['Kari'], or say it in"
            " read_by = 'Kari and Ola read it on weekdays'"
        )

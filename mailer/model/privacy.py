"""What is done with people's data, as it is configured: what the privacy page says."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """Why somebody outside gets to see something of a person."""

    RELAY = "relay"
    WEBHOOK = "webhook"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody outside who gets to see something of people.

    Args:
        name: As people may know it; a host name where no other is known.
        why: What it gets it for.
        words: The purpose in words, where somebody wrote it.
    """

    name: str
    why: Purpose
    words: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """How long each kind of data is kept, in days; 0 while the person is on record.

    Args:
        sign_ups: A sign-up that nobody confirmed, and a link to one's own page.
        origins: The network address and browser of a consent.
        letters: Who got which letter, and what was answered.
        values: What stood in each letter about the person.
        conversations: What people wrote, after it was over.
        reports: Machines' messages, as they came.
    """

    sign_ups: int = 30
    origins: int = 0
    letters: int = 0
    conversations: int = 0
    reports: int = 90
    values: int = 0


@dataclass(frozen=True, slots=True)
class Handling:
    """What a workspace does with people's data, besides what its lists say.

    Args:
        contact: Where questions about it go; "" for nowhere in particular.
        statement_url: The company's own words about everything else it does; "" for none.
        attributes: What may be known about a person, by name.
        mailboxes: The addresses whose mail is answered here.
        reads_mail: What comes back by mail is read by the program.
        encrypted: Letters are only handed on over an encrypted line whose end is known.
    """

    contact: str = ""
    statement_url: str = ""
    attributes: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    reads_mail: bool = False
    receivers: tuple[Receiver, ...] = ()
    encrypted: bool = False
    kept: Kept = Kept()


NOTHING_SAID = Handling()
"""What holds where nobody configured anything."""

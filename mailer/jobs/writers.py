"""Who wrote a message, and which tickets it names."""

from dataclasses import dataclass

from mailer.errors import AddressError
from mailer.model.address import Address, parse_address
from mailer.model.contact import Contact
from mailer.model.token import TokenBox, TokenKind, from_mailbox
from mailer.store import tickets as store
from mailer.store.contacts import find_contact
from mailer.store.database import Connection
from mailer.triage.addresses import mailboxes as addresses_in
from mailer.triage.message import Message
from mailer.triage.tickets import Candidates, Ids, clean, name_of


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote a message.

    Args:
        match: The match form of From; "" where it has none that can be.
        answers_to: Where answers go: Reply-To if it names one address, else From; None
            where nobody could be written to.
        known: The contact of that address, or of From.
    """

    match: str
    name: str
    answers_to: Address | None
    known: Contact | None


def candidates_of(
    connection: Connection, tokens: TokenBox, message: Message, ids: Ids
) -> Candidates:
    """Return the tickets that a message may belong to, by what names them."""
    number = next(
        (
            found
            for address in message.addressed_to
            if (found := _by_token(tokens, address)) is not None
        ),
        None,
    )
    signed = [
        letter
        for one in ids.before
        if (letter := tokens.delivery(TokenKind.MESSAGE, one.partition("@")[0])) is not None
    ]
    known = [one for one in (ids.own, *ids.before) if one]
    return Candidates(
        by_token=None if number is None else store.get_ticket(connection, number),
        by_signed_id=store.tickets_of_letters(connection, signed) if signed else (),
        by_id=store.tickets_of_message_ids(connection, known) if known else (),
        by_number=None if ids.number is None else store.get_ticket(connection, ids.number),
    )


def _by_token(tokens: TokenBox, address: str) -> int | None:
    token = from_mailbox(address.rpartition("@")[0].rpartition("+")[2])
    return tokens.number(TokenKind.TICKET, token) if token else None


def writer_of(connection: Connection, message: Message) -> Writer:
    """Return who wrote a message, and whether we know them."""
    name = clean(" ".join(message.part.words("from").partition("<")[0].split()), 500)
    sender = _address(message.sender)
    replies = addresses_in(message.part.words("reply-to"))
    answers_to = _address(replies[0]) if len(replies) == 1 else None
    answers_to = answers_to or sender
    known = None
    for one in (answers_to, sender):
        if known is None and one is not None:
            known = find_contact(connection, one.match)
    return Writer(
        sender.match if sender else "",
        name_of(name),
        answers_to,
        known,
    )


def _address(text: str) -> Address | None:
    try:
        return parse_address(text)
    except AddressError:
        return None

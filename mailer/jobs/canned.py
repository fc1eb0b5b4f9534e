"""Answers that are given often, with a ticket filled in."""

from mailer.compose.canned import canned_of, canned_text
from mailer.model.ticket import Ticket
from mailer.workspace.canned import read_canned


def names(folder: str) -> tuple[str, ...]:
    """Return the names of a workspace's texts.

    Raises:
        WorkspaceError: when one cannot be read.
    """
    return tuple(dict.fromkeys(one.name for one in canned_of(read_canned(folder))))


def fill_in(folder: str, name: str, ticket: Ticket, by: str) -> str:
    """Return a text with a ticket filled in, in its language where there is one.

    Raises:
        NotFoundError: when there is no such text.
        TemplateError: names the file and what is wrong in it.
    """
    values = {
        "ticket": ticket.id,
        "person": ticket.person,
        "subject": ticket.subject,
        "staff": by,
    }
    return canned_text(read_canned(folder), name, ticket.language, values)

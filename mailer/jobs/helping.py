"""What helps a person at once: articles that answer her, the page of her conversation."""

from collections.abc import Mapping

from mailer.compose.acknowledging import Suggested, has_text
from mailer.compose.languages import in_small
from mailer.compose.links import Site
from mailer.model.token import TokenBox, TokenKind
from mailer.store.acknowledging import Asking, letters_to
from mailer.store.database import Connection
from mailer.triage.answers import own_words
from mailer.triage.deskrules import Treatment
from mailer.triage.message import Message
from mailer.triage.ranking import Articles


def suggested(
    shelf: Articles, site: Site | None, message: Message, language: str
) -> tuple[Suggested, ...]:
    """Return the articles that answer what a person asks; none without a good one."""
    if site is None:
        return ()
    asked = f"{message.subject}\n{own_words(message) or message.said}"
    found = shelf.suggest(asked, in_small(language))
    return tuple(
        Suggested(one.title, site.article(one.name, one.language)) for one in found
    )


def text_name(
    connection: Connection,
    texts: Mapping[str, str],
    does: Treatment,
    usual: str,
    asking: Asking,
) -> str:
    """Return the name of the text that a person gets; "" where a story is at its end.

    A story's next letter is known by how many its person got from that mailbox.
    """
    if not does.series:
        return does.sends or usual
    name = f"{does.series}-{letters_to(connection, asking) + 1}"
    return name if has_text(texts, name) else ""


def ticket_page(site: Site | None, tokens: TokenBox, ticket_id: int) -> str:
    """Return where a person follows her conversation; "" where there are no pages."""
    if site is None:
        return ""
    return site.ticket(tokens.for_number(TokenKind.TICKET_PAGE, ticket_id))

"""One letter as a person got it: composed again from what was frozen for its cause."""

import email
import email.policy
from dataclasses import dataclass

from mailer.errors import CannotComposeError, NotFoundError, RefusedError
from mailer.jobs.letters import Letters, Pen
from mailer.jobs.preview import body_of, html_of
from mailer.jobs.world import World
from mailer.model.delivery import CauseKind
from mailer.store.contacts import get_contact
from mailer.store.deliveries import DeliveryView, find_letter
from mailer.store.history import claim_to_show

_PLAIN = frozenset({CauseKind.INCOMING, CauseKind.TICKET})
"""Letters of support are text; they are not made of a template."""


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """A letter as it was composed.

    Args:
        content: Its bytes; a signature (DKIM) is put before them as it leaves.
        html: With the template's own images inside it; "" where it has none.
        changed: What is known of the person has changed since it was first tried, so that
            a value in it may be another.
    """

    delivery: DeliveryView
    content: bytes
    subject: str
    text: str
    html: str
    changed: bool


def show_letter(world: World, delivery_id: int) -> ShownLetter:
    """Compose a letter again, whatever its cause; nothing is changed, and nothing leaves.

    Raises:
        NotFoundError: when there is no such letter, or its person was erased.
        RefusedError: when it cannot be composed (any more); says why.
    """
    with world.database.read() as connection:
        view = find_letter(connection, delivery_id)
        claim = claim_to_show(connection, delivery_id)
        contact = None
        if claim is not None and claim.contact_id is not None:
            contact = get_contact(connection, claim.contact_id)
    if view is None or claim is None:
        raise NotFoundError(
            f"there is no letter {delivery_id}, or its person is on record no more"
        )
    pen = Pen(world.site, world.tokens, world.limits)
    letters = Letters(world.database, pen, lambda _: None)
    try:
        letters.get_ready([claim])
        letter = letters.compose(claim)
        message = email.message_from_bytes(letter.content, policy=email.policy.default)
        html = ""
        if claim.cause_kind not in _PLAIN:
            cause = (claim.cause_kind, claim.cause_id, claim.list_id)
            html = html_of(message, letters.prepared(*cause))
    except CannotComposeError as problem:
        raise RefusedError(f"letter {delivery_id} cannot be shown: {problem}") from None
    changed = contact is not None and contact.updated_at > claim.first_attempt_at
    text, subject = body_of(message, "plain"), str(message["subject"])
    return ShownLetter(view, letter.content, subject, text, html, changed)

"""One letter as a person got it: composed again from what was frozen for its cause.

What it showed of the person was kept as it left. With the settings, keys and program that
it was made with it has the same bytes again; whether they are, its mark tells.
"""

import email
import email.policy
from dataclasses import dataclass, replace

from mailer.compose.sign import Signers, sign, signer_for
from mailer.errors import CannotComposeError, NotFoundError, RefusedError
from mailer.jobs.letters import Letters, Pen
from mailer.jobs.mark import mark_of
from mailer.jobs.preview import body_of, html_of
from mailer.jobs.world import World
from mailer.model.delivery import CauseKind
from mailer.store.contacts import get_contact
from mailer.store.deliveries import DeliveryView, find_letter
from mailer.store.history import claim_to_show, shown_in

_PLAIN = frozenset({CauseKind.INCOMING, CauseKind.TICKET})
"""Letters of support are text; they are not made of a template."""

_NOBODY: Signers = {}


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """A letter as it was composed.

    Args:
        content: Its bytes, signed (DKIM) where the signers were given.
        html: With the template's own images inside it; "" where it has none.
        changed: What it showed of the person is not kept (any more), and what is known of
            her has changed since, so that a value in it may be another.
        exact: These are the bytes that left; else settings, keys or the program changed
            since, or it has not left yet.
    """

    delivery: DeliveryView
    content: bytes
    subject: str
    text: str
    html: str
    changed: bool
    exact: bool = False


def show_letter(
    world: World, delivery_id: int, making: tuple[Pen, Signers] | None = None
) -> ShownLetter:
    """Compose a letter again, whatever its cause; nothing is changed, and nothing leaves.

    Args:
        making: What senders make letters with; None where no signature is wanted.

    Raises:
        NotFoundError: when there is no such letter, or its person was erased.
        RefusedError: when it cannot be composed (any more); says why.
    """
    with world.database.read() as connection:
        view = find_letter(connection, delivery_id)
        claim = claim_to_show(connection, delivery_id)
        contact, kept, rehearsal = None, None, False
        if claim is not None:
            kept, rehearsal = shown_in(connection, delivery_id)
        if claim is not None and claim.contact_id is not None:
            contact = get_contact(connection, claim.contact_id)
    if view is None or claim is None:
        raise NotFoundError(
            f"there is no letter {delivery_id}, or its person is on record no more"
        )
    pen, signers = making or (Pen(world.site, world.tokens, world.limits), _NOBODY)
    if not rehearsal:
        pen = replace(pen, rehearsal=None)
    letters = Letters(world.database, pen, lambda _: None)
    try:
        (claim,) = letters.get_ready([claim])
        letter = letters.compose(claim)
        signer = signer_for(signers, letters.domain_of(claim))
        if signer is not None:
            letter = sign(letter, signer, claim.first_attempt_at)
        message = email.message_from_bytes(letter.content, policy=email.policy.default)
        html = ""
        if claim.cause_kind not in _PLAIN:
            cause = (claim.cause_kind, claim.cause_id, claim.list_id)
            html = html_of(message, letters.prepared(*cause))
    except CannotComposeError as problem:
        raise RefusedError(f"letter {delivery_id} cannot be shown: {problem}") from None
    newer = contact is not None and contact.updated_at > claim.first_attempt_at
    text, subject = body_of(message, "plain"), str(message["subject"])
    return ShownLetter(
        view, letter.content, subject, text, html, newer and kept is None,
        exact=making is not None and kept is not None and kept.mark == mark_of(*making),
    )  # fmt: skip

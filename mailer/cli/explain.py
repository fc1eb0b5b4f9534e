"""`mailer explain`: everything that decided whether somebody got a letter."""

from collections.abc import Iterator
from dataclasses import asdict

import click

from mailer.cli.output import as_json, print_json, shown
from mailer.jobs.explain import Consent, Explanation, Told
from mailer.jobs.explain import explain as explained
from mailer.jobs.story import Story
from mailer.model.consent import EvidenceOf
from mailer.model.delivery import CauseKind
from mailer.model.ticket import Ticket
from mailer.store.evidence import Evidence
from mailer.store.history import Attempt
from mailer.wiring import open_workspace


@click.command
@click.argument("address")
@click.argument("campaign", type=int, required=False)
@as_json
@click.pass_obj
def explain(folder: str, address: str, campaign: int | None, *, as_json: bool) -> None:
    """Say what decided whether someone got mail.

    With a campaign's number: that campaign; without: the latest ones of the person's lists.

    \b
    Example: mailer explain kari@example.com
             mailer explain kari@example.com 12 --json
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder) as workspace:
        explanation = explained(workspace.world(), workspace.ring, address, campaign)
    if as_json:
        print_json(asdict(explanation))
        return
    for line in _lines(explanation):
        click.echo(line)


def _lines(one: Explanation) -> Iterator[str]:
    if one.contact is None:
        yield f"{shown(one.address)} is no contact"
    else:
        since = shown(one.contact.created_at)
        yield f"{shown(one.contact.address)} is contact {one.contact.id}, since {since}"
    yield ""
    yield "Consent, as the ledger has it:"
    if not one.consents:
        yield "  none on record"
    for consent in one.consents:
        yield from _consent_lines(consent)
    yield ""
    yield "Suppressions:"
    if not one.suppressions:
        yield "  none"
    for suppression in one.suppressions:
        until = f" until {shown(suppression.until_at)}" if suppression.until_at else ""
        yield (
            f"  {suppression.scope}: {suppression.reason}"
            f" since {shown(suppression.since_at)}{until}"
        )
    for story in one.stories:
        yield ""
        yield from _story_lines(story)
    for told in one.letters:
        yield ""
        yield from _letter_lines(told)
    yield from _ticket_lines(one.tickets)


def _ticket_lines(tickets: tuple[Ticket, ...]) -> Iterator[str]:
    if tickets:
        yield ""
        yield "Conversations with support:"
    for ticket in tickets:
        due = f", an answer is due {shown(ticket.due_at)}" if ticket.due_at else ""
        yield (
            f"  ticket {ticket.id}, {ticket.state}, since {shown(ticket.opened_at)}{due}:"
            f" {shown(ticket.subject)}"
        )


def _consent_lines(consent: Consent) -> Iterator[str]:
    entry = consent.entry
    basis = f", {entry.basis}" if entry.basis else ""
    ends = f", until {shown(entry.expires_at)}" if entry.expires_at else ""
    source = f", {shown(entry.source)}" if entry.source else ""
    yield (
        f"  {shown(entry.at)}  {entry.act} {entry.list_id or 'all marketing'}"
        f" by {entry.how}{basis}{ends}{source} (entry {entry.number})"
    )
    if said := _evidence_words(entry):
        yield f"      {said}"
    if consent.words:
        yield f"      words, version {entry.wording}: “{shown(consent.words)}”"


def _evidence_words(entry: Evidence) -> str:
    """Say what the consent rests on where it was imported."""
    match entry.evidence:
        case None:
            return ""
        case EvidenceOf.BATCH:
            return "by what was declared about the whole file; the row itself says no more"
        case EvidenceOf.ROW:
            facts = {
                "agreed on": entry.consent_at,
                "confirmed on": entry.confirmed_at,
                "from": entry.network_address,
                "bought on": entry.purchase_at,
            }
            said = [f"{name} {shown(one)}" for name, one in facts.items() if one]
            return f"by the person's own row: {', '.join(said) or 'the words'}"


def _story_lines(story: Story) -> Iterator[str]:
    campaign = story.campaign
    letter = f" (letter {story.delivery.id})" if story.delivery else ""
    yield (
        f"{'Rehearsal, c' if campaign.rehearsal else 'C'}ampaign {campaign.id}"
        f" ({shown(campaign.name)}) to {campaign.list_id},"
        f" started {shown(campaign.created_at)}, {campaign.state}{letter}:"
    )
    yield f"  {shown(story.verdict)}"
    for line in story.because:
        yield f"    {shown(line)}"
    yield from _attempt_lines(story.attempts)


_CAUSES = {
    CauseKind.SIGN_UP: "the letter that asks to confirm a sign-up",
    CauseKind.JOURNEY: "the welcome",
    CauseKind.INCOMING: "the acknowledgement of a message",
    CauseKind.TICKET: "a reply of support",
    CauseKind.TRANSACTION: "a transactional letter",
    CauseKind.REQUEST: "a letter that was asked for",
    CauseKind.TEST: "a test letter",
    CauseKind.ALARM: "an alarm",
}


def _letter_lines(told: Told) -> Iterator[str]:
    letter = told.letter
    what = _CAUSES.get(letter.cause_kind, str(letter.cause_kind))
    to = f" to {letter.delivery.list_id}" if letter.delivery.list_id else ""
    begins = "Rehearsal, " if letter.rehearsal else ""
    delivery = letter.delivery
    due = f"due {shown(delivery.due_at)} (letter {delivery.id})"
    line = f"{begins}{what}{to}, {due}:"
    yield line[0].upper() + line[1:]
    yield f"  {shown(told.verdict)}"
    for why in told.because:
        yield f"    {shown(why)}"
    yield from _attempt_lines(told.attempts)


def _attempt_lines(attempts: tuple[Attempt, ...]) -> Iterator[str]:
    for attempt in attempts:
        code = " ".join(
            part for part in (str(attempt.code or ""), attempt.enhanced) if part
        )
        yield (
            f"    {shown(attempt.at)}  attempt {attempt.attempt}: {attempt.outcome}"
            f" at {attempt.stage} {code} {shown(attempt.words)}".rstrip()
        )

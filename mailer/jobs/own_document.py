"""What is known about a person as JSON values: what she downloads from her page."""

from datetime import UTC, datetime
from typing import Any

from mailer.jobs.known import Agreed, Known, Received, Spoken


def as_document(known: Known, now: datetime) -> dict[str, Any]:
    """Return all that is known as JSON values: what the person downloads."""
    contact = known.contact
    return {
        "format": "what is known about a person, version 1",
        "made_at": _time(now),
        "address": contact.address,
        "known_since": _time(contact.created_at),
        "values": [
            {
                "name": one.name,
                "value": one.value,
                "from": one.origin.by,
                "source": one.origin.source,
                "since": _time(one.origin.at),
            }
            for one in known.values
            if one.value is not None
        ],
        "on_lists": list(known.on_lists),
        "how_often": None if known.frequency is None else known.frequency.value,
        "given_to": [{"partner": one.partner, "at": _time(one.at)} for one in known.given],
        "text_alone": known.plain,
        "topics": [
            {
                "list": title,
                "chosen": [one.said(contact.language or "") for one in chosen],
            }
            for title, chosen in known.topics
        ],
        "consents": [_agreed_document(one) for one in known.agreed],
        "no_letters": [
            {
                "scope": one.scope,
                "list": title,
                "reason": one.reason.value,
                "since": _time(one.since_at),
                "until": _time(one.until_at),
            }
            for one, title in known.suppressions
        ],
        "letters": [_letter_document(one) for one in known.letters],
        "what_you_did": [
            {"at": _time(one.at), "what": one.kind.value, "about": one.about}
            for one in known.did
        ],
        "conversations": [_spoken_document(one) for one in known.tickets],
    }


def _agreed_document(one: Agreed) -> dict[str, Any]:
    entry = one.entry
    return {
        "entry": entry.number,
        "list": one.title,
        "act": entry.act.value,
        "at": _time(entry.at),
        "how": entry.how.value,
        "basis": None if entry.basis is None else entry.basis.value,
        "source": entry.source,
        "words": one.words,
        "network_address": entry.network_address,
        "browser": entry.agent,
        "why_you_left": None
        if one.why_left is None
        else {"reason": one.why_left.reason.value, "words": one.why_left.words},
    }


def _letter_document(one: Received) -> dict[str, Any]:
    delivery = one.letter.delivery
    return {
        "kind": one.letter.kind.value,
        "subject": one.subject,
        "list": one.title,
        "address": delivery.address,
        "state": delivery.state.value,
        "reason": delivery.reason,
        "due_at": _time(delivery.due_at),
        "ended_at": _time(delivery.ended_at),
        "because_of_entry": None if one.agreed is None else one.agreed.entry.number,
        "segment": one.segment,
        "rule": one.rule,
        "data": dict(one.data),
        "showed_of_you": None
        if one.letter.shown is None
        else {
            **one.letter.shown.attributes,
            "language": one.letter.shown.language,
            "time_zone": one.letter.shown.time_zone,
        },
        "came_back": [
            {"at": _time(event.at), "what": event.notice, "said": event.said}
            for event in one.events
        ],
    }


def _spoken_document(one: Spoken) -> dict[str, Any]:
    ticket = one.ticket
    return {
        "number": ticket.id,
        "state": ticket.state.value,
        "kind": ticket.kind.value,
        "subject": ticket.subject,
        "since": _time(ticket.opened_at),
        "closed_at": _time(ticket.closed_at),
        "tags": list(ticket.tags),
        "you_were_helped": one.helped or None,
        "said": [
            {
                "at": _time(entry.at),
                "what": entry.kind.value,
                "by": entry.author,
                "subject": entry.subject,
                "text": entry.text,
            }
            for entry in one.entries
        ],
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()

"""What a person's own page shows, as values for its templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date, format_datetime

from mailer.audience.answers import Problem, field_of
from mailer.jobs.agreeing import Offer
from mailer.jobs.export_contacts import cell
from mailer.jobs.known import Agreed, Known, Received, Spoken, Value
from mailer.model.separate import ClickRecord, Separate
from mailer.model.ticket import EntryKind
from mailer.model.zone import zone_names, zone_of
from mailer.web.means import Means

LANGUAGES = {"en": "English", "nb": "Norsk", "de": "Deutsch"}
"""What languages call themselves; another one shows its tag."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form, and what is wrong with it, by attribute."""

    fields: Mapping[str, str]
    problems: Mapping[str, Problem]


@dataclass(frozen=True, slots=True)
class _Clock:
    """How times are written for somebody."""

    language: str
    zone: str | None

    def day(self, at: datetime | None) -> str:
        """Write a day; "" for none."""
        if at is None:
            return ""
        local = at.astimezone(zone_of(self.zone, "UTC"))
        return format_date(local.date(), locale=self.language)

    def time(self, at: datetime | None) -> str:
        """Write a moment by her own clock; "" for none."""
        if at is None:
            return ""
        zone = zone_of(self.zone, "UTC")
        return format_datetime(at, "medium", tzinfo=zone, locale=self.language)


def page_values(
    known: Known,
    means: Means,
    language: str,
    typed: Typed | None,
    offers: Sequence[Offer[Separate]] = (),
) -> dict[str, object]:
    """Return what the page, and the HTML to keep, are filled in with."""
    contact = known.contact
    clock = _Clock(language, contact.time_zone)
    titles = {
        one.separate.name: one.separate.title for one in offers if not _is_clicks(one)
    }
    return {
        "address": contact.address,
        "since": clock.day(contact.created_at),
        "made_at": clock.time(means.clock()),
        "values": [_value(one, known, means, clock, typed) for one in known.values],
        "on_lists": list(known.on_lists),
        "frequency": "" if known.frequency is None else known.frequency.value,
        "given": [
            {"title": titles.get(one.partner, one.partner), "at": clock.time(one.at)}
            for one in known.given
        ],
        "partners": [_offer(one, clock) for one in offers if not _is_clicks(one)],
        "follows": [_offer(one, clock) for one in offers if _is_clicks(one)],
        "plain": known.plain,
        "topics": [
            {"title": title, "chosen": ", ".join(one.said(language) for one in chosen)}
            for title, chosen in known.topics
        ],
        "consents": [_agreed(one, clock) for one in reversed(known.agreed)],
        "stops": [
            {
                "title": title,
                "scope": one.scope.partition(":")[0],
                "reason": one.reason.value,
                "since": clock.day(one.since_at),
                "until": clock.day(one.until_at),
            }
            for one, title in known.suppressions
        ],
        "letters": [_letter(one, clock) for one in known.letters],
        "did": [
            {"at": clock.time(one.at), "what": one.kind.value, "about": one.about}
            for one in known.did
        ],
        "conversations": [_spoken(one, clock) for one in known.tickets],
    }


def _is_clicks(one: Offer[Separate]) -> bool:
    return isinstance(one.separate, ClickRecord)


def _offer(one: Offer[Separate], clock: _Clock) -> dict[str, object]:
    separate = one.separate
    return {
        "id": separate.id,
        "title": separate.title,
        "purpose": separate.purpose,
        "words": separate.wording.text,
        "agreed": one.since is not None,
        "since": clock.day(one.since),
    }


def _value(
    one: Value, known: Known, means: Means, clock: _Clock, typed: Typed | None
) -> dict[str, object]:
    specs = means.joining.world.specs
    kind, choices = "other", list[dict[str, str]]()
    if one.name == "language":
        kind = "choice"
        tags = {*means.pages.languages, *([known.contact.language or ""])} - {""}
        choices = [{"value": tag, "words": LANGUAGES.get(tag, tag)} for tag in sorted(tags)]
    elif one.name == "time_zone":
        kind = "choice"
        zones = sorted({*zone_names(), known.contact.time_zone or ""} - {""})
        choices = [{"value": name, "words": name} for name in zones]
    elif one.name in specs:
        kind = specs[one.name].type.value
    written = cell(one.value)
    field = field_of(one.name)
    return {
        "name": one.name,
        "label": one.name.replace("_", " ").capitalize(),
        "field": field,
        "type": kind,
        "choices": choices,
        "value": typed.fields.get(field, written) if typed else written,
        "problem": typed.problems.get(one.name, "") if typed else "",
        "known": one.value is not None,
        "by": one.origin.by,
        "source": one.origin.source,
        "since": clock.day(one.origin.at),
    }


def _agreed(one: Agreed, clock: _Clock) -> dict[str, object]:
    entry = one.entry
    return {
        "title": one.title,
        "act": entry.act.value,
        "at": clock.time(entry.at),
        "how": entry.how.value,
        "source": entry.source,
        "words": one.words,
        "network": entry.network_address or "",
        "agent": entry.agent or "",
        "reason": "" if one.why_left is None else one.why_left.reason.value,
        "said": "" if one.why_left is None else one.why_left.words,
    }


def _letter(one: Received, clock: _Clock) -> dict[str, object]:
    delivery = one.letter.delivery
    return {
        "subject": one.subject,
        "kind": one.letter.kind.value,
        "title": one.title,
        "state": delivery.state.value,
        "at": clock.time(delivery.ended_at or delivery.due_at),
        "agreed": _agreed(one.agreed, clock) if one.agreed else None,
        "segment": one.segment,
        "rule": one.rule,
        "events": [
            {"at": clock.time(event.at), "what": event.notice, "said": event.said}
            for event in one.events
        ],
    }


def _spoken(one: Spoken, clock: _Clock) -> dict[str, object]:
    return {
        "subject": one.ticket.subject,
        "number": one.ticket.id,
        "since": clock.time(one.ticket.opened_at),
        "said": [
            {"what": entry.kind.value, "at": clock.time(entry.at), "text": entry.text}
            for entry in one.entries
            if entry.kind is not EntryKind.EVENT
        ],
    }

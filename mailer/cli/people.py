"""How imports and people on record read: in lines for people, as JSON for programs."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

from mailer.cli.output import shown
from mailer.jobs.contacts import Membership, Shown
from mailer.jobs.export_contacts import Exported
from mailer.jobs.import_refusals import RefusalResult
from mailer.jobs.import_run import ImportResult
from mailer.jobs.move_in import Moved
from mailer.model.frequency import Frequency
from mailer.workspace.csvfiles import DELIMITERS

_WORDS = {
    "added": "new people",
    "joined": "known people who are new on the list",
    "renewed": "people on the list whose permission was renewed",
    "already_on": "on the list already",
    "again": "in the file more than once",
    "suppressed": "suppressed, and left alone",
    "left": "left the list, and left alone",
    "conflicting": "said yes in one file and no in another; the no counts",
    "elsewhere": "no members there, and left out",
    "rejected": "rejected",
    "changed": "people whose values changed",
    "differing": "people of whom another file says otherwise; what this one says counts",
    "shared": "addresses of offices such as info@",
}

REFUSED = {
    "added": "kept away from now on",
    "changed": "kept away already, and for a weightier reason or longer from now on",
    "already": "kept away already",
    "ended": "of a time that is over",
    "left": "contacts who left because of it",
    "rejected": "rejected",
}

_OFTEN = {
    Frequency.EVERY: "every letter, whatever the cap",
    Frequency.WEEKLY: "at most one letter a week",
    Frequency.MONTHLY: "at most one letter a month",
}
_BETWEEN = {character: f"{name}s" for name, character in DELIMITERS.items()}
_ENCODINGS = {"utf-8": "UTF-8", "utf-16": "UTF-16", "windows-1252": "Windows-1252"}
_NOT_IMPORTED = ("suppressed", "left", "rejected", "conflicting", "elsewhere")
_ADDED = ("added", "joined", "renewed")


def moved_json(moved: Moved) -> dict[str, object]:
    """Return what came of files that were imported together, for programs."""
    if len(moved.imports) == 1 and not moved.refusals:
        ((_, result),) = moved.imports
        assert result is not None
        return import_json(result) | {"summary": _summary(moved)}
    return {
        "summary": _summary(moved),
        "refusals": [{"file": name, **asdict(one)} for name, one in moved.refusals],
        "imports": [
            {"file": name, **({} if one is None else import_json(one))}
            for name, one in moved.imports
        ],
    }


def moved_lines(moved: Moved, *, dry_run: bool) -> Iterator[str]:
    """Say what came of files that were imported together."""
    several = len(moved.imports) + len(moved.refusals) + len(moved.left_out) > 1
    for name, rows in moved.left_out:
        yield f"{shown(name)}: {rows} who never agreed there, and left out"
        yield ""
    for name, refused in moved.refusals:
        yield f"{shown(name)}: {refused.rows} who must not get mail"
        yield from refusal_lines(refused)
        yield ""
    for name, result in moved.imports:
        if several:
            yield f"{shown(name)}:"
        if result is None:
            yield "imported already as it is; nothing is left to do"
        else:
            yield from import_lines(result, dry_run=dry_run)
        if several:
            yield ""
    if several or dry_run:
        counts = _summary(moved)
        would = "in all, this would be" if dry_run else "in all"
        yield (
            f"{would}: {counts['added']} added, {counts['changed']} changed,"
            f" {counts['conflicting']} conflicting, {counts['refused']} refused"
        )


def _summary(moved: Moved) -> dict[str, int]:
    """Count over all files: people granted, changed, disputed, and rows turned away."""
    total: Counter[str] = Counter()
    for _, one in moved.imports:
        if one is not None:
            total.update(one.counts)
    refused = sum(total[name] for name in _NOT_IMPORTED if name != "conflicting")
    return {
        "added": sum(total[name] for name in _ADDED),
        "changed": total["changed"],
        "conflicting": total["conflicting"] + total["differing"],
        "refused": refused,
    }


def import_json(result: ImportResult) -> dict[str, object]:
    """Return what came of an import, for programs."""
    return {
        "batch": result.batch_id,
        "rows": result.rows,
        "counts": result.counts,
        "rejected_file": result.rejected_path,
        "encoding": result.encoding,
        "delimiter": result.delimiter,
        "columns": dict(result.taken),
        "ignored_columns": list(result.ignored),
        "differing": [
            {"line": line, "what": what} for line, what in result.first_differing
        ],
        "expires_at": result.expires_at,
        "resumed": result.resumed,
    }


def import_lines(result: ImportResult, *, dry_run: bool) -> Iterator[str]:
    """Say what came of an import."""
    resumed = ", going on where the last run ended" if result.resumed else ""
    trial = "; a dry run: nothing was changed, this is what would be" if dry_run else ""
    yield f"{result.rows} rows read{resumed}{trial}"
    yield from _read_as_lines(result)
    for name, words in _WORDS.items():
        if count := result.counts.get(name):
            yield f"{count:9}  {words}"
    if result.expires_at is not None:
        yield f"this permission ends on {shown(result.expires_at)}"
    yield from _rejected_lines(result)
    yield from _differing_lines(result)
    if result.rejected_path is not None:
        yield f"rejected rows, with the reason: {shown(result.rejected_path)}"
    if result.batch_id is not None:
        yield (
            f"this was batch {result.batch_id}; mailer contact import-undo"
            f" {result.batch_id} takes it back"
        )


def _read_as_lines(result: ImportResult) -> Iterator[str]:
    """Say what was taken for what, where it does not go without saying."""
    between = _BETWEEN[result.delimiter]
    yield f"read as {_ENCODINGS[result.encoding]}, with {between} between cells"
    for cell, what in result.taken:
        if cell.lower() != what:
            yield f"  {shown(cell)} was taken for {what}"
    if result.ignored:
        yield f"columns left out: {', '.join(map(shown, result.ignored))}"


def _rejected_lines(result: ImportResult) -> Iterator[str]:
    for line, reason in result.first_rejected:
        yield f"  line {line}: {shown(reason)}"
    named = len(result.first_rejected)
    more = sum(result.counts.get(name, 0) for name in _NOT_IMPORTED) - named
    if named and more > 0:
        yield f"  and {more} more"


def _differing_lines(result: ImportResult) -> Iterator[str]:
    for line, what in result.first_differing:
        yield f"  line {line}: {shown(what)}"
    more = result.counts.get("differing", 0) - len(result.first_differing)
    if more > 0:
        yield f"  and {more} more of whom the files disagree"


def shown_json(found: Shown) -> dict[str, object]:
    """Return what is on record about an address, for programs."""
    one = found.contact
    return {
        "contact": None
        if one is None
        else {
            "id": one.id,
            "address": one.address,
            "attributes": one.attributes,
            "language": one.language,
            "time_zone": one.time_zone,
            "created_at": one.created_at,
            "updated_at": one.updated_at,
            "frequency": found.frequency,
            "topics": found.topics,
            "text_alone": found.plain,
        },
        "subscriptions": [
            {
                "list": here.list_id,
                "title": here.title,
                "words": here.words,
                **asdict(here.subscription),
            }
            for here in found.memberships
        ],
        "suppressions": [asdict(suppression) for suppression in found.suppressions],
    }


def shown_lines(address: str, found: Shown) -> Iterator[str]:
    """Say what is on record about an address."""
    one = found.contact
    if one is None:
        yield f"{shown(address)} is no contact"
    else:
        yield f"{shown(one.address)} is contact {one.id}, since {shown(one.created_at)}"
        known = {**one.attributes, "language": one.language, "time_zone": one.time_zone}
        width = max(map(len, known))
        for name, value in known.items():
            yield f"  {name:{width}}  {shown(value)}"
        if found.frequency is not None:
            yield f"wants {_OFTEN[found.frequency]}, as she chose herself"
        if found.plain:
            yield "wants letters as text alone, as she chose herself"
        for list_id, topics in found.topics.items():
            about = ", ".join(topics)
            yield f"wants letters of {list_id} about {about} alone, as she chose herself"
    for here in found.memberships:
        yield ""
        yield from _membership_lines(here)
    for suppression in found.suppressions:
        until = f" until {shown(suppression.until_at)}" if suppression.until_at else ""
        yield ""
        yield (
            f"suppressed: {suppression.scope}, {suppression.reason}, since"
            f" {shown(suppression.since_at)}{until}"
        )


def _membership_lines(here: Membership) -> Iterator[str]:
    standing = here.subscription
    basis = f", {standing.basis}" if standing.basis else ""
    ends = f", until {shown(standing.expires_at)}" if standing.expires_at else ""
    yield (
        f"{here.list_id} ({shown(here.title)}): {standing.status} since"
        f" {shown(standing.since_at)}{basis}{ends} (entry {standing.ledger_number})"
    )
    if here.words:
        yield f"  words, version {standing.wording}: “{shown(here.words)}”"


def exported_json(one: Exported) -> dict[str, object]:
    """Return one contact of an export, for programs."""
    contact, standing = one.contact, one.subscription
    return {
        "id": contact.id,
        "address": contact.address,
        "attributes": contact.attributes,
        "language": contact.language,
        "time_zone": contact.time_zone,
        "created_at": contact.created_at,
        "frequency": one.frequency,
        "subscription": None if standing is None else asdict(standing),
    }


def refusal_lines(result: RefusalResult) -> Iterator[str]:
    """Say what came of a file of refusals."""
    for name, words in REFUSED.items():
        if count := result.counts.get(name):
            yield f"{count:9}  {words}"
    for line, reason in result.first_rejected:
        yield f"  line {line}: {shown(reason)}"
    more = result.counts.get("rejected", 0) - len(result.first_rejected)
    if more > 0:
        yield f"  and {more} more"
    if result.rejected_path is not None:
        yield f"rejected rows, with the reason: {shown(result.rejected_path)}"

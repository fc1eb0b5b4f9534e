"""Reports in a mail system's own words, without a part that a machine could read.

Each system has its own sentences, but they name recipients in few ways: on a line of their
own with what was said below, at the head of a line with what was said behind, in the
transcript of a dialogue, or behind a word such as "recipient". What is particular to one
system stands in `formats.toml`: how it is told, how far its words can be trusted, and
phrases that only it uses.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailer.model.notice import Action
from mailer.triage.addresses import ADDRESS, mailboxes, places_in, tidy
from mailer.triage.finding import Finding, Reading
from mailer.triage.formats import Format
from mailer.triage.message import Message
from mailer.triage.phrasebook import normal
from mailer.triage.signs import Signs

_LINES_AT_MOST = 400
_LINE_AT_MOST = 1000
_RECIPIENTS_AT_MOST = 200
_SAID_AT_MOST = 1500
_AROUND_AT_MOST = 4000

_NO_ADDRESSES: frozenset[str] = frozenset()
# What stands before an address on its line: marks, a number, a label, an opening bracket.
_LABEL = (
    r"(?:(?:failed|intended|final|original)[ -])?recipients?(?:\(s\))?(?: address)?"
    r"|addressed to|e-?mail address|empf\w+nger|destinat\w+|\u5b9b\u5148|\u6536\u4ef6\u4eba"
)
_BEFORE = (
    r"^[\s>*\u2022\u00b7-]*(?:\d{1,2}[.)]\s+)?"
    rf"(?:(?:{_LABEL})[ \t]*[:\uff1a][ \t]*)?[\"'<(\[]*(?:mailto:|smtp:|rfc822;[ ]?)?"
)
# A line that is an address: `<a@b>:`, `  * a@b`, `"a@b":`, `>>> a@b <a@b>`.
_ALONE = re.compile(
    rf"{_BEFORE}({ADDRESS})[\"'>)\]]*(?:\s*[<(](?:mailto:)?{ADDRESS}[>)])?"
    r"\s*(?:\((?:expanded|generated|reason|ultimately)[^\n]*)?[:;,.]?\s*$",
    re.IGNORECASE,
)
# A line that begins with one: `<a@b>: host …`, `a@b Invalid Address`, `a@b [Timeout]`.
_AHEAD = re.compile(
    rf"{_BEFORE}({ADDRESS})[\"'>)]*(?:\s*\((?:expanded|ultimately)[^)\n]*\)?)?"
    r"(?:\s*[:;,]|\s+[\[(\-\u2013]|\.{3}|\s+(?=\S))\s*\S.*$",
    re.IGNORECASE,
)
# A line of a transcript: `550 5.1.1 <a@b>... User unknown`.
_DIALOGUE = re.compile(
    rf"^(?:<<<\s*)?[245]\d\d[ -](?:\d\.\d{{1,3}}\.\d{{1,3}}\s+)?<?({ADDRESS})>?"
    r"\s*(?:\.\.\.|:|;|,|\s)",
    re.IGNORECASE,
)
# Exchange writes people as X.400 does, and who they are behind the letter's own head.
_X400 = re.compile(rf"\bsmtp=({ADDRESS})\s*;", re.IGNORECASE)
_BELOW = re.compile(
    r"(?:did not reach|not delivered to|failed for|not be delivered to) (?:the )?following"
    r"[\w ]{0,20} ?(?:\(s\)|\(es\))?:?\s*$",
    re.IGNORECASE,
)
_RCPT = re.compile(rf"rcpt to:\s*<?({ADDRESS})", re.IGNORECASE)
# What stands before an address in a sentence that says whom the letter was for.
_NAMING = re.compile(
    r"\b(?:recipients?(?:\(s\))?|undeliverable to|deliver(?:ed|ing|y)?|failed|addressed to"
    r"|(?:e-?mail )?address(?:es)?|sent to|mailbox|user|account|to|an|a|pour|para"
    r"|destinat\w+|empf\w+nger|adress\w*)\b[^@\n]{0,40}$|\bin <?$|[a-z)]: ?<?$"
    r"|(?:\u5b9b\u5148|\u6536\u4ef6\u4eba)[^@\n]{0,10}$",
    re.IGNORECASE,
)
_NAMING_WITHIN = 70
_FIELD_LINE = re.compile(
    r"^[\s>*]*(?:from|sender|reply-to|message-?id|date|sent|subject|cc|von|de|betreff"
    r"|assunto|objet|asunto|\u4ef6\u540d|return-path|received|reporting-mta|contact|help"
    r"|mailto)\b[\w -]{0,20}:",
    re.IGNORECASE,
)
ANSWER = re.compile(r"(?<![\d.])[45](?:\d\d[ -]|\.\d{1,3}\.\d{1,3}(?![\d.]))")
"""A server's reply or status, as every language has it."""
_NO_SUCH = re.compile(r"\b(?:no such|unknown|no|invalid) (?:user|mailbox|recipient)\b")
_FOR_NOW = re.compile(r"(?<![\d.])4\d\d[ -]4\.\d{1,3}\.\d{1,3}(?![\d.])")
_FOR_GOOD = re.compile(r"(?<![\d.])5\d\d[ -]")


@dataclass(frozen=True, slots=True)
class _Report:
    """A report in words, with what is the same for all whom it names."""

    message: Message
    form: Format
    action: Action

    def finding(self, address: str, said: str) -> Finding:
        """Say what the report says of one recipient."""
        said = said[:_SAID_AT_MOST]
        whole = f"{self.message.subject}\n{self.message.said}"
        return Finding(
            address,
            action=self.action,
            said=said,
            around=self.message.said[:_AROUND_AT_MOST],
            after=self.form.after,
            reason=self.form.reason(said) or self.form.reason(whole),
        )


def read_written(message: Message, form: Format, signs: Signs) -> Reading | None:
    """Read a report in words; None when it names nobody."""
    late = is_late(message, signs) or _may_still_arrive(message, signs)
    report = _Report(message, form, Action.DELAYED if late else Action.FAILED)
    kept: dict[str, Finding] = {}
    for one in _findings(report):
        kept.setdefault(one.address.lower(), one)
    found = tuple(kept.values())[:_RECIPIENTS_AT_MOST]
    return Reading(found, form.name) if found else None


def is_late(message: Message, signs: Signs) -> bool:
    """Say whether a report in words only says that the letter is late."""
    said = normal(message.said)
    if signs.late_texts.stand_in(said):
        return True
    if _NO_SUCH.search(said):
        return False
    # "Warning:" is written above failures too.
    return "permanent fatal" not in said and signs.late_subjects.stand_in(
        normal(message.subject)
    )


def _may_still_arrive(message: Message, signs: Signs) -> bool:
    """Say whether all that is reported is a temporary answer, and nobody gave up."""
    text = normal(f"{message.subject}\n{message.said}")
    return (
        _FOR_NOW.search(text) is not None
        and _FOR_GOOD.search(text) is None
        and not signs.given_up.stand_in(text)
    )


def _findings(report: _Report) -> list[Finding]:
    """Read whom a report names, and what it says of each."""
    message = report.message
    lines = [line[:_LINE_AT_MOST] for line in message.said.split("\n")[:_LINES_AT_MOST]]
    ours = _not_meant(message)
    failed = [
        one for value in message.part.all("x-failed-recipients") for one in mailboxes(value)
    ]
    below = next((n for n, line in enumerate(lines) if _BELOW.search(line)), -1) + 1
    if below and (places := _places(lines[below:], ours)):
        lines = lines[below:]
        return _sections(lines, places, report, failed)
    if x400 := [one[1] for one in _X400.finditer(message.said[:20_000])]:
        return [report.finding(one, "\n".join(lines)) for one in dict.fromkeys(x400)]
    # A letter that we wrote to ourselves may have failed too.
    places = _places(lines, ours) or _places(lines, _NO_ADDRESSES)
    if failed:
        places, failed = _of_the_field(lines, places, failed)
    if places:
        return _sections(lines, places, report, failed)
    addresses = failed or _dialogue(lines, ours) or _named(lines, ours)
    addresses = addresses or _returned(message, ours) or _beside_an_answer(lines, ours)
    return [report.finding(one, "\n".join(lines)) for one in addresses]


def _not_meant(message: Message) -> frozenset[str]:
    """Return addresses that are the report's own: who it came from and whom it went to."""
    returned = {one.lower() for one in message.returned_to}
    own = {one.lower() for one in (*message.addressed_to, message.sender) if one}
    return frozenset(own - returned)


def _of_the_field(
    lines: Sequence[str], places: list[tuple[int, str]], failed: list[str]
) -> tuple[list[tuple[int, str]], list[str]]:
    """Bring the lines together with the field X-Failed-Recipients."""
    wanted = {one.lower() for one in failed}
    known = [(place, one) for place, one in places if one.lower() in wanted]
    if known:
        return known, failed
    if any(_ALONE.match(lines[place]) for place, _ in places):
        # Rewritten on its way; the text names whom the letter was for.
        return places, []
    return _mentions(lines, failed), failed


def _places(lines: Sequence[str], ours: frozenset[str]) -> list[tuple[int, str]]:
    """Return the lines that are, or begin with, an address."""
    alone: list[tuple[int, str]] = []
    ahead: list[tuple[int, str]] = []
    in_field = False
    for place, line in enumerate(lines):
        # A field of a head goes on below, indented (RFC 5322 §2.2.3).
        in_field = _FIELD_LINE.match(line) is not None or (in_field and line[:1].isspace())
        if "@" not in line or in_field:
            continue
        if match := _ALONE.match(line):
            found = alone
        elif match := _AHEAD.match(line):
            found = ahead
        else:
            continue
        address = tidy(match[1])
        if address.lower() not in ours:
            found.append((place, address))
    if alone:
        # A transcript repeats the addresses of the list above it, and may name others.
        known = {one.lower() for _, one in alone}
        ahead = [(place, one) for place, one in ahead if one.lower() in known]
    return sorted(alone + ahead)


def _mentions(lines: Sequence[str], failed: Sequence[str]) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for address in failed:
        small = address.lower()
        place = next((n for n, line in enumerate(lines) if small in line.lower()), 0)
        found.append((place, address))
    return sorted(found)


def _dialogue(lines: Sequence[str], ours: frozenset[str]) -> list[str]:
    found = [tidy(match[1]) for line in lines if (match := _DIALOGUE.match(line))]
    found += [tidy(match[1]) for line in lines if (match := _RCPT.search(line))]
    return [one for one in dict.fromkeys(found) if one.lower() not in ours]


def _named(lines: Sequence[str], ours: frozenset[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        if "@" in line and not _FIELD_LINE.match(line):
            found += [
                address
                for place, address in places_in(line)
                if _NAMING.search(line[max(0, place - _NAMING_WITHIN) : place])
            ]
    kept = [one for one in dict.fromkeys(found) if one.lower() not in ours]
    return kept[:1]


def _returned(message: Message, ours: frozenset[str]) -> list[str]:
    found = [one for one in message.returned_to if one.lower() not in ours]
    return found if len(found) == 1 else []


def _beside_an_answer(lines: Sequence[str], ours: frozenset[str]) -> list[str]:
    """Return the first address in a line with a server's answer, or the only one."""
    seen = [line for line in lines if "@" in line and not _FIELD_LINE.match(line)]
    answers = [line for line in seen if ANSWER.search(line)]
    for some in (answers, seen):
        found = dict.fromkeys(one for line in some for _, one in places_in(line))
        kept = [one for one in found if one.lower() not in ours]
        if kept and (some is answers or len(kept) == 1):
            return kept[:1]
    return []


def _sections(
    lines: Sequence[str],
    places: list[tuple[int, str]],
    report: _Report,
    failed: Sequence[str],
) -> list[Finding]:
    """Give each address what stands from its line to the next address."""
    said: dict[str, list[str]] = {}
    spelt: dict[str, str] = {}
    ends = [place for place, _ in places[1:]] + [len(lines)]
    for (place, address), end in zip(places, ends, strict=True):
        key = address.lower()
        spelt.setdefault(key, address)
        said.setdefault(key, []).extend(lines[place : max(end, place + 1)])
    for address in failed:
        spelt.setdefault(address.lower(), address)
        said.setdefault(address.lower(), [])
    if len(spelt) > 1:
        _share_transcript(lines, said)
    else:
        (only,) = said
        if not any(character.isalpha() for line in said[only][1:] for character in line):
            # Nothing below the address: what was said stands above it.
            said[only] = [*said[only], *lines[: places[0][0]]]
    return [report.finding(spelt[key], "\n".join(said[key])) for key in said]


def _share_transcript(lines: Sequence[str], said: dict[str, list[str]]) -> None:
    """Give each address the lines of a dialogue that speak of it, and no others."""
    for line in lines:
        match = _DIALOGUE.match(line)
        spoken_of = tidy(match[1]).lower() if match else ""
        if spoken_of not in said:
            continue
        for key, its in said.items():
            if key != spoken_of and line in its:
                its.remove(line)
        if line not in said[spoken_of]:
            said[spoken_of].append(line)

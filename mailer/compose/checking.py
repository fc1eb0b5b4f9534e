"""Checking a letter before anybody gets it: one pure decision, whoever asks for it.

The command, the live preview, `mailer check` and the start of a campaign gather the same
facts and call `check`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mailer.compose import duties
from mailer.compose.contrast import check_contrast
from mailer.compose.document import Document, Seen
from mailer.compose.lawrules import check_notice, check_who_writes
from mailer.compose.linkrules import (
    check_placeholders,
    check_targets,
    check_words,
    web_links,
)
from mailer.compose.support import Clients, unsupported
from mailer.compose.template import SETTINGS_FILE, TemplateSource
from mailer.compose.textrules import check_text_links, text_links
from mailer.errors import MailerError
from mailer.model.finding import Finding, Rule, Severity, worst_first
from mailer.model.mailinglist import MailingList

GMAIL_CLIPS_BYTES = 102 * 1024
"""Gmail shows so much of the HTML, and hides the rest behind a link."""

_NEARLY = 0.85
_SUBJECT_LONG = 60
_FEW_WORDS = 20
_LETTERS_OF_SHOUTING = 8
_POINTS_SHOWN = 0.5
_PLACE = re.compile(
    r"(?P<file>[\w./ -]+?)(?:, line (?P<line>\d+))?: (?P<words>.*)", re.DOTALL
)
_REPLY = re.compile(r"(?i)(?:aw|fwd?|re|sv|tr|vs|wg)\s*:")


@dataclass(frozen=True, slots=True)
class SpamScore:
    """What SpamAssassin says of a letter.

    Args:
        needed: From so many points on it is called spam.
        rules: The points, name and words of each rule that was hit.
    """

    points: float
    needed: float
    rules: tuple[tuple[float, str, str], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a template's letters beside the template itself.

    Args:
        subject: As one person sees it.
        html_bytes: The size of the HTML part of the largest letter that was composed.
        people: How many people would get the letter; None when nobody was asked for.
        lacking: How many of them lack a value that nothing stands in for, by name.
        dead: The links that were tried and do not answer, with what came of it.
        spam: None when SpamAssassin was not asked.
        mailing_list: Where the letters go.
    """

    subject: str
    html_bytes: int
    people: int | None = None
    lacking: Mapping[str, int] = field(default_factory=dict[str, int])
    dead: Mapping[str, str] = field(default_factory=dict[str, str])
    spam: SpamScore | None = None
    mailing_list: MailingList | None = None


def check(seen: Seen, facts: Facts, clients: Clients) -> tuple[Finding, ...]:
    """Say what is wrong with a template that can be composed, the worst first.

    Args:
        seen: What the composer saw on the way, in one language (`Prepared.seen`).
        clients: What big mail clients do not support.
    """
    source = seen.source
    document = Document(seen)
    return worst_first(
        [
            *_size(source, facts),
            *_subject(source, seen, facts),
            *_language(seen, document),
            *_fallbacks(seen, facts),
            *check_targets(document),
            *check_words(document),
            *check_text_links(source, facts.dead),
            *check_placeholders(source),
            *_dead(document, facts),
            *_few_words(source, document),
            *check_contrast(document, seen.styled),
            *_ways(source, seen),
            *check_who_writes(source, facts.mailing_list),
            *check_notice(source, document),
            *unsupported(document, clients),
            *_spam(facts),
        ]
    )


def links_to_try(seen: Seen) -> list[str]:
    """Return the web addresses that everybody gets, to be tried."""
    return list(dict.fromkeys([*web_links(Document(seen)), *text_links(seen.source)]))


def mistake(problem: MailerError) -> Finding:
    """Return an error that keeps a template from being composed as a finding."""
    found = _PLACE.fullmatch(str(problem))
    if found is None:
        return Finding(Severity.ERROR, Rule.TEMPLATE, str(problem), "")
    line = int(found["line"]) if found["line"] else None
    return Finding(Severity.ERROR, Rule.TEMPLATE, found["words"], "", found["file"], line)


def _size(source: TemplateSource, facts: Facts) -> Iterator[Finding]:
    size, clips = facts.html_bytes, GMAIL_CLIPS_BYTES
    words = (
        f"the HTML has {_kilobytes(size)} kB, and Gmail cuts off what is behind"
        f" {_kilobytes(clips)} kB"
    )
    todo = "shorten the letter, or its style sheets"
    file = source.shown(source.file)
    if size > clips:
        is_due = duties.are_due(source)
        words += ": the way out would be among it" if is_due else ""
        severity = Severity.ERROR if is_due else Severity.WARNING
        yield Finding(severity, Rule.SIZE, words, todo, file)
    elif size > clips * _NEARLY:
        yield Finding(Severity.NOTE, Rule.SIZE, words, todo, file)


def _kilobytes(size: int) -> str:
    return f"{size / 1024:.1f}".removesuffix(".0")


def _subject(source: TemplateSource, seen: Seen, facts: Facts) -> Iterator[Finding]:
    subject, file = facts.subject.strip(), source.shown(SETTINGS_FILE)

    def found(severity: Severity, words: str, todo: str) -> Finding:
        return Finding(severity, Rule.SUBJECT, words, todo, file)

    letters = [one for one in subject if one.isalpha()]
    if len(letters) >= _LETTERS_OF_SHOUTING and all(one.isupper() for one in letters):
        words = "the subject is all in capitals, and filters take that for spam"
        yield found(Severity.WARNING, words, "write it as a sentence")
    if "!!" in subject:
        words = "the subject has several exclamation marks, and filters take that for spam"
        yield found(Severity.WARNING, words, "write one, or none")
    if _REPLY.match(subject):
        words = (
            f"the subject begins with {subject.split(':')[0]!r}: as if it were an answer"
        )
        yield found(Severity.WARNING, words, "say what the letter is about")
    if len(subject) > _SUBJECT_LONG:
        words = f"the subject has {len(subject)} characters: phones show about 40"
        yield found(Severity.NOTE, words, "put what matters first")
    if not source.preview.strip():
        words = "there is no preview text: mail programs show the letter's first words"
        yield found(Severity.NOTE, words, 'write preview = "…" below the subject')
    elif "preview" not in seen.found:
        words = "the preview text is never printed, so no mail program shows it"
        todo = "print {{ preview }} in a hidden element at the beginning of <body>"
        yield found(Severity.WARNING, words, todo)


def _language(seen: Seen, document: Document) -> Iterator[Finding]:
    page = next((one for one in document.elements if one.tag == "html"), None)
    file, line = seen.source.shown(seen.source.file), None
    if page is not None:
        file, line = document.place(page.offset)
    lang = page.attributes.get("lang", "").strip() if page else ""
    if not lang:
        yield Finding(
            Severity.WARNING,
            Rule.LANGUAGE,
            "the letter does not say which language it is in: it is read aloud in a wrong"
            " one",
            'begin it with <html lang="{{ letter_language }}">',
            file,
            line,
        )
    elif document.is_personal(lang):
        return
    elif lang.partition("-")[0].lower() != seen.language.partition("-")[0].lower():
        yield Finding(
            Severity.WARNING,
            Rule.LANGUAGE,
            f"the letter says that it is in {lang!r}, and it is in {seen.language!r}: its"
            " list, its letter.toml or its file's name says so",
            'write <html lang="{{ letter_language }}">',
            file,
            line,
        )


def _fallbacks(seen: Seen, facts: Facts) -> Iterator[Finding]:
    for name, at in sorted(seen.needed.items()):
        file, line = seen.places.place(at)
        lacking = facts.lacking.get(name, 0)
        severity = Severity.NOTE
        words = f"nothing stands in for {name!r}: who has none gets no letter"
        if facts.people is None:
            severity = Severity.WARNING
        elif lacking:
            severity = Severity.ERROR
            words = (
                f"{lacking} of {facts.people} people have no {name!r}, and nothing stands"
                " in for it"
            )
        todo = f"write {{{{ {name}|default('…') }}}}, or {{% if {name} %}} around it"
        yield Finding(severity, Rule.FALLBACK, words, todo, file, line)


def _dead(document: Document, facts: Facts) -> Iterator[Finding]:
    for url, offset in web_links(document).items():
        if url in facts.dead:
            file, line = document.place(offset)
            yield Finding(
                Severity.ERROR,
                Rule.LINK,
                f"{url} does not work: {facts.dead[url]}",
                "put the address right, or the page",
                file,
                line,
            )


def _few_words(source: TemplateSource, document: Document) -> Iterator[Finding]:
    has_images = any(one.tag == "img" and not one.hidden for one in document.elements)
    count = sum(
        len(one.words.split())
        for one in document.elements
        if not one.hidden and one.tag not in {"style", "script", "title"}
    )
    if has_images and count < _FEW_WORDS:
        yield Finding(
            Severity.WARNING,
            Rule.IMAGE,
            f"the letter has images and only {count} words: many people see no images, and"
            " filters take that for spam",
            "say in words what it is about",
            source.shown(source.file),
        )


def _ways(source: TemplateSource, seen: Seen) -> Iterator[Finding]:
    """Say which way to less mail is not offered; a missing way out is refused before."""
    if duties.are_due(source) and "preferences_url" not in seen.found:
        yield Finding(
            Severity.NOTE,
            Rule.DUTY,
            "there is no link to the preferences: who wants less mail can only leave",
            'write <a href="{{ preferences_url }}">Preferences</a> beside the way out',
            source.shown(source.file),
        )


def _spam(facts: Facts) -> Iterator[Finding]:
    spam = facts.spam
    if spam is None:
        return
    rules = ", ".join(
        f"{name} {points:+.1f} ({words})"
        for points, name, words in sorted(spam.rules, reverse=True)
        if abs(points) >= _POINTS_SHOWN
    )
    is_spam = spam.points >= spam.needed
    yield Finding(
        Severity.WARNING if is_spam else Severity.NOTE,
        Rule.SPAM,
        f"SpamAssassin gives it {spam.points:.1f} points, and calls it spam from"
        f" {spam.needed:.1f} on" + (f": {rules}" if rules else ""),
        "change what these rules name" if is_spam else "nothing",
    )

"""In which language somebody gets a letter, and that each language has all of it.

Somebody's language is looked up as RFC 4647 §3.4 says: `pt-BR` before `pt`. Who has none,
or one that the template does not speak, gets the fallback: the template's `language`, or
else the list's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from babel import Locale, UnknownLocaleError

from mailer.compose.template import (
    BODY,
    ENDINGS,
    FOLDER,
    SETTINGS_FILE,
    Edition,
    TemplateSource,
)
from mailer.errors import TemplateError
from mailer.model.mailinglist import MailingList

FALLBACK = "en"
"""The language of a letter that neither a template nor a list gives one."""

_NEAR = {"no": ("nb", "nn"), "nb": ("no", "nn"), "nn": ("no", "nb")}
"""Norwegian is tagged by its written forms, or as a whole."""


def locale_of(tag: str) -> Locale:
    """Return how a language writes dates and numbers.

    Raises:
        ValueError: when it is no language that is known.
    """
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        raise ValueError(
            f"{tag!r} is no language that is known: write a tag such as en, nb or pt-BR"
        ) from None


def in_small(tag: str) -> str:
    """Return a language's tag as it is looked up: `pt_BR` and `pt-BR` are one."""
    return tag.strip().lower().replace("_", "-")


def written(tag: str) -> str:
    """Return a language's tag as it is usually written (RFC 5646 §2.1.1): `pt-BR`."""
    first, *rest = tag.split("-")
    return "-".join(
        [first.lower()]
        + [
            one.upper() if len(one) == 2 else one.title() if len(one) == 4 else one.lower()  # noqa: PLR2004
            for one in rest
        ]
    )


def choose(language: str | None, spoken: Iterable[str], fallback: str) -> str:
    """Return the language that somebody gets.

    Args:
        language: Somebody's, None when it is not known.
        spoken: What there is, as tags in small letters.
    """
    if not language:
        return fallback
    known = sorted(spoken)
    parts = in_small(language).split("-")
    for count in range(len(parts), 0, -1):
        if (shorter := "-".join(parts[:count])) in known:
            return shorter
    for near in (*_NEAR.get(parts[0], ()), parts[0]):
        for one in known:
            if one.split("-")[0] == near:
                return one
    return fallback


def editions_of(
    source: TemplateSource, mailing_list: MailingList | None
) -> tuple[str, dict[str, TemplateSource]]:
    """Return the fallback's language, and the template in each language by its tag.

    Raises:
        TemplateError: when a language lacks its subject or body, the fallback is missing,
            or there is no such language.
    """
    ours = mailing_list.language if mailing_list else FALLBACK
    fallback = in_small(source.language or ours)
    _check_language(source, fallback, source.language)
    if not source.editions:
        return fallback, {fallback: source}
    found = {**source.editions}
    found[fallback] = _fallback(source, fallback, mailing_list)
    for language, one in found.items():
        _check_language(source, language, one.file)
        _check_whole(source, language, one)
    _check_previews(source, found)
    return fallback, {language: _alone(source, one) for language, one in found.items()}


def _check_language(source: TemplateSource, language: str, file: str) -> None:
    try:
        locale_of(language)
    except ValueError as problem:
        shown = source.shown(file if "." in file else SETTINGS_FILE)
        raise TemplateError(f"{shown}: {problem}") from None


def _fallback(
    source: TemplateSource, fallback: str, mailing_list: MailingList | None
) -> Edition:
    """Return what people get whose language has no edition."""
    one = source.editions.get(fallback, Edition())
    if source.html and one.html is not None:
        raise TemplateError(
            f"{FOLDER}/{source.name}: both {source.file} and {one.file} are the letter in"
            f" {written(fallback)}: remove one"
        )
    if not source.html and one.html is None:
        raise _no_fallback(source, fallback, mailing_list)
    return Edition(
        subject=source.subject or None if one.subject is None else one.subject,
        preview=source.preview or None if one.preview is None else one.preview,
        html=source.html or one.html,
        file=source.file if source.html else one.file,
        text=source.text if one.text is None else one.text,
    )


def _no_fallback(
    source: TemplateSource, fallback: str, mailing_list: MailingList | None
) -> TemplateError:
    bodies = {tag: one for tag, one in source.editions.items() if one.html is not None}
    if not bodies:
        return TemplateError(
            f"{FOLDER}/{source.name}: there is no {BODY}.html and no {BODY}.md"
        )
    there = ", ".join(sorted(map(written, bodies)))
    tag = written(fallback)
    whose = f"the language of lists/{mailing_list.name}.toml" if mailing_list else "ours"
    if source.language:
        whose = f"which {SETTINGS_FILE} names"
    ending = f".{next(iter(bodies.values())).file.rpartition('.')[2]}"
    return TemplateError(
        f"{FOLDER}/{source.name}: it is written in {there} and not in {tag}, {whose}, so"
        f" everybody else would get nothing: write {BODY}.{tag}{ending}, or say in"
        f" {SETTINGS_FILE} which one they get: language = {written(min(bodies))!r}"
    )


def _check_whole(source: TemplateSource, language: str, one: Edition) -> None:
    tag = written(language)
    if one.html is None:
        files = " or ".join(f"{BODY}.{tag}{ending}" for ending in ENDINGS)
        raise TemplateError(
            f"{FOLDER}/{source.name}: there is a {_has(one)} in {tag} and no letter: write"
            f" {files}"
        )
    if one.subject is None:
        raise TemplateError(
            f"{source.shown(SETTINGS_FILE)}: {one.file} has no subject in its language:"
            f' write subject.{tag} = "…" (and the others as subject.<language> too)'
        )


def _has(one: Edition) -> str:
    if one.subject is not None:
        return "subject"
    return "preview" if one.preview is not None else "plain text"


def _check_previews(source: TemplateSource, found: Mapping[str, Edition]) -> None:
    without = [language for language, one in found.items() if one.preview is None]
    if not without or len(without) == len(found):
        return
    tag = written(min(without))
    raise TemplateError(
        f"{source.shown(SETTINGS_FILE)}: there is a preview in other languages and none in"
        f' {tag}: write preview.{tag} = "…", "" for none'
    )


def _alone(source: TemplateSource, one: Edition) -> TemplateSource:
    """Return a template as if it were only written in one language."""
    text_file = f"{one.file.rpartition('.')[0]}.txt"
    values: dict[str, Any] = {
        "subject": one.subject,
        "preview": one.preview or "",
        "html": one.html,
        "text": one.text,
        "file": one.file,
        "text_file": text_file,
        "editions": {},
    }
    return replace(source, **values)

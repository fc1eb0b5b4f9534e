"""`templates/mail/words/<language>.po`: the words of our own letters in other languages.

A letter marks its words, `{% trans %}Hello,{% endtrans %}`, and a catalogue (GNU gettext's
format) has what they are in its language. Words are put into the source of a letter before
anything else reads it: a letter in a language that a catalogue speaks whole is as if
somebody had written it by hand. A layout serves letters in all languages, so there words
become a choice by the letter's language.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from mailer.compose.languages import in_small, locale_of, written
from mailer.compose.template import SETTINGS_FILE, Edition, TemplateSource
from mailer.errors import TemplateError
from mailer.workspace.catalogues import read_catalogue
from mailer.workspace.webpages import files_below

FOLDER = "templates/mail/words"
_REMEMBERED = 64

_BLOCK = re.compile(r"\{% trans %\}(.*?)\{% endtrans %\}", re.DOTALL)
_EDGE = re.compile(r"\{%[-+]?\s*(?:end)?trans\b.*?%\}", re.DOTALL)
_PRINTED = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_BRACES = re.compile(r"\{\{|\}\}")
_STATEMENT = re.compile(r"\{[%#]")


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in one language.

    Args:
        language: Its tag in small letters.
        said: Texts of that language by those that letters mark. They are sources, too.
    """

    language: str
    said: Mapping[str, str]

    def translated(self, text: str) -> str:
        """Return a source in this language; what is missing stays as it is."""
        return _each(text, self.said.get)


def read_letter_words(folder: str) -> list[Words]:
    """Return what letters say in each language that has a catalogue, in order.

    It is the workspace's catalogues, and the example's where it has none.

    Raises:
        WorkspaceError: when a file cannot be read, or is not UTF-8.
        TemplateError: when a file is no catalogue, or a translation prints something else
            than what it translates.
    """
    found = files_below(folder, FOLDER, ".po").items()
    return [_words(name, source) for name, source in sorted(found)]


@lru_cache(_REMEMBERED)
def _words(name: str, source: str) -> Words:
    """Read a catalogue; it is the same for many letters, one after the other."""
    where, language = f"{FOLDER}/{name}", in_small(name.removesuffix(".po"))
    try:
        locale_of(language)
    except ValueError as problem:
        raise TemplateError(f"{where}: {problem}") from None
    said = read_catalogue(source, where)
    for words, translation in said.items():
        _check(words, translation, where)
    return Words(language, said)


def _check(words: str, translation: str, where: str) -> None:
    if _STATEMENT.search(translation):
        raise TemplateError(
            f"{where}: {translation!r} has a {{% … %}} or {{# … #}}: a translation can only"
            " print what it translates prints"
        )
    if _BRACES.search(_PRINTED.sub("", translation)):
        raise TemplateError(
            f"{where}: {translation!r} has {{{{ or }}}} without the other: write a value as"
            " {{ name }}"
        )
    printed, instead = _printed(words), _printed(translation)
    if printed != instead:
        raise TemplateError(
            f"{where}: {translation!r} prints {_listed(instead)}, and the words that it"
            f" translates, {words!r}, print {_listed(printed)}: both must be the same"
        )


def _printed(text: str) -> set[str]:
    return {"".join(one.split()) for one in _PRINTED.findall(text)}


def _listed(printed: set[str]) -> str:
    return ", ".join(sorted(printed)) or "nothing"


def check_marks(text: str, shown: str) -> None:
    """Refuse marks that are no pair, or hold more than words and what is printed.

    Raises:
        TemplateError: names the line.
    """
    for found in _BLOCK.finditer(text):
        if _STATEMENT.search(found[1]) or not found[1].strip():
            raise TemplateError(
                f"{shown}, line {_line(text, found.start())}: between {{% trans %}} and"
                " {% endtrans %} stand words, and {{ values }}, and no other {% … %}"
            )
    rest = _BLOCK.sub(lambda found: "\n" * found[0].count("\n"), text)
    if (edge := _EDGE.search(rest)) is not None:
        raise TemplateError(
            f"{shown}, line {_line(rest, edge.start())}: {edge[0]}: write words to be"
            " translated as {% trans %}words{% endtrans %}"
        )


def _line(text: str, place: int) -> int:
    return text[:place].count("\n") + 1


def marked_words(text: str) -> list[str]:
    """Return what a source marks, as catalogues name it: with single spaces."""
    return [" ".join(found.split()) for found in _BLOCK.findall(text)]


def as_written(text: str) -> str:
    """Return a source with its own words, without the marks."""
    return _each(text, lambda _: None)


def in_all_languages(
    source: TemplateSource, spoken: Sequence[Words]
) -> tuple[TemplateSource, dict[str, list[str]]]:
    """Return a letter in each language that has all of its words, without any marks.

    What is written by hand for a language goes before its catalogue.

    Returns:
        And what catalogues lack that have most of it, by language.

    Raises:
        TemplateError: when nobody knows which language the marked words are in.
    """
    for line in (source.subject, source.preview):
        check_marks(line, source.shown(SETTINGS_FILE))
    texts = [source.subject, source.preview, source.html, source.text or ""]
    marked = {one for text in texts for one in marked_words(text)}
    if marked and not source.language:
        raise TemplateError(
            f"{source.shown(SETTINGS_FILE)}: the letter marks words with {{% trans %}}: say"
            ' in which language they are written, such as language = "en"'
        )
    editions = {tag: _unmarked(one) for tag, one in source.editions.items()}
    lacking: dict[str, list[str]] = {}
    for one in spoken:
        own = editions.get(one.language, Edition())
        by_hand = own.html is not None or one.language == in_small(source.language)
        missing = sorted(marked - one.said.keys())
        # Some words are in many letters: they alone do not mean that it is to be in this.
        if by_hand or len(missing) * 2 > len(marked) or not marked:
            continue
        if missing := missing or _lines_missing(source, own):
            lacking[one.language] = missing
        else:
            editions[one.language] = _edition(source, own, one)
    written_out: dict[str, Any] = {
        "subject": as_written(source.subject),
        "preview": as_written(source.preview),
        "html": as_written(source.html),
        "text": None if source.text is None else as_written(source.text),
        "files": {
            name: in_each_language(text, spoken) for name, text in source.files.items()
        },
        "editions": editions,
    }
    return replace(source, **written_out), lacking


def _lines_missing(source: TemplateSource, own: Edition) -> list[str]:
    """Return which lines of `letter.toml` are in other languages by hand, not in this."""
    others = source.editions.values()
    missing: list[str] = []
    if not source.subject and own.subject is None:
        missing.append("subject")
    if own.preview is None and any(one.preview is not None for one in others):
        missing.append("preview")
    return missing


def _edition(source: TemplateSource, own: Edition, words: Words) -> Edition:
    def said(by_hand: str | None, text: str | None) -> str | None:
        return by_hand if by_hand is not None or text is None else words.translated(text)

    return Edition(
        subject=said(own.subject, source.subject or None),
        preview=said(own.preview, source.preview or None),
        html=words.translated(source.html),
        file=source.file,
        text=said(own.text, source.text),
    )


def _unmarked(one: Edition) -> Edition:
    def unmarked(text: str | None) -> str | None:
        return None if text is None else as_written(text)

    return replace(
        one,
        subject=unmarked(one.subject),
        preview=unmarked(one.preview),
        html=unmarked(one.html),
        text=unmarked(one.text),
    )


def in_each_language(text: str, spoken: Iterable[Words]) -> str:
    """Return a source that serves letters in all languages: each gets its own words."""
    if not marked_words(text):
        return text
    # The longer tag first: pt-BR before pt.
    known = sorted(spoken, key=lambda one: (-one.language.count("-"), one.language))

    def chosen(words: str, own: str) -> str:
        cases = [
            (_speaks(one.language), one.said[words]) for one in known if words in one.said
        ]
        if not cases:
            return own
        first, *others = cases
        chain = f"{{% if {first[0]} %}}{first[1]}"
        chain += "".join(f"{{% elif {test} %}}{said}" for test, said in others)
        return f"{chain}{{% else %}}{own}{{% endif %}}"

    return _BLOCK.sub(lambda found: chosen(" ".join(found[1].split()), found[1]), text)


def _speaks(language: str) -> str:
    tag = written(language)
    begins = f'letter_language|truncate({len(tag) + 1}, true, "", 0) == "{tag}-"'
    return f'letter_language == "{tag}" or {begins}'


def _each(text: str, said: Callable[[str], str | None]) -> str:
    def instead(found: re.Match[str]) -> str:
        translation = said(" ".join(found[1].split()))
        if translation is None:
            return found[1]
        before = found[1][: len(found[1]) - len(found[1].lstrip())]
        behind = found[1][len(found[1].rstrip()) :]
        return f"{before}{translation}{behind}"

    return _BLOCK.sub(instead, text)

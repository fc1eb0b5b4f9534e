"""The phrases by which mail servers say why, ready to be looked for.

They stand in `phrases.toml`, which the workspace reads and hands in: decisions open no
files. Looking for text in text is the quickest thing that Python does, and can't be made to
take long by what stands in a message, as a regular expression could.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from mailer.errors import WorkspaceError, did_you_mean
from mailer.model.notice import Reason

_SAID_AT_MOST = 4000
_SPACE = re.compile(r"\s+")
# A long answer repeats its code on each line (RFC 5321 §4.2.1), which tears phrases apart.
_REPEATED = re.compile(r"(?<=\s)[245]\d\d-(?:[245]\.\d{1,3}\.\d{1,3}[ -])?|(?<=\s)\|\s")


@dataclass(frozen=True, slots=True)
class Phrases:
    """Some phrases, sorted by how they are looked for.

    Args:
        plain: Of ASCII, without gaps: most of them.
        foreign: With other letters, which no ASCII text can have.
        gapped: The pieces of each, with anything in between.
    """

    plain: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    gapped: tuple[tuple[str, ...], ...] = ()

    def stand_in(self, text: str) -> bool:
        """Say whether one of them stands in a text."""
        has = text.__contains__
        return (
            any(map(has, self.plain))
            or any(_in_order(pieces, text) for pieces in self.gapped)
            or (not text.isascii() and any(map(has, self.foreign)))
        )


def _in_order(pieces: tuple[str, ...], text: str) -> bool:
    place = 0
    for piece in pieces:
        place = text.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return True


def phrases_of(texts: Iterable[str]) -> Phrases:
    """Make phrases of their texts, in which * stands for anything in between."""
    plain: list[str] = []
    foreign: list[str] = []
    gapped: list[tuple[str, ...]] = []
    for text in texts:
        pieces = tuple(piece for part in text.lower().split("*") if (piece := part.strip()))
        if len(pieces) > 1:
            gapped.append(pieces)
        elif pieces:
            # What stands alone is looked for as it is written, with a space at its end.
            whole = text.lower().strip("*")
            (plain if whole.isascii() else foreign).append(whole)
    return Phrases(tuple(plain), tuple(foreign), tuple(gapped))


@dataclass(frozen=True, slots=True)
class Rule:
    """What some phrases stand for.

    Args:
        unknown_user: They say that there is no such mailbox.
        vague: A status code says more than they do.
        certain: The words alone are proof, wherever they were said.
    """

    reason: Reason
    phrases: Phrases
    unknown_user: bool = False
    vague: bool = False
    certain: bool = False


@dataclass(frozen=True, slots=True)
class PhraseBook:
    """The rules, in the order in which they are asked."""

    rules: tuple[Rule, ...]

    def find(self, said: str) -> Rule | None:
        """Return the first rule with a phrase in what a server said.

        Args:
            said: As `normal` returns it.
        """
        if not said:
            return None
        return next((rule for rule in self.rules if rule.phrases.stand_in(said)), None)


def normal(said: str) -> str:
    """Return what a server said in small letters, in one line, without repeated codes."""
    text = _SPACE.sub(" ", said[:_SAID_AT_MOST].replace("\u2019", "'")).lower()
    return _SPACE.sub(" ", _REPEATED.sub(" ", text))


def phrase_book(values: Mapping[str, Any], where: str) -> PhraseBook:
    """Make the rules of a file's values.

    Raises:
        WorkspaceError: when the file says something that can't be; names the rule.
    """
    rules = values.get("rule")
    if not isinstance(rules, list) or not rules:
        raise WorkspaceError(f"{where}: there is no rule: write [[rule]]")
    known = {reason.value for reason in Reason}
    made: list[Rule] = []
    for number, one in enumerate(_tables(cast("list[object]", rules)), 1):
        place = f"{where}, [[rule]] {number}"
        name = one.get("reason")
        if name not in known:
            raise WorkspaceError(
                f"{place}: no such reason {name!r}{did_you_mean(str(name), known)}"
            )
        phrases = phrases_of(texts_of(one.get("phrases"), f"{place}: phrases"))
        made.append(
            Rule(
                Reason(name),
                phrases,
                one.get("unknown_user") is True,
                one.get("vague") is True,
                one.get("certain") is True,
            )
        )
    return PhraseBook(tuple(made))


def _tables(rules: Iterable[object]) -> Iterable[Mapping[str, Any]]:
    for one in rules:
        yield cast("dict[str, Any]", one) if isinstance(one, dict) else {}


def texts_of(listed: object, place: str) -> tuple[str, ...]:
    """Return the texts of a list in a file.

    Raises:
        WorkspaceError: when it is no list of texts in small letters; `place` begins it.
    """
    if not isinstance(listed, list) or not listed:
        raise WorkspaceError(f"{place} must be a list of texts")
    texts: list[str] = []
    for text in cast("list[object]", listed):
        if not isinstance(text, str) or not text.replace("*", "").strip():
            raise WorkspaceError(f"{place}: {text!r} is no phrase: write some words")
        if text != text.lower():
            raise WorkspaceError(f"{place}: write {text!r} in small letters")
        texts.append(text)
    return tuple(texts)

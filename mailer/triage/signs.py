"""By which words a message shows what kind it is, as `signs.toml` lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from mailer.errors import WorkspaceError
from mailer.triage.finding import Refused
from mailer.triage.phrasebook import Phrases, phrases_of, texts_of


@dataclass(frozen=True, slots=True)
class Signs:
    """The words of each kind of message."""

    bounce_subjects: Phrases
    bounce_texts: Phrases
    late_subjects: Phrases
    late_texts: Phrases
    given_up: Phrases
    after: tuple[tuple[Refused, tuple[str, ...]], ...]
    auto_reply_subjects: Phrases
    auto_reply_begins: tuple[str, ...]
    challenge_subjects: Phrases
    challenge_texts: Phrases
    unsubscribe_subjects: frozenset[str]
    unsubscribe_texts: Phrases
    unsubscribe_unless: Phrases

    def stage(self, said: str) -> Refused:
        """Return after which command it was refused, as the last words about it say."""
        found = [
            (place, after)
            for after, words in self.after
            for word in words
            if (place := said.rfind(word)) >= 0
        ]
        return max(found)[1] if found else Refused.UNSAID


def signs(values: Mapping[str, Any], where: str) -> Signs:
    """Make the signs of a file's values.

    Raises:
        WorkspaceError: when a list is missing or holds something else than words.
    """

    def words(table: str, key: str) -> tuple[str, ...]:
        inner = values.get(table)
        if not isinstance(inner, dict):
            raise WorkspaceError(f"{where}: there is no table [{table}]")
        listed = cast("dict[str, Any]", inner).get(key)
        return texts_of(listed, f"{where}, [{table}] {key}")

    def phrases(table: str, key: str) -> Phrases:
        return phrases_of(words(table, key))

    return Signs(
        phrases("bounce", "subjects"),
        phrases("bounce", "texts"),
        phrases("late", "subjects"),
        phrases("late", "texts"),
        phrases("late", "given_up"),
        tuple((one, words("after", one)) for one in Refused if one is not Refused.UNSAID),
        phrases("auto_reply", "subjects"),
        words("auto_reply", "begin"),
        phrases("challenge", "subjects"),
        phrases("challenge", "texts"),
        frozenset(words("unsubscribe", "subjects")),
        phrases("unsubscribe", "texts"),
        phrases("unsubscribe", "unless"),
    )

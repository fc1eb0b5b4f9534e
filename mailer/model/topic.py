"""What the letters of a list are about: topics that people may choose among."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of a list.

    Args:
        id: Never used again for another.
        words: What people read, by language tag; "" for every other language.
    """

    id: str
    words: Mapping[str, str] = field(default_factory=dict[str, str])

    def said(self, language: str) -> str:
        """Return what people read in a language, or in the next best one."""
        base = language.partition("-")[0]
        for tag in (language, base, "", *self.words):
            if tag in self.words:
                return self.words[tag]
        return self.id


def named_topics(there: Sequence[Topic], chosen: Collection[str]) -> tuple[Topic, ...]:
    """Return topics by their ids: as the list has them, and those it has no more last."""
    known = tuple(one for one in there if one.id in chosen)
    gone = sorted(set(chosen) - {one.id for one in known})
    return (*known, *(Topic(one) for one in gone))

"""What the letters of a list are about: topics that people may choose among."""

from collections.abc import Mapping
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

"""An article by which people help themselves: one answer to what is asked often."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Article:
    """One article in one language.

    Args:
        name: Of its file, without language and ending: `returns`.
        language: The tag of its language, in small letters.
        title: Its first heading.
        asked: In which other words people ask for it; nobody is shown them.
        text: What it says, in Markdown, without title and those words.
    """

    name: str
    language: str
    title: str
    asked: str
    text: str

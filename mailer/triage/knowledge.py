"""What understanding needs to know beside its rules, read by the workspace."""

from dataclasses import dataclass

from mailer.triage.formats import ANYONE, Format
from mailer.triage.phrasebook import PhraseBook
from mailer.triage.signs import Signs


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The data files of this package.

    Args:
        book: What mail servers say, and what it means.
        signs: By which words a message shows what kind it is.
        formats: Mail systems by the words in which they report.
    """

    book: PhraseBook
    signs: Signs
    formats: tuple[Format, ...]

    def format_of(self, seen: str) -> Format:
        """Return the mail system whose words stand in a text, as `normal` returns it."""
        return next((one for one in self.formats if one.signs.stand_in(seen)), ANYONE)

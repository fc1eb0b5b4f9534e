"""What the files of one import say about the same people, and where they disagree.

An export of last year beside one of today: the later file's value counts, and whoever
imports sees of whom the files tell two things, before it happens (`--dry-run`) and after.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from mailer.audience.admission import Change, change
from mailer.errors import shorten
from mailer.jobs.import_people import Ready
from mailer.model.contact import Details
from mailer.store.contacts import read_json

_NAMES_AT_MOST = 3
_Said = tuple[str, str | None, str | None]
"""Attributes as JSON, language and time zone."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of comparing some people of a file with the files before it.

    Args:
        differing: Of whom another file says otherwise: line and words.
        news: How many people it says something else or something more of.
    """

    differing: tuple[tuple[int, str], ...]
    news: int


NOTHING = Compared((), 0)


@dataclass(slots=True)
class FilesTold:
    """What the files so far have said.

    Args:
        several: There is more than one file, so that it is worth remembering.
        files: The names of the files so far, and what each says of whom, by keyed hash.
    """

    several: bool = False
    files: list[tuple[str, dict[bytes, _Said]]] = field(
        default_factory=list[tuple[str, dict[bytes, _Said]]]
    )

    def begin(self, name: str) -> None:
        """Begin with a file: what it says is compared with the files before it."""
        self.files.append((name, {}))

    def compare(self, people: Sequence[Ready], away: Collection[int] = ()) -> Compared:
        """Remember what the file says of some people, and compare it with the others.

        Args:
            away: Lines of those about whom nothing is changed.
        """
        if not self.several or not self.files:
            return NOTHING
        _, mine = self.files[-1]
        differing: list[tuple[int, str]] = []
        news = 0
        for one in people:
            said = (one.attributes, one.language, one.time_zone)
            mine[one.hash] = said
            name, changed = self._changed(one.hash, said)
            if changed is None or one.line in away:
                continue
            news += 1
            if changed.before:
                words = _words(changed, name)
                differing.append((one.line, f"{shorten(one.given)}: {words}"))
        return Compared(tuple(differing), news)

    def _changed(self, hashed: bytes, said: _Said) -> tuple[str, Change | None]:
        """Return what the file says beside or against the last one with this person."""
        for name, earlier in reversed(self.files[:-1]):
            before = earlier.get(hashed)
            if before is not None and before != said:
                return name, change(_details(before), _details(said))
        return "", None


def _words(changed: Change, name: str) -> str:
    values = [
        f"{what} is {shorten(repr(was))} in {name} and"
        f" {shorten(repr(changed.after[what]))} here"
        for what, was in changed.before.items()
    ]
    more = len(values) - _NAMES_AT_MOST
    also = f", and {more} more" if more > 0 else ""
    return f"{', '.join(values[:_NAMES_AT_MOST])}{also}; what this file says counts"


def _details(said: _Said) -> Details:
    attributes, language, time_zone = said
    return Details(read_json(attributes), language, time_zone)

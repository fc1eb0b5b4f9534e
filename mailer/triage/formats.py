"""Mail systems by the words in which they report, as `formats.toml` lists them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from mailer.errors import WorkspaceError, did_you_mean
from mailer.model.notice import Reason
from mailer.triage.finding import Refused
from mailer.triage.phrasebook import Phrases, normal, phrases_of, texts_of


@dataclass(frozen=True, slots=True)
class Format:
    """What one mail system writes.

    Args:
        name: As in "Exim's words".
        signs: It is this one's when one of these stands in its text, its subject or the
            fields that say who wrote it.
        after: At which moment it was refused, where the system can't tell or never says.
        reasons: Phrases of this system only, asked before all others.
    """

    name: str
    signs: Phrases
    after: Refused = Refused.UNSAID
    reasons: tuple[tuple[Reason, Phrases], ...] = ()

    def reason(self, said: str) -> Reason | None:
        """Return what this system's own phrases mean."""
        if not self.reasons:
            return None
        text = normal(said)
        return next((one for one, phrases in self.reasons if phrases.stand_in(text)), None)


ANYONE = Format("a mail server's words", Phrases())


def formats_of(values: Mapping[str, Any], where: str) -> tuple[Format, ...]:
    """Make the formats of a file's values.

    Raises:
        WorkspaceError: when the file says something that can't be; names the format.
    """
    listed = values.get("format")
    if not isinstance(listed, list) or not listed:
        raise WorkspaceError(f"{where}: there is no format: write [[format]]")
    tables = cast("list[Mapping[str, Any]]", listed)
    return tuple(
        _format(one, f"{where}, [[format]] {n}") for n, one in enumerate(tables, 1)
    )


def _format(values: Mapping[str, Any], where: str) -> Format:
    name = values.get("name")
    if not isinstance(name, str) or not name:
        raise WorkspaceError(f"{where}: name is missing")
    after = values.get("after", "")
    if after not in set(Refused):
        raise WorkspaceError(f"{where}: after is {after!r}{did_you_mean(after, Refused)}")
    signs = phrases_of(texts_of(values.get("signs"), f"{where}: signs"))
    reasons = values.get("reasons", {})
    return Format(name, signs, Refused(after), tuple(_reasons(reasons.items(), where)))


def _reasons(
    listed: Iterable[tuple[str, object]], where: str
) -> Iterable[tuple[Reason, Phrases]]:
    known = {reason.value for reason in Reason}
    for name, texts in listed:
        if name not in known:
            raise WorkspaceError(
                f"{where}: no such reason {name!r}{did_you_mean(name, known)}"
            )
        yield Reason(name), phrases_of(texts_of(texts, f"{where}: {name}"))

"""What a letter showed of its person, kept with the delivery to show it again.

Everything else that a letter is made of is frozen with its cause, or follows from the
workspace's settings and keys, of which a *mark* is kept.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from mailer.model.delivery import CauseKind, Claim

_WRITTEN = frozenset({CauseKind.INCOMING, CauseKind.TICKET})
"""The text of these stands in the ticket as it was sent."""

_NOTHING: Mapping[str, object] = {}
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Shown:
    """What was known of a person when a letter to her left.

    Args:
        mark: Of the settings and keys that it was made with.
        plain: It was text alone.
        clicks: Its links told who followed them.
    """

    mark: str
    attributes: Mapping[str, object]
    language: str | None
    time_zone: str | None
    plain: bool = False
    clicks: bool = False


def kept_text(claim: Claim, mark: str) -> str:
    """Return what is kept of a claim as its letter leaves; `shown_of` reads it."""
    if claim.contact_id is None or claim.cause_kind in _WRITTEN:
        return _encode([mark])
    values = [mark, claim.attributes, claim.language, claim.time_zone, claim.plain]
    return _encode([*values, True] if claim.clicks else values)


def shown_of(text: str | None) -> Shown | None:
    """Read what was kept; None for nothing."""
    if text is None:
        return None
    mark, *rest = json.loads(text)
    if not rest:
        return Shown(mark, _NOTHING, None, None)
    attributes, language, time_zone, plain, *clicks = rest
    return Shown(mark, attributes, language, time_zone, plain, clicks=bool(clicks))

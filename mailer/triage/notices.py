"""When somebody of the staff is told, and in which words: never what a person wrote."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from mailer.model.news import News, Notice
from mailer.model.quiet import QuietRule

_WORDS = {
    News.NEW: "New, and nobody has it",
    News.ASSIGNED: "Given to you",
    News.ANSWER: "Answered by its person",
    News.DUE: "An answer is due within the hour",
}
_SHOWN_AT_MOST = 50


def is_quiet(rule: QuietRule | None, now: datetime, zone: ZoneInfo) -> bool:
    """Say whether somebody wants to hear nothing at a moment."""
    if rule is None:
        return False
    there = now.astimezone(zone)
    return not rule.open_at(there.weekday(), there.hour * 60 + there.minute)


def notice_words(notices: Sequence[Notice], console: str) -> tuple[str, str]:
    """Return the subject and the text of a letter with some notices.

    Args:
        console: The address of the console.
    """
    tickets = dict.fromkeys(one.ticket_id for one in notices)
    subject = f"[desk] {len(tickets)} ticket{'s' if len(tickets) > 1 else ''}"
    parts: list[str] = []
    for news in News:
        mine = list(dict.fromkeys(one.ticket_id for one in notices if one.news is news))
        if mine:
            lines = [f"{console}/tickets/{one}" for one in mine[:_SHOWN_AT_MOST]]
            if len(mine) > _SHOWN_AT_MOST:
                lines.append(f"and {len(mine) - _SHOWN_AT_MOST} more: {console}/")
            parts.append("\n".join([f"{_WORDS[news]}:", *lines]))
    return subject, "\n\n".join(parts)

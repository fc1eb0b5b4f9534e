"""Telling the staff what happened to tickets, by mail; each thing once.

What is told and that it was told are one commit. In somebody's quiet hours nothing is
looked at; what happened in them is one letter afterwards. No letter holds a word of what a
person wrote, so that none has to be found when she is erased.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailer.jobs.tell import owe_words, words_content
from mailer.jobs.world import World
from mailer.model.news import Notice
from mailer.model.staff import Staff
from mailer.store import staffnotices as store
from mailer.store.staff import all_staff
from mailer.triage.mailboxes import Mailbox, mailbox_of
from mailer.triage.notices import is_quiet, notice_words

SOON = timedelta(hours=1)
LOOKED_BACK = timedelta(days=4)
"""So far: longer than any quiet hours last, and a weekend."""

_BROWSER = timedelta(minutes=15)
_KEPT = 2 * LOOKED_BACK


def notify(world: World, mailboxes: tuple[Mailbox, ...], now: datetime) -> int:
    """Owe each of the staff who asked for it a letter with what is new; return how many."""
    zone, sent = ZoneInfo(world.zone), 0
    with world.database.read() as connection:
        asked = [
            one
            for one in all_staff(connection)
            if one.left_at is None and one.notify and one.email
        ]
    for one in asked:
        # Our own mailbox would make a ticket of it, and tell of that.
        ours = mailbox_of((one.email,), mailboxes) is not None
        if not ours and not is_quiet(one.quiet, now, zone):
            sent += _tell(world, one, now)
    return sent


def _tell(world: World, who: Staff, now: datetime) -> bool:
    since = max(now - LOOKED_BACK, who.notify_since or now)
    with world.database.read() as connection:
        found = store.notices_for(connection, who, since, now + SOON)
        if not store.untold(connection, who.id, found):
            return False
    with world.database.write() as connection:
        store.lock(connection, who.id)
        found = store.notices_for(connection, who, since, now + SOON)
        news = store.untold(connection, who.id, found)
        if news:
            subject, text = notice_words(news, f"{world.site.public_url}/console")
            made = words_content(world, subject, text)
            owe_words(connection, world, made, who.email, now)
            store.note_told(connection, who.id, news, now)
        store.forget_told(connection, now - _KEPT)
    return bool(news)


def browser_news(world: World, who: Staff, now: datetime) -> list[Notice]:
    """Return what a browser that is open may tell; it remembers itself what it told."""
    if not who.notify or is_quiet(who.quiet, now, ZoneInfo(world.zone)):
        return []
    since = max(now - _BROWSER, who.notify_since or now)
    with world.database.read() as connection:
        return store.notices_for(connection, who, since, now + SOON)

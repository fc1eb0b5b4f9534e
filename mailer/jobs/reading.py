"""Letters on the web: one person's behind a signed link, and a list's for everybody.

Nothing was kept: a letter is composed again from what its campaign froze, as a retry is.
"""

import email
import email.policy
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from mailer.compose.head import TEST_MARK
from mailer.errors import CannotComposeError, WorkspaceError
from mailer.jobs.letters import Letters, Pen
from mailer.jobs.preview import html_of, with_images
from mailer.model.campaign import Campaign
from mailer.model.delivery import CauseKind
from mailer.model.mailinglist import MailingList
from mailer.store.database import Database
from mailer.store.history import claim_to_show, sent_to_all

_ARCHIVED = 50
_KEPT = 200


@dataclass(frozen=True, slots=True)
class Page:
    """A letter as a page of the web.

    Args:
        at: When its campaign became due.
    """

    number: int
    subject: str
    html: str
    at: datetime


class Reading:
    """Composes letters again for those who read them in a browser. Threads may share it.

    Args:
        lists: Reads the lists as they are now: whether one has an archive is asked anew.
        rehearsing: The letters of rehearsals stand in archives too.
    """

    def __init__(
        self,
        database: Database,
        pen: Pen,
        lists: Callable[[], Sequence[MailingList]],
        *,
        rehearsing: bool = False,
    ) -> None:
        self._database = database
        self._pen = pen
        self.site = pen.site
        self._lists = lists
        self._rehearsing = rehearsing
        self._letters = Letters(database, pen, lambda _: None)
        self._lock = Lock()
        self._pages: OrderedDict[tuple[str, int], Page | None] = OrderedDict()

    def of_person(self, delivery_id: int) -> Page | None:
        """Return a person's letter; None when it cannot be shown any more."""
        with self._database.read() as connection:
            claim = claim_to_show(connection, delivery_id)
        if claim is None:
            return None
        # A page is HTML also for who gets letters as text; and who reads it is not known.
        claim = claim._replace(plain=False, clicks=False)
        with self._lock:
            try:
                self._letters.get_ready([claim])
                letter = self._letters.compose(claim)
                prepared = self._letters.prepared(
                    claim.cause_kind, claim.cause_id, claim.list_id
                )
            except CannotComposeError:
                return None
        message = email.message_from_bytes(letter.content, policy=email.policy.default)
        subject = str(message["subject"]).removeprefix(TEST_MARK)
        return Page(
            delivery_id, subject, html_of(message, prepared), claim.first_attempt_at
        )

    def archived(self, list_name: str) -> MailingList | None:
        """Return a list by its file's name when it has an archive."""
        try:
            lists = self._lists()
        except WorkspaceError:
            # A file that does not parse opens no archive.
            return None
        found = (one for one in lists if one.name == list_name and one.archive)
        return next(found, None)

    def letters_of(self, mailing_list: MailingList) -> list[Page]:
        """Return the letters that went to all of a list, newest first."""
        with self._database.read() as connection:
            campaigns = sent_to_all(
                connection, mailing_list.id, _ARCHIVED, rehearsed=self._rehearsing
            )
        found = [self._page(mailing_list, one) for one in campaigns]
        return [one for one in found if one is not None]

    def letter_of(self, mailing_list: MailingList, number: int) -> Page | None:
        """Return one of these letters by its campaign's number."""
        pages = self.letters_of(mailing_list)
        return next((one for one in pages if one.number == number), None)

    def _page(self, mailing_list: MailingList, campaign: Campaign) -> Page | None:
        key = (mailing_list.name, campaign.id)
        with self._lock:
            if key not in self._pages:
                self._pages[key] = self._composed(mailing_list, campaign)
            self._pages.move_to_end(key)
            while len(self._pages) > _KEPT:
                self._pages.popitem(last=False)
            return self._pages[key]

    def _composed(self, mailing_list: MailingList, campaign: Campaign) -> Page | None:
        here = self._pen.site.archive(mailing_list.name)
        try:
            prepared = self._letters.prepared(
                CauseKind.CAMPAIGN, campaign.id, mailing_list.id
            )
            subject, html = prepared.for_everybody(here)
        except CannotComposeError:
            return None
        shown = with_images(html, prepared)
        return Page(campaign.id, subject, shown, campaign.due_at)

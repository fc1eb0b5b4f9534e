"""The articles as their files are now: what is written helps the next who asks."""

import logging

from mailer.errors import MailerError
from mailer.model.article import Article
from mailer.triage.ranking import Found, Shelf, shelf_of
from mailer.workspace.articles import articles_seen, read_articles

_log = logging.getLogger(__name__)


class FreshShelf:
    """A shelf that is made anew when a file of `templates/answers/` has changed.

    A file that does not hold leaves everything as it was until it does.
    """

    def __init__(self, folder: str) -> None:
        """Read all articles.

        Raises:
            WorkspaceError: names the file and what is wrong with it.
        """
        self._folder = folder
        self._seen = articles_seen(folder)
        self._shelf = shelf_of(read_articles(folder))

    def _now(self) -> Shelf:
        seen = articles_seen(self._folder)
        if seen != self._seen:
            self._seen = seen
            try:
                self._shelf = shelf_of(read_articles(self._folder))
            except MailerError as problem:
                _log.error("the articles stay as they were: %s", problem)
        return self._shelf

    @property
    def articles(self) -> tuple[Article, ...]:
        """All articles."""
        return self._now().articles

    def languages_of(self, name: str) -> tuple[str, ...]:
        """Return in which languages an article is there."""
        return self._now().languages_of(name)

    def get(self, name: str, language: str) -> Article | None:
        """Return an article, in the language or else in the first that it is there in."""
        return self._now().get(name, language)

    def all_in(self, language: str) -> list[Article]:
        """Return each article once, in the language where it is there, by title."""
        return self._now().all_in(language)

    def search(self, words: str, language: str) -> list[Found]:
        """Return the articles of a language that have one of some words, best first."""
        return self._now().search(words, language)

    def suggest(self, words: str, language: str) -> list[Article]:
        """Return the articles that answer a question; none without a good one."""
        return self._now().suggest(words, language)

"""/answers: where people help themselves, by looking or by searching.

It is for everybody and knows nobody. Search engines may find it, as the archives.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from mailer.compose.articles import article_html
from mailer.model.article import Article
from mailer.web.language import language_of
from mailer.web.means import Means

_PUBLIC = {"Cache-Control": "public, max-age=300", "X-Robots-Tag": "all"}
_WORDS_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """An article in a list of them."""

    title: str
    url: str
    language: str


async def get(request: Request, means: Means) -> Response:
    """Show all articles, or those that have some words."""
    language = language_of(request, means.pages)
    if not means.shelf.articles:
        return means.pages.not_found(language)
    words = request.query_params.get("q", "").strip()[:_WORDS_AT_MOST]
    values = {
        "contact_url": contact_url(means, language),
        "query": words,
        "articles": [shown(means, one) for one in _found(means, words, language)],
    }
    answer = means.pages.page("answers", values, language=language)
    answer.headers.update(_PUBLIC if not words else {})
    # One address shows several languages, by what the browser says.
    answer.headers["Vary"] = "Accept-Language"
    return answer


async def article(request: Request, means: Means) -> Response:
    """Show one article."""
    language = language_of(request, means.pages)
    name: str = request.path_params["name"]
    found = means.shelf.get(name, language)
    if found is None:
        return means.pages.not_found(language)
    values = {
        "contact_url": contact_url(means, language),
        "title": found.title,
        "article_language": found.language,
        "text": article_html(found.text),
        "others": f"{means.letters.site.public_url}/answers?lang={language}",
    }
    answer = means.pages.page("answer", values, language=language)
    answer.headers.update(_PUBLIC)
    answer.headers["Vary"] = "Accept-Language"
    return answer


def shown(means: Means, one: Article) -> Shown:
    """Return how an article stands in a list."""
    return Shown(
        one.title, means.letters.site.article(one.name, one.language), one.language
    )


def _found(means: Means, words: str, language: str) -> list[Article]:
    if not words:
        return means.shelf.all_in(language)
    found = [one.article for one in means.shelf.search(words, language)]
    known = {one.name for one in found}
    # What is there only in another language is found by that language's words.
    others = {one.language for one in means.shelf.articles} - {language}
    for other in sorted(others):
        for one in means.shelf.search(words, other):
            here = means.shelf.get(one.article.name, language)
            if here is not None and here.name not in known:
                known.add(here.name)
                found.append(here)
    return found


def contact_url(means: Means, language: str) -> str:
    """Return the first mailbox's form; "" where none has one."""
    first = next((one for one in means.mailboxes if one.has_form), None)
    if first is None:
        return ""
    return f"{means.letters.site.public_url}/contact/{first.name}?lang={language}"

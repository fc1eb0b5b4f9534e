"""The pages: templates of the workspace, tried once, and what their answers carry.

Each page's template has its name, and may be restyled without touching code. Styles stand
inside the page: the policy that goes with it allows exactly those, and nothing from
anywhere else.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from traceback import walk_tb
from types import MappingProxyType

from jinja2 import (
    FunctionLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2 import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from starlette.responses import HTMLResponse, Response

from mailer.errors import TemplateError
from mailer.model.attributes import AttributeType
from mailer.web.notice import with_notice
from mailer.web.words import ENGLISH, Say, in_english

FOLDER = "templates/web"

RETRY_AFTER_S = 60
_RETRY_AFTER_S = {503: RETRY_AFTER_S, 429: 3600}
"""How soon it is worth trying again: Service Unavailable, Too Many Requests."""

_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_POLICY = (
    "default-src 'none'; style-src {styles}; img-src data:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)

Values = Mapping[str, object]

_PERSON: tuple[Values, ...] = tuple(
    {"title": title, "address": address, "on_list": on_list, "stopped": stopped}
    for title in ("News & more", "")
    for address in ("j•••@example.com", "")
    for on_list in (True, False)
    for stopped in (True, False)
)
_INVITED: tuple[Values, ...] = tuple(
    {
        "title": title,
        "address": address,
        "open": is_open,
        "confirmed": confirmed,
        "join_url": join_url,
    }
    for title in ("News & more", "")
    for address in ("j•••@example.com", "")
    for is_open in (True, False)
    for confirmed in (True, False)
    for join_url in ("../join/news", "")
)


def _questions(problem: str) -> list[Values]:
    """Return a question of each type, with and without choices."""
    return [
        {
            "field": "a.name",
            "label": "Your name",
            "type": kind,
            "required": required,
            "value": "",
            "problem": problem,
            "choices": choices,
        }
        for kind in AttributeType
        for required in (True, False)
        for choices in ([], [{"field": "a.name.0", "words": "tents", "chosen": True}])
    ]


_PLACES: list[Values] = [
    {
        "id": "news",
        "name": name,
        "title": "News",
        "purpose": purpose,
        "on": on,
        "waits": waits,
    }
    for name in ("news", "")
    for purpose in ("About once a week.", "")
    for on in (True, False)
    for waits in (True, False)
]

_SAMPLES: dict[str, Sequence[Values]] = {
    "unsubscribe": _PERSON,
    "preferences": tuple(
        {
            "address": address,
            "note": note,
            "places": _PLACES,
            "stopped": stopped,
            "paused_until": until,
            "pauses": (14, 30),
            "languages": [{"tag": "en", "name": "English"}],
        }
        for address in ("j•••@example.com", "")
        for note in ("", "joined", "letter", "paused", "resumed", "language")
        for stopped in (True, False)
        for until in ("2 December 2026", "")
    ),
    "left": tuple(
        {"title": title, "address": address, "everything": everything, "undo": undo}
        for title in ("News & more", "")
        for address in ("j•••@example.com", "")
        for everything in (False, True)
        for undo in ("token", "")
    ),
    "undone": tuple(
        {"address": address, "done": done}
        for address in ("j•••@example.com", "")
        for done in (True, False)
    ),
    "join": tuple(
        {
            "title": "News & more",
            "purpose": "About once a week.",
            "words": "Yes, write to me.",
            "list_language": "en",
            "postal_address": postal_address,
            "email": "j",
            "email_problem": problem,
            "questions": _questions(problem),
        }
        for postal_address in ("Storgata 1\nBergen", "")
        for problem in ("", "missing", "number", "date", "choice", "text")
    ),
    "joined": tuple(
        {"title": "News & more", "address": "j@example.com", "by_letter": by_letter}
        for by_letter in (True, False)
    ),
    "confirm": _INVITED,
    "confirmed": _INVITED,
    "not-found": ({},),
    "problem": tuple(
        {"status": status, "retry": retry}
        for status in (400, 405, 408, 413, 415, 429, 503)
        for retry in ("", "list", "all")
    ),
}
"""What each page is tried with before the first customer sees it."""

_MISTAKES = (
    JinjaError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a template's own mistakes raise while it is read or rendered."""


class Pages:
    """Renders pages, in each language that there are words for.

    Args:
        sources: Templates by name, such as `unsubscribe.html`, with what they extend.
        site_name: What customers know the company as; "" shows none.
        words: Catalogues of words by language (`words.py`); English needs none.
        notice: What stands above every page, as while letters go to nobody; "" for
            nothing.

    Raises:
        TemplateError: when a page is missing, or cannot be shown to everybody.
    """

    def __init__(
        self,
        sources: Mapping[str, str],
        site_name: str = "",
        words: Mapping[str, Say] = MappingProxyType({}),
        notice: str = "",
    ) -> None:
        said = {ENGLISH: in_english, **words}
        self._jinja = {
            language: _environment(sources, say) for language, say in said.items()
        }
        self._site_name = site_name
        self._notice = notice
        for language in self._jinja:
            for name, samples in _SAMPLES.items():
                for values in samples:
                    self._try(name, values, language)

    @property
    def languages(self) -> frozenset[str]:
        """The languages that pages are there in."""
        return frozenset(self._jinja)

    def page(
        self, name: str, values: Values, status: int = 200, *, language: str = ENGLISH
    ) -> Response:
        """Answer with a page.

        Args:
            name: The template's, without `.html`.
            language: One of `languages`.
        """
        body = self._render(name, values, language)
        headers = {
            "Content-Security-Policy": _policy(body),
            "Content-Language": language,
        }
        return HTMLResponse(body, status, headers)

    def not_found(self, language: str = ENGLISH) -> Response:
        """Answer to a link that is not ours, in the same words whatever is wrong."""
        return self.page("not-found", {}, 404, language=language)

    def problem(
        self,
        status: int,
        headers: Mapping[str, str] | None = None,
        *,
        retry: str = "",
        language: str = ENGLISH,
    ) -> Response:
        """Answer that something could not be done, and what helps.

        Args:
            retry: The value of the button that may be pressed again; "" for none.
        """
        values = {"status": status, "retry": retry}
        answer = self.page("problem", values, status, language=language)
        answer.headers.update(headers or {})
        if status in _RETRY_AFTER_S:
            answer.headers["Retry-After"] = str(_RETRY_AFTER_S[status])
        return answer

    def _render(self, name: str, values: Values, language: str) -> str:
        page = self._jinja[language].get_template(f"{name}.html")
        html = page.render({"site_name": self._site_name, "language": language, **values})
        return with_notice(html, self._notice)

    def _try(self, name: str, values: Values, language: str) -> None:
        try:
            self._render(name, values, language)
        except _MISTAKES as problem:
            known = sorted({"language", "site_name", *values})
            raise TemplateError(
                f"{_place(problem, name)}: {_words(problem, known)}"
            ) from problem


def _environment(sources: Mapping[str, str], say: Say) -> ImmutableSandboxedEnvironment:
    jinja = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(_finder(sources)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.globals["_"] = say
    return jinja


def _finder(
    sources: Mapping[str, str],
) -> Callable[[str], tuple[str, str, Callable[[], bool]] | None]:
    def find(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        source = sources.get(name)
        # With a file's name Jinja says in tracebacks where a mistake is.
        return None if source is None else (source, f"{FOLDER}/{name}", lambda: True)

    return find


def _policy(body: str) -> str:
    """Return the policy that allows the page's own styles (CSP Level 3 §2.3.1)."""
    hashes = [
        b64encode(hashlib.sha256(style.encode()).digest()).decode()
        for style in _STYLE.findall(body)
    ]
    styles = " ".join(f"'sha256-{one}'" for one in hashes) or "'none'"
    return _POLICY.format(styles=styles)


def _place(problem: BaseException, page: str) -> str:
    if isinstance(problem, TemplateSyntaxError):
        return f"{problem.filename or f'{FOLDER}/{page}.html'}, line {problem.lineno}"
    lines = [
        f"{frame.f_code.co_filename}, line {line}"
        for frame, line in walk_tb(problem.__traceback__)
        if frame.f_code.co_filename.startswith(f"{FOLDER}/")
    ]
    return lines[-1] if lines else f"{FOLDER}/{page}.html"


def _words(problem: BaseException, known: Sequence[str]) -> str:
    match problem:
        case TemplateNotFound():
            return f"there is no template {problem.name!r} in {FOLDER}"
        case UndefinedError():
            return f"{problem}; this page has: {', '.join(known)}"
        case _:
            return str(problem).rstrip(".") or type(problem).__name__

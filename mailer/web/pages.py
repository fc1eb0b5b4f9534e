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

FOLDER = "templates/web"

RETRY_AFTER_S = 60

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
_SAMPLES: dict[str, Sequence[Values]] = {
    "unsubscribe": _PERSON,
    "preferences": _PERSON,
    "left": tuple(
        {"title": title, "address": address, "everything": everything}
        for title in ("News & more", "")
        for address in ("j•••@example.com", "")
        for everything in (False, True)
    ),
    "not-found": ({},),
    "problem": tuple(
        {"status": status, "retry": retry}
        for status in (400, 405, 408, 413, 415, 503)
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
    """Renders pages.

    Args:
        sources: Templates by name, such as `unsubscribe.html`, with what they extend.
        site_name: What customers know the company as; "" shows none.

    Raises:
        TemplateError: when a page is missing, or cannot be shown to everybody.
    """

    def __init__(self, sources: Mapping[str, str], site_name: str = "") -> None:
        self._jinja = ImmutableSandboxedEnvironment(
            loader=FunctionLoader(_finder(sources)),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._site_name = site_name
        for name, samples in _SAMPLES.items():
            for values in samples:
                self._try(name, values)

    def page(self, name: str, values: Values, status: int = 200) -> Response:
        """Answer with a page.

        Args:
            name: The template's, without `.html`.
        """
        body = self._render(name, values)
        return HTMLResponse(body, status, {"Content-Security-Policy": _policy(body)})

    def not_found(self) -> Response:
        """Answer to a link that is not ours, in the same words whatever is wrong."""
        return self.page("not-found", {}, 404)

    def problem(
        self, status: int, headers: Mapping[str, str] | None = None, *, retry: str = ""
    ) -> Response:
        """Answer that something could not be done, and what helps.

        Args:
            retry: The value of the button that may be pressed again; "" for none.
        """
        answer = self.page("problem", {"status": status, "retry": retry}, status)
        answer.headers.update(headers or {})
        if status == 503:  # noqa: PLR2004 - Service Unavailable
            answer.headers["Retry-After"] = str(RETRY_AFTER_S)
        return answer

    def _render(self, name: str, values: Values) -> str:
        page = self._jinja.get_template(f"{name}.html")
        return page.render({"site_name": self._site_name, **values})

    def _try(self, name: str, values: Values) -> None:
        try:
            self._render(name, values)
        except _MISTAKES as problem:
            known = sorted({"site_name", *values})
            raise TemplateError(
                f"{_place(problem, name)}: {_words(problem, known)}"
            ) from problem


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

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
from types import CodeType, MappingProxyType

from jinja2 import (
    BytecodeCache,
    FunctionLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2 import TemplateError as JinjaError
from jinja2.bccache import Bucket
from jinja2.sandbox import ImmutableSandboxedEnvironment
from starlette.responses import HTMLResponse, Response

from mailer.errors import TemplateError
from mailer.web.notice import with_notice
from mailer.web.samples import SAMPLES, Values
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

_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: https: http:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
    " allow-top-navigation-by-user-activation"
)
"""What a letter may do in a browser: show itself and its images, and be left by a link."""

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
        privacy_url: The page about people's data, which each page names; "" for none.

    Raises:
        TemplateError: when a page is missing, or cannot be shown to everybody.
    """

    def __init__(
        self,
        sources: Mapping[str, str],
        site_name: str = "",
        words: Mapping[str, Say] = MappingProxyType({}),
        notice: str = "",
        privacy_url: str = "",
    ) -> None:
        said = {ENGLISH: in_english, **words}
        compiled = _CompiledOnce()
        self._jinja = {
            language: _environment(sources, say, compiled) for language, say in said.items()
        }
        self._say = said
        self._always = {"site_name": site_name, "privacy_url": privacy_url}
        self._notice = notice
        for language in self._jinja:
            for name, samples in SAMPLES.items():
                for values in samples:
                    self._try(name, values, language)

    @property
    def languages(self) -> frozenset[str]:
        """The languages that pages are there in."""
        return frozenset(self._jinja)

    def say(self, language: str) -> Say:
        """Return what says single words in one of `languages`."""
        return self._say[language]

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

    def letter(self, html: str) -> Response:
        """Answer with a letter as it was written, below what stands above every page."""
        headers = {"Content-Security-Policy": _LETTER_POLICY}
        return HTMLResponse(with_notice(html, self._notice), headers=headers)

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
        html = page.render({**self._always, "language": language, **values})
        return with_notice(html, self._notice)

    def _try(self, name: str, values: Values, language: str) -> None:
        try:
            self._render(name, values, language)
        except _MISTAKES as problem:
            known = sorted({"language", *self._always, *values})
            raise TemplateError(
                f"{_place(problem, name)}: {_words(problem, known)}"
            ) from problem


class _CompiledOnce(BytecodeCache):
    """Hands each language the code that the first of them has compiled from a template."""

    def __init__(self) -> None:
        self._codes: dict[str, CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get(bucket.key)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key] = bucket.code


def _environment(
    sources: Mapping[str, str], say: Say, compiled: _CompiledOnce
) -> ImmutableSandboxedEnvironment:
    jinja = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(_finder(sources)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=compiled,
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

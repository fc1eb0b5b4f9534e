"""What can be said of links and images without fetching anything."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from mailer.compose.document import Document, Element
from mailer.compose.template import SETTINGS_FILE, TemplateSource
from mailer.model.finding import Finding, Rule, Severity

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_FINE = frozenset({"cid", "mailto", "sms", "tel"})
_WEB = frozenset({"http", "https"})
HERE = re.compile(
    r"localhost|.*\.(?:localhost|local|internal)"
    r"|127\.[\d.]+|0\.0\.0\.0|10\.[\d.]+|192\.168\.[\d.]+|172\.(?:1[6-9]|2\d|3[01])\.[\d.]+"
    r"|::1"
)
SHORTENERS = frozenset(
    {
        "bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "ow.ly", "rb.gy", "rebrand.ly",
        "shorturl.at", "t.co", "t.ly", "tiny.cc", "tinyurl.com",
    }
)  # fmt: skip
_SHOWN_DOMAIN = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?:[/?#]\S*)?")
_LIKE_A_FILE = re.compile(r"(?i)[\w-]+\.(?:avif|gif|jpe?g|png|svg|webp)")
_PLACEHOLDER = re.compile(
    r"\*\|[A-Za-z_:0-9]+\|\*|%%[A-Za-z_ ]+%%|\[\[[A-Za-z_ ]+\]\]|%[A-Za-z]+\.[A-Za-z_]+%"
    r"|\{\$[A-Za-z_]+\}|<<[A-Za-z_ ]+>>"
)
"""What other services write where a value goes."""


@dataclass(frozen=True, slots=True)
class _Target:
    """Where something leads, and what it is called in messages."""

    element: Element
    url: str
    what: str
    rule: Rule


def check_targets(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with where links lead and images come from."""
    ids = {
        one.attributes[name]
        for one in document.elements
        for name in ("id", "name")
        if name in one.attributes
    }
    for one in document.elements:
        for target in _targets(one):
            found = _judged(document, target, ids)
            if found is not None:
                yield found


def web_links(document: Document) -> dict[str, int]:
    """Return the web addresses that are the same for everybody, each with its place."""
    found: dict[str, int] = {}
    for one in document.elements:
        for target in _targets(one):
            is_web = target.url.lower().startswith(("http://", "https://"))
            if is_web and not document.is_personal(target.url):
                found.setdefault(target.url, one.offset)
    return found


def _targets(one: Element) -> Iterator[_Target]:
    if one.tag in {"a", "area"} and "href" in one.attributes:
        yield _Target(one, one.attributes["href"].strip(), "link", Rule.LINK)
    if one.tag == "img":
        yield _Target(one, one.attributes.get("src", "").strip(), "image", Rule.IMAGE)


def _finding(
    document: Document, target: _Target, severity: Severity, words: str, todo: str
) -> Finding:
    file, line = document.place(target.element.offset)
    return Finding(severity, target.rule, words, todo, file, line)


def _judged(document: Document, target: _Target, ids: set[str]) -> Finding | None:
    url = target.url
    found = _SCHEME.match(url)
    is_own = target.rule is Rule.IMAGE and document.is_own_image(url)
    # Where a value begins it, the composer lets only web addresses stand.
    if is_own or document.marked.pattern.match(url) is not None:
        return None
    if found is None:
        return _without_scheme(document, target, ids)
    scheme = found[1].lower()
    if scheme == "data" and target.rule is Rule.IMAGE:
        return None
    if scheme in _WEB:
        return _of_web(document, target)
    if scheme in _FINE:
        return None
    return _finding(
        document, target, Severity.ERROR,
        f"no mail program follows {target.what}s that begin with {scheme}:",
        "write an address that begins with https://",
    )  # fmt: skip


def _without_scheme(document: Document, target: _Target, ids: set[str]) -> Finding | None:
    url = target.url
    if url in {"", "#"}:
        return _finding(
            document, target, Severity.ERROR, f"this {target.what} leads nowhere",
            "write the address, or take it out",
        )  # fmt: skip
    if url.startswith("#"):
        if url[1:] in ids or document.is_personal(url):
            return None
        return _finding(
            document, target, Severity.WARNING,
            f"nothing in the letter is called {url!r}",
            f'give the place id="{url[1:]}", or take the link out',
        )  # fmt: skip
    begin = "https:" if url.startswith("//") else "https://"
    at_home = url.startswith(("www.", "//"))
    todo = f"write {begin}{url}" if at_home else "write the whole address, with https://"
    return _finding(
        document, target, Severity.ERROR,
        f"the {target.what} {_short(document, url)} is relative, and a letter has no"
        " address that it could begin with",
        todo,
    )  # fmt: skip


def _of_web(document: Document, target: _Target) -> Finding | None:
    host = _host(target.url)
    if document.is_personal(host):
        return None
    shown = _short(document, target.url)
    for severity, is_wrong, words, todo in (
        (Severity.ERROR, not host, f"{shown} has no domain", "write the whole address"),
        (
            Severity.ERROR,
            HERE.fullmatch(host) or not re.search("[.:]", host),
            f"{shown} is an address that only machines in your own network reach",
            "write the public address",
        ),
        (
            Severity.ERROR,
            re.search(r"\s", target.url),
            f"{shown} has a space in it",
            "write %20 for each space",
        ),
        (
            Severity.WARNING,
            target.url.lower().startswith("http://"),
            f"{shown} is not encrypted: browsers warn of it",
            "write https://",
        ),
        (
            Severity.WARNING,
            host in SHORTENERS,
            f"{host} hides where the link leads, and filters take that for spam",
            "write the address that it leads to",
        ),
    ):
        if is_wrong:
            return _finding(document, target, severity, words, todo)
    return None


def _host(url: str) -> str:
    """Return the domain of an address, "" when it has none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _short(document: Document, url: str) -> str:
    """Return an address for a message, with … for values."""
    shown = document.marked.pattern.sub("…", url)
    return f"{shown[:77]}…" if len(shown) > 80 else shown  # noqa: PLR2004 - what fits a line


def check_words(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with what links and images say."""
    said = _said(document)
    for number, one in enumerate(document.elements):
        file, line = document.place(one.offset)
        for words, todo, severity, rule in _wrong_words(document, one, said[number]):
            yield Finding(severity, rule, words, todo, file, line)


def check_placeholders(source: TemplateSource) -> Iterator[Finding]:
    """Yield what other services would fill in, and we would only print."""
    texts = [
        (SETTINGS_FILE, False, f"{source.subject}\n{source.preview}"),
        (source.file, True, source.html),
        (source.text_file, True, source.text or ""),
    ]
    for file, has_lines, text in texts:
        for number, line in enumerate(text.splitlines(), 1):
            for found in _PLACEHOLDER.findall(line):
                yield Finding(
                    Severity.ERROR,
                    Rule.TEMPLATE,
                    f"{found} looks like another service's placeholder, and would be"
                    " printed",
                    "write it as {{ name }}, with the attribute's name",
                    source.shown(file),
                    number if has_lines else None,
                )


def _said(document: Document) -> list[str]:
    """Return what each element says with all that is in it, images by their alt text."""
    said = [f"{one.words} {one.attributes.get('alt', '')}" for one in document.elements]
    for number in range(len(said) - 1, -1, -1):
        parent = document.elements[number].parent
        if parent >= 0:
            said[parent] += f" {said[number]}"
    return [" ".join(one.split()) for one in said]


def _wrong_words(
    document: Document, one: Element, said: str
) -> Iterator[tuple[str, str, Severity, Rule]]:
    if one.tag == "img" and not one.hidden:
        own = document.is_own_image(one.attributes.get("src", "").strip())
        yield from _wrong_alt(one, has_width=own)
    if one.tag == "a" and "href" in one.attributes and not one.hidden:
        yield from _wrong_link(one, said)


def _wrong_alt(
    one: Element, *, has_width: bool
) -> Iterator[tuple[str, str, Severity, Rule]]:
    alt = one.attributes.get("alt")
    if alt is None:
        yield (
            "this image has no alt text: who does not see it does not know what it says",
            'write alt="…" with what it says, or alt="" when it only decorates',
            Severity.WARNING,
            Rule.IMAGE,
        )
    elif _LIKE_A_FILE.fullmatch(alt.strip()):
        yield (
            f"the alt text {alt.strip()!r} is a file's name",
            "write what the image says",
            Severity.WARNING,
            Rule.IMAGE,
        )
    if not has_width and not one.attributes.get("width"):
        yield (
            "this image has no width=: Outlook shows it as wide as the file is",
            'write width="…" in pixels',
            Severity.NOTE,
            Rule.IMAGE,
        )


def _wrong_link(one: Element, said: str) -> Iterator[tuple[str, str, Severity, Rule]]:
    if not said:
        yield (
            "this link says nothing: who sees no images cannot follow it",
            "put words into it, or an alt text into its image",
            Severity.WARNING,
            Rule.LINK,
        )
        return
    shown = _SHOWN_DOMAIN.fullmatch(said.lower())
    if shown is None:
        return
    host = _host(one.attributes["href"].strip())
    if host and not _same_site(shown[1], host):
        yield (
            f"this link shows {shown[1]} and leads to {host}, as fraud does",
            "show where it leads, or put words there",
            Severity.WARNING,
            Rule.LINK,
        )


def _same_site(one: str, other: str) -> bool:
    one, other = one.removeprefix("www."), other.removeprefix("www.")
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")

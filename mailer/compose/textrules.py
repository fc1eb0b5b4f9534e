"""What can be said of the links of a written plain text without fetching anything."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from mailer.compose.linkrules import HERE, SHORTENERS
from mailer.compose.template import TemplateSource
from mailer.compose.textlinks import ENDS_A_SENTENCE
from mailer.model.finding import Finding, Rule, Severity

_LINK = re.compile(r"(?i)\bhttps?://[^\s<>\"]*")
_BARE = re.compile(r"(?i)(?<![\w./@:-])www\.[a-z0-9-]+\.[^\s<>\"]+")
_VALUE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_STANDS_FOR_A_VALUE = "\ue0f2"
NONE_TRIED: Mapping[str, str] = MappingProxyType({})


def check_text_links(
    source: TemplateSource, dead: Mapping[str, str] = NONE_TRIED
) -> Iterator[Finding]:
    """Yield what is wrong with where the links of a written plain text lead.

    Args:
        dead: Addresses that were tried and do not work, and why.
    """
    for line, url in _links(source):
        wrong = list(_wrong(url))
        if url in dead:
            todo = "put the address right, or the page"
            wrong.append((Severity.ERROR, f"does not work: {dead[url]}", todo))
        for severity, words, todo in wrong:
            shown = url.replace(_STANDS_FOR_A_VALUE, "…")
            yield Finding(
                severity, Rule.LINK, f"{shown[:80]} {words}", todo,
                source.shown(source.text_file), line,
            )  # fmt: skip


def text_links(source: TemplateSource) -> list[str]:
    """Return the web addresses in a written plain text that everybody gets."""
    return [
        url
        for _, url in _links(source)
        if _STANDS_FOR_A_VALUE not in url and url.lower().startswith("http")
    ]


def _links(source: TemplateSource) -> Iterator[tuple[int, str]]:
    """Give line and address of each; a … of our own stands for values."""

    def without(value: re.Match[str]) -> str:
        return _STANDS_FOR_A_VALUE + "\n" * value[0].count("\n")

    text = _VALUE.sub(without, source.text or "")
    for number, line in enumerate(text.splitlines(), 1):
        for pattern in (_LINK, _BARE):
            for found in pattern.findall(line):
                yield number, found.rstrip(ENDS_A_SENTENCE)


def _wrong(url: str) -> Iterator[tuple[Severity, str, str]]:
    if not url.lower().startswith("http"):
        words = "is no link in every mail program"
        yield Severity.WARNING, words, f"write https://{url}"
        return
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        host = ""
    if not host:
        yield Severity.ERROR, "has no domain", "write the whole address"
    elif _STANDS_FOR_A_VALUE in host:
        return
    elif HERE.fullmatch(host) or not re.search("[.:]", host):
        words = "is an address that only machines in your own network reach"
        yield Severity.ERROR, words, "write the public address"
    elif host in SHORTENERS:
        words = "hides where the link leads, and filters take that for spam"
        yield Severity.WARNING, words, "write the address that it leads to"
    elif url.lower().startswith("http://"):
        yield Severity.WARNING, "is not encrypted: browsers warn of it", "write https://"

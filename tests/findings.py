"""Checking in tests: some HTML in the frame of a whole letter, and what was found in it."""

from letters import FOOT, ready, source

from mailer.compose.checking import Facts, check
from mailer.compose.template import TemplateSource
from mailer.model.finding import Finding, Rule
from mailer.model.kind import Kind
from mailer.workspace.clients import read_clients

BODY = "templates/mail/sale/body.html"
LONG = "<p>" + "Words that say what the letter is about. " * 5 + "</p>"


def found(html: str | TemplateSource, facts: Facts | None = None) -> tuple[Finding, ...]:
    """Check some HTML in the frame of a whole letter; its first line is line 3."""
    if isinstance(html, str):
        begin = '<html lang="en"><body>\n<div hidden>{{ preview }}</div>\n'
        whole = f"{begin}{html}\n{LONG}{FOOT}</body></html>"
        html = source(whole, preview="In short", kind=Kind.MARKETING)
    prepared = ready(html)
    seen = prepared.bodies.seen
    return check(seen, facts or Facts("News", 1_000, people=10), read_clients())


def of(rule: Rule, findings: tuple[Finding, ...]) -> list[tuple[str, int | None, str]]:
    """Return severity, line and words of what a rule found."""
    return [
        (one.severity.value, one.line, one.words) for one in findings if one.rule is rule
    ]


def words_of(rule: Rule, findings: tuple[Finding, ...]) -> str:
    return "\n".join(words for _, _, words in of(rule, findings))

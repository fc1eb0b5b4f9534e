"""Composing in tests: templates, people, and what a mail program reads out of a letter."""

import email
import email.policy
import email.utils
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from html.parser import HTMLParser

import css_inline
import jinja2
import markupsafe
from conftest import RING

from mailer.compose.limits import Limits
from mailer.compose.links import Site
from mailer.compose.prepared import Prepared, prepare
from mailer.compose.template import TemplateSource
from mailer.model.attributes import AttributeSpec, AttributeType
from mailer.model.kind import Kind
from mailer.model.letter import Letter
from mailer.model.mailinglist import MailingList, OptIn, Wording
from mailer.model.person import Person
from mailer.model.token import TokenBox

TOKENS = TokenBox(RING)
SITE = Site("https://mail.example.com")
DATE = datetime(2026, 11, 21, 9, 5, 7, tzinfo=UTC)
LIST_NUMBER = 3

SPECS = {
    name: AttributeSpec(name, AttributeType(word), default)
    for name, word, default in (
        ("name", "text", None),
        ("city", "text", None),
        ("country", "text", "NO"),
        ("interests", "texts", None),
        ("points", "number", None),
        ("birthday", "date", None),
        ("member", "boolean", None),
    )
}

NEWS = MailingList(
    id="news",
    name="news",
    title="News from the fells",
    purpose="What is new.",
    wordings=(Wording(1, "Yes, write to me."),),
    opt_in=OptIn.DOUBLE,
    sender_name="Fjell & Fjord",
    sender_address="news@example.com",
    reply_to="hello@example.com",
    postal_address="Fjell & Fjord AS\nStorgata 12\n5003 Bergen",
    list_host="news.lists.example.com",
    bounce_domain="bounces.example.com",
    unsubscribe_mailbox="leave@example.com",
)

FOOT = (
    '<p><a href="{{ preferences_url }}">Preferences</a>'
    ' <a href="{{ unsubscribe_url }}">Leave</a></p><p>{{ postal_address|nl2br }}</p>'
)
CONFIRM = '<p><a href="{{ confirm_url }}">Yes, write to me</a></p>'


def owed(kind: Kind) -> str:
    """Return what a body of a kind must print, whatever else it says."""
    return CONFIRM if kind is Kind.CONFIRMATION else FOOT


def source(
    html: str = "<p>Hello</p>",
    *,
    subject: str = "News",
    preview: str = "",
    kind: Kind = Kind.TRANSACTIONAL,
    text: str | None = None,
    files: dict[str, str] | None = None,
    sample: dict[str, object] | None = None,
) -> TemplateSource:
    return TemplateSource(
        name="sale",
        subject=subject,
        preview=preview,
        kind=kind,
        sample=sample or {},
        html=html,
        text=text,
        files=files or {},
    )


def ready(
    template: TemplateSource,
    *,
    mailing_list: MailingList | None = NEWS,
    specs: dict[str, AttributeSpec] | None = None,
    limits: Limits | None = None,
    site: Site = SITE,
    rehearsal_to: str = "",
) -> Prepared:
    return prepare(
        template,
        mailing_list,
        LIST_NUMBER,
        SPECS if specs is None else specs,
        site,
        TOKENS,
        limits or Limits(),
        rehearsal_to,
    )


def person(**attributes: object) -> Person:
    return Person(7, "ingrid@example.com", dict(attributes))


def letter(template: TemplateSource | str, **attributes: object) -> Letter:
    """Compose for one person."""
    if isinstance(template, str):
        template = source(template)
    return ready(template).compose(person(**attributes), 1234, 5, DATE)


def read(one: Letter) -> EmailMessage:
    """Read a letter as the standard library does; a defect is a failure."""
    found = email.message_from_bytes(one.content, policy=email.policy.default)
    for part in found.walk():
        assert part.defects == []
    return found


def mailbox_of(one: Letter, header: str) -> tuple[str, str]:
    """Return display name and address as RFC 2047 §6.2 reads them.

    The newer parser of Python 3.11 puts spaces between encoded words of a phrase.
    """
    found = email.message_from_bytes(one.content, policy=email.policy.compat32)
    phrase, address = email.utils.parseaddr(str(found[header]).replace("\r\n", ""))
    return str(make_header(decode_header(phrase))), address


def html_of(one: Letter) -> str:
    return content(read(one), "html")


def text_of(one: Letter) -> str:
    return content(read(one), "plain")


def content(message: EmailMessage, kind: str) -> str:
    """Return a part's text, with the line ends that a template has."""
    part = message.get_body((kind,))
    assert part is not None
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    return raw.decode().replace("\r\n", "\n")


def written(
    body: str,
    layout: str = '<html lang="{{ letter_language }}"><body>{% block body %}{% endblock %}'
    "</body></html>",
    **more: str,
) -> TemplateSource:
    """Return a template whose body is Markdown."""
    files = {"_layouts/plain-letter.html": layout, **more}
    return replace(source(body, files=files), file="body.md")


def body_of(one: Letter) -> str:
    """Return what stands in <body> of the HTML."""
    html = html_of(one)
    return html[html.index("<body") :].partition(">")[2].rpartition("</body>")[0]


def plain_jinja(template: TemplateSource, names: dict[str, object], *, html: bool) -> str:
    """Render with Jinja as it comes: no sandbox, no splitting, its own inheritance."""
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(
            {
                **template.files,
                "body.html": template.html,
                "body.txt": template.text or "",
            }
        ),
        autoescape=html,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["nl2br"] = lambda value: markupsafe.Markup("<br>\n").join(
        markupsafe.escape(value).splitlines()
    )
    environment.filters["split"] = str.split
    return environment.get_template("body.html" if html else "body.txt").render(**names)


def inlined(html: str) -> str:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False).inline(
        html
    )


class _Events(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, sorted(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(("/", tag))

    def handle_data(self, data: str) -> None:
        if words := " ".join(data.split()):
            self.found.append(words)


def what_is_shown(html: str) -> list[object]:
    """Return elements and words of a document, however they are spelled.

    `<tbody>` is left out: a parser puts it in where there are rows.
    """
    events = _Events()
    events.feed(html)
    events.close()
    return [one for one in events.found if one not in (("tbody", []), ("/", "tbody"))]

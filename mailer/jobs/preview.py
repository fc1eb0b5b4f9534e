"""Previewing: how a template looks for one person, without sending anything.

What is shown is taken out of a composed letter, so it is what would be sent. Nothing in it
is fetched: a browser that shows the HTML is told to load nothing from anywhere.
"""

import email
import email.policy
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from mailer.compose.head import TEST_MARK
from mailer.compose.pictures import with_own_images
from mailer.compose.prepared import Prepared
from mailer.compose.template import TemplateSource
from mailer.model.person import Person

_SAMPLE_ADDRESS = "sample@example.com"
NOTHING_REMOTE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""The policy under which a letter loads nothing from anywhere (CSP Level 3)."""

_NOTHING_REMOTE = (
    f'<meta http-equiv="Content-Security-Policy" content="{NOTHING_REMOTE}">'
    '<meta name="referrer" content="no-referrer">'
)
_HEAD = re.compile(r"(?i)<head\b[^>]*>")


@dataclass(frozen=True, slots=True)
class Preview:
    """A letter as a reader would see it.

    Args:
        html: A whole document that loads nothing remote.
        language: What it is written in, as a tag.
        size_bytes: Of the whole letter. Gmail cuts off what is longer than 102 kB of HTML.
    """

    html: str
    text: str
    subject: str
    size_bytes: int
    language: str


def sample_person(source: TemplateSource) -> Person:
    """Return the made-up person of a template's `[sample]`, who may have a language."""
    language, zone = (_word(source.sample.get(name)) for name in ("language", "time_zone"))
    return Person(None, _SAMPLE_ADDRESS, dict(source.sample), language, zone)


def as_if_sent(source: TemplateSource, reader: Person) -> Person:
    """Return a person with what a transactional letter is sent with, as `[sample]` has it.

    Nobody on record has an order of her own to try the letter with.
    """
    data = {name: source.sample[name] for name in source.data if name in source.sample}
    return reader._replace(attributes={**reader.attributes, **data})


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def preview(prepared: Prepared, person: Person | None, date: datetime) -> Preview:
    """Show a template for one person; the links in it leave no list.

    Args:
        person: None for the template's sample.
        date: What the letter's Date says.

    Raises:
        CannotComposeError: when this person lacks a value that the template needs.
    """
    source = prepared.source
    reader = sample_person(source) if person is None else as_if_sent(source, person)
    letter = prepared.compose(reader, 0, 0, date, test=True)
    message = email.message_from_bytes(letter.content, policy=email.policy.default)
    html = html_of(message, prepared)
    return Preview(
        html=_HEAD.sub(lambda head: head[0] + _NOTHING_REMOTE, html, 1),
        text=body_of(message, "plain"),
        subject=str(message["subject"]).removeprefix(TEST_MARK),
        size_bytes=len(letter.content),
        language=prepared.language_for(reader),
    )


def _as_data(source: TemplateSource) -> dict[str, str]:
    """Return the template's images as addresses that hold them (RFC 2397)."""
    return {
        one.hash: f"data:{one.type};base64,{b64encode(source.contents[one.hash]).decode()}"
        for one in source.images.values()
        if one.hash in source.contents
    }


def html_of(message: EmailMessage, prepared: Prepared) -> str:
    """Return the HTML of a letter with the template's own images inside it."""
    return with_images(body_of(message, "html"), prepared)


def with_images(html: str, prepared: Prepared) -> str:
    """Put the images that a template has with it into its HTML."""
    return with_own_images(html, prepared.site, _as_data(prepared.source))


def body_of(message: EmailMessage, kind: str) -> str:
    """Return a body's text, "" when the letter has none of the kind."""
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n")

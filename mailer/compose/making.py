"""How the source of a template becomes bodies that can be filled in."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from jinja2 import nodes
from markupsafe import escape

from mailer.compose import duties
from mailer.compose.assembly import Assembler
from mailer.compose.counting import CLICKER, NO_WAYS, Counting, counting_of
from mailer.compose.document import Seen, written_texts
from mailer.compose.engine import FUNCTIONS, HTML, TEXT, Engine
from mailer.compose.folding import Common, folded
from mailer.compose.languages import written
from mailer.compose.limits import Limits, counting
from mailer.compose.links import Site
from mailer.compose.localising import localised
from mailer.compose.names import Uses, free_names, uses
from mailer.compose.parts import Part, Where
from mailer.compose.pictures import Pictures
from mailer.compose.places import Places
from mailer.compose.plaintext import plain_text
from mailer.compose.quoted import segment
from mailer.compose.styles import inlined
from mailer.compose.template import TemplateSource
from mailer.compose.textlinks import with_safe_links
from mailer.compose.textparameters import with_parameters
from mailer.compose.tree import (
    Nodes,
    ended,
    everything,
    literal_text,
    mapped,
    replaced,
)
from mailer.compose.utm import Tagging, tagging_of
from mailer.errors import did_you_mean
from mailer.model.attributes import AttributeSpec
from mailer.model.enclosure import Enclosure
from mailer.model.kind import Kind
from mailer.model.mailinglist import MailingList

LINK_NAMES = frozenset({"browser_url", "confirm_url", "preferences_url", "unsubscribe_url"})
OPTIONAL_NAMES = frozenset({"language", "time_zone"})
_LINE_NAMES = frozenset({"preview", "subject"})
_LIST_NAMES = frozenset({"list_title", "list_words", "postal_address", "sender_name"})
BUILT_IN_NAMES = (
    LINK_NAMES | OPTIONAL_NAMES | _LINE_NAMES | _LIST_NAMES | {"email", "letter_language"}
)
"""What every letter can print beside the contact's attributes."""

_HTML_BEGINS, _HTML_ENDS = re.compile(r"(?i)<html[\s>]"), re.compile(r"(?i)</html\s*>")


@dataclass(frozen=True, slots=True)
class Bodies:
    """A template's bodies, ready to be filled in.

    Args:
        needs: The names that a person must have.
        used: The names that change from person to person.
        common: What every run must find among its names.
        embedded: The images inside each letter.
        countable: Where the links lead that can be counted.
        seen: What a check of the template reads.
    """

    subject: str | Part[str]
    html: Part[bytes]
    text: Part[bytes]
    needs: frozenset[str]
    used: frozenset[str]
    common: dict[str, object]
    embedded: tuple[Enclosure, ...]
    countable: tuple[str, ...]
    seen: Seen


@dataclass(frozen=True, slots=True)
class _Read:
    """The four texts of a template as statements."""

    subject: Nodes
    preview: Nodes
    html: Nodes
    text: Nodes | None

    def of_all(self) -> list[Nodes]:
        return [self.subject, self.preview, self.html, self.text or []]


@dataclass(frozen=True, slots=True)
class _Work:
    """What the steps share."""

    source: TemplateSource
    language: str
    specs: Mapping[str, AttributeSpec]
    limits: Limits
    pictures: Pictures
    tagging: Tagging
    clicks: Counting
    places: Places = field(default_factory=Places)

    def common(self, engine: Engine, values: dict[str, object], file: str) -> Common:
        return Common(engine, values, self.where(file))

    def where(self, file: str) -> Where:
        return Where(self.places, self.source.shown(file), self.limits)


def make_bodies(  # noqa: PLR0913, PLR0917 - each is a thing of its own, as for prepare
    source: TemplateSource,
    language: str,
    mailing_list: MailingList | None,
    specs: Mapping[str, AttributeSpec],
    limits: Limits,
    site: Site,
    ways: Mapping[str, str] = NO_WAYS,
) -> Bodies:
    """Make a template's bodies in one language.

    Args:
        language: What it is written in, as a tag.
        ways: From where a link leads to the page of ours by which it is counted.

    Raises:
        TemplateError: names the file, the line and what to do.
    """
    pictures = Pictures(source, site)
    tagging = tagging_of(mailing_list, source.name, site)
    clicks = counting_of(mailing_list, site, ways)
    work = _Work(source, language, specs, limits, pictures, tagging, clicks)
    duties.check_list(source, mailing_list)
    read = _read(work)
    needs = _check_names(work, read)
    _check_duties(source, read)
    values: dict[str, object] = {
        **FUNCTIONS,
        "letter_language": written(language),
        "list_title": mailing_list.title if mailing_list else "",
        "list_words": mailing_list.wording.text if mailing_list else "",
        "postal_address": mailing_list.postal_address if mailing_list else "",
        "sender_name": mailing_list.sender_name if mailing_list else site.sender_name,
    }
    lines = {
        "subject": folded(counting(read.subject), work.common(TEXT, values, "letter.toml")),
        "preview": folded(counting(read.preview), work.common(TEXT, values, "letter.toml")),
    }
    whole = {name: _whole(body) for name, body in lines.items()}
    values |= {name: said for name, said in whole.items() if said is not None}
    page, text, seen = _html(work, read.html, lines, values, needs)
    duties.check_seen(source, text, mailing_list)
    if read.text is not None:
        tagged = clicks.in_text(with_parameters(counting(read.text), tagging))
        body = [*_definitions(lines), *with_safe_links(tagged)]
        text = folded(body, work.common(TEXT, values, source.text_file))
    pictures.check()
    return _bodies(work, lines["subject"], *clicks.with_clicker(page, text), seen, values)


def _read(work: _Work) -> _Read:
    source = work.source
    assembler = Assembler(source, work.places, work.limits)
    subject = assembler.line(source.subject, "subject")
    preview = assembler.line(source.preview, "preview")
    page = assembler.file(source.file, source.html)
    text = None if source.text is None else assembler.file(source.text_file, source.text)
    if (whole := _whole(page)) is not None and not whole.strip():
        raise work.places.error(page[0] if page else 1, "the file is empty: was it saved?")
    literals = "".join(
        one.data for one in everything(page) if isinstance(one, nodes.TemplateData)
    )
    if _HTML_BEGINS.search(literals) and not _HTML_ENDS.search(literals):
        raise work.places.error(
            page[-1],
            "the HTML begins with <html> and never ends: is the file saved to its end?",
        )

    def ours(body: Nodes) -> Nodes:
        return localised(body, work.language, work.specs)

    return _Read(
        ours(subject), ours(preview), ours(page), None if text is None else ours(text)
    )


def _check_names(work: _Work, read: _Read) -> dict[str, int]:
    """Refuse names that nobody has; return those that a person must have, with a line."""
    needs: dict[str, int] = {}
    for body in read.of_all():
        of_lines = body is read.subject or body is read.preview
        known = BUILT_IN_NAMES - _LINE_NAMES if of_lines else BUILT_IN_NAMES
        if work.source.kind is not Kind.CONFIRMATION:
            known -= {duties.CONFIRM}
        found = uses(body)
        for name, line in sorted(found.found.items(), key=lambda item: item[1]):
            if name not in known and name not in work.specs and name not in FUNCTIONS:
                raise work.places.error(line, _unknown(name, found, work.specs, known))
        needs = found.needed | needs
    return {
        name: line
        for name, line in needs.items()
        if name in OPTIONAL_NAMES
        or (name in work.specs and work.specs[name].default is None)
    }


def _unknown(
    name: str, found: Uses, specs: Mapping[str, AttributeSpec], built_in: frozenset[str]
) -> str:
    if name in found.unsure:
        return (
            f"{name!r} is only set in one branch of a condition: set it before the"
            " condition, or in each branch"
        )
    listing = f"a contact has: {', '.join(sorted(specs)) or 'nothing yet'}"
    listing += f"; a letter has: {', '.join(sorted(built_in))}"
    near = did_you_mean(name, [*specs, *built_in], listing)
    return f"no such name {name!r}{near}" + ("" if listing in near else f" {listing}")


def _check_duties(source: TemplateSource, read: _Read) -> None:
    for body, file in ((read.html, source.file), (read.text, source.text_file)):
        if body is not None:
            duties.check_printed(source, body, file, duties.LINK, duties.ADDRESS)
            duties.check_confirmation(source, body, file)


def _html(
    work: _Work,
    body: Nodes,
    lines: dict[str, Nodes],
    values: dict[str, object],
    needed: dict[str, int],
) -> tuple[Nodes, Nodes, Seen]:
    """Return the statements of the HTML, and of the plain text that is made from it."""
    definitions = [mapped(one, _as_html) for one in _definitions(lines)]
    counted = counting(body)
    whole = folded([*definitions, *counted], work.common(HTML, values, work.source.file))
    page, marked = inlined(whole, work.places, work.pictures, work.tagging, work.clicks)
    text = [mapped(one, _as_text) for one in plain_text(marked, work.places)]
    seen = Seen(
        source=work.source,
        language=written(work.language),
        places=work.places,
        whole=whole,
        written=written_texts(counted, whole),
        styled=marked,
        found=uses(body).found,
        needed=needed,
    )
    return page, text, seen


def _definitions(lines: dict[str, Nodes]) -> Nodes:
    """Return what gives personal subjects and previews their names in the bodies."""
    return [
        nodes.AssignBlock(nodes.Name(name, "store", lineno=1), None, body, lineno=1)
        for name, body in lines.items()
        if _whole(body) is None
    ]


def _as_html(node: nodes.Node) -> nodes.Node:
    if isinstance(node, nodes.TemplateData):
        return replaced(node, data=str(escape(node.data)))
    return node


def _as_text(node: nodes.Node) -> nodes.Node:
    """Turn what a `{% set %}` block holds from HTML into text; the rest is text already."""
    if not isinstance(node, nodes.AssignBlock):
        return node

    def unescaped(one: nodes.Node) -> nodes.Node:
        if isinstance(one, nodes.TemplateData):
            return replaced(one, data=html.unescape(one.data))
        return one

    return mapped(node, unescaped)


def _whole(body: Nodes) -> str | None:
    """Return what some statements print for everybody, None when that depends."""
    texts = [literal_text(node) for node in body]
    return None if None in texts else "".join(text for text in texts if text)


def _bodies(
    work: _Work,
    subject: Nodes,
    page: Nodes,
    text: Nodes,
    seen: Seen,
    values: dict[str, object],
) -> Bodies:
    line = _whole(subject)
    used = free_names(*subject) | free_names(*page) | free_names(*text)
    defaults = {
        name: spec.default
        for name, spec in work.specs.items()
        if name in used and spec.default is not None
    }
    return Bodies(
        subject=Part(TEXT, subject, str, work.where("letter.toml"))
        if line is None
        else line,
        html=Part(HTML, ended(page), segment, work.where(work.source.file)),
        text=Part(TEXT, ended(text), segment, work.where(work.source.text_file)),
        needs=frozenset(seen.needed),
        used=frozenset(used - set(values)),
        common=values | defaults | ({CLICKER: ""} if work.clicks.personal else {}),
        embedded=tuple(work.pictures.embedded.values()),
        countable=tuple(work.clicks.found),
        seen=seen,
    )

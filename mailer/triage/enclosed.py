"""What a person's message brings along: its HTML made harmless, and its attachments.

Nothing of it is ever run or fetched: HTML loses scripts, styles, forms and images (nh3),
and attachments are bytes to be saved, whatever they say that they are.
"""

import quopri
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import nh3

from mailer.triage.charsets import decoded_words, from_base64, in_charset
from mailer.triage.mime import Part, content_type

_HTML_AT_MOST = 400_000
_NAME_AT_MOST = 100
_NAME_BYTES_AT_MOST = 240
"""Disks take 255 at most, and a header's line 998, in which each may be three characters
(RFC 5322 §2.1.1, RFC 2231 §4)."""
_ENDING_AT_MOST = 20
_ATTACHMENTS_AT_MOST = 50
_TAGS = frozenset({
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "div",
    "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "li", "ol", "p",
    "pre", "q", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "u", "ul",
})  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
_EXTENDED = re.compile(r"([A-Za-z0-9_-]*)'[A-Za-z0-9-]*'(.*)", re.DOTALL)
_ASCII = re.compile("[\0-\x7f]+")
_WHOLE = re.compile(r"\s*(?:https?://|mailto:)", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b", re.IGNORECASE)
_UNNAMED = {"message/rfc822": "message.eml", "text/calendar": "invitation.ics"}
_RUNS = frozenset({
    "app", "bat", "cmd", "com", "cpl", "dll", "docm", "exe", "hta", "htm", "html", "img",
    "iso", "jar", "js", "jse", "lnk", "msi", "pptm", "ps1", "reg", "scr", "svg", "vbe",
    "vbs", "wsf", "xhtml", "xlsm",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Enclosed:
    """One attachment.

    Args:
        number: Its place among the message's, from 1.
        name: A file's name without anything that could mislead.
        kind: What it says that it is.
        runs: Opening it may run something.
    """

    number: int
    name: str
    kind: str
    size_bytes: int
    runs: bool


def enclosed_of(part: Part) -> tuple[Enclosed, ...]:
    """List a message's attachments."""
    return tuple(
        Enclosed(number, name_of(one), one.kind, len(bytes_of(one)), _may_run(name_of(one)))
        for number, one in enumerate(_parts(part), start=1)
    )


def content_of(part: Part, number: int) -> tuple[str, bytes] | None:
    """Return the name and bytes of one attachment; None when there is no such one."""
    found = _parts(part)
    if not 1 <= number <= len(found):
        return None
    one = found[number - 1]
    return name_of(one), bytes_of(one)


def bytes_of(part: Part) -> bytes:
    """Return a part's bytes without its transfer encoding (RFC 2045 §6)."""
    encoding = part.get("content-transfer-encoding").strip().lower()
    if encoding.startswith("quoted-printable"):
        return quopri.decodestring(part.body)
    if encoding.startswith("base64"):
        return from_base64(part.body)
    return part.body


def name_of(part: Part) -> str:
    """Return a name that an attachment can be saved under, whatever it says.

    Folders, control characters, and marks that turn the direction of writing are taken
    out: `cod.exe` written backwards would read as `exe.doc`.
    """
    _, disposition = content_type(part.get("content-disposition"))
    said = disposition.get("filename", "") or part.parameters.get("name", "")
    return safe_name(decoded_words(_unquoted(said))) or _UNNAMED.get(
        part.kind, "attachment"
    )


def safe_name(said: str) -> str:
    """Return a file's name without folders and all that misleads; "" for nothing left."""
    said = re.split(r"[/\\]", said)[-1]
    plain = "".join(
        one
        for one in said
        if unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )
    return _shortened(re.sub(r'[<>:"|?*;]', "_", plain).strip(" ."))


def _shortened(name: str) -> str:
    """Return a name that is short enough for disks and headers, with its ending."""
    if len(name) <= _NAME_AT_MOST and len(name.encode()) <= _NAME_BYTES_AT_MOST:
        return name
    stem, dot, end = name.rpartition(".")
    if not stem or len(end) > _ENDING_AT_MOST:
        stem, dot, end = name, "", ""
    stem = stem[: _NAME_AT_MOST - len(dot + end)]
    room = _NAME_BYTES_AT_MOST - len((dot + end).encode())
    stem = stem.encode()[:room].decode(errors="ignore")
    return f"{stem.rstrip(' .')}{dot}{end}"


def html_of(part: Part) -> tuple[str, int] | None:
    """Return a message's HTML made harmless, and how many images were left out.

    None where it has no HTML.
    """
    for one in part.walk():
        if one.kind == "text/html" and not _is_attached(one):
            raw = in_charset(bytes_of(one), one.parameters.get("charset", ""))
            return harmless(raw), len(_IMAGE.findall(raw))
    return None


def harmless(html: str) -> str:
    """Take out of HTML all that runs, loads, looks like ours, or sends something."""
    return nh3.clean(
        html[:_HTML_AT_MOST],
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        attribute_filter=_whole_links,
    )


def _whole_links(tag: str, name: str, value: str) -> str | None:
    """Take away addresses that are not whole: they would lead to pages of our own."""
    del tag
    return value if name != "href" or _WHOLE.match(value) else None


def _unquoted(value: str) -> str:
    """Return a parameter that may say its character set (RFC 2231 §4)."""
    spelt = _EXTENDED.fullmatch(value)
    if spelt is None:
        return value
    charset, said = spelt.groups()
    return _ASCII.sub(lambda run: in_charset(unquote_to_bytes(run[0]), charset), said)


def _parts(part: Part) -> list[Part]:
    return [one for one in part.walk() if _is_attached(one)][:_ATTACHMENTS_AT_MOST]


def _is_attached(part: Part) -> bool:
    if part.kind.startswith("multipart/"):
        return False
    disposition = part.get("content-disposition")
    how = disposition.partition(";")[0].strip().lower()
    if how == "attachment" or content_type(disposition)[1].get("filename"):
        return True
    return not part.kind.startswith("text/") or bool(part.parameters.get("name"))


def _may_run(name: str) -> bool:
    return name.rpartition(".")[2].lower() in _RUNS

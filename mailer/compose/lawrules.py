"""What the law asks of letters to many, beside the way out and the address in each of them.

Marketing says who it is from, in words that people read (CAN-SPAM 15 U.S.C. §7704(a)(1),
ePrivacy Directive 2002/58/EC, article 13(4)), and rests on words that people agreed to
(GDPR, article 7(1)). A notice goes also to those who said no, so it may neither sell
anything nor watch anybody.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from mailer.compose import duties
from mailer.compose.document import Document, Element
from mailer.compose.template import SETTINGS_FILE, TemplateSource
from mailer.model.finding import Finding, Rule, Severity
from mailer.model.kind import Kind
from mailer.model.mailinglist import MailingList

_PROMOTION = tuple(
    re.compile(rf"(?i)(?<!\w){words}(?!\w)")
    for words in (
        # English
        r"\d+\s*(?:%|per\s?cent)\s+(?:off|discount)",
        r"(?:coupon|discount|promo|promotion|voucher)\s+codes?",
        r"(?:exclusive|limited[-\s]+time|special)\s+offers?",
        r"(?:buy|order|shop)\s+now",
        r"free\s+(?:delivery|shipping)",
        # Norwegian (and German: Rabatt)
        r"\d+\s*(?:%|pro[sz]ent)\s+(?:avslag|rabatt)",
        r"(?:kampanje|rabatt|tilbuds)koder?",
        r"(?:kampanje|spesial)tilbud",
        r"(?:bestill|handle|kjøp)\s+nå",
        r"(?:fri|gratis)\s+frakt",
        # German
        r"\d+\s*(?:%|prozent)\s+(?:günstiger|nachlass)",
        r"(?:aktions|gutschein|rabatt)codes?",
        r"(?:aktions|sonder)angebote?",
        r"jetzt\s+(?:bestellen|einkaufen|kaufen|zugreifen)",
        r"(?:gratisversand|versandkostenfrei)",
    )
)
_TRACKERS = re.compile(
    r"(?i)utm_\w+|mtm_\w+|pk_\w+|hsa_\w+|gclid|dclid|fbclid|msclkid|yclid|ttclid|twclid"
    r"|mc_cid|mc_eid|mkt_tok|_hsenc|_hsmi|vero_id|oly_\w+_id|wickedid"
)
"""Names of parameters that tell a shop by which letter, or who, somebody came."""

_NOT_READ = re.compile(r"(?is)<(style|script|title)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>|&nbsp;")
_TINY = frozenset({"0", "1", "0px", "1px"})


def check_who_writes(
    source: TemplateSource, mailing_list: MailingList | None
) -> Iterator[Finding]:
    """Yield what a list does not say that marketing must rest on."""
    if mailing_list is None or not duties.are_due(source):
        return
    file = f"lists/{mailing_list.name}.toml"
    if not mailing_list.sender_name.strip():
        yield _error(
            f"from is {mailing_list.sender_address} alone: each {source.kind.value} letter"
            " must say who writes",
            f'write from = "Your company <{mailing_list.sender_address}>"',
            file,
        )
    if not mailing_list.wording.text.strip() or not mailing_list.purpose.strip():
        yield _error(
            "there are no words that anybody could have agreed to: nothing says on which"
            " consent its letters rest",
            "write its purpose, and the words of consent in [[wordings]]",
            file,
        )


def check_notice(source: TemplateSource, document: Document) -> Iterator[Finding]:
    """Yield what a notice to many may not hold: it reaches also who wants no marketing."""
    if source.kind is not Kind.NOTICE:
        return
    yield from _promotion(source, document)
    for one in document.elements:
        problem = _watches(document, one)
        if problem:
            file, line = document.place(one.offset)
            yield _error(
                f"{problem}, and a notice counts nobody",
                "write an address that is the same for everybody, without such a parameter",
                file,
                line,
            )


def _promotion(source: TemplateSource, document: Document) -> Iterator[Finding]:
    shown = source.shown(SETTINGS_FILE)
    for text in (source.subject, source.preview):
        for words in _sells(text):
            yield _sold(words[0], shown)
    readable = _NOT_READ.sub(lambda one: " " * len(one[0]), document.marked.text)
    for words in _sells(readable):
        yield _sold(words[0], *document.place(words.start()))
    for words in _sells(source.text or ""):
        line = (source.text or "").count("\n", 0, words.start()) + 1
        yield _sold(words[0], source.shown("body.txt"), line)


def _sells(text: str) -> Iterator[re.Match[str]]:
    for one in _PROMOTION:
        yield from one.finditer(text)


def _sold(words: str, file: str, line: int | None = None) -> Finding:
    return _error(
        f"{' '.join(words.split())!r} sells something, and a notice goes also to who wants"
        " no marketing",
        'leave it out, or send it to who agreed, in a letter of kind = "marketing"',
        file,
        line,
    )


def _watches(document: Document, one: Element) -> str:
    """Return how an element tells who read or followed what; "" when it does not."""
    name = {"a": "href", "area": "href", "img": "src"}.get(one.tag, "")
    url = one.attributes.get(name, "").strip()
    if not url.lower().startswith(("http://", "https://")):
        return ""
    what = "the image" if one.tag == "img" else "the link"
    if document.is_personal(url):
        return f"{what} differs from person to person"
    tracker = _tracker(url)
    if tracker:
        return f"{what} {url} has the parameter {tracker!r}"
    if one.tag == "img" and _is_pixel(one):
        return f"the image {url} is none that anybody sees"
    return ""


def _tracker(url: str) -> str:
    try:
        query = urlsplit(url).query
    except ValueError:
        return ""
    names = (name for name, _ in parse_qsl(query, keep_blank_values=True))
    return next((name for name in names if _TRACKERS.fullmatch(name)), "")


def _is_pixel(one: Element) -> bool:
    sizes = {one.attributes.get(side, "").strip().lower() for side in ("width", "height")}
    return one.hidden or bool(sizes & _TINY)


def _error(words: str, todo: str, file: str, line: int | None = None) -> Finding:
    return Finding(Severity.ERROR, Rule.DUTY, words, todo, file, line)

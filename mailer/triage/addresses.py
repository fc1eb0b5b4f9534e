"""Addresses in what reports write: in fields, in brackets, in the middle of a line."""

import re

_LOCAL = r"[A-Za-z0-9_!#$%&'*+/=?^`{|}~.\-\u0080-\uffff]{1,128}"
_QUOTED = r'"(?:[^"\\\n]|\\.){1,64}"'
_LETTER = r"A-Za-z0-9\u0080-\uffff"
_DOMAIN = rf"[{_LETTER}_](?:[{_LETTER}_.-]{{0,250}}[{_LETTER}])?"
# With both cases written out it is taken as it stands: to fold the case of 65,000 letters
# costs a tenth of a second for the patterns that contain it, in every program's start.
ADDRESS = rf"(?-i:(?:{_QUOTED}|{_LOCAL})@(?:{_DOMAIN}|\[[0-9A-Fa-f.:IPVipv]{{3,48}}\]))"
"""An address as a pattern: lenient, because those that bounce are often misspelt."""

_ANY = re.compile(rf"(?<![\w.!#$%&*+/=?^`{{|}}~@-])(?:{ADDRESS})")
_IN_BRACKETS = re.compile(rf"<\s*(?:mailto:|smtp:)?({ADDRESS})\s*>", re.IGNORECASE)
_ENTRY = re.compile(r'(?:"(?:[^"\\]|\\.)*+"|<[^<>]*+>|\([^()]*+\)|[^,;])++')
_COMMENT = re.compile(r"\([^()]{0,200}\)")
_ROUTE = re.compile(r"<?@[^:@\s]{1,200}:")
_KIND = re.compile(
    r"^\s*(?:rfc822|utf-8|smtp|internet|local|x400|unknown|x-[a-z0-9-]+)\s*;", re.IGNORECASE
)
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_UNICODE = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")


def places_in(text: str) -> list[tuple[int, str]]:
    """Return all addresses in a text with where they begin."""
    return [(match.start(), tidy(match[0])) for match in _ANY.finditer(text)]


def in_text(text: str) -> list[str]:
    """Return all addresses in a text, each once, in their order."""
    return list(dict.fromkeys(tidy(match[0]) for match in _ANY.finditer(text)))


def tidy(address: str) -> str:
    """Return an address without what a sentence left on it."""
    if not address.startswith('"'):
        address = address.lstrip("'`|")
    return address.rstrip(".,;:'`-")


def of_field(value: str) -> str:
    """Return the address in a report's field such as `rfc822; anna@example.com`, or "".

    What is no address (a pipe, a local name) gives the address that stands in it, or "".
    Sources: RFC 3464 §2.3.1, RFC 3461 §4 (xtext), RFC 6533 §3.
    """
    value = value[:2000].strip()
    kind = _KIND.match(value)
    inner = value[kind.end() :] if kind else value
    if kind and kind[0].strip().lower().startswith("utf-8"):
        inner = _UNICODE.sub(_codepoint, inner)
    inner = _ROUTE.sub("", inner, count=1)
    bracketed = _IN_BRACKETS.search(inner)
    if bracketed:
        return tidy(bracketed[1])
    plain = _COMMENT.sub("", inner).strip().strip("<>").strip()
    if re.fullmatch(ADDRESS, plain):
        return tidy(plain)
    found = in_text(plain)
    return found[-1] if found and not plain.startswith("|") else found[0] if found else ""


def _codepoint(match: re.Match[str]) -> str:
    try:
        one = chr(int(match[1], 16))
    except (ValueError, OverflowError):
        return "?"
    return one if one.isprintable() else "?"


def mailbox(value: str) -> str:
    """Return the address of a From, To or Return-Path, or "" for none or `<>`."""
    value = value[:4000]
    bracketed = _IN_BRACKETS.findall(value)
    if bracketed:
        return tidy(bracketed[-1])
    found = in_text(_COMMENT.sub("", value))
    return found[0] if found else ""


def mailboxes(value: str) -> list[str]:
    """Return the addresses of a To or Cc; beside a name in brackets, else as they stand."""
    found: list[str] = []
    for one in _ENTRY.findall(value[:8000]):
        bracketed = [tidy(address) for address in _IN_BRACKETS.findall(one)]
        found += bracketed or in_text(_COMMENT.sub("", one))
    return list(dict.fromkeys(found))


def same(one: str, other: str) -> bool:
    """Say whether two spellings are one address."""
    return one.casefold() == other.casefold()

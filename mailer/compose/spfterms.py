"""What may stand in an SPF record, and whether a term of one is read by anybody."""

import re
from collections.abc import Sequence
from ipaddress import ip_network

from mailer.errors import did_you_mean, shorten

_MACRO = r"%\{[slodiphcrtv]\d{0,3}r?[.+,/_=-]*\}"
_TOP_LABEL = r"[a-z0-9-]*(?:[a-z][a-z0-9-]*|[0-9]-[a-z0-9-]*)(?<!-)"
_DOMAIN = rf"(?:[!-$&-~]|%[%_-]|{_MACRO})*(?:\.(?!-){_TOP_LABEL}\.?|{_MACRO})"
_CIDR = r"(?:/(?:[0-9]|[12][0-9]|3[0-2]))?(?://(?:[0-9]{1,2}|1[01][0-9]|12[0-8]))?"
_TERM = re.compile(
    rf"[+?~-]?(?:all|(?:include|exists):{_DOMAIN}|(?:a|mx)(?::{_DOMAIN})?{_CIDR}"
    rf"|ptr(?::{_DOMAIN})?)|(?:redirect|exp)={_DOMAIN}"
    rf"|(?!redirect=|exp=)[a-z][a-z0-9._-]*=(?:[!-$&-~]|%[%_-]|{_MACRO})*"
)
"""RFC 7208 §12, of terms in lower case; the networks of ip4 and ip6 are read apart."""
_NETWORK = re.compile(r"[+?~-]?ip([46]):([0-9a-f.:]+(?:/[0-9]{1,3})?)")
_ADDRESS = re.compile(r"([+?~-]?)(?:ipv?[46]?[:=])?([0-9a-f.:]+(?:/[0-9]{1,3})?)")
_ONCE = ("redirect=", "exp=")
_KNOWN = ("all", "include:", "a", "a:", "mx", "mx:", "ptr", "ip4:", "ip6:", "exists:")


def spf_fault(record: str) -> str:
    """Say which term of an SPF record makes all of it void, "" for none.

    RFC 7208 §4.6, §6.
    """
    terms = record.lower().split(" ")[1:]
    for term in filter(None, terms):
        if not _is_read(term):
            name = re.split("[:=/]", term)[0]
            written = f"{name}{term[len(name) : len(name) + 1]}"
            known = [one for one in _KNOWN if one != "ip6:" or term.count(":") > 1]
            hint = "" if written.lstrip("+?~-") in _KNOWN else did_you_mean(written, known)
            return (
                f"its SPF record says {shorten(term)!r}, which no verifier can read, and is"
                f" void{hint}"
            )
    twice = [once for once in _ONCE if sum(term.startswith(once) for term in terms) > 1]
    return f"its SPF record says {twice[0]} twice, and is void" if twice else ""


def spf_meant(term: str) -> str:
    """Return a term that nobody can read as it was meant; itself where that is not sure.

    An address by a wrong name, or with none, and what ends with a comma or a semicolon.
    """
    bare = term.rstrip(",;")
    if _is_read(term.lower()) or not bare:
        return term
    if address := _ADDRESS.fullmatch(bare.lower()):
        for name in ("ip4", "ip6"):
            meant = f"{address[1]}{name}:{address[2]}"
            if _is_read(meant):
                return meant
    return bare if _is_read(bare.lower()) else term


def spf_unread(terms: Sequence[str]) -> list[str]:
    """Return which terms stand where nobody reads on: behind `all` (RFC 7208 §5.1).

    Args:
        terms: What follows the version, in lower case.
    """
    ends = [at for at, term in enumerate(terms) if term.lstrip("+?~-") == "all"]
    behind = terms[ends[0] + 1 :] if ends else ()
    return [term for term in behind if not re.match("[a-z][a-z0-9._-]*=", term)]


def _is_read(term: str) -> bool:
    network = _NETWORK.fullmatch(term)
    if network is None:
        return _TERM.fullmatch(term) is not None
    try:
        return ip_network(network[2], strict=False).version == int(network[1])
    except ValueError:
        return False

"""What our own mail server found out about a sender (RFC 8601).

Anybody can write an Authentication-Results field; ours stand above the second Received,
because each server writes its own at the top.
"""

import re

from mailer.triage.message import Message

_COMMENT = re.compile(r"\([^()]{0,500}\)")
_RESULT = re.compile(
    r"\s*([a-z0-9-]{1,40})(?:/\d{1,3})?\s*=\s*([a-z]{1,20})\b(.*)", re.DOTALL
)
_PROPERTY = re.compile(
    r"(?<![\w.-])(smtp\.mailfrom|header\.d|header\.i)\s*=\s*\"?([^\s;\"]+)"
)
_FAILED = frozenset({"fail", "permerror"})


def is_forged(message: Message, our_servers: frozenset[str]) -> str:
    """Return why the sender is not proven to be who they say, or "".

    No field of our own server proves and disproves nothing.

    Args:
        our_servers: The authserv-ids of our own mail servers, in small letters.
    """
    results = _results(message, our_servers)
    if not results:
        return ""
    domain = message.sender.rpartition("@")[2].lower()
    verdicts = {result for method, result, _ in results if method == "dmarc"}
    if "pass" in verdicts:
        return ""
    if verdicts & _FAILED:
        return f"it may be forged: DMARC of {domain[:80]} fails"
    for method, result, rest in results:
        if result != "pass" or method not in {"spf", "dkim"}:
            continue
        shown = [found[2].rpartition("@")[2] for found in _PROPERTY.finditer(rest)]
        if any(_aligned(one.strip(".,"), domain) for one in shown):
            return ""
    return f"it may be forged: neither SPF nor DKIM speaks for {domain[:80]}"


def _results(message: Message, our_servers: frozenset[str]) -> list[tuple[str, str, str]]:
    """Return method, result and properties of each of our server's findings."""
    found: list[tuple[str, str, str]] = []
    received = 0
    for name, value in message.part.fields:
        received += name == "received"
        if received > 1:
            break
        if name != "authentication-results":
            continue
        server, *parts = _COMMENT.sub(" ", value[:8000]).lower().split(";")
        if server.split()[:1] and server.split()[0] in our_servers:
            matches = [_RESULT.match(part) for part in parts[:50]]
            found += [(one[1], one[2], one[3]) for one in matches if one is not None]
    return found


def _aligned(one: str, other: str) -> bool:
    """Say whether two domains are one's, as DMARC's relaxed alignment has it."""
    return bool(one and other) and (
        one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
    )

"""What a mail server's answer means for the letter, and what it says about the relay.

The rules of `Outcome`: 2xx after the content is the only acceptance; 4xx puts off; 5xx
refuses; what concerns the relay rather than the letter (421, MAIL, login) goes back
uncharged; and a line that breaks after the content began leaves the letter in doubt (RFC
1047).
"""

import re
from datetime import timedelta
from functools import lru_cache

from mailer.model.outcome import (
    Accepted,
    Deferred,
    InDoubt,
    Outcome,
    Refused,
    Released,
    Reply,
    Stage,
)

_TEXT_AT_MOST = 1000
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")
_LINE = re.compile(rb"([2-5]\d\d)(?:[ -](.*))?", re.DOTALL)

# The id that a relay gives in its final 250: Postfix and Haraka "queued as ID", Exim
# "id=ID", Sendmail and Exchange "ID Message accepted"/"<id> Queued mail", SES a bare id.
_RELAY_ID = (
    re.compile(r"\bqueued as ([^\s;,>]{3,128})", re.IGNORECASE),
    re.compile(r"\bid=([^\s;,>]{3,128})", re.IGNORECASE),
    re.compile(r"<([^<>\s@]{3,100}@[^<>\s]{3,100})>"),
    re.compile(r"\b(?:queue ?id|message ?id|qp)[ :=]+<?([^\s;,<>]{3,128})", re.IGNORECASE),
    re.compile(
        r"\bok[: ]+(?:queued[: ]+)?([A-Za-z0-9][A-Za-z0-9._-]{7,127})\b", re.IGNORECASE
    ),
    re.compile(r"^([A-Za-z0-9._-]{8,128}) (?:message accepted|queued)", re.IGNORECASE),
)

_WAIT = re.compile(
    r"(?:try|retry|available|resent|wait)\D{0,40}?\b(\d{1,5})\s*(s|sec|second|m|min|minute)s?\b",
    re.IGNORECASE,
)
_LONGEST_HINT = timedelta(hours=1)

_RELAY_IS_CLOSING = 421
_LOGIN_IS_DUE = 530
_TOO_LARGE = 552


def parse(lines: list[bytes]) -> Reply | None:
    """Read one reply of a server; None when it is not one (RFC 5321 §4.2).

    Args:
        lines: Without their line ends; all but the last have a hyphen after the code.
    """
    if len(lines) == 1:
        # Relays say the same to each MAIL, RCPT and DATA.
        return _parse_one(lines[0])
    matches = [_LINE.fullmatch(line) for line in lines]
    if not matches or not all(matches):
        return None
    found = [match for match in matches if match is not None]
    if len({match[1] for match in found}) != 1:
        return None
    return _reply(int(found[0][1]), [match[2] or b"" for match in found])


@lru_cache(maxsize=256)
def _parse_one(line: bytes) -> Reply | None:
    match = _LINE.fullmatch(line)
    return None if match is None else _reply(int(match[1]), [match[2] or b""])


def _reply(code: int, raw: list[bytes]) -> Reply:
    words = [line.decode("utf-8", "replace").strip() for line in raw]
    enhanced = ""
    # RFC 2034 §4: each line of a reply begins with the same status code.
    if status := _ENHANCED.match(words[0]):
        enhanced = status[1]
        words = [word.removeprefix(enhanced).strip() for word in words]
    text = " ".join(words).strip()
    if not text.isprintable():
        text = "".join(c if c.isprintable() else "?" for c in text)
    return Reply(code, enhanced, text[:_TEXT_AT_MOST])


def relay_id(reply: Reply) -> str:
    """Return the id that a relay gave a letter in its final 250, or ""."""
    for pattern in _RELAY_ID:
        if match := pattern.search(reply.text):
            return match[1]
    return ""


def wait_hint(reply: Reply) -> timedelta | None:
    """Return how long the words ask us to wait, when it is below an hour."""
    match = _WAIT.search(reply.text)
    if match is None:
        return None
    unit = "minutes" if match[2].lower().startswith("m") else "seconds"
    wait = timedelta(**{unit: int(match[1])})
    return wait if wait < _LONGEST_HINT else None


def about_sender(reply: Reply) -> Outcome | None:
    """Judge the answer to MAIL; None when it lets us go on.

    Failures here are the relay's business, except that the letter may be too large
    (RFC 1870 §6.1).
    """
    if reply.positive:
        return None
    too_large = reply.code >= 500 and reply.enhanced.endswith(".3.4")  # noqa: PLR2004
    if reply.code == _TOO_LARGE or too_large:
        return Refused(reply, Stage.MAIL)
    return Released(reply, Stage.MAIL)


def about_recipient(reply: Reply) -> Outcome | None:
    """Judge the answer to RCPT; None when it lets us go on.

    A 3xx is none (RFC 5321 §4.3.2): the answers are out of step, and say nothing of her.
    """
    if reply.positive:
        return None
    if reply.intermediate:
        return Released(reply, Stage.RCPT)
    return _judged(reply, Stage.RCPT)


def about_data(reply: Reply) -> Outcome | None:
    """Judge the answer to DATA; None is 354, the moment to ask whether it may leave."""
    if reply.code == 354:  # noqa: PLR2004 - RFC 5321 §4.2.3
        return None
    if reply.positive or reply.intermediate:
        return Released(reply, Stage.DATA)
    return _judged(reply, Stage.DATA)


def about_content(reply: Reply) -> Outcome:
    """Judge the final answer, after the dot."""
    if reply.positive:
        return Accepted(reply, relay_id(reply))
    if reply.intermediate:
        return InDoubt(reply)
    return _judged(reply, Stage.CONTENT)


def _judged(reply: Reply, stage: Stage) -> Outcome:
    if reply.code in (_RELAY_IS_CLOSING, _LOGIN_IS_DUE):
        return Released(reply, stage)
    if reply.transient:
        return Deferred(reply, stage, wait_hint(reply))
    return Refused(reply, stage)

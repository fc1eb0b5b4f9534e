"""Which letter of ours a message speaks of, and what proves it.

A report is only worth as much as what ties it to a letter: anyone can write one. Proof is a
token that only we can make, in the address that the report came to (the return path, RFC
5321 §4.5.5), in its envelope id (RFC 3461 §4.4) or in the Message-ID that it brings back.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mailer.model.notice import Clues
from mailer.model.token import Reader, TokenBox, TokenKind, from_mailbox

_SHORTEST_TOKEN = 24
"""Nobody's tag is so long by chance: support+shop."""

RETURN_PATH = "b+"
"""How the local part of our return paths begins."""


@dataclass(frozen=True, slots=True)
class Tied:
    """It speaks of a letter of ours.

    Args:
        by: What proved it: `return path`, `envelope id` or `Message-ID`.
    """

    delivery_id: int
    by: str


@dataclass(frozen=True, slots=True)
class Untied:
    """Nothing ties it to a letter of ours.

    Args:
        why: What was looked for, and what was wrong with it.
    """

    why: str


def tie(clues: Clues, tokens: TokenBox) -> Tied | Untied:
    """Say which letter a message speaks of.

    The return path goes first: only the mail system that we handed the letter to has seen
    it, while a Message-ID stands in every copy. Where two proofs name different letters,
    one of them was copied from elsewhere, and neither counts.
    """
    paths = [token for one in clues.addressed_to if (token := _path_token(one))]
    ids = [one.partition("@")[0] for one in clues.message_ids[:1]]
    asked = [
        *((TokenKind.RETURN_PATH, token, "return path") for token in paths),
        (TokenKind.MESSAGE, clues.envelope_id.partition("@")[0], "envelope id"),
        *((TokenKind.MESSAGE, token, "Message-ID") for token in ids),
    ]
    found = [_tied(tokens, kind, token, by) for kind, token, by in asked]
    proofs = [one for one in found if one is not None]
    if not proofs:
        looked = "no return path, envelope id or Message-ID of ours in it"
        return Untied("its return path has a token that is not ours" if paths else looked)
    if len({one.delivery_id for one in proofs}) > 1:
        return Untied("its return path and its Message-ID name different letters of ours")
    return proofs[0]


def _path_token(address: str) -> str:
    local = address.rpartition("@")[0].lower()
    return local.removeprefix(RETURN_PATH) if local.startswith(RETURN_PATH) else ""


def _tied(tokens: TokenBox, kind: TokenKind, token: str, by: str) -> Tied | None:
    delivery_id = tokens.delivery(kind, token.strip().strip("<>")) if token else None
    return None if delivery_id is None else Tied(delivery_id, by)


def unsubscriber(clues: Clues, tokens: TokenBox) -> Reader | None:
    """Return whose unsubscribe address a message came to (RFC 2369 §3.2).

    The token is in the address, so whoever writes to it asks for it, whatever it says.
    """
    for address in clues.addressed_to:
        token = from_mailbox(address.rpartition("@")[0].rpartition("+")[2])
        reader = tokens.reader(TokenKind.UNSUBSCRIBE, token) if token else None
        if reader is not None:
            return reader
    return None


def claims_token(clues: Clues) -> bool:
    """Say whether a message came to an address with what looks like a token of ours."""
    tags = (one.rpartition("@")[0].rpartition("+") for one in clues.addressed_to)
    return any(plus and len(tag) >= _SHORTEST_TOKEN for _, plus, tag in tags)


def signed_by_us(tokens: TokenBox) -> Callable[[str], bool]:
    """Return what says whether a Message-ID (without brackets) is one that we signed."""

    def ours(message_id: str) -> bool:
        return tokens.delivery(TokenKind.MESSAGE, message_id.partition("@")[0]) is not None

    return ours

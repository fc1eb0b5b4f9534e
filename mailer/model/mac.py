"""HMAC-SHA256 (RFC 2104), quick enough to be computed for each of a million rows.

`hmac.digest` looks its algorithm up in OpenSSL each time, which takes three times as long
as the hash itself. Here the two states that a key leads to are made once and copied.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache

_BLOCK_BYTES = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


@lru_cache(64)
def keyed(secret: bytes) -> Callable[[bytes], bytes]:
    """Return the function that gives a message's 32 bytes under a secret."""
    if len(secret) > _BLOCK_BYTES:
        secret = hashlib.sha256(secret).digest()
    padded = secret.ljust(_BLOCK_BYTES, b"\0")
    inner_state = hashlib.sha256(padded.translate(_INNER))
    outer_state = hashlib.sha256(padded.translate(_OUTER))

    def mac(message: bytes) -> bytes:
        inner, outer = inner_state.copy(), outer_state.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()

    return mac

"""Personal values as the ledger keeps them: each with a salt, so that it can be erased.

It is done before the write lock is held, which keeps that short.
"""

import os
from collections.abc import Callable, Sequence

from mailer.model.chain import SALT_BYTES, digest, personal_bytes, who_bytes
from mailer.store.bulk import Row

_NOBODY = (None,) * 6
"""Neither browser nor recorder."""

Chance = Callable[[int], bytes]
"""Gives that many unforeseeable bytes."""

Personal = tuple[Row, bytes]
"""Personal values as they are stored with their salts, and as they are sealed."""


def personal_with(
    values: Sequence[tuple[str, str | None]], chance: Chance = os.urandom
) -> list[Personal]:
    """Salt match forms and network addresses for `append_own`."""
    made: list[Personal] = []
    for match, network in values:
        salt, other = chance(SALT_BYTES), None if network is None else chance(SALT_BYTES)
        who = digest(salt, match)
        there = None if network is None or other is None else digest(other, network)
        stored = (salt, who, match, other, there, network, *_NOBODY)
        made.append((stored, personal_bytes(who, there)))
    return made


def personal(matches: Sequence[str], chance: Chance = os.urandom) -> list[Personal]:
    """Salt match forms for `append_alike`; made before, it keeps the write lock short."""
    salts = chance(SALT_BYTES * len(matches))
    made: list[Personal] = []
    for place, match in enumerate(matches):
        salt = salts[place * SALT_BYTES : (place + 1) * SALT_BYTES]
        who = digest(salt, match)
        made.append(((salt, who, match), who_bytes(who)))
    return made

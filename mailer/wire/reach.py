"""Reaching a host by whichever of its addresses answers: one that is dead costs little.

Tried one after the other, the first that swallows what is sent to it would use up all the
time that there is, each time anew, though the next one works.
"""

import asyncio
import socket
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Any, NamedTuple

_NEXT_AFTER_S = 0.25
"""How long an address is waited for until the next one is tried too (RFC 8305 §8)."""


class _Address(NamedTuple):
    family: int
    kind: int
    protocol: int
    name: Any


async def reach(host: str, port: int, timeout_s: float) -> socket.socket:
    """Connect to the first address of a host that answers (RFC 8305 §5).

    Raises:
        OSError: none did, or the host has none; TimeoutError after all the time.
    """
    async with asyncio.timeout(timeout_s):
        return await _first(await _addresses(host, port))


async def _addresses(host: str, port: int) -> list[_Address]:
    """Return the addresses of a host: in the system's order, its families by turns."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    all_of = [_Address(one[0], one[1], one[2], one[4]) for one in found]
    first = [one for one in all_of if one.family == all_of[0].family]
    others = [one for one in all_of if one.family != all_of[0].family]
    turns = chain.from_iterable(zip_longest(first, others))
    return [one for one in turns if one is not None]


async def _first(addresses: Sequence[_Address]) -> socket.socket:
    waiting = list(addresses)
    trying: set[asyncio.Task[socket.socket]] = set()
    try:
        while True:
            if waiting:
                trying.add(asyncio.create_task(_connected(waiting.pop(0))))
            done, _ = await asyncio.wait(
                trying,
                timeout=_NEXT_AFTER_S if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for one in done:
                trying.discard(one)
                if one.exception() is None or not (waiting or trying):
                    return one.result()
    finally:
        for one in trying:
            one.cancel()
        for late in await asyncio.gather(*trying, return_exceptions=True):
            if isinstance(late, socket.socket):
                late.close()


async def _connected(address: _Address) -> socket.socket:
    opened = socket.socket(address.family, address.kind, address.protocol)
    try:
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, address.name)
    except BaseException:
        opened.close()
        raise
    return opened

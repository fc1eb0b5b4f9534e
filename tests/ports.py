"""Ports for programs that a test starts later."""

import random
import socket
from pathlib import Path

_HANDED_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST = 10_000
_END = 32_768
_CHOICE = random.SystemRandom()
_TRIES = 1000


def free_port() -> int:
    """Return a port of loopback that nobody listens on.

    It is below those that the system hands out by itself, so that no sink which starts
    meanwhile is given the same one. By chance, because several runs choose at once.
    """
    end = _END
    if _HANDED_OUT.exists():
        end = min(end, int(_HANDED_OUT.read_text(encoding="ascii").split()[0]))
    for _ in range(_TRIES):
        port = _CHOICE.randrange(_FIRST, end)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    msg = f"no port from {_FIRST} to {end - 1} is free"
    raise AssertionError(msg)

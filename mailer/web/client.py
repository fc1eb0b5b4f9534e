"""Where a request comes from, as far as it can be believed."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.requests import Request

Network = IPv4Network | IPv6Network

_AGENT_MAX = 300


def client_address(request: Request, proxies: Sequence[Network]) -> str | None:
    """Return the IP address of whoever asks, or None when it cannot be known.

    Each proxy adds the address that it was asked from at the end of X-Forwarded-For. So it
    is read from the end, and only as far as those who wrote it are ours: what stands before
    is what somebody says of himself.
    """
    nearest = _address(request.client.host) if request.client else None
    hops = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while nearest is not None and any(nearest in one for one in proxies) and hops:
        further = _address(hops.pop())
        if further is None:
            break
        nearest = further
    return None if nearest is None else str(nearest)


def agent_of(request: Request) -> str | None:
    """Return what the browser calls itself, printable and not longer than is useful."""
    said = request.headers.get("user-agent", "")[:_AGENT_MAX]
    return "".join(one for one in said if one.isprintable()) or None


@lru_cache(4096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found

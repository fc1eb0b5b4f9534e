"""Asking DNS: what a name says, or that nobody can tell at the moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.resolver
import dns.reversename
from dns.nameserver import Do53Nameserver

_PORT = 53


class DnsUnknownError(Exception):
    """Nobody answered, or not so that it could be believed."""


@dataclass(frozen=True, slots=True)
class DnsServers:
    """Who is asked.

    Args:
        servers: Addresses such as `192.0.2.53` or `127.0.0.1:5353`; none for the system's.
        timeout_s: All of one question may take so long.
    """

    servers: Sequence[str] = ()
    timeout_s: float = 5.0


class Dns:
    """Asks some servers, one question at a time."""

    def __init__(self, asked: DnsServers) -> None:
        """Build it.

        Raises:
            DnsUnknownError: when this machine does not say who is to be asked.
        """
        try:
            self._resolver = dns.resolver.Resolver(configure=not asked.servers)
        except dns.resolver.NoResolverConfiguration as problem:
            raise DnsUnknownError(str(problem)) from problem
        if asked.servers:
            self._resolver.nameservers = [_server(one) for one in asked.servers]
        self._resolver.lifetime = asked.timeout_s

    @property
    def resolver(self) -> dns.resolver.Resolver:
        """By what it asks, for code that asks with dnspython too."""
        return self._resolver

    def texts(self, name: str) -> list[str]:
        """Return the TXT records of a name, each with its strings joined."""
        return [
            b"".join(record.strings).decode("utf-8", "replace")
            for record in self._ask(name, "TXT")
        ]

    def addresses(self, name: str) -> list[str]:
        """Return the addresses of a host, IPv4 first."""
        return [
            str(record.address)
            for kind in ("A", "AAAA")
            for record in self._ask(name, kind)
        ]

    def mail_hosts(self, domain: str) -> list[str]:
        """Return who takes mail for a domain, the first choice first."""
        found = sorted(self._ask(domain, "MX"), key=lambda record: record.preference)
        return [record.exchange.to_text().rstrip(".").lower() for record in found]

    def names_of(self, address: str) -> list[str]:
        """Return the names that an IP address says it has (PTR)."""
        name = dns.reversename.from_address(address).to_text()
        return [
            record.target.to_text(omit_final_dot=True).lower()
            for record in self._ask(name, "PTR")
        ]

    def _ask(self, name: str, kind: str) -> list[Any]:
        """Ask; no such name, and a name without such records, say nothing.

        Raises:
            DnsUnknownError: when nobody can tell.
        """
        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError) as problem:
            words = " ".join(str(problem).split())[:200]
            raise DnsUnknownError(f"DNS gave no answer about {name}: {words}") from problem


def _server(text: str) -> Do53Nameserver:
    """Read an address with or without a port."""
    host, colon, port = text.rpartition(":")
    if colon and "." in host:
        return Do53Nameserver(host, int(port))
    if text.startswith("["):
        return Do53Nameserver(host.strip("[]"), int(port))
    return Do53Nameserver(text, _PORT)

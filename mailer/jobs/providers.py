"""Mailbox providers: whose domain is whose, learnt from the files and from DNS.

Nothing waits for DNS: whoever it says nothing about is written to all the same.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from mailer.model.provider import OTHER
from mailer.pace.providers import Providers
from mailer.store import maildomains
from mailer.store.database import Database
from mailer.store.providerstates import forget_states
from mailer.wire.dns import Dns, DnsServers, DnsUnknownError

_KNOWN_FOR = timedelta(days=7)
_UNKNOWN_FOR = timedelta(hours=6)
_STATES_KEPT = timedelta(days=3)
_AT_A_TIME = 500
_UNANSWERED = 5
"""After so many in a row nobody is there who answers; the rest is asked another time."""

MailHosts = Callable[[str], Sequence[str] | None]
"""Says who takes mail for a domain, the first choice first; None when nobody can tell."""


_RESERVED = frozenset({
    "test", "example", "invalid", "localhost", "example.com", "example.net", "example.org",
})  # fmt: skip


def is_reserved(domain: str) -> bool:
    """Say whether a domain is only for examples and tests (RFC 2606 §2 and §3)."""
    labels = domain.rstrip(".").lower().split(".")
    return bool({labels[-1], ".".join(labels[-2:])} & _RESERVED)


def declare_providers(database: Database, providers: Providers) -> None:
    """Make the domains that the files list known to the database, where they are not."""
    listed = providers.listed()
    with database.read() as connection:
        if maildomains.is_declared(connection, listed):
            return
    with database.write() as connection:
        maildomains.declare(connection, listed)


def learn_domains(
    database: Database, providers: Providers, hosts_of: MailHosts, now: datetime
) -> int:
    """Ask DNS about contacts' domains of which nothing is known, the largest first.

    Letters that are planned later are grouped by it.

    Returns:
        How many were found to be a provider's.
    """
    declare_providers(database, providers)
    with database.read() as connection:
        domains = maildomains.unknown_domains(connection, _AT_A_TIME, now)
    found: dict[str, str] = {}
    unanswered: list[str] = []
    in_a_row = 0
    for domain in domains:
        hosts = hosts_of(domain)
        if hosts is not None:
            found[domain] = providers.of_hosts(hosts)
            in_a_row = 0
            continue
        unanswered.append(domain)
        in_a_row += 1
        if in_a_row == _UNANSWERED:
            break
    with database.write() as connection:
        maildomains.note(connection, found, now + _KNOWN_FOR)
        maildomains.note(connection, dict.fromkeys(unanswered, OTHER), now + _UNKNOWN_FOR)
        forget_states(connection, now - _STATES_KEPT)
    return sum(name != OTHER for name in found.values())


def hosts_by_dns(asked: DnsServers) -> MailHosts:
    """Return who asks DNS; an answer that cannot be had is None.

    The world's servers are not asked about domains of examples and tests.
    """
    try:
        dns = Dns(asked)
    except DnsUnknownError:
        return lambda _: None

    def hosts(domain: str) -> Sequence[str] | None:
        if not asked.servers and is_reserved(domain):
            return ()
        try:
            return dns.mail_hosts(domain)
        except DnsUnknownError:
            return None

    return hosts

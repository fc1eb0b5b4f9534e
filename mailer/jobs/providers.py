"""Mailbox providers: whose domain is whose, learnt from the files and from DNS.

Nothing waits for DNS: whoever it says nothing about is written to all the same.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from mailer.jobs.slices import Slicer
from mailer.model.provider import OTHER
from mailer.pace.providers import Providers
from mailer.store import maildomains
from mailer.store.database import Database
from mailer.store.providerstates import forget_states
from mailer.store.regrouping import regroup, ungrouped
from mailer.wire.dns import Dns, DnsServers, DnsUnknownError

_KNOWN_FOR = timedelta(days=7)
_UNKNOWN_FOR = timedelta(hours=6)
_STATES_KEPT = timedelta(days=3)
_AT_A_TIME = 500
_IN_A_TURN = 20_000
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
    database: Database,
    providers: Providers,
    hosts_of: MailHosts,
    now: datetime,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Ask DNS about contacts' domains of which nothing is known, the largest first.

    Letters that are planned later are grouped by it, and those that wait already.

    Args:
        stopping: Says whether it is to end; what was not asked is asked another time.

    Returns:
        How many were found to be a provider's.
    """
    declare_providers(database, providers)
    regroup_letters(database, stopping)
    with database.read() as connection:
        domains = maildomains.unknown_domains(connection, _IN_A_TURN, now)
    learnt, waits = 0, False
    for turn, some in enumerate(_slices(domains), 1):
        found, unanswered = _ask(some, hosts_of, stopping)
        names = {domain: providers.of_hosts(hosts) for domain, hosts in found.items()}
        with database.write() as connection:
            maildomains.note(connection, names, now + _KNOWN_FOR)
            maildomains.put_off(connection, unanswered, now + _UNKNOWN_FOR)
        here = sum(name != OTHER for name in names.values())
        learnt += here
        waits = waits or here > 0
        # Each look reads all that waits, and the largest domains come first.
        if waits and turn.bit_count() == 1:
            regroup_letters(database, stopping)
            waits = False
        if len(found) + len(unanswered) < len(some):
            break
    if waits:
        regroup_letters(database, stopping)
    with database.write() as connection:
        forget_states(connection, now - _STATES_KEPT)
    return learnt


def _ask(
    domains: Sequence[str], hosts_of: MailHosts, stopping: Callable[[], bool]
) -> tuple[dict[str, Sequence[str]], list[str]]:
    """Return the hosts of some domains, and about which of them there was no answer.

    The rest was not asked.
    """
    found: dict[str, Sequence[str]] = {}
    unanswered: list[str] = []
    in_a_row = 0
    for domain in domains:
        if in_a_row == _UNANSWERED or stopping():
            break
        hosts = hosts_of(domain)
        if hosts is None:
            unanswered.append(domain)
            in_a_row += 1
        else:
            found[domain] = hosts
            in_a_row = 0
    return found, unanswered


def regroup_letters(
    database: Database, stopping: Callable[[], bool] = lambda: False
) -> int:
    """Group letters that wait with their provider's, where that was learnt meanwhile.

    A campaign may be planned before DNS was asked; what senders have in hand stays.

    Returns:
        How many were grouped anew.
    """
    with database.read() as connection:
        found = ungrouped(connection)
    moved, slicer = 0, Slicer(database)
    for name, letters in found.items():
        for some in slicer.slices(letters):
            if stopping():
                return moved
            with slicer.turn() as connection:
                moved += regroup(connection, name, some)
    return moved


def _slices(domains: Sequence[str]) -> Iterator[Sequence[str]]:
    for place in range(0, len(domains), _AT_A_TIME):
        yield domains[place : place + _AT_A_TIME]


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

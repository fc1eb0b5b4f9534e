"""Whether DNS says what receivers ask for before they believe a letter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from mailer.compose.dkimrecord import problem_with, zone_line
from mailer.compose.policies import (
    LOOKUPS_MAX,
    is_address,
    spf_leads_to,
    spf_lookups,
    spf_mended,
    spf_problem,
    spf_records,
)
from mailer.compose.sign import parents
from mailer.compose.spfterms import spf_fault
from mailer.jobs.check_dmarc import Policies, check_alignment, check_policy
from mailer.jobs.check_record import HOLDS, Found, looked_at
from mailer.jobs.check_workspace import LOOPBACK, Looked
from mailer.jobs.dkim import DkimKey
from mailer.wire.dns import Dns
from mailer.wire.line import RelayAddress, Tls
from mailer.wire.opinion import Opinion


@dataclass(frozen=True, slots=True)
class Named:
    """What DNS is asked about.

    Args:
        ways: The domains that letters are from, each with the one that bounces go to.
        keys: The keys that sign.
    """

    ways: Sequence[tuple[str, str]]
    keys: Sequence[DkimKey]
    relays: Sequence[RelayAddress]
    public_url: str

    @property
    def senders(self) -> list[str]:
        """The domains that letters are from."""
        return list(dict.fromkeys(sender for sender, _ in self.ways))

    @property
    def return_paths(self) -> list[str]:
        """The domains that bounces go to."""
        return list(dict.fromkeys(path for _, path in self.ways))


def check_dns(dns: Dns, named: Named, opinion: Opinion | None = None) -> list[Looked]:
    """Look at all of it; what nobody can tell is a problem too.

    Args:
        opinion: Who is heard too about SPF and DMARC: what it adds is advice.
    """
    hosts = [name for one in named.relays if (name := _leaves_from(one))]
    host = hosts[0] if hosts else "<the host that sends your mail>"
    policies = Policies(dns)
    looked = [_spf(dns, one, host, opinion) for one in named.return_paths]
    for domain in named.senders:
        looked += _signed(domain, named.keys)
        looked.append(check_policy(dns, policies, domain, opinion))
    looked += [
        check_alignment(policies, *one, named.keys) for one in dict.fromkeys(named.ways)
    ]
    looked += [check_key(dns, key) for key in named.keys]
    looked += [
        _mail(dns, one) for one in dict.fromkeys([*named.senders, *named.return_paths])
    ]
    looked += [_tls(one) for one in named.relays if one.host not in LOOPBACK]
    looked += [_names(dns, one) for one in named.relays]
    return [*looked, _pages(dns, named.public_url)]


def check_key(dns: Dns, key: DkimKey) -> Looked:
    """Look whether a key is published as it is."""
    publish = zone_line(key.name, key.value)

    def found() -> Found:
        texts = dns.texts(key.name)
        if not texts:
            return Found("nothing is published there", publish)
        if len(texts) > 1:
            return Found(f"{len(texts)} records are there, and must be one", publish)
        problem = problem_with(texts[0], key.public)
        return Found(problem, publish if problem else "")

    return looked_at(f"DKIM {key.name}", found)


def _leaves_from(relay: RelayAddress) -> str:
    """Return the host that a relay's letters leave from; "" where nobody said."""
    there = relay.helo_name if relay.host in LOOPBACK else relay.host
    name = relay.leaves_from or there
    return str(ip_address(name)) if is_address(name) else name


def _spf(dns: Dns, domain: str, host: str, opinion: Opinion | None) -> Looked:
    def found() -> Found:
        texts = dns.texts(domain)
        records = spf_records(texts)
        problem = spf_problem(texts)
        mended = spf_mended(texts, host) if problem else ""
        problem = problem or _beyond(dns, records[0])
        alone = opinion if len(records) == 1 else None
        heard = alone.of_spf(records[0], domain) if alone else ()
        return Found(problem, zone_line(domain, mended) if mended else "", heard=heard)

    return looked_at(f"SPF {domain}", found)


def _beyond(dns: Dns, record: str) -> str:
    """Say what is wrong with what an SPF record leads to, "" for nothing.

    A circle ends as a verifier ends it: by what it costs.
    """
    asked, waiting = 0, [record]
    while waiting:
        record = waiting.pop()
        asked += spf_lookups(record)
        if asked > LOOKUPS_MAX:
            return (
                f"its SPF record asks DNS more than {LOOKUPS_MAX} times with what it"
                " includes, and is void then: include fewer"
            )
        for name in spf_leads_to(record):
            found = spf_records(dns.texts(name))
            if len(found) != 1:
                has = "no SPF record" if not found else f"{len(found)} SPF records"
                return f"its SPF record leads to {name}, which has {has}: it is void then"
            if fault := spf_fault(found[0]):
                return f"its SPF record leads to {name}, of which holds: {fault}"
            waiting.append(found[0])
    return ""


def _signed(domain: str, keys: Sequence[DkimKey]) -> Iterator[Looked]:
    if not any(key.domain in parents(domain) for key in keys):
        words = (
            "letters are not signed here: unless your relay signs them, make a key with"
            f" `mailer dkim new {domain}`"
        )
        yield Looked(f"DKIM {domain}", words)


def _mail(dns: Dns, domain: str) -> Looked:
    def found() -> Found:
        publish = f"{domain}. 3600 IN MX 10 <the host that takes your mail>."
        hosts = dns.mail_hosts(domain)
        if not hosts:
            words = "nobody takes mail for it (no MX): answers and bounces would be lost"
            return Found(words, publish)
        if "" in hosts:
            return Found("it says that it takes no mail (a null MX, RFC 7505 §3)", publish)
        lost = [one for one in hosts if not dns.addresses(one)]
        if not lost:
            return HOLDS
        publish = "\n".join(map(_address_of, lost))
        return Found(f"{', '.join(lost)} has no address", publish)

    return looked_at(f"MX {domain}", found)


def _address_of(host: str) -> str:
    return f"{host}. 3600 IN A <its address>"


def _tls(relay: RelayAddress) -> Looked:
    words = {
        Tls.NONE: 'letters and password go there in clear: set tls = "required"',
        Tls.OPPORTUNISTIC: 'its certificate is not checked: set tls = "required"',
    }
    return Looked(f"TLS {relay.name}", words.get(relay.tls, ""))


def _names(dns: Dns, relay: RelayAddress) -> Looked:
    """Look whether the addresses that letters leave from have names that lead back."""
    host = _leaves_from(relay)
    if not host:
        words = (
            "it is on this machine, and from which address its letters go out is not known"
            f' here: write leaves_from = "…", that host\'s name, for {relay.name!r} into'
            " config.toml"
        )
        return Looked(f"PTR {relay.name}", words)

    def found() -> Found:
        addresses = [host] if is_address(host) else dns.addresses(host)
        if not addresses:
            return Found("it has no address", _address_of(host))
        each = (_pointing(dns, host, address) for address in addresses)
        return next((one for one in each if one.problem), HOLDS)

    return looked_at(f"PTR {host}", found)


def _pointing(dns: Dns, host: str, address: str) -> Found:
    """Look whether an address has a name that leads back to it.

    Args:
        host: Whose address it is, or itself.
    """
    called = "<its name>" if host == address else host
    publish = f"{ip_address(address).reverse_pointer}. 3600 IN PTR {called}."
    names = dns.names_of(address)
    if not names:
        words = f"{address} has no name (PTR): whoever owns the address sets it"
        return Found(words, publish)
    if any(address in dns.addresses(name) for name in names):
        return HOLDS
    if host == address:
        kind = "AAAA" if ":" in address else "A"
        publish = f"{names[0]}. 3600 IN {kind} {address}"
    words = f"{address} calls itself {names[0]}, which does not lead back to it"
    return Found(words, publish)


def _pages(dns: Dns, public_url: str) -> Looked:
    host = urlsplit(public_url).hostname or ""
    what = f"unsubscribe host {host}"
    if urlsplit(public_url).scheme != "https":
        return Looked(what, "links must begin with https (RFC 8058 §3.1)")
    publish = f"{host}. 3600 IN A <the address of your web server>"
    missing = Found("it has no address", publish)
    return looked_at(what, lambda: HOLDS if dns.addresses(host) else missing)

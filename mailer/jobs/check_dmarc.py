"""Whether a domain has a DMARC policy, letters meet it, and its reports arrive."""

from collections.abc import Sequence

from mailer.compose.alignment import (
    Shown,
    Walked,
    alignment,
    organization,
    policy_of,
)
from mailer.compose.dkimrecord import zone_line
from mailer.compose.policies import (
    dmarc_mended,
    dmarc_missed,
    dmarc_names,
    dmarc_problem,
    dmarc_records,
    report_hosts,
)
from mailer.compose.sign import parents
from mailer.jobs.check_record import HOLDS, Found, looked_at
from mailer.jobs.check_workspace import Looked
from mailer.jobs.dkim import DkimKey
from mailer.wire.dns import Dns
from mailer.wire.opinion import Opinion

_ABOVE = "_dmarc."


class Policies:
    """What DMARC records stand where; each name is asked about once."""

    def __init__(self, dns: Dns) -> None:
        """Nothing is asked yet."""
        self._dns = dns
        self._known: dict[str, list[str]] = {}

    def texts(self, name: str) -> list[str]:
        """Return the TXT records of a name.

        Raises:
            DnsUnknownError: when nobody can tell.
        """
        if name not in self._known:
            self._known[name] = self._dns.texts(name)
        return self._known[name]

    def records(self, name: str) -> list[str]:
        """Return the DMARC records of a name.

        Raises:
            DnsUnknownError: when nobody can tell.
        """
        return dmarc_records(self.texts(name))

    def walked(self, domain: str) -> Walked:
        """Return what stands at a domain and above; several in one place count for none."""
        names = dmarc_names(domain)
        found = [(name.removeprefix(_ABOVE), self.records(name)) for name in names]
        return [(name, records[0]) for name, records in found if len(records) == 1]

    def organization(self, domain: str) -> str:
        """Return the domain that speaks for all below it."""
        return organization(domain, self.walked(domain))


def check_policy(
    dns: Dns, policies: Policies, domain: str, opinion: Opinion | None
) -> Looked:
    """Look at the DMARC record that counts for a domain: its own or one above it."""

    def found() -> Found:
        if name := _counts_for(policies, domain):
            return _policy(dns, policies, name, opinion, domain)
        name = f"{_ABOVE}{domain}"
        missed = dmarc_missed(policies.texts(name))
        new = zone_line(name, dmarc_mended([], domain))
        return Found(missed or "there is no DMARC record", new)

    return looked_at(f"DMARC {domain}", found)


def _counts_for(policies: Policies, domain: str) -> str:
    """Return where the record stands that counts, or several do; "" for nowhere.

    RFC 9989 §4.10.1: a domain between it and its organization has no say.
    """
    names = dmarc_names(domain)
    if policies.records(names[0]):
        return names[0]
    if policy := policy_of(domain, policies.walked(domain)):
        return f"{_ABOVE}{policy[0]}"
    return next((name for name in names if policies.records(name)), "")


def _policy(
    dns: Dns, policies: Policies, name: str, opinion: Opinion | None, domain: str
) -> Found:
    records = policies.records(name)
    whose = name.removeprefix(_ABOVE)
    if problem := dmarc_problem(records):
        mended = dmarc_mended(records, domain)
        found = Found(problem, zone_line(name, mended) if mended else "")
        if len(records) > 1:
            return found
    else:
        found = _reports(dns, policies, whose, records[0])
    heard = opinion.of_dmarc(records[0], whose) if opinion else ()
    return Found(found.problem, found.publish, heard=heard)


def _reports(dns: Dns, policies: Policies, whose: str, record: str) -> Found:
    """Look whether others say that they take reports about a domain (RFC 9990 §4)."""
    others = [
        host
        for host in report_hosts(record)
        if host != whose and policies.organization(host) != policies.organization(whose)
    ]
    names = {host: f"{whose}._report._dmarc.{host}" for host in others}
    lacking = {
        host: name for host, name in names.items() if not dmarc_records(dns.texts(name))
    }
    if not lacking:
        return HOLDS
    words = (
        f"{', '.join(lacking)} does not say that it takes reports about {whose}, so nobody"
        " sends them there: who runs it publishes that, or let rua= be an address of your"
        " own"
    )
    publish = "\n".join(zone_line(name, "v=DMARC1") for name in lacking.values())
    return Found(words, publish)


def check_alignment(
    policies: Policies, sender: str, return_path: str, keys: Sequence[DkimKey]
) -> Looked:
    """Look whether SPF or DKIM counts for a sender, as the policy asks for.

    Without a policy there is nothing to meet.
    """
    ours = {key.domain for key in keys}
    signer = next((one for one in parents(sender) if one in ours), "")

    def found() -> Found:
        policy = policy_of(sender, policies.walked(sender))
        if policy is None:
            return HOLDS
        domains = filter(None, (sender, return_path, signer))
        known = {one: policies.organization(one) for one in domains}
        verdict = alignment(Shown(sender, return_path, signer, known), policy[1])
        publish = zone_line(f"{_ABOVE}{policy[0]}", verdict.record)
        return Found(verdict.problem, publish if verdict.record else "", verdict.advice)

    by_way = "" if return_path == sender else f", bounces to {return_path}"
    return looked_at(f"alignment {sender}{by_way}", found)

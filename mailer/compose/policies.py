"""What a domain must publish so that its letters are believed: SPF and DMARC, as text.

Reading records and saying what to publish; who asks DNS is somebody else.
"""

import re
from collections.abc import Iterator, Sequence

_TREE_WALK = 8
"""How many names are asked at most (RFC 9989 §4.10)."""
_SPF = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(?:[+?~-]?include:|redirect=)(.*)")
_LOOKUPS = re.compile(r"[+?~-]?(?:include:|a(?:[:/]|$)|mx(?:[:/]|$)|ptr|exists:)|redirect=")
LOOKUPS_MAX = 10
"""So often a verifier asks DNS for one SPF record, with all that it leads to."""
_POLICIES = frozenset({"none", "quarantine", "reject"})


def spf_problem(texts: Sequence[str]) -> str:
    """Say what is wrong with the SPF record among a domain's TXT records, "" for nothing.

    RFC 7208 §3.2, §4.5, §4.6.4.
    """
    return next(_spf_problems(spf_records(texts)), "")


def spf_records(texts: Sequence[str]) -> list[str]:
    """Return the SPF records among TXT records."""
    return [one for one in texts if _SPF.match(one)]


def spf_lookups(record: str) -> int:
    """Count how often a verifier asks DNS for an SPF record alone (RFC 7208 §4.6.4)."""
    return sum(1 for one in record.lower().split()[1:] if _LOOKUPS.match(one))


def spf_leads_to(record: str) -> list[str]:
    """Return the domains whose records count as well (RFC 7208 §5.2, §6.1).

    Those that depend on the letter (macros) nobody can name beforehand.
    """
    found = (_ELSEWHERE.fullmatch(one) for one in record.lower().split()[1:])
    names = (one[1].rstrip(".") for one in found if one)
    return [name for name in names if name and "%" not in name]


def _spf_problems(records: Sequence[str]) -> Iterator[str]:
    if not records:
        yield "it has no SPF record"
    if len(records) > 1:
        yield f"it has {len(records)} SPF records, and verifiers then heed none: leave one"
    for record in records:
        terms = record.lower().split()[1:]
        if {"+all", "all"} & set(terms):
            yield "its SPF record ends with +all, which lets everybody send in its name"
        if not any(one.endswith("all") or one.startswith("redirect=") for one in terms):
            yield "its SPF record does not end with -all or ~all, so it forbids nobody"
        asked = spf_lookups(record)
        if asked > LOOKUPS_MAX:
            yield f"its SPF record asks DNS {asked} times; after {LOOKUPS_MAX} it is void"


def spf_record(relay_host: str) -> str:
    """Return the SPF record that lets one relay send, and nobody else."""
    return f"v=spf1 a:{relay_host} -all"


def dmarc_names(domain: str) -> list[str]:
    """Return where a domain's DMARC record is looked for, in order (RFC 9989 §4.10)."""
    labels = domain.split(".")
    names = [domain]
    rest = labels[1:] if len(labels) <= _TREE_WALK else labels[-(_TREE_WALK - 1) :]
    names += [".".join(rest[at:]) for at in range(len(rest))]
    return [f"_dmarc.{one}" for one in names[:_TREE_WALK]]


def dmarc_records(texts: Sequence[str]) -> list[str]:
    """Return the DMARC records among TXT records."""
    return [one for one in texts if re.match(r"v\s*=\s*DMARC1\s*(?:;|$)", one)]


def dmarc_problem(records: Sequence[str]) -> str:
    """Say what is wrong with the DMARC records of one name, "" for nothing."""
    if len(records) > 1:
        return f"it has {len(records)} DMARC records, and receivers then heed none"
    pairs = (one.partition("=") for one in records[0].split(";"))
    tags = {name.strip().lower(): value.strip() for name, _, value in pairs}
    policy = tags.get("p", "none").lower()
    if policy not in _POLICIES:
        return (
            f"its DMARC record says p={policy[:20]}, and there is none, quarantine, reject"
        )
    if not tags.get("rua"):
        return "its DMARC record has no rua=, so nobody tells you who sends in its name"
    return ""


def dmarc_record(domain: str) -> str:
    """Return a DMARC record to begin with."""
    return f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}"

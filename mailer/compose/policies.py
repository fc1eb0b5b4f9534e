"""What a domain must publish so that its letters are believed: SPF and DMARC, as text.

Reading records and saying what to publish; who asks DNS is somebody else.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address

from mailer.compose.spfterms import spf_fault, spf_meant, spf_unread
from mailer.errors import shorten

_TREE_WALK = 8
"""How many names are asked at most (RFC 9989 §4.10)."""
_SPF = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(?:[+?~-]?include:|redirect=)(.*)")
_LOOKUPS = re.compile(r"[+?~-]?(?:include:|a(?:[:/]|$)|mx(?:[:/]|$)|ptr|exists:)|redirect=")
LOOKUPS_MAX = 10
"""So often a verifier asks DNS for one SPF record, with all that it leads to."""
_ALL = re.compile(r"[+?~-]?all", re.IGNORECASE)
_FORBIDS = frozenset({"-all", "~all", "+all", "all"})
"""How a record ends that says something of everybody else; +all is told of by itself."""
_SAID = (
    ("asks DNS", "maximum DNS lookups"),
    ("asks DNS", " loop: "),
    ("has no SPF record", "has no SPF record"),
    ("SPF records: it is void", "multiple SPF"),
    ("which no verifier can read", "is not a valid "),
    ("which no verifier can read", "must have a value"),
    ("which no verifier can read", "marked with ➞"),
    ("where nobody reads on", "Any text after the all mechanism"),
    ("says p=", "Tag p must"),
    ("says sp=", "Tag sp must"),
    ("says np=", "Tag np must"),
    ("more than once", "Duplicate "),
    ("which is no tag=value", "marked with ➞"),
    ("no rua=", "rua tag"),
    ("does not say that it takes", "does not indicate that it accepts"),
    ("names no address", "not a valid DMARC report URI"),
)
"""What stands in a sentence of ours, and in one of checkdmarc that says the same."""
_REPORTS_TO = re.compile(
    r"mailto:[^@,!\s]+@([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?:!\d+[kmgt]?|\?.*)?$",
    re.IGNORECASE,
)
"""A URI of `rua=` or `ruf=` by mail, with or without the size that RFC 7489 allowed."""
_DMARC = re.compile(r"[vV]\s*=\s*DMARC1\s*(?:;|$)")
_MEANT = re.compile(r"v\s*=\s*DMARC", re.IGNORECASE)
_ASKS = ("p", "sp", "np")
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
    return sum(1 for one in _heeded(record) if _LOOKUPS.match(one))


def spf_leads_to(record: str) -> list[str]:
    """Return the domains whose records count as well (RFC 7208 §5.2, §6.1).

    Those that depend on the letter (macros) nobody can name beforehand.
    """
    found = (_ELSEWHERE.fullmatch(one) for one in _heeded(record))
    names = (one[1].rstrip(".") for one in found if one)
    return [name for name in names if name and "%" not in name]


def _heeded(record: str) -> list[str]:
    """Return the terms that a verifier comes to: beside `all` no redirect= (§6.1)."""
    terms = record.lower().split()[1:]
    unread = set(spf_unread(terms))
    ends = _all_of(terms) != ""
    return [
        one for one in terms if one not in unread and not (ends and "redirect=" in one[:9])
    ]


def _all_of(terms: Sequence[str]) -> str:
    return next((one for one in terms if _ALL.fullmatch(one)), "")


def _spf_problems(records: Sequence[str]) -> Iterator[str]:
    if not records:
        yield "it has no SPF record"
    if len(records) > 1:
        yield f"it has {len(records)} SPF records, and verifiers then heed none: leave one"
    for record in records:
        yield from _spf_problems_of(record)


def _spf_problems_of(record: str) -> Iterator[str]:
    terms = record.lower().split()[1:]
    if fault := spf_fault(record):
        yield fault
    if {"+all", "all"} & set(terms):
        yield "its SPF record ends with +all, which lets everybody send in its name"
    if not any(one in _FORBIDS or one.startswith("redirect=") for one in terms):
        yield "its SPF record does not end with -all or ~all, so it forbids nobody"
    if all(_ALL.fullmatch(one) or one.startswith("exp=") for one in terms):
        yield "its SPF record lets nobody send in its name"
    if unread := spf_unread(terms):
        yield (
            f"its SPF record says {unread[0]} behind {_all_of(terms)}, where nobody"
            " reads on: write it before that"
        )
    asked = spf_lookups(record)
    if asked > LOOKUPS_MAX:
        yield f"its SPF record asks DNS {asked} times; after {LOOKUPS_MAX} it is void"


def spf_mended(texts: Sequence[str], relay_host: str) -> str:
    """Return the SPF record to publish instead of those among a domain's TXT records.

    Whom they let send may send, the relay where they name nobody; "" when nothing written
    anew would hold, or what is there is right.

    Args:
        relay_host: The host that letters leave from, or its address.
    """
    # DNS gives them in any order, and what to publish is the same each time.
    records = sorted(spf_records(texts))
    there = [spf_meant(one) for record in records for one in record.split()[1:]]
    kept = [one for one in dict.fromkeys(there) if not _ALL.fullmatch(one)]
    # Beside others a redirect would count for nothing (RFC 7208 §6.1).
    kept = [re.sub(r"(?i)^redirect=", "include:", one) for one in kept]
    strict = not there or "-all" in (one.lower() for one in there)
    end = "-all" if strict else "~all"
    mended = " ".join(["v=spf1", *(kept or [_term(relay_host)]), end])
    holds = not spf_problem([" ".join(["v=spf1", *(kept or ["mx"]), end])])
    return mended if spf_problem(texts) and holds else ""


def _term(host: str) -> str:
    if not is_address(host):
        return f"a:{host}"
    return f"ip6:{host}" if ":" in host else f"ip4:{host}"


def is_address(host: str) -> bool:
    """Return whether a host is given by its IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def dmarc_names(domain: str) -> list[str]:
    """Return where a domain's DMARC record is looked for, in order (RFC 9989 §4.10)."""
    labels = domain.split(".")
    names = [domain]
    rest = labels[1:] if len(labels) <= _TREE_WALK else labels[-(_TREE_WALK - 1) :]
    names += [".".join(rest[at:]) for at in range(len(rest))]
    return [f"_dmarc.{one}" for one in names[:_TREE_WALK]]


def dmarc_records(texts: Sequence[str]) -> list[str]:
    """Return the DMARC records among TXT records."""
    return [one for one in texts if _DMARC.match(one)]


def dmarc_missed(texts: Sequence[str]) -> str:
    """Say of what looks like a DMARC record why it is none, "" where nothing does.

    RFC 9989 §4.7.
    """
    found = [one for one in texts if _MEANT.search(one) and not _DMARC.match(one)]
    if not found:
        return ""
    return (
        f"what is there is no DMARC record ({shorten(found[0])!r}): it must begin with"
        " v=DMARC1; and receivers heed none of it"
    )


def dmarc_problem(records: Sequence[str]) -> str:
    """Say what is wrong with the DMARC records of one name, "" for nothing."""
    if len(records) > 1:
        return (
            f"it has {len(records)} DMARC records, and receivers then heed none: leave one"
        )
    return next(_dmarc_problems(records[0]), "")


def _dmarc_problems(record: str) -> Iterator[str]:
    tags = dmarc_tags(record)
    for name in _ASKS:
        if (policy := tags.get(name, "none").lower()) not in _POLICIES:
            # What it asks for is then nothing at all (RFC 9989 §4.10.1).
            yield (
                f"its DMARC record says {name}={policy[:20]}, and there is none,"
                " quarantine, reject: receivers take all of it for p=none"
            )
    names = [one.partition("=")[0].strip().lower() for one in _dmarc_pairs(record)]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield (
                f"its DMARC record says {name}= more than once: which counts, receivers"
                " disagree on"
            )
    if lost := [one.strip() for one in _dmarc_pairs(record) if "=" not in one]:
        yield f"its DMARC record says {shorten(lost[0])!r}, which is no tag=value"
    if not tags.get("rua"):
        yield "its DMARC record has no rua=, so nobody tells you who sends in its name"
    if not _reported_to(tags):
        yield "its rua= names no address that reports can go to: rua=mailto:…"


def _reported_to(tags: Mapping[str, str]) -> bool:
    """Return whether an address is named that reports can go to."""
    return any(_REPORTS_TO.match(one.strip()) for one in tags.get("rua", "").split(","))


def dmarc_mended(records: Sequence[str], domain: str) -> str:
    """Return the DMARC record to publish instead of one that is wrong.

    What else it says stays; "" when somebody has to choose among several.
    """
    if len(records) > 1:
        return ""
    new = dmarc_tags(dmarc_record(domain))
    tags = dmarc_tags(records[0]) if records else new
    for name in _ASKS:
        if tags.get(name, "none").lower() not in _POLICIES:
            tags[name] = new["p"]
    if not _reported_to(tags):
        tags["rua"] = new["rua"]
    return "; ".join(f"{name}={value}" for name, value in tags.items())


def dmarc_tags(record: str) -> dict[str, str]:
    """Return what a DMARC record says by tag, in its order (RFC 9989 §4.8)."""
    pairs = (one.partition("=") for one in _dmarc_pairs(record))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _dmarc_pairs(record: str) -> list[str]:
    return [one for one in record.split(";") if one.strip()]


def report_hosts(record: str) -> list[str]:
    """Return the domains that a DMARC record lets reports about it go to, by mail."""
    tags = dmarc_tags(record)
    places = ",".join(tags.get(name, "") for name in ("rua", "ruf")).lower().split(",")
    found = (_REPORTS_TO.match(one.strip()) for one in places)
    return list(dict.fromkeys(one[1] for one in found if one))


def dmarc_record(domain: str) -> str:
    """Return a DMARC record to begin with."""
    return f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}"


def unsaid(theirs: Iterable[str], ours: str) -> list[str]:
    """Return which sentences of checkdmarc say what ours does not."""
    said = [their for our, their in _SAID if our in ours]
    return [one for one in theirs if not any(their in one for their in said)]

"""`mailer check --dns`: whether letters meet their policy, and where its reports go."""

from pathlib import Path

import pytest
from nameserver import name_server
from worlds import make_workspace

from mailer.cli.asking import named_of
from mailer.jobs.check_dns import Named, check_dns
from mailer.jobs.check_workspace import Looked
from mailer.jobs.dkim import DkimKey
from mailer.wire.dns import Dns, DnsServers
from mailer.wire.line import RelayAddress, Tls

Records = dict[tuple[str, str], list[str]]


def dmarc(**policies: str) -> Records:
    """Return DMARC records by domain, with _ for dots."""
    reports = "rua=mailto:dmarc@example.com"
    return {
        (f"_dmarc.{name.replace('_', '.')}", "TXT"): [f'"v=DMARC1; {said}{reports}"']
        for name, said in policies.items()
    }


def looked(
    records: Records,
    *ways: tuple[str, str],
    keys: tuple[str, ...] = (),
    relay: RelayAddress | None = None,
    broken: str = "",
) -> dict[str, Looked]:
    made = [DkimKey(one, "s", active=True, public=b"") for one in keys]
    relays = [relay] if relay else []
    named = Named(ways, made, relays, "https://mail.example.com")
    with name_server(records, broken=broken) as server:
        found = check_dns(Dns(DnsServers((server,), 2)), named)
    return {one.what: one for one in found}


NEWS, NEWS_WAY = "alignment news.example.com", ("news.example.com", "news.example.com")
OTHER = ("example.com", "bounces.example.net")
OTHERS = "alignment example.com, bounces to bounces.example.net"


def test_a_key_and_a_return_path_of_one_organization_count() -> None:
    found = looked(
        dmarc(example_com="p=reject; "),
        ("news.example.com", "bounces.example.com"),
        keys=("example.com",),
    )["alignment news.example.com, bounces to bounces.example.com"]
    assert (found.problem, found.advice, found.publish) == ("", "", "")


def test_a_strict_policy_wants_a_key_of_its_own() -> None:
    policy = dmarc(example_com="p=reject; adkim=s; ")
    found = looked(policy, NEWS_WAY, keys=("example.com",))[NEWS]
    assert found.problem == (
        "the key of example.com does not count for news.example.com, because DMARC says"
        " adkim=s: make a key with `mailer dkim new news.example.com`, or publish adkim=r"
    )
    assert found.publish == (
        "_dmarc.example.com. 3600 IN TXT"
        ' ( "v=DMARC1; p=reject; adkim=r; rua=mailto:dmarc@example.com" )'
    )
    assert looked(policy, NEWS_WAY, keys=("news.example.com",))[NEWS].problem == ""


def test_a_strict_policy_wants_bounces_to_the_sender_itself() -> None:
    way, row = (
        ("example.com", "b.example.com"),
        "alignment example.com, bounces to b.example.com",
    )
    found = looked(dmarc(example_com="p=reject; aspf=s; "), way)[row]
    assert "DMARC says aspf=s" in found.problem
    assert "fail DMARC, unless your relay signs with d=example.com" in found.problem
    assert "aspf=r" in found.publish
    both = dmarc(example_com="p=reject; aspf=s; adkim=s; ", news_example_com="p=none; ")
    assert looked(both, way, keys=("example.com",))[row].problem == ""


def test_a_return_path_of_somebody_else_leaves_the_signature_alone() -> None:
    policy = dmarc(example_com="p=reject; ", example_net="p=reject; ")
    unsigned = looked(policy, OTHER)[OTHERS]
    assert "bounces go to bounces.example.net, which is not its own" in unsigned.problem
    assert "letters fail DMARC" in unsigned.problem
    assert unsigned.publish == ""
    signed = looked(policy, OTHER, keys=("example.com",))[OTHERS]
    assert signed.problem == ""
    assert "only the DKIM signature counts" in signed.advice
    neither = looked(
        policy | dmarc(example_com="p=reject; adkim=s; "),
        ("news.example.com", "example.net"), keys=("example.com",),
    )["alignment news.example.com, bounces to example.net"]  # fmt: skip
    assert neither.problem.endswith("; as it is, letters fail DMARC")
    assert "adkim=r" in neither.publish


@pytest.mark.parametrize("said", ["psd=n; ", "psd=y; "])
def test_a_domain_may_be_an_organization_of_its_own(said: str) -> None:
    """RFC 9989 §4.10.2."""
    name = "news_example_com" if said == "psd=n; " else "example_com"
    policy = dmarc(example_com="p=none; ") | dmarc(**{name: f"p=reject; {said}"})
    found = looked(policy, NEWS_WAY, keys=("example.com",))[NEWS]
    assert "an organizational domain of its own (psd=)" in found.problem
    assert found.publish == ""


def test_the_walk_ends_at_a_suffix_that_writes_itself() -> None:
    """RFC 9989 §4.10, §4.10.2: what stands above it is of others."""
    policy = dmarc(example_com="p=none; ", news_example_com="p=reject; psd=y; ")
    found = looked(policy, NEWS_WAY, keys=("example.com",))[NEWS]
    assert "an organizational domain of its own (psd=)" in found.problem


def test_a_domain_between_a_sender_and_its_organization_has_no_say() -> None:
    """RFC 9989 §4.10.1."""
    between = {("_dmarc.news.example.com", "TXT"): ['"v=DMARC1; p=block"']}
    way = ("a.news.example.com", "a.news.example.com")
    policy = dmarc(example_com="p=reject; ")
    assert looked(between | policy, way)["DMARC a.news.example.com"].problem == ""
    wrong = {("_dmarc.example.com", "TXT"): ['"v=DMARC1; p=block"']}
    found = looked(dmarc(news_example_com="p=none; ") | wrong, way)
    one = found["DMARC a.news.example.com"]
    assert "p=block" in one.problem
    assert one.publish.startswith("_dmarc.example.com. ")
    twice = {("_dmarc.example.com", "TXT"): ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']}
    assert "2 DMARC records" in looked(twice, way)["DMARC a.news.example.com"].problem


def test_a_record_that_begins_wrongly_is_shown() -> None:
    wrong = {("_dmarc.example.com", "TXT"): ['"v=DMARC1 p=none"']}
    one = looked(wrong, ("example.com", "example.com"))["DMARC example.com"]
    assert "is no DMARC record ('v=DMARC1 p=none')" in one.problem
    assert "v=DMARC1; p=none; rua=" in one.publish


def test_without_a_policy_there_is_nothing_to_meet() -> None:
    assert looked({}, OTHER)[OTHERS].problem == ""
    two = {("_dmarc.example.com", "TXT"): ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']}
    assert looked(two, OTHER)[OTHERS].problem == ""
    unknown = looked({}, OTHER, broken="_dmarc.example.com")[OTHERS]
    assert "DNS gave no answer" in unknown.problem


def reports(records: Records, uris: str) -> Looked:
    policy = {("_dmarc.example.com", "TXT"): [f'"v=DMARC1; p=reject; {uris}"']}
    way = ("example.com", "example.com")
    return looked(policy | records, way)["DMARC example.com"]


def test_who_gets_reports_about_others_must_say_so() -> None:
    """RFC 9990 §4."""
    asked = "rua=mailto:us@example.com,mailto:me@Agg.Example.net!10m; ruf=mailto:x@y.test"
    found = reports({}, asked)
    assert found.problem.startswith(
        "agg.example.net, y.test does not say that it takes reports about example.com,"
    )
    assert found.publish.splitlines() == [
        'example.com._report._dmarc.agg.example.net. 3600 IN TXT ( "v=DMARC1" )',
        'example.com._report._dmarc.y.test. 3600 IN TXT ( "v=DMARC1" )',
    ]
    leave: Records = {
        ("example.com._report._dmarc.agg.example.net", "TXT"): ['"v=DMARC1;"'],
        ("example.com._report._dmarc.y.test", "TXT"): ['"hello"', '"v=DMARC1"'],
    }
    assert reports(leave, asked).problem == ""


def test_an_organization_takes_reports_about_itself() -> None:
    assert reports({}, "rua=mailto:dmarc@reports.example.com").problem == ""
    own = {("_dmarc.reports.example.com", "TXT"): ['"v=DMARC1; psd=n"']}
    asked = reports(own, "rua=mailto:dmarc@reports.example.com")
    assert "reports.example.com does not say" in asked.problem


OUT: Records = {
    ("out.example.com", "A"): ["192.0.2.9"],
    ("9.2.0.192.in-addr.arpa", "PTR"): ["out.example.com."],
}


def test_a_relay_on_this_machine_is_not_judged_by_loopback() -> None:
    local = RelayAddress("main", "127.0.0.1", 25, Tls.NONE)
    found = looked(OUT, relay=local)["PTR main"].problem
    assert "from which address its letters go out is not known here" in found
    assert "leaves_from = " in found


@pytest.mark.parametrize("host", ["localhost", "submit.example.net"])
def test_the_host_that_letters_leave_from_can_be_named(host: str) -> None:
    relay = RelayAddress(
        "main", host, 587, helo_name="x.test", leaves_from="out.example.com"
    )
    found = looked(OUT, ("example.com", "example.com"), relay=relay)
    assert found["PTR out.example.com"].problem == ""
    assert '"v=spf1 a:out.example.com -all"' in found["SPF example.com"].publish
    lost = looked({}, relay=relay)["PTR out.example.com"]
    assert lost.publish == "out.example.com. 3600 IN A <its address>"


def test_a_workspace_says_where_bounces_go_and_letters_leave(tmp_path: Path) -> None:
    relay = {"host": "localhost", "tls": "none", "leaves_from": "out.example.com"}
    with make_workspace(tmp_path, relay=relay) as workspace:
        named = named_of(workspace)
    assert [one.leaves_from for one in named.relays] == ["out.example.com"]
    domain = "fjellogfjord.example.com"
    assert (domain, f"bounces.{domain}") in named.ways
    assert all(sender and path for sender, path in named.ways)


@pytest.mark.parametrize(
    ("address", "pointer", "term"),
    [
        ("192.0.2.9", "9.2.0.192.in-addr.arpa", "ip4:192.0.2.9"),
        ("2001:db8::9", f"9.{'0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa", "ip6:2001:db8::9"),
    ],
)
def test_a_relay_may_be_an_address(address: str, pointer: str, term: str) -> None:
    relay = RelayAddress("main", address.upper(), 587)
    unnamed = looked({}, ("example.com", "example.com"), relay=relay)
    assert "has no name (PTR)" in unnamed[f"PTR {address}"].problem
    publish = unnamed[f"PTR {address}"].publish
    assert publish == f"{pointer}. 3600 IN PTR <its name>."
    assert f'"v=spf1 {term} -all"' in unnamed["SPF example.com"].publish
    there = {(pointer, "PTR"): ["out.example.com."]}
    leads = {("out.example.com", "AAAA" if ":" in address else "A"): [address]}
    assert looked({**there, **leads}, relay=relay)[f"PTR {address}"].problem == ""
    back = looked(there, relay=relay)[f"PTR {address}"]
    assert "does not lead back" in back.problem
    kind = "AAAA" if ":" in address else "A"
    assert back.publish == f"out.example.com. 3600 IN {kind} {address}"

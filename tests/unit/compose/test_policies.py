"""SPF and DMARC records: read, judged, and looked for in the right places."""

import pytest

from mailer.compose.policies import (
    dmarc_mended,
    dmarc_missed,
    dmarc_names,
    dmarc_problem,
    dmarc_records,
    spf_mended,
    spf_problem,
)
from mailer.compose.spfterms import spf_fault


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (["v=spf1 ip4:192.0.2.1 -all"], ""),
        (["V=SPF1 mx ~all", "google-site-verification=x"], ""),
        (["v=spf1 redirect=_spf.example.net"], ""),
        (["v=spf10 -all"], "no SPF record"),
        (["v=spf1 mx"], "forbids nobody"),
        (["v=spf1 all"], "everybody"),
        (["v=spf1 -all"], "nobody send"),
        (["v=spf1 redirect=a.example"], ""),
        (["v=spf1 " + "include:a.example " * 11 + "-all"], "asks DNS 11 times"),
        (["v=spf1 " + "ip4:192.0.2.1 " * 11 + "a -all"], ""),
        (["v=spf1 " + "a:a.example " * 10 + "-all redirect=a.example"], ""),
        (["v=spf1 mx ?all"], "forbids nobody"),
        (["v=spf1 a:mail.install"], "forbids nobody"),
        (["v=spf1 -all include:a.example"], "include:a.example behind -all"),
        (["v=spf1 mx -all exp=why.a.example"], ""),
        (["v=spf1 redirect=a.example redirect=b.example"], "redirect= twice"),
    ],
)
def test_an_spf_record_is_right_or_it_is_said_why_not(
    records: list[str], words: str
) -> None:
    found = spf_problem(records)
    assert bool(found) is bool(words)
    assert words in found


@pytest.mark.parametrize(
    "term",
    [
        "ip4:192.0.2.0/24", "+ip4:192.0.2.1", "ip6:2001:db8::/32", "ip6:::ffff:192.0.2.1",
        "A:Mail.Example.COM./24//64", "a/24", "mx//64", "~ptr:example.com", "?ptr",
        "exists:%{i}._spf.%{d2}", "include:%{ir}.%{v}.%{l1r-}.example.com", "exists:%{d}",
        "include:_spf.xn--p1ai", "moo=%%x", "ra=postmaster", "include:a.1-b", "a:x.y/z.com",
    ],
)  # fmt: skip
def test_terms_that_verifiers_read_are_no_fault(term: str) -> None:
    """RFC 7208 §12."""
    assert spf_fault(f"v=spf1  {term} -all ") == ""


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("ipv4:192.0.2.1", "did you mean 'ip4:'?"),
        ("ip4:192.0.2.300", "says 'ip4:192.0.2.300', which"),
        ("ip:2001:db8::1", "did you mean 'ip6:'?"),
        ("ip4:192.0.2.0/33", ""), ("ip4:192.0.2", ""), ("ip4:2001:db8::1", ""),
        ("ip6:192.0.2.1", ""), ("ip4:mail.example.com", ""),
        ("ip4:192.0.2.0/255.255.255.0", ""),
        ("mx,", ""), ("mx;", ""), ("include:", ""), ("include", ""), ("a:", ""),
        ("includ:a.example", "did you mean 'include:'?"), ("a:localhost", ""),
        ("include:https://a.example/", ""), ("all:", ""), ("+-all", ""), ("a/33", ""),
        ("redirect=", ""), ("include:%{q}.example", ""), ("include:a%b.example", ""),
        ("include:bücher.example", ""), ("-", ""), ("a:x.-y", ""),
        ("192.0.2.1", ""), ("a:x.123", ""),
    ],
)  # fmt: skip
def test_terms_that_no_verifier_reads_make_a_record_void(term: str, words: str) -> None:
    found = spf_problem([f"v=spf1 {term} mx -all"])
    assert "which no verifier can read, and is void" in found
    assert words in found


@pytest.mark.parametrize(
    ("records", "mended"),
    [
        ([], "v=spf1 a:relay.example -all"),
        (["v=spf1 -all"], "v=spf1 a:relay.example -all"),
        (["v=spf1 include:a.example"], "v=spf1 include:a.example ~all"),
        (["v=spf1 redirect=a.example mx", "v=spf1 mx -all"],
         "v=spf1 mx include:a.example -all"),
        (["v=spf1 mx -all"], ""),
        (["v=spf1 -all mx"], "v=spf1 mx -all"),
        (["v=spf1 mx ?all"], "v=spf1 mx ~all"),
        (["v=spf1 a\tmx -all"], "v=spf1 a mx -all"),
        (["v=spf1 ipv4:192.0.2.1 +ip:2001:DB8::/32 192.0.2.9 mx, include:A.example; -all;"],
         "v=spf1 ip4:192.0.2.1 +ip6:2001:db8::/32 ip4:192.0.2.9 mx include:A.example -all"),
        (["v=spf1 ip4=192.0.2.1 ip4:2001:db8::1 -all"],
         "v=spf1 ip4=192.0.2.1 ip6:2001:db8::1 -all"),
        (["v=spf1 ip4:192.0.2.300 mx -all"], ""),
        (["v=spf1 includ:a.example mx -all"], ""),
        (["v=spf1 " + " ".join(f"include:{n}.example" for n in range(11)) + " -all"], ""),
    ],
)  # fmt: skip
def test_a_mended_spf_record_lets_send_who_was_let_before(
    records: list[str], mended: str
) -> None:
    assert spf_mended(records, "relay.example") == mended


@pytest.mark.parametrize(
    ("records", "mended"),
    [
        ([], "v=DMARC1; p=none; rua=mailto:dmarc@example.com"),
        (["v=DMARC1;p=reject;pct=5;"],
         "v=DMARC1; p=reject; pct=5; rua=mailto:dmarc@example.com"),
        (["v=DMARC1; p=block; rua=mailto:d@example.net"],
         "v=DMARC1; p=none; rua=mailto:d@example.net"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], ""),
        (["v=DMARC1; p=reject; np=no; rua=mailto:"],
         "v=DMARC1; p=reject; np=none; rua=mailto:dmarc@example.com"),
    ],
)  # fmt: skip
def test_a_mended_dmarc_record_keeps_what_it_says(records: list[str], mended: str) -> None:
    assert dmarc_mended(records, "example.com") == mended


def test_a_policy_is_looked_for_up_the_tree_in_eight_steps_at_most() -> None:
    """RFC 9989 §4.10."""
    assert dmarc_names("a.example.com") == [
        "_dmarc.a.example.com", "_dmarc.example.com", "_dmarc.com",
    ]  # fmt: skip
    long = dmarc_names("a.b.c.d.e.f.g.h.i.example.com")
    assert len(long) == 8
    assert long[:2] == [
        "_dmarc.a.b.c.d.e.f.g.h.i.example.com",
        "_dmarc.e.f.g.h.i.example.com",
    ]
    assert long[-1] == "_dmarc.com"


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("v=DMARC1; p=none; rua=mailto:d@example.com", ""),
        ("v=DMARC1;p=reject;rua=mailto:d@example.com;sp=none;x=y", ""),
        ("v=DMARC1; p=block; rua=mailto:d@example.com", "p=block"),
        ("v=DMARC1; p=none", "rua"),
        ("v=DMARC1; p=none; rua=d@example.com", "mailto:"),
        ("V=DMARC1; rua = mailto:d@example.com!10m ; t=y; psd=n; np=reject;", ""),
        ("v=DMARC1; p=reject; rua=https://example.com/d, MAILTO:d@example.com", ""),
        ("v=DMARC1; p=reject; sp=all; rua=mailto:d@example.com", "sp=all, and there is"),
        ("v=DMARC1; p=reject; np=; rua=mailto:d@example.com", "np=, and there is"),
        ("v=DMARC1; p=none; rua=mailto:d@example.com; p=reject", "p= more than once"),
        ("v=DMARC1; p=none; rua=mailto:d@example.com; RUA=mailto:d@x.test", "more than on"),
        ("v=DMARC1; p=none; rua=mailto:d@example.com; reject", "'reject', which is no tag"),
        ("v=DMARC1; p=none; rua=mailto:", "mailto:"),
        ("v=DMARC1; p=none; rua=mailto:d", "mailto:"),
        ("v=DMARC1; p=none; rua=mailto: d@example.com", "mailto:"),
    ],
)
def test_a_dmarc_record_is_right_or_it_is_said_why_not(record: str, words: str) -> None:
    assert dmarc_records([record, "v=DMARC2; p=none", "hello"]) == [record]
    assert dmarc_missed([record, "hello"]) == ""
    found = dmarc_problem([record])
    assert bool(found) is bool(words)
    assert words in found


@pytest.mark.parametrize(
    "text",
    [
        "v=DMARC1 p=none; rua=mailto:d@example.com", "v=dmarc1; p=none", "v=DMARC 1",
        "p=none; v=DMARC1", '"v=DMARC1; p=none', "v=DMARC2; p=none", " v=DMARC1; p=none",
    ],
)  # fmt: skip
def test_what_looks_like_a_dmarc_record_and_is_none_is_told_of(text: str) -> None:
    """RFC 9989 §4.7."""
    assert dmarc_records([text]) == []
    assert "no DMARC record" in dmarc_missed(["hello", text])

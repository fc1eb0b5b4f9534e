"""`mailer check --dns` and `mailer dkim check`: a real name server, and what to publish."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from nameserver import name_server
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.jobs.check_dns import Named, check_dns
from mailer.wire.dns import Dns, DnsServers
from mailer.wire.line import RelayAddress, Tls

GOOD = {
    ("example.com", "TXT"): ['"v=spf1 include:spf.example.net -all"', '"other=1"'],
    ("spf.example.net", "TXT"): ['"v=spf1 ip4:192.0.2.0/24 ~all"'],
    ("example.com", "MX"): ["20 spare.example.com.", "10 mx.example.com."],
    ("spare.example.com", "A"): ["192.0.2.2"],
    ("mx.example.com", "A"): ["192.0.2.1"],
    ("_dmarc.example.com", "TXT"): ['"v=DMARC1; p=reject; " "rua=mailto:d@example.com"'],
    ("relay.example.net", "A"): ["192.0.2.9"],
    ("9.2.0.192.in-addr.arpa", "PTR"): ["relay.example.net."],
    ("mail.example.com", "A"): ["192.0.2.3"],
}
KEYLESS = "DKIM example.com"


def looked(
    records: dict[tuple[str, str], list[str]],
    *,
    tls: Tls = Tls.REQUIRED,
    sender: str = "example.com",
    broken: str = "",
) -> dict[str, tuple[str, str]]:
    relay = RelayAddress("main", "relay.example.net", 587, tls)
    named = Named([(sender, sender)], [], [relay], "https://mail.example.com")
    with name_server(records, broken=broken) as server:
        found = check_dns(Dns(DnsServers((server,), 2)), named)
    return {one.what: (one.problem, one.publish) for one in found}


def test_what_is_published_right_holds() -> None:
    found = looked(GOOD)
    assert {what for what, (problem, _) in found.items() if problem} == {KEYLESS}
    assert {
        "SPF example.com", "DMARC example.com", "MX example.com", "TLS main",
        "PTR relay.example.net", "unsubscribe host mail.example.com",
    } <= found.keys()  # fmt: skip


def spf(**included: str) -> str:
    """Return what is said of a record that includes others."""
    records = {(f"{name}.example.net", "TXT"): [f'"{it}"'] for name, it in included.items()}
    return looked({**GOOD, **records})["SPF example.com"][0]


def test_what_an_spf_record_includes_is_read_too() -> None:
    assert spf(spf="v=spf1 include:%{d}.example.net redirect=a.example.net",
               a="v=spf1 a mx -all") == ""  # fmt: skip
    missing = spf(spf="v=spf1 include:gone.example.net -all")
    assert missing == (
        "its SPF record leads to gone.example.net, which has no SPF record: it is void then"
    )
    void = spf(spf="v=spf1 ip:192.0.2.1 -all")
    assert void == (
        "its SPF record leads to spf.example.net, of which holds: its SPF record says"
        " 'ip:192.0.2.1', which no verifier can read, and is void; did you mean 'ip4:'?"
    )
    many = spf(
        spf="v=spf1 include:a.example.net include:b.example.net -all",
        a="v=spf1 a mx a:one.example a:two.example -all",
        b="v=spf1 exists:three.example mx:four.example ptr a:five.example -all",
    )
    assert "more than 10 times with what it includes" in many
    circle = spf(
        spf="v=spf1 include:a.example.net -all", a="v=spf1 include:spf.example.net"
    )
    assert "more than 10 times" in circle


def test_what_is_missing_is_said_with_the_record_to_publish() -> None:
    found = looked({})
    assert found["SPF example.com"] == (
        "it has no SPF record",
        'example.com. 3600 IN TXT ( "v=spf1 a:relay.example.net -all" )',
    )
    record = '"v=DMARC1; p=none; rua=mailto:dmarc@example.com"'
    assert found["DMARC example.com"] == (
        "there is no DMARC record",
        f"_dmarc.example.com. 3600 IN TXT ( {record} )",
    )
    assert "no MX" in found["MX example.com"][0]
    assert "IN MX 10" in found["MX example.com"][1]
    assert "no address" in found["PTR relay.example.net"][0]
    assert "IN A" in found["unsubscribe host mail.example.com"][1]


@pytest.mark.parametrize(
    ("place", "records", "what", "words"),
    [
        (("example.com", "TXT"), ['"v=spf1 +all"'], "SPF example.com", "everybody"),
        (("example.com", "TXT"), ['"v=spf1 a -all"'] * 1 + ['"v=spf1 mx -all"'],
         "SPF example.com", "2 SPF records"),
        (("_dmarc.example.com", "TXT"), ['"v=DMARC1; p=none"'], "DMARC example.com", "rua"),
        (("example.com", "MX"), ["0 ."], "MX example.com", "null MX"),
        (("mx.example.com", "A"), [], "MX example.com", "mx.example.com has no address"),
        (("9.2.0.192.in-addr.arpa", "PTR"), ["mx.example.com."],
         "PTR relay.example.net", "does not lead back"),
        (("9.2.0.192.in-addr.arpa", "PTR"), [], "PTR relay.example.net", "has no name"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    place: tuple[str, str], records: list[str], what: str, words: str
) -> None:
    assert words in looked(GOOD | {place: records})[what][0]


def test_a_policy_above_holds_for_the_domain_below() -> None:
    below = {("news.example.com", "TXT"): ['"v=spf1 -all"']}
    assert (
        looked(GOOD | below, sender="news.example.com")["DMARC news.example.com"][0] == ""
    )


def test_a_record_that_is_wrong_is_mended_and_nothing_else_of_it_is_lost() -> None:
    """Who publishes what is printed neither locks anybody out nor weakens a policy."""
    found = looked(
        GOOD
        | {
            ("example.com", "TXT"): [
                '"v=spf1 include:spf.example.net ~all"', '"v=spf1 mx +all"',
            ],
            ("_dmarc.example.com", "TXT"): ['"v=DMARC1; p=reject; sp=quarantine"'],
            ("mx.example.com", "A"): [],
            ("spare.example.com", "A"): [],
            ("9.2.0.192.in-addr.arpa", "PTR"): [],
        },
        sender="example.com",
    )  # fmt: skip
    assert {what: publish for what, (_, publish) in found.items() if publish} == {
        "SPF example.com":
            'example.com. 3600 IN TXT ( "v=spf1 include:spf.example.net mx ~all" )',
        "DMARC example.com":
            '_dmarc.example.com. 3600 IN TXT ( "v=DMARC1; p=reject; sp=quarantine;'
            ' rua=mailto:dmarc@example.com" )',
        "MX example.com":
            "mx.example.com. 3600 IN A <its address>\n"
            "spare.example.com. 3600 IN A <its address>",
        "PTR relay.example.net":
            "9.2.0.192.in-addr.arpa. 3600 IN PTR relay.example.net.",
    }  # fmt: skip


def test_the_policy_above_is_mended_where_it_stands() -> None:
    records = GOOD | {("_dmarc.example.com", "TXT"): ['"v=DMARC1; p=reject"']}
    _, publish = looked(records, sender="news.example.com")["DMARC news.example.com"]
    assert publish.startswith("_dmarc.example.com. ")
    assert "p=reject; rua=mailto:dmarc@" in publish


@pytest.mark.parametrize(
    ("helo_name", "host"), [("out.example.com", "out.example.com"), ("", "<the host that")]
)
def test_a_relay_on_this_machine_is_named_as_it_greets(helo_name: str, host: str) -> None:
    relay = RelayAddress("main", "127.0.0.1", 25, Tls.NONE, helo_name=helo_name)
    ways = [("example.com", "example.com")]
    named = Named(ways, [], [relay], "https://mail.example.com")
    with name_server({}) as server:
        found = check_dns(Dns(DnsServers((server,), 2)), named)
    (spf_row,) = (one for one in found if one.what == "SPF example.com")
    assert f'( "v=spf1 a:{host}' in spf_row.publish


def test_what_nobody_can_tell_is_no_yes() -> None:
    found = looked(GOOD, broken="_dmarc.example.com")
    assert "DNS gave no answer" in found["DMARC example.com"][0]
    assert found["DMARC example.com"][1] == ""


def test_letters_in_clear_are_found() -> None:
    assert "in clear" in looked(GOOD, tls=Tls.NONE)["TLS main"][0]


def run(folder: Path, *arguments: str, status: int = 0) -> Any:
    done = CliRunner().invoke(mailer, ("-w", str(folder), *arguments))
    assert done.exit_code == status, done.output
    return done


def test_a_key_is_compared_with_what_is_published(tmp_path: Path) -> None:
    records: dict[tuple[str, str], list[str]] = {}
    with name_server(records) as server:
        make_workspace(tmp_path, dns={"servers": [server], "timeout_s": 2.0}).close()
        made = json.loads(run(tmp_path, "dkim", "new", "example.com", "--json").stdout)
        unpublished = run(tmp_path, "dkim", "check", status=1).output
        assert "nothing is published" in unpublished
        assert "remove its file if it has been replaced" in unpublished
        record = f"{made['name']}. 3600 IN TXT"
        assert record in unpublished
        (row,) = json.loads(run(tmp_path, "dkim", "check", "--json", status=1).stdout)
        assert row["publish"].startswith(record)
        strings = " ".join(f'"{one}"' for one in made["strings"])
        records[made["name"], "TXT"] = [strings]
        (found,) = json.loads(run(tmp_path, "dkim", "check", "--json").stdout)
        assert found == {
            "looked at": f"DKIM {made['name']}", "signs": False, "holds": True,
            "problem": "", "publish": "",
        }  # fmt: skip
        records[made["name"], "TXT"] = [strings[:300] + '"']
        assert "no" in run(tmp_path, "dkim", "check", "example.com", status=1).output


def test_a_second_key_says_how_keys_are_changed(tmp_path: Path) -> None:
    make_workspace(tmp_path).close()
    first = run(tmp_path, "dkim", "new", "example.com", "--selector", "spring").output
    assert "Until then" not in first
    with (tmp_path / "config.toml").open("a", encoding="utf-8") as config:
        config.write('\n[dkim."example.com"]\nselector = "spring"\n')
    second = run(tmp_path, "dkim", "new", "example.com", "--selector", "autumn").output
    assert "Until then spring signs. Leave its record published for a week" in second


def test_the_check_of_a_workspace_prints_what_to_publish(tmp_path: Path) -> None:
    with name_server(GOOD) as server:
        make_workspace(tmp_path, dns={"servers": [server], "timeout_s": 2.0}).close()
        plain = run(tmp_path, "check", "--offline", "--dns", status=1)
        asked = run(tmp_path, "check", "--offline", "--dns", "--json", status=1)
    assert "Publish in DNS:" in plain.output
    rows = {one["looked at"]: one for one in json.loads(asked.stdout)}
    assert any(name.startswith("SPF ") for name in rows)
    assert all("publish" in one for one in rows.values())


@pytest.mark.parametrize("server", ["dns.example.com", "192.0.2.1:port", "1.2.3"])
def test_a_server_that_is_no_address_is_refused(tmp_path: Path, server: str) -> None:
    make_workspace(tmp_path).close()
    with (tmp_path / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f'\n[dns]\nservers = ["{server}"]\n')
    assert "must be addresses" in run(tmp_path, "config", "show", status=2).output

"""`mailer check --dns` with the extra `doctor`: checkdmarc is heard, and asks only us."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from nameserver import name_server
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.jobs.check_dns import Named, check_dns
from mailer.jobs.check_workspace import Looked
from mailer.wire.dns import Dns, DnsServers
from mailer.wire.opinion import opinion_of

Records = dict[tuple[str, str], list[str]]
SPF, DMARC = ("example.com", "TXT"), ("_dmarc.example.com", "TXT")
GOOD: Records = {
    SPF: ['"v=spf1 include:spf.example.net -all"'],
    ("spf.example.net", "TXT"): ['"v=spf1 ip4:192.0.2.0/24 ~all"'],
    ("example.com", "MX"): ["10 mx.example.com."],
    ("mx.example.com", "A"): ["192.0.2.1"],
    DMARC: ['"v=DMARC1; p=reject; rua=mailto:d@example.com"'],
}


def looked(records: Records, *, broken: str = "") -> dict[str, Looked]:
    named = Named([("example.com", "example.com")], [], [], "https://mail.example.com")
    with name_server(records, broken=broken) as server:
        dns = Dns(DnsServers((server,), 2))
        found = check_dns(dns, named, opinion_of(dns))
    return {one.what: one for one in found}


def test_who_has_nothing_to_add_is_not_heard() -> None:
    found = looked(GOOD)
    assert {one.advice for one in found.values()} == {""}


@pytest.mark.parametrize(
    ("place", "record", "words"),
    [
        (SPF, "v=spf1 a:one.example a:two.example a:six.example -all",
         "3/2 maximum void DNS lookups"),
        (SPF, "v=spf1 mx ptr -all", "does not have any A/AAAA records."),
        (DMARC, "v=DMARC1; p=reject; pct=20; rua=mailto:d@example.com",
         "Support for the pct tag was removed in RFC 9989"),
        (DMARC, "v=DMARC1; p=reject; t=maybe; rua=mailto:d@example.com",
         "Tag t must have one of the following values"),
        (DMARC, "v=DMARC1; p=reject; rua=mailto:d@nomx.example.com", "has no MX"),
    ],
)  # fmt: skip
def test_what_it_adds_is_advice(place: tuple[str, str], record: str, words: str) -> None:
    nomx: Records = {("nomx.example.com", "A"): ["192.0.2.1"]}
    row = "SPF example.com" if place == SPF else "DMARC example.com"
    one = looked(GOOD | nomx | {place: [f'"{record}"']})[row]
    assert one.problem == ""
    assert words.rstrip(".") in one.advice
    assert one.advice.endswith("(checkdmarc)")


@pytest.mark.parametrize(
    ("place", "record"),
    [
        (SPF, "v=spf1 include:gone.example.net -all"),
        (SPF, "v=spf1 include:twice.example.net -all"),
        (SPF, "v=spf1 include:example.com -all"),
        (SPF, "v=spf1 " + "a:mx.example.com " * 11 + "-all"),
        (SPF, "v=spf1 include:broken.example.net -all"),
        (SPF, "v=spf1 ip4:192.0.2.300 -all"),
        (SPF, "v=spf1 ipv4:192.0.2.1 -all"),
        (SPF, "v=spf1 include: -all"),
        (SPF, "v=spf1 ip4:192.0.2.1,-all"),
        (SPF, "v=spf1 -all ip4:192.0.2.1"),
        (DMARC, "v=DMARC1; p=reject"),
        (DMARC, "v=DMARC1; p=block; rua=mailto:d@example.com"),
        (DMARC, "v=DMARC1; p=reject; rua=d@example.com"),
        (DMARC, "v=DMARC1; p=reject; rua=mailto:d@example.com; p=none"),
        (DMARC, "v=DMARC1; p=reject; sp=all; rua=mailto:d@example.com"),
        (DMARC, "v=DMARC1; p=reject; np=all; rua=mailto:d@example.com"),
        (DMARC, "v=DMARC1; p=reject; often; rua=mailto:d@example.com"),
        (DMARC, "v=DMARC1; p=reject; rua=mailto:d@mx.example.net"),
    ],
)
def test_what_we_say_ourselves_is_not_said_twice(
    place: tuple[str, str], record: str
) -> None:
    twice: Records = {
        ("twice.example.net", "TXT"): ['"v=spf1 mx -all"', '"v=spf1 a -all"'],
        ("mx.example.net", "MX"): ["10 mx.example.com."],
    }
    found = looked(GOOD | twice | {place: [f'"{record}"']}, broken="broken.example.net")
    one = found["SPF example.com" if place == SPF else "DMARC example.com"]
    assert one.problem != ""
    assert one.advice == ""


def test_answers_of_other_servers_are_not_remembered() -> None:
    without: Records = {**GOOD, SPF: ['"v=spf1 mx -all"'], ("mx.example.com", "A"): []}
    assert "mx.example.com" in looked(without)["SPF example.com"].advice
    assert looked(GOOD | {SPF: without[SPF]})["SPF example.com"].advice == ""


ASKED = """
import sys
sent = set()

def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        sent.add(":".join(map(str, arguments[1][:2])))
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        sent.add(str(arguments[0]))

sys.addaudithook(watch)
from mailer.wire.dns import Dns, DnsServers
from mailer.wire.opinion import opinion_of

opinion = opinion_of(Dns(DnsServers((sys.argv[1],), 2)))
told = opinion.of_spf("v=spf1 include:spf.example.net mx ptr exp=why.example.net -all",
                      "example.com")
told += opinion.of_dmarc("v=DMARC1; p=reject; rua=mailto:d@example.org", "example.com")
print(*told, *sorted(sent), sep="\\n")
"""


def test_it_asks_nobody_but_our_servers() -> None:
    more: Records = {
        ("spf.example.net", "TXT"): ['"v=spf1 exp=because.example.net mx -all"'],
        ("why.example.net", "TXT"): ['"no"'],
    }
    with name_server(GOOD | more) as server:
        order = [sys.executable, "-W", "error", "-c", ASKED, server]
        done = subprocess.run(order, capture_output=True, text=True, check=True)
    *told, sent = done.stdout.splitlines()
    assert sent == server
    assert "example.com._report._dmarc.example.org" in "".join(told)
    assert "because.example.net does not exist" in "".join(told)
    assert "why.example.net" not in "".join(told)


def run(folder: Path, *arguments: str) -> str:
    done = CliRunner().invoke(mailer, ("-w", str(folder), "check", "--offline", *arguments))
    assert done.exit_code == 1, done.output
    return done.stdout


def test_without_the_extra_nothing_is_missing_but_its_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = "_dmarc.example.com"
    record = '"v=DMARC1; p=reject; pct=20; rua=mailto:d@example.com"'
    with name_server({**GOOD, (domain, "TXT"): [record]}) as server:
        make_workspace(tmp_path, dns={"servers": [server], "timeout_s": 2.0}).close()
        assert "advice: Support for the pct tag" in run(tmp_path, "--dns")
        rich = json.loads(run(tmp_path, "--dns", "--json"))
        monkeypatch.setitem(sys.modules, "checkdmarc", None)
        poor = json.loads(run(tmp_path, "--dns", "--json"))
    assert [one | {"advice": ""} for one in rich] == [one | {"advice": ""} for one in poor]
    assert any("(checkdmarc)" in one["advice"] for one in rich)
    assert not any("(checkdmarc)" in one["advice"] for one in poor)


def test_only_who_asks_dns_waits_for_it_to_load() -> None:
    script = "import sys, mailer.cli.check; print('checkdmarc' in sys.modules)"
    order = [sys.executable, "-c", script]
    done = subprocess.run(order, check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"

"""Reading what is known of mailbox providers, and a marketer's own file over it."""

from pathlib import Path

import pytest

from mailer.errors import WorkspaceError
from mailer.model.outcome import Reply
from mailer.pace.providers import Act
from mailer.workspace.providers import ProvidersFile, read_providers


def written(folder: Path, text: str) -> str:
    (folder / "providers.toml").write_text(text, encoding="utf-8")
    return str(folder)


def test_what_is_shipped_holds_and_knows_the_big_ones(tmp_path: Path) -> None:
    found = read_providers(str(tmp_path))
    assert found.listed()["gmail.com"] == "gmail"
    assert found.of_hosts(["alt1.aspmx.l.google.com"]) == "gmail"
    assert found.of_hosts(["example-no.mail.protection.outlook.com"]) == "microsoft365"
    assert found.of_hosts(["hotmail-com.olc.protection.outlook.com"]) == "outlook"
    assert found.of_hosts(["mx.example.org"]) == "other"
    assert found.of_hosts(["notgoogle.com.example.org"]) == "other"
    assert 0 < found.limits_of("gmail").per_second <= 100
    assert not found.limits_of("example.org").per_second


def test_a_table_of_ones_own_has_hosts_below_those_of_a_shipped_provider(
    tmp_path: Path,
) -> None:
    folder = written(
        tmp_path,
        """
        [school]
        mx = ["school-example.mail.protection.outlook.com"]
        per_second = 2
        [hosted]
        mx = ["mimecast.com"]
        """,
    )
    found = read_providers(folder)
    theirs = ["school-example.mail.protection.outlook.com"]
    assert found.of_hosts(theirs) == "school"
    assert found.of_hosts(["eu-smtp-1.mimecast.com"]) == "hosted"
    assert found.of_hosts(["other-example.mail.protection.outlook.com"]) == "microsoft365"


@pytest.mark.parametrize(
    ("provider", "reply", "act"),
    [
        ("gmail", Reply(421, "4.7.28", "Our system has detected an unusual rate"), "slow"),
        ("gmail", Reply(550, "5.7.26", "This mail is unauthenticated"), "stop"),
        ("yahoo", Reply(421, "4.7.0", "[TSS04] Messages deferred"), "rest"),
        ("yahoo", Reply(553, "5.7.1", "[BL21] Connections not accepted"), "stop"),
        ("outlook", Reply(550, "5.7.515", "Access denied"), "stop"),
        ("outlook", Reply(451, "4.7.650", "temporarily rate limited"), "rest"),
        ("apple", Reply(450, "4.7.0", "[HCM1] too busy"), "rest"),
        (
            "example.org",
            Reply(421, "4.7.0", "Too many concurrent SMTP connections"),
            "fewer",
        ),
        ("example.org", Reply(452, "4.7.0", "Too many messages per connection"), "anew"),
        ("example.org", Reply(451, "4.7.1", "Greylisted, try again later"), "ignore"),
        ("example.org", Reply(452, "4.2.2", "Mailbox full"), "ignore"),
        ("gmail", Reply(452, "4.2.2", "The recipient's inbox is over quota"), "ignore"),
        ("gmail", Reply(550, "5.1.1", "The email account does not exist"), "ignore"),
        ("example.org", Reply(450, "4.7.1", "Rate limit exceeded"), "slow"),
        ("example.org", Reply(554, "5.7.1", "blocked using zen.spamhaus.org"), "stop"),
        ("example.org", Reply(451, "4.3.0", "Local error"), None),
        ("example.org", Reply(550, "5.7.1", "Message refused"), None),
        ("example.org", Reply(0, "", "too many connections"), None),
    ],
)
def test_what_servers_say_is_understood(
    tmp_path: Path, provider: str, reply: Reply, act: str | None
) -> None:
    rule = read_providers(str(tmp_path)).rule_for(provider, reply)
    assert (rule.act.value if rule else None) == act


def test_a_workspaces_own_file_changes_what_it_names_and_its_rules_come_first(
    tmp_path: Path,
) -> None:
    folder = written(
        tmp_path,
        """
        [gmail]
        per_second = 50
        [school]
        mx = ["mx.school.example"]
        domains = ["school.example"]
        [[rules]]
        providers = ["gmail"]
        reply = '4\\.7\\.28'
        do = "rest"
        rest_minutes = 5
        """,
    )
    found = read_providers(folder)
    assert found.limits_of("gmail").per_second == 50
    assert found.limits_of("gmail").at_most_per_second == 100
    assert found.of_hosts(["a.mx.school.example"]) == "school"
    rule = found.rule_for("gmail", Reply(421, "4.7.28", "slower"))
    assert rule is not None
    assert rule.act is Act.REST


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[gmail]\nper_minute = 3", "no such key"),
        ("[gmail]\nper_second = -1", "must be a number"),
        ("[gmail]\nat_once = 1.5", "must be a whole number"),
        ("[other]\nper_second = 1", "a name is of small letters"),
        ("[mine]\ndomains = ['gmail.com']", "stands in the domains of"),
        ("[mine]\ndomains = ['Example.org']", "must be a list"),
        ("[[rules]]\nreply = '('\ndo = 'slow'", "is no expression"),
        ("[[rules]]\nreply = 'x'\ndo = 'shout'", "`do` must be one of"),
        ("[[rules]]\ndo = 'slow'", "`reply` must say"),
        ("[[rules]]\nreply = ''\ndo = 'stop'", "`reply` must say"),
        ("rules = [1]", "rules are tables"),
        ("[rules]\nreply = 'x'\ndo = 'slow'", "rules are tables"),
        (
            "[[rules]]\nreply = 'x'\ndo = 'rest'\nrest_minutes = true",
            "must be a whole number",
        ),
        ("[[rules]]\nreply = 'x'\ndo = 'slow'\nproviders = ['gmial']", "no such provider"),
        ("[[rules]]\nreply = 'x'\ndo = 'slow'\nfor = 3", "no such key"),
    ],
)
def test_a_mistake_names_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(WorkspaceError, match=said):
        read_providers(written(tmp_path, text))


def test_domains_are_found_however_they_are_spelt(tmp_path: Path) -> None:
    folder = written(tmp_path, "[school]\ndomains = ['b\u00fccher.example']")
    assert read_providers(folder).listed()["xn--bcher-kva.example"] == "school"


def test_a_file_that_is_spoiled_while_it_is_used_counts_as_it_was(tmp_path: Path) -> None:
    folder = written(tmp_path, "[gmail]\nper_second = 3")
    file = ProvidersFile(folder)
    assert file.read().limits_of("gmail").per_second == 3
    written(tmp_path, "[gmail]\nper_second =")
    assert file.read().limits_of("gmail").per_second == 3
    written(tmp_path, "[gmail]\nper_second = 4")
    assert file.read().limits_of("gmail").per_second == 4
    written(tmp_path, "[gmail]\nper_second =")
    with pytest.raises(WorkspaceError, match=r"providers\.toml"):
        ProvidersFile(folder).read()

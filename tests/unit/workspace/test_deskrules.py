"""`inbox-rules.toml` is read with its mistakes told, and tried without doing anything."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from frontdesks import a_message
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.errors import WorkspaceError
from mailer.workspace.deskrules import FILE, desk_rules_problem, read_desk_rules

GOOD = """\
[[rule]]
name = "refunds"
mailbox = ["support"]
subject = ["refund*", "money back"]
header = { X-Form = ["contact"] }
tag = ["Refund"]
priority = "high"

[[rule]]
name = "blocked"
sender = ["*@bad.example"]
spam = true
"""


def write(folder: Path, text: str) -> str:
    (folder / FILE).write_text(text, encoding="utf-8")
    return str(folder)


def test_rules_are_read_in_their_order(tmp_path: Path):
    assert read_desk_rules(str(tmp_path)) == ()
    first, second = read_desk_rules(write(tmp_path, GOOD))
    assert (first.name, first.headers) == ("refunds", {"x-form": ("contact",)})
    assert first.does.tags == ("refund",)
    assert second.does.spam
    assert desk_rules_problem(str(tmp_path), ["support"], {}) == ""
    told = desk_rules_problem(str(tmp_path), ["suport"], {})
    assert told is not None
    assert "no [mailboxes.support]; did you mean" in told


SENDS = """
[[rule]]
name = "prices"
mailbox = ["support"]
subject = ["price list"]
{does}
"""


@pytest.mark.parametrize(
    ("does", "texts", "said"),
    [
        ('send = "prices"', {"prices.txt": "10 euros"}, ""),
        ('send = "prices"', {}, "there is no templates/acknowledgements/prices.txt"),
        ('send = "prices"', {"prices.txt": "{{ prise }}"}, "prices.txt"),
        ('series = "tale"', {"tale-1.txt": "Once", "tale-2.txt": "End"}, ""),
        ('series = "tale"', {"tale-2.txt": "End"}, "tale-1.txt"),
        ('series = "tale"', {"tale-1.txt": "Once", "tale-2.txt": "{{ x }}"}, "tale-2.txt"),
    ],
)
def test_what_a_rule_sends_must_be_there_and_hold(tmp_path, does, texts, said):
    folder = write(tmp_path, SENDS.format(does=does))
    told = desk_rules_problem(folder, ["support"], texts)
    assert told is not None
    assert (said in told) if said else told == ""


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ('tag = ["a"]', "asks for nothing"),
        ('subject = ["a"]', "does nothing"),
        ('subject = ["a"]\ntag = ["a b"]', "cannot be a tag"),
        ('subject = ["a"]\npriority = "hihg"', "did you mean 'high'"),
        ('subjct = ["a"]\ntag = ["a"]', "did you mean 'subject'"),
        ('subject = "a"\ntag = ["a"]', "subject is 'a', but must be"),
        ('subject = ["*a*b*"]\ntag = ["a"]', "stars"),
        ('header = { X-A = [] }\ntag = ["a"]', "must be a list of texts"),
    ],
)
def test_what_cannot_be_is_told_with_its_rule(tmp_path: Path, wrong: str, words: str):
    folder = write(tmp_path, f'[[rule]]\nname = "one"\n{wrong}\n')
    with pytest.raises(WorkspaceError, match=words) as told:
        read_desk_rules(folder)
    assert f"{FILE}, [[rule]] 1" in str(told.value)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(tmp_path: Path):
    make_workspace(tmp_path).close()

    def run(*words: str, given: bytes | None = None) -> str:
        whole = ("-w", str(tmp_path), "inbox", *words)
        done = CliRunner().invoke(mailer, whole, input=given)
        assert done.exit_code == 0, done.output
        return done.stdout

    run("ingest", given=a_message("x", "Eve <eve@bad.example>"))
    write(tmp_path, GOOD.replace('mailbox = ["support"]\n', ""))
    (row,) = json.loads(run("rules", "--json"))
    assert (row["rules"], row["does"]) == (["blocked"], "spam")
    file = tmp_path / "one.eml"
    file.write_bytes(a_message(subject="Refunded?", X_Form="contact"))
    (row,) = json.loads(run("rules", str(file), "--json"))
    assert (row["rules"], row["does"]) == (["refunds"], "tag refund, priority high")
    assert json.loads(run("list", "--json"))[0]["state"] == "new"

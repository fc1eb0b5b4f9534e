"""Each command says that this is a rehearsal, and none does so when it is none."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import COMMANDS, mailer

WORDS = "rehearsal: letters go to files in outbox/, and to nobody"
EACH = (
    ("contact", "export"),
    ("segment", "count", "newsletter"),
    ("template", "preview", "autumn-sale"),
    ("campaign", "list"),
    ("schedule", "list"),
    ("alarm", "list"),
    ("key", "list"),
    ("db", "verify"),
    ("config", "show"),
)


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(mailer, ("-w", str(folder), *arguments))


@pytest.mark.parametrize("words", EACH, ids=lambda words: words[0])
def test_a_command_says_that_it_is_a_rehearsal(tmp_path: Path, words: tuple[str, ...]):
    make_workspace(tmp_path, mode="rehearsal").close()
    done = run(tmp_path, *words)
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines()[0] == WORDS
    assert WORDS not in done.stdout


def test_it_says_who_gets_them_all(tmp_path: Path):
    make_workspace(tmp_path, mode="rehearsal", rehearsal={"to": "me@example.com"}).close()
    done = run(tmp_path, "campaign", "list", "--json")
    assert json.loads(done.stdout) == []
    assert "all letters go to me@example.com, and to nobody else" in done.stderr


def test_nothing_is_said_when_it_is_live(tmp_path: Path):
    make_workspace(tmp_path, mode="live").close()
    assert not run(tmp_path, "campaign", "list").stderr


def test_who_asks_for_help_is_told_nothing_else(tmp_path: Path):
    make_workspace(tmp_path, mode="rehearsal").close()
    for noun in COMMANDS:
        assert not run(tmp_path, noun, "--help").stderr


def test_a_workspace_that_says_nothing_is_told_what_to_write(tmp_path: Path):
    make_workspace(tmp_path, mode="live").close()
    config = tmp_path / "config.toml"
    text = config.read_text(encoding="utf-8").replace('mode = "live"\n', "")
    config.write_text(text, encoding="utf-8")
    done = run(tmp_path, "campaign", "list")
    assert done.exit_code == 0
    assert done.stderr.startswith("no mode: config.toml does not say whether letters")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"mode": "test"}, "mode is 'test', but must be 'rehearsal' or 'live'"),
        ({"mode": ""}, "mode is '', but must be 'rehearsal' or 'live'"),
        ({"rehearsal": {"to": "nobody"}}, "rehearsal.to is 'nobody', but must be an email"),
    ],
)
def test_what_no_mode_can_be_is_said_in_words(
    tmp_path: Path, settings: dict[str, object], words: str
):
    make_workspace(tmp_path).close()
    config = tmp_path / "config.toml"
    lines = config.read_text(encoding="utf-8").splitlines()
    if isinstance(settings.get("mode"), str):
        lines[0] = f'mode = "{settings["mode"]}"'
    else:
        lines += ["[rehearsal]", 'to = "nobody"']
    config.write_text("\n".join(lines), encoding="utf-8")
    done = run(tmp_path, "campaign", "list")
    assert done.exit_code == 2
    assert words in done.stderr

"""The frame: quick help, mistakes without a traceback, the workspace's folder."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mailer.cli.main import COMMANDS, mailer
from mailer.errors import NotFoundError


def test_the_help_lists_every_noun_with_its_line():
    shown = CliRunner().invoke(mailer, ["--help"], terminal_width=100).output
    for noun, (_, line) in COMMANDS.items():
        assert f"  {noun} " in shown
        assert line in shown


def test_the_help_loads_nothing_heavy():
    code = (
        "import sys; from mailer.cli.main import mailer\n"
        "try: mailer(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sorted(m for m in sys.modules if 'mailer.' in m), file=sys.stderr)\n"
        "heavy = {'sqlalchemy', 'pydantic', 'rich', 'jinja2', 'asyncio', 'cryptography'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded, heavy = done.stderr.splitlines()
    assert loaded == "mailer.cli mailer.cli.main mailer.cli.printable mailer.errors"
    assert heavy == "[]"


def test_a_mistyped_noun_is_told_with_the_nearest_right_one():
    done = CliRunner().invoke(mailer, ["cmapaign"])
    assert done.exit_code == 2
    assert "no such command 'cmapaign'; did you mean 'campaign'?" in done.stderr


def test_a_mistake_that_a_person_can_put_right_has_no_traceback(tmp_path: Path):
    done = CliRunner().invoke(mailer, ["--workspace", str(tmp_path), "config", "show"])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"mailer: there is no {tmp_path}/config.toml")
    assert "Traceback" not in done.stderr


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """A noun that raises what the test puts in."""
    what: list[BaseException] = []

    def fail() -> None:
        raise what[0]

    module = type(sys)("raising")
    module.raising = click.Command("raising", callback=fail)
    monkeypatch.setitem(sys.modules, "raising", module)
    monkeypatch.setitem(COMMANDS, "raising", ("raising:raising", ""))
    return what


def test_ctrl_c_ends_with_130(raising: list[BaseException]):
    raising.append(KeyboardInterrupt())
    done = CliRunner().invoke(mailer, ["raising"])
    assert (done.exit_code, done.stderr) == (130, "mailer: stopped\n")


def test_a_bug_keeps_its_traceback(raising: list[BaseException]):
    raising.append(ZeroDivisionError())
    done = CliRunner().invoke(mailer, ["raising"])
    assert isinstance(done.exception, ZeroDivisionError)


def test_a_mistake_from_outside_cannot_write_to_the_terminal(raising: list[BaseException]):
    raising.append(NotFoundError("no list '\x1b[2Jx'\nline 2"))
    done = CliRunner().invoke(mailer, ["raising"], color=True)
    assert done.stderr.endswith("no list '�[2Jx'\nline 2\n")


def test_the_workspace_comes_from_the_option_or_the_environment(tmp_path: Path):
    for arguments, environment in (
        (["-w", str(tmp_path)], {}),
        ([], {"MAILER_WORKSPACE": str(tmp_path)}),
    ):
        done = CliRunner().invoke(
            mailer, [*arguments, "config", "show"], env=environment, catch_exceptions=False
        )
        assert f"there is no {tmp_path}/config.toml" in done.stderr


def test_python_m_mailer_is_the_same_program():
    done = subprocess.run(
        [sys.executable, "-m", "mailer", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("permission-mailer 0.")

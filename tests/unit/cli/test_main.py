"""The frame: quick help, mistakes without a traceback, the workspace's folder."""

import os
import pty
import subprocess
import sys
from contextlib import suppress
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


@pytest.mark.parametrize("arguments", [["campaign", "list"], ["campaign"]])
def test_no_color_means_no_colour_whatever_the_terminal(
    tmp_path: Path, arguments: list[str]
):
    (tmp_path / "config.toml").write_text('mode = "rehearsal"\n', encoding="utf-8")
    asked = ["-w", str(tmp_path), *arguments]
    bare = {"NO_COLOR": "1"}, {"NO_COLOR": ""}
    without, with_colour = (on_a_terminal(asked, one) for one in bare)
    assert "\x1b" not in without
    assert "\x1b" in with_colour


def on_a_terminal(arguments: list[str], environment: dict[str, str]) -> str:
    """What the program writes to a terminal, which is its standard output and error."""
    ours, its = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        try:
            subprocess.run(
                [sys.executable, "-m", "mailer", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=its,
                stderr=its,
                env={**os.environ, "TERM": "xterm", **environment},
                check=False,
            )
        finally:
            os.close(its)
        written = b""
        # A terminal that its program has left raises an error at its end.
        with suppress(OSError):
            while more := terminal.read(65536):
                written += more
    return written.decode()


def test_a_word_that_is_no_utf_8_is_a_mistake_and_no_crash(tmp_path: Path):
    shop = tmp_path / "shop"
    assert CliRunner().invoke(mailer, ["init", str(shop)]).exit_code == 0
    add = [
        "contact",
        "add",
        "kari@example.com",
        "--list",
        "newsletter",
        "--basis",
        "express",
    ]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mailer",
            "-w",
            shop,
            *add,
            "--source",
            b"telefon p\xe5 torget",
        ],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        r"mailer: 'telefon p\udce5 torget', as it was typed, is not UTF-8: type it in a"
        " terminal and a locale of UTF-8, such as LC_ALL=C.UTF-8"
    )


def test_what_no_person_typed_keeps_its_traceback(raising: list[BaseException]):
    raising.append(UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"))
    done = CliRunner().invoke(mailer, ["raising"])
    assert isinstance(done.exception, UnicodeEncodeError)

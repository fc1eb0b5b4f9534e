"""`mailer serve` does not send to people with what is plainly broken."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.cli.serve import PARTS, _loaded, _require_sound

OURS = {"public_url": "https://post.mountain.test"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "site.public_url is still the example's"),
        ({"site": OURS, "relay": {"host": " "}}, "relay.host is empty"),
    ],
)
def test_what_is_plainly_broken_sends_nothing_and_is_told(
    tmp_path: Path, settings: dict[str, object], words: str
):
    make_workspace(tmp_path, **settings).close()
    done = CliRunner().invoke(mailer, ("-w", str(tmp_path), "serve", "--quiet"))
    assert done.exit_code == 2
    assert f"config.toml: {words}" in done.stderr
    assert "`mailer check`" in done.stderr
    assert "--only web" in done.stderr


@pytest.mark.parametrize(
    "settings",
    [
        {"mode": "rehearsal", "relay": {"host": ""}},
        {"site": OURS},
        {"site": {"public_url": "http://127.0.0.1:8025"}},
    ],
)
def test_a_rehearsal_and_what_holds_are_let_through(
    tmp_path: Path, settings: dict[str, object]
):
    with make_workspace(tmp_path, **settings) as workspace:
        _require_sound(workspace)


def test_each_part_is_loaded_when_it_runs_and_a_sender_holds_no_pages():
    loaded = _loaded(PARTS)
    assert list(loaded) == list(PARTS)
    assert all(asyncio.iscoroutinefunction(one) for one in loaded.values())
    asked = (
        "import sys; from mailer.cli.serve import _loaded; _loaded(('send',));"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}),"
        " *(name for name in sys.modules if name.startswith('mailer.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    )
    names = set(done.stdout.split())
    assert "mailer.daemon" in names
    others = {"starlette", "uvicorn", "httptools", "aiosmtpd", "imapclient", "argon2"}
    assert names & {*others, "mailer.web.app", "mailer.receiving", "mailer.timers"} == set()

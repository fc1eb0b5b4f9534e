"""The tour in the README can be typed, and gives what it shows."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from ports import free_port

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_MARK = "=== end of output ==="


def tour(mail_port: str, web_port: str) -> list[tuple[str, str]]:
    """Read (command, output shown) from the README's tour, with ports that are free."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- tour:")[2]
    text = text.replace("2525", mail_port).replace("8025", web_port)
    steps: list[tuple[str, str]] = []
    for block in _BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], ""))
            elif line.startswith("> "):
                steps[-1] = (f"{steps[-1][0]}\n{line[2:]}", steps[-1][1])
            else:
                steps[-1] = (steps[-1][0], steps[-1][1] + line + "\n")
    return steps


def pattern(shown: str) -> re.Pattern[str]:
    """Turn shown output into a pattern: `…` stands for anything."""
    lines = [
        ".*" if line == "…" else re.escape(line).replace("…", "[^\n]*")
        for line in shown.strip("\n").split("\n")
    ]
    return re.compile("\n".join(lines).replace(".*\n", "(?:.*\n)*?") + "\n*", re.DOTALL)


def script(steps: list[tuple[str, str]]) -> str:
    """Write the session: after each command its output ends with a mark."""
    lines = ["set -m"]
    for command, _ in steps:
        lines.append(command if command.startswith("cat >") else f"{command} 2>&1")
        if command.endswith("&"):
            lines[-1] = command
            # The tour's reader needs a moment to type on; here the log is waited for.
            log = command.split("> ")[1].split(" ")[0]
            lines.append(
                f"for i in $(seq 600); do grep -qE 'takes letters|serves|fires next' {log}"
                " 2>/dev/null && break; read -rt 0.1 <> <(:) || :; done"
            )
        lines.append(f"echo '{_MARK}'")
    return "\n".join(lines) + "\n"


def test_the_tour_gives_what_it_shows(tmp_path: Path) -> None:
    assert shutil.which("curl"), "the tour types curl: install Debian's package curl"
    web_port = str(free_port())
    steps = tour(str(free_port()), web_port)
    # The tour is typed where `make` has made .venv.
    (tmp_path / ".venv").symlink_to(sys.prefix)
    assert len(steps) > 12
    environment = {
        **os.environ,
        "PATH": os.environ["PATH"].replace(str(Path(sys.executable).parent), ""),
        "COLUMNS": "200",
        "MAILER_SITE__LISTEN_PORT": web_port,
    }
    ran = subprocess.run(
        ["bash"], input=script(steps), cwd=tmp_path, env=environment,
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    outputs = ran.stdout.split(_MARK + "\n")
    assert len(outputs) == len(steps) + 1, ran.stdout + ran.stderr
    for (command, shown), output in zip(steps, outputs, strict=False):
        if not shown.strip():
            continue
        assert pattern(shown).fullmatch(output.rstrip("\n") + "\n"), (
            f"$ {command}\n{output}\n--- the README shows ---\n{shown}"
        )

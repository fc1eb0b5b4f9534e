"""`mailer relay`: what is said of relays, and trying them out."""

import json
import os
import platform
import re
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from journey.program import MAILER, relay
from ports import free_port
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.pace.throttle import Rate
from mailer.store import owners, relaystates, throttle
from mailer.store.relaystates import RelayState
from mailer.wiring import open_workspace, utc_now


def run(folder: Path, *arguments: str, status: int = 0) -> str:
    done = CliRunner().invoke(mailer, ("-w", str(folder), *arguments))
    assert done.exit_code == status, done.output
    return done.stdout or done.output


def two_relays(folder: Path, port: int, other: int) -> None:
    """Write a workspace with two relays on this machine."""
    make_workspace(folder, mode="live").close()
    config = folder / "config.toml"
    written = config.read_text(encoding="utf-8")
    kept = re.sub(r"(?ms)^\[relays?\]$.*?(?=^\[|\Z)", "", written)
    tables = "".join(
        f'\n[relays.{name}]\nhost = "127.0.0.1"\nport = {number}\ntls = "none"\n{more}'
        for name, number, more in (
            ("bulk", port, "per_second = 14\nper_hour = 100\n"),
            ("spare", other, "weight = 0\n"),
        )
    )
    config.write_text(kept + tables, encoding="utf-8")


def test_without_a_sender_relays_are_idle(tmp_path: Path):
    two_relays(tmp_path, 2501, 2502)
    found: list[dict[str, Any]] = json.loads(run(tmp_path, "relay", "status", "--json"))
    assert [(one["relay"], one["state"]) for one in found] == [
        ("bulk", "idle"), ("spare", "idle"),
    ]  # fmt: skip
    assert "no sender at work" in run(tmp_path, "relay", "status")


@pytest.mark.parametrize("state", ["open", "limit"])
def test_what_senders_find_is_added_up_and_said_with_its_reason(tmp_path: Path, state: str):
    two_relays(tmp_path, 2501, 2502)
    now = utc_now()
    well = RelayState(
        "bulk", now, "closed", None, "", 3, 20, 6.5, 100, 2, 1, 0, {"421-4.7.28": 2}
    )
    ill = RelayState(
        "bulk", now, state, now + timedelta(minutes=2),
        "connect: \x1b[31mrefused" if state == "open" else "",
        0, 0, 0, 40, 0, 0, 7, {"421-4.7.28": 1, "451": 1},
    )  # fmt: skip
    with (
        open_workspace(str(tmp_path)) as workspace,
        workspace.database.write() as connection,
    ):
        for seen in (well, ill):
            owner = owners.register(connection, "here", 1, now)
            relaystates.keep(connection, owner, [seen])
        gone = owners.register(connection, "here", 2, now)
        relaystates.keep(connection, gone, [ill])
        owners.end(connection, gone, now)
        throttle.lease(connection, "relay:bulk", Rate(per_hour=100), 5, now)
    shown = run(tmp_path, "relay", "status")
    (line,) = [one for one in shown.splitlines() if one.startswith("bulk")]
    assert "\x1b" not in line
    for words in ("6.5/s", "14/s, 5 of 100/h", "3 of 4", "140", "421-4.7.28 \u00d73"):
        assert words in line
    assert ("connect: " in line) == (state == "open")
    assert {"open": "left alone", "limit": "limit reached"}[state] in line
    (bulk, spare) = json.loads(run(tmp_path, "relay", "status", "--json"))
    assert (bulk["state"], bulk["senders"], bulk["accepted"]) == (state, 2, 140)
    assert bulk["answers"] == {"421-4.7.28": 3, "451": 1}
    assert bulk["sent_hour"] == 5
    # Only under a limit of an hour or a day is it counted at all.
    assert (spare["sent_hour"], spare["sent_day"]) == (None, None)


def test_what_a_killed_sender_found_is_not_told_and_what_is_old_says_so(tmp_path: Path):
    two_relays(tmp_path, 2501, 2502)
    with subprocess.Popen((sys.executable, "-c", "")) as ended:
        pass
    at = utc_now() - timedelta(minutes=20)
    seen = RelayState("bulk", at, "closed", None, "", 3, 20, 6.5, 9, 2, 1, 0, {})
    with (
        open_workspace(str(tmp_path)) as workspace,
        workspace.database.write() as connection,
    ):
        killed = owners.register(connection, platform.node(), ended.pid, at)
        hangs = owners.register(connection, platform.node(), os.getpid(), at)
        relaystates.keep(connection, killed, [seen])
        relaystates.keep(connection, hangs, [replace(seen, relay="spare")])
    lines = run(tmp_path, "relay", "status").splitlines()
    (bulk,) = [one for one in lines if one.startswith("bulk")]
    assert "no sender at work" in bulk
    assert "6.5/s" not in bulk
    (spare,) = [one for one in lines if one.startswith("spare")]
    assert "nothing was heard of its senders since" in spare


def test_a_watched_status_shows_what_changed_until_it_is_stopped(tmp_path: Path):
    two_relays(tmp_path, 2501, 2502)
    asked = (*MAILER, "-w", str(tmp_path), "relay", "status", "--watch")
    seen = RelayState("bulk", utc_now(), "closed", None, "", 3, 20, 6.5, 9, 2, 1, 0, {})
    with subprocess.Popen(asked, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        try:
            lines = (one for one in watching.stdout if one.startswith("bulk"))
            assert "no sender at work" in next(lines)
            with (
                open_workspace(str(tmp_path)) as workspace,
                workspace.database.write() as connection,
            ):
                owner = owners.register(connection, "here", 1, utc_now())
                relaystates.keep(connection, owner, [seen])
            assert "6.5/s" in next(one for one in lines if "takes letters" in one)
        finally:
            watching.send_signal(signal.SIGINT)
            watching.stdout.read()
    assert watching.returncode == 130


def test_programs_do_not_watch(tmp_path: Path):
    two_relays(tmp_path, 2501, 2502)
    words = run(tmp_path, "relay", "status", "--watch", "--json", status=2)
    assert "not both" in words


def test_each_relay_is_tried_and_one_that_does_not_answer_is_named(tmp_path: Path):
    with relay() as taken:
        two_relays(tmp_path, taken.port, free_port())
        assert "yes" in run(tmp_path, "relay", "test", "bulk")
        found = json.loads(run(tmp_path, "relay", "test", "--json", status=1))
        assert taken.letters == []
    assert [one["lets us in"] for one in found] == [True, False]
    assert "connect" in found[1]["problem"]
    assert "look at [relays.spare]" in found[1]["problem"]


def test_a_password_that_is_not_there_is_told_and_the_others_are_tried(tmp_path: Path):
    with relay() as taken:
        two_relays(tmp_path, taken.port, taken.port)
        config = tmp_path / "config.toml"
        written = config.read_text(encoding="utf-8")
        config.write_text(f'{written}password_env = "NOT_THERE"\n', encoding="utf-8")
        for command in (("relay", "test"), ("check",)):
            found = json.loads(run(tmp_path, *command, "--json", status=1))
            problems = {str(next(iter(one.values()))): one["problem"] for one in found}
            assert not problems[f"relay bulk, 127.0.0.1:{taken.port}"]
            words = problems[f"relay spare, 127.0.0.1:{taken.port}"]
            assert "relays.spare.password_env names NOT_THERE" in words
        run(tmp_path, "relay", "test", "bulk")


def greet_when_both_are_there(listener: socket.socket) -> None:
    """Answer to nobody before two have come."""
    lines = [listener.accept()[0] for _ in range(2)]
    for line in lines:
        with line, line.makefile("rwb", buffering=0) as stream:
            stream.write(b"220 here\r\n")
            for command in stream:
                stream.write(b"221 bye\r\n" if b"QUIT" in command else b"250 yes\r\n")


def test_relays_are_tried_side_by_side(tmp_path: Path):
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        ThreadPoolExecutor(1) as pool,
    ):
        listener.settimeout(30)
        port = listener.getsockname()[1]
        two_relays(tmp_path, port, port)
        config = tmp_path / "config.toml"
        written = config.read_text(encoding="utf-8")
        quick = written.replace('tls = "none"', 'tls = "none"\ntimeout_connect_s = 5')
        config.write_text(quick, encoding="utf-8")
        served = pool.submit(greet_when_both_are_there, listener)
        run(tmp_path, "relay", "test")
        served.result()


def test_a_relay_that_is_not_there_cannot_be_tried(tmp_path: Path):
    two_relays(tmp_path, 2501, 2502)
    words = run(tmp_path, "relay", "test", "bluk", status=2)
    assert "no relay 'bluk'" in words
    assert "'bulk'" in words


def test_presets_are_listed_with_what_to_know(tmp_path: Path):
    assert "REGION" in run(tmp_path, "relay", "presets")
    found = json.loads(run(tmp_path, "relay", "presets", "--json"))
    ses = next(one for one in found if one["preset"] == "amazon-ses")
    assert ses["settings"]["port"] == 587


def test_settings_say_that_they_came_from_a_preset(tmp_path: Path):
    make_workspace(tmp_path, relay={"preset": "postmark"}).close()
    found = json.loads(run(tmp_path, "config", "show", "--json"))
    host = next(one for one in found if one["setting"] == "relay.host")
    assert (host["from"], host["value"]) == ("preset postmark", "smtp.postmarkapp.com")


def test_status_tells_of_every_relay(tmp_path: Path):
    two_relays(tmp_path, 2501, 2502)
    shown = run(tmp_path, "status")
    assert "bulk, 127.0.0.1:2501" in shown
    assert "spare, 127.0.0.1:2502" in shown
    found = json.loads(run(tmp_path, "status", "--json"))
    assert found["relay"]["name"] == "bulk"
    assert [one["name"] for one in found["relays"]] == ["bulk", "spare"]

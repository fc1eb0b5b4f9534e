"""Telling somebody of alarms, on both databases."""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any, ClassVar

import pytest
from plans import asked, read_through
from sqlalchemy import text
from worlds import make_workspace

from mailer.errors import RefusedError, WorkspaceError
from mailer.jobs.tell import Told, Ways, tell, tell_of_test
from mailer.jobs.watch import PATIENCE, RelayWatch, tell_summary, watch_disk, watch_ledger
from mailer.store.alarms import Alarm, acknowledge, open_alarms, raise_alarm
from mailer.wiring import Workspace
from mailer.workspace.commands import run_command

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)


class Hook(http.server.BaseHTTPRequestHandler):
    """Takes what is posted, and answers as it is told."""

    taken: ClassVar[list[dict[str, Any]]] = []
    status: ClassVar[int] = 204

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.taken.append(json.loads(self.rfile.read(size)))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        del format, arguments


@pytest.fixture
def hook() -> Generator[str]:
    Hook.taken.clear()
    Hook.status = 204
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/secret?room=1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Generator[Workspace]:
    made = make_workspace(tmp_path / "shop", database=database_url)
    yield made
    made.close()


def alarmed(shop: Workspace, kind: str = "disk", happened: str = "it is full") -> None:
    with shop.database.write() as connection:
        raise_alarm(connection, Alarm(kind, "the disk", NOW, happened, "make room"))


def told(shop: Workspace, ways: Ways, now: datetime = NOW) -> dict[str, list[Told]]:
    return tell(shop.world(), ways, now)


def letters(shop: Workspace) -> list[Any]:
    query = "SELECT kind, cause_kind, lane, address, state FROM delivery"
    with shop.database.read() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_one_kind_is_told_once_an_hour_with_all_that_came_meanwhile(
    shop: Workspace, hook: str
):
    ways = Ways(webhook=hook)
    alarmed(shop)
    assert told(shop, ways) == {"disk": [Told("webhook", "")]}
    assert told(shop, ways) == {}
    alarmed(shop, happened="still full")
    alarmed(shop, happened="and fuller")
    alarmed(shop, kind="ledger")
    assert set(told(shop, ways, NOW + timedelta(minutes=59))) == {"ledger"}
    assert set(told(shop, ways, NOW + AN_HOUR)) == {"disk"}
    assert told(shop, ways, NOW + 9 * AN_HOUR) == {}
    counts = [(one["kind"], len(one["alarms"])) for one in Hook.taken]
    assert counts == [("disk", 1), ("ledger", 1), ("disk", 2)]
    first = Hook.taken[0]["alarms"][0]
    assert (first["about"], first["todo"]) == ("the disk", "make room")
    assert "it is full" in Hook.taken[0]["text"]


def test_alarms_are_told_though_the_clock_is_put_back(shop: Workspace, hook: str):
    ways, then = Ways(webhook=hook), NOW - timedelta(days=1)
    alarmed(shop)
    assert set(told(shop, ways)) == {"disk"}
    alarmed(shop, happened="still full")
    # Another machine's clock may be a little behind.
    assert told(shop, ways, NOW - timedelta(minutes=1)) == {}
    assert set(told(shop, ways, then)) == {"disk"}
    alarmed(shop, happened="and fuller")
    assert told(shop, ways, then + timedelta(minutes=59)) == {}
    assert set(told(shop, ways, then + AN_HOUR)) == {"disk"}


def test_what_nobody_took_is_told_again_after_an_hour_and_makes_no_storm(
    shop: Workspace, hook: str
):
    Hook.status = 500
    ways = Ways(webhook=hook)
    alarmed(shop)
    (one,) = told(shop, ways)["disk"]
    assert one.problem == "127.0.0.1 answered 500"
    # The address is a secret.
    assert "secret" not in one.problem
    for minute in range(1, 60):
        assert told(shop, ways, NOW + timedelta(minutes=minute)) == {}
    Hook.status = 200
    assert told(shop, ways, NOW + AN_HOUR) == {"disk": [Told("webhook", "")]}
    assert len(Hook.taken) == 2


def test_a_letter_goes_through_the_same_delivery_in_the_first_lane(
    shop: Workspace, hook: str
):
    alarmed(shop, happened="{{ 1 // 0 }} {% for %} <b>&")
    ways = Ways(address="ola@example.com", webhook=hook)
    assert [one.problem for one in told(shop, ways)["disk"]] == ["", ""]
    assert letters(shop) == [("alarm", "alarm", 0, "ola@example.com", "queued")]


def test_nobody_is_told_where_no_way_is_set(shop: Workspace):
    alarmed(shop)
    assert told(shop, Ways()) == {}
    with pytest.raises(RefusedError, match=r"\[alarms\]"):
        tell_of_test(shop.world(), Ways(), NOW)
    with shop.database.read() as connection:
        assert len(open_alarms(connection)) == 1


def test_one_way_that_fails_keeps_no_other_from_telling(
    shop: Workspace, hook: str, tmp_path: Path
):
    ways = Ways(webhook=hook, command=f"{tmp_path}/no-such-command")
    alarmed(shop)
    webhook, command = told(shop, ways)["disk"]
    assert webhook.problem == ""
    assert "cannot be run" in command.problem
    assert told(shop, ways, NOW + AN_HOUR) == {}


KILLED = """\
import sys
from datetime import datetime, time
from mailer.jobs.tell import Ways, tell
from mailer.jobs.watch import tell_summary
from mailer.wiring import open_workspace
folder, command, now = sys.argv[1:]
now = datetime.fromisoformat(now)
with open_workspace(folder) as shop:
    ways = Ways(command=command)
    tell(shop.world(), ways, now)
    tell_summary(shop.world(), ways, time(8), now.tzinfo, now)
"""


def test_what_a_killed_program_was_about_to_tell_is_told_an_hour_later(
    shop: Workspace, hook: str, tmp_path: Path
):
    ways, at = Ways(webhook=hook), time_of_day(8)
    command = script(tmp_path, "import os; os.kill(os.getppid(), 9)")
    about_to = [sys.executable, "-c", KILLED, shop.folder, command, NOW.isoformat()]
    # Once over the summary, once over an alarm.
    for _ in range(2):
        assert subprocess.run(about_to, check=False).returncode == -signal.SIGKILL
        alarmed(shop)
    assert told(shop, ways, NOW + timedelta(minutes=59)) == {}
    assert set(told(shop, ways, NOW + AN_HOUR)) == {"disk"}
    assert tell_summary(shop.world(), ways, at, UTC, NOW + AN_HOUR)
    assert not tell_summary(shop.world(), ways, at, UTC, NOW + 2 * AN_HOUR)
    assert [len(one["alarms"]) for one in Hook.taken] == [2, 1]


def test_a_summary_that_nobody_took_is_told_again_after_an_hour(shop: Workspace, hook: str):
    ways, at = Ways(webhook=hook), time_of_day(8)
    Hook.status = 500
    assert not tell_summary(shop.world(), ways, at, UTC, NOW)
    Hook.status = 204
    assert not tell_summary(shop.world(), ways, at, UTC, NOW + timedelta(minutes=59))
    assert tell_summary(shop.world(), ways, at, UTC, NOW + AN_HOUR)


def test_what_somebody_has_seen_is_not_told(shop: Workspace, hook: str):
    alarmed(shop)
    with shop.database.write() as connection:
        (one,) = open_alarms(connection)
        acknowledge(connection, one.id, NOW)
    assert told(shop, Ways(webhook=hook)) == {}


def script(folder: Path, body: str) -> str:
    path = folder / "pager.py"
    path.write_text(body, encoding="utf-8")
    return f"{sys.executable} '{path}' --urgent"


def test_a_command_gets_it_on_its_input_without_a_shell(tmp_path: Path):
    body = (
        "import sys, pathlib\n"
        "place = pathlib.Path(__file__).with_name('got')\n"
        "place.write_text(sys.stdin.read() + sys.argv[1])\n"
    )
    command = script(tmp_path, body)
    run_command(f"{command} '; touch nothing'", b'{"a": 1}', 20)
    assert (tmp_path / "got").read_text(encoding="utf-8") == '{"a": 1}--urgent'


def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path):
    body = (
        "import subprocess, sys, pathlib, time\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        "place = pathlib.Path(__file__).with_name('pid')\n"
        "place.with_suffix('.part').write_text(str(inner.pid))\n"
        "place.with_suffix('.part').rename(place)\n"
        "time.sleep(300)\n"
    )
    with pytest.raises(WorkspaceError, match="took longer than 5 s"):
        run_command(script(tmp_path, body), b"", 5)
    inner = int((tmp_path / "pid").read_text(encoding="utf-8"))
    give_up = time.monotonic() + 30
    while _lives(inner):
        assert time.monotonic() < give_up
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIG_DFL)
    except ProcessLookupError:
        return False
    # Nobody may have fetched its end yet.
    status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    return status.split()[0] != "Z"


def test_a_command_that_fails_is_said_to(tmp_path: Path):
    with pytest.raises(WorkspaceError, match="ended with status 3"):
        run_command(script(tmp_path, "raise SystemExit(3)"), b"x" * 1_000_000, 20)


def kinds(shop: Workspace) -> list[str]:
    with shop.database.read() as connection:
        return [one.kind for one in open_alarms(connection)]


def test_a_refused_login_is_an_alarm_at_once_other_trouble_when_it_lasts(shop: Workspace):
    watch = RelayWatch(shop.database, "main")
    watch.look("", NOW)
    watch.look("connect: no line", NOW)
    assert kinds(shop) == []
    watch.look("connect: no line", NOW + PATIENCE)
    watch.look("connect: no line", NOW + 2 * PATIENCE)
    assert kinds(shop) == ["relay_trouble"]
    watch.look("", NOW + 3 * PATIENCE)
    for minute in range(3):
        watch.look("auth: 535 wrong password", NOW + timedelta(minutes=minute))
    assert kinds(shop) == ["relay_trouble", "relay_login"]


def test_trouble_that_lasts_is_an_alarm_though_the_clock_is_put_back(shop: Workspace):
    watch = RelayWatch(shop.database, "main")
    watch.look("connect: no line", NOW + timedelta(days=1))
    watch.look("connect: no line", NOW)
    assert kinds(shop) == []
    watch.look("connect: no line", NOW + PATIENCE)
    assert kinds(shop) == ["relay_trouble"]


def test_a_disk_that_fills_is_an_alarm_until_somebody_has_seen_it(
    shop: Workspace, tmp_path: Path
):
    folders = [str(tmp_path / "not made yet" / "logbook")]
    assert watch_disk(shop.database, folders, 0, NOW) == 0
    more_than_any_disk = 10**12
    assert watch_disk(shop.database, folders, more_than_any_disk, NOW) == 1
    assert watch_disk(shop.database, folders, more_than_any_disk, NOW) == 0
    assert kinds(shop) == ["disk"]


def test_a_ledger_that_does_not_hold_is_an_alarm(shop: Workspace):
    file = shop.places.checkpoints_file
    assert watch_ledger(shop.database, shop.ring, file, NOW)
    with shop.database.write() as connection:
        insert = "INSERT INTO ledger_head (id, number, mac) VALUES (1, 5, :mac)"
        connection.execute(text(insert), {"mac": b"x" * 32})
    assert not watch_ledger(shop.database, shop.ring, file, NOW)
    assert kinds(shop) == ["ledger"]


def test_a_summary_is_told_once_a_day(shop: Workspace, hook: str):
    ways = Ways(webhook=hook)
    at = time_of_day(8)
    early = NOW.replace(hour=7)
    assert not tell_summary(shop.world(), ways, at, UTC, early)
    assert tell_summary(shop.world(), ways, at, UTC, NOW)
    assert not tell_summary(shop.world(), ways, at, UTC, NOW + AN_HOUR)
    assert tell_summary(shop.world(), ways, at, UTC, NOW + timedelta(days=1))
    assert "0 letters were accepted" in Hook.taken[0]["text"]


def test_nobody_waits_while_a_day_is_summed_up(shop: Workspace, hook: str) -> None:
    with asked(shop.database) as noted:
        assert tell_summary(shop.world(), Ways(webhook=hook), time_of_day(8), UTC, NOW)
    assert "delivery" in read_through(shop.database, noted)
    assert "delivery" not in read_through(shop.database, noted, writing_only=True)

"""`mailer status` says how things stand, in words and as JSON."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from audiences import add_people, move, write_template
from click.testing import CliRunner
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.jobs.new_ticket import Call, note_call
from mailer.store import mailboxes
from mailer.store.alarms import Alarm, raise_alarm
from mailer.store.tickets import change_ticket
from mailer.wiring import open_workspace, utc_now


def run(folder: Path, *arguments: str) -> str:
    done = CliRunner().invoke(mailer, ("-w", str(folder), *arguments))
    assert done.exit_code == 0, done.output
    return done.stdout


def lines(folder: Path) -> dict[str, list[str]]:
    """Return what the screen says, by its labels."""
    found: dict[str, list[str]] = {}
    label = ""
    for line in run(folder, "status").splitlines():
        label = line[:10].strip() or label
        found.setdefault(label, []).append(line[10:])
    return found


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A campaign of four: one left, one is in doubt, two wait."""
    standing = {"list_id": "newsletter", "wording": 1}
    relay = {"host": "smtp.example.com", "per_second": 5, "per_hour": 500}
    with (
        make_workspace(tmp_path, relay=relay) as workspace,
        workspace.database.write() as connection,
    ):
        add_people(connection, [1, 2, 3, 4], {"name": "Kari"}, **standing)
    write_template(tmp_path, "digest")
    run(tmp_path, "campaign", "start", "digest", "--list", "newsletter", "--yes")
    with (
        open_workspace(str(tmp_path)) as workspace,
        workspace.database.write() as connection,
    ):
        move(connection, 1, [1], state="accepted")
        move(connection, 1, [2], state="in_doubt")
    return tmp_path


def test_a_new_workspace_says_what_is_missing_on_one_screen(tmp_path: Path) -> None:
    make_workspace(tmp_path, mode="rehearsal").close()
    found = lines(tmp_path)
    assert found["mode"] == ["rehearsal: letters go to files in outbox/, and to nobody"]
    assert "not used while letters go to files" in found["relay"][0]
    assert found["queue"] == ["nothing waits"]
    assert found["in doubt"] == ["0"]
    assert found["running"] == ["no campaign"]
    assert "weekly-newsletter" in found["next"][0]
    assert "mailer serve" in found["senders"][0]
    assert found["backup"] == [
        "none was ever made: run `mailer db backup FILE` now and each night"
    ]
    assert sum(map(len, found.values())) <= 24


def test_the_screen_says_how_a_campaign_stands_and_what_to_do(shop: Path) -> None:
    found = lines(shop)
    assert found["mode"] == ["live: letters go to people"]
    (relay,) = found["relay"]
    assert relay.startswith("main, smtp.example.com:587, TLS required; ")
    assert "; at most 5 a second, 500 an hour (0 taken), " in relay
    assert relay.endswith("of which no campaign takes 10%")
    assert found["queue"][0] == "2 queued: 2 campaigns"
    assert found["queue"][1].startswith("2 could leave now, the first has waited ")
    assert found["in doubt"][0] == "1"
    assert "mailer campaign deliveries 1 --state in_doubt" in found["in doubt"][1]
    assert "2 of 4 done (50%)" in found["running"][0]
    run(shop, "campaign", "pause", "1")
    run(shop, "db", "backup", str(shop / "copy.db"))
    found = lines(shop)
    assert found["running"] == ["no campaign"]
    assert "paused by hand; `mailer campaign resume 1`" in found["paused"][0]
    assert found["backup"][0].startswith("made ")


def test_of_many_alarms_the_latest_are_shown_and_all_are_counted(shop: Path) -> None:
    with open_workspace(str(shop)) as workspace, workspace.database.write() as connection:
        for number in range(8):
            about = f"disk {number}"
            raise_alarm(connection, Alarm("disk", about, utc_now(), "\x1b[2Jfull", "room"))
    found = lines(shop)["alarms"]
    assert len(found) == 6
    assert "disk 7" in found[0]
    assert found[-1] == "and 3 more"
    assert "\x1b" not in "".join(found)
    assert len(json.loads(run(shop, "status", "--json"))["alarms"]) == 8


def test_json_says_the_same(shop: Path) -> None:
    run(shop, "db", "backed-up")
    found: dict[str, Any] = json.loads(run(shop, "status", "--json"))
    assert found["mode"] == "live"
    assert found["relay"]["host"] == "smtp.example.com"
    assert (found["relay"]["sent_hour"], found["relay"]["trouble"]) == (0, [])
    assert found["queue"] == {"queued": {"campaigns": 2}, "claimed": {}, "sending": {}}
    assert (found["due"], found["in_doubt"]) == (2, 1)
    assert found["in_doubt_of"] == [{"campaign": 1, "letters": 1}]
    (campaign,) = found["running"]
    assert (campaign["planned"], campaign["queued"], campaign["done"]) == (4, 2, 2)
    assert found["next"][0]["schedule"] == "weekly-newsletter"
    assert found["disks"][0]["free_bytes"] > 0
    assert found["database_bytes"] > 0
    assert found["backup_age_s"] >= 0


def test_it_says_that_nobody_has_chosen_a_mode(tmp_path: Path) -> None:
    make_workspace(tmp_path).close()
    config = tmp_path / "config.toml"
    text = config.read_text(encoding="utf-8").replace('mode = "live"\n', "")
    config.write_text(text, encoding="utf-8")
    assert lines(tmp_path)["mode"][0].startswith("no mode: config.toml does not say")
    assert json.loads(run(tmp_path, "status", "--json"))["mode"] is None


def test_it_says_which_mailboxes_can_be_read(tmp_path: Path) -> None:
    boxes = {f"mailboxes.{name}": {"maildir": name} for name in ("a", "b", "c")}
    with (
        make_workspace(tmp_path, **boxes) as workspace,
        workspace.database.write() as connection,
    ):
        mailboxes.note_trouble(connection, "a", "no \x1b answer", utc_now())
        mailboxes.begin(connection, "b", "maildir b", utc_now().date())
        mailboxes.note_well(connection, "b", utc_now())
    one, two, three = lines(tmp_path)["mailboxes"]
    assert one.startswith("a: can't be read since ")
    assert "\x1b" not in one
    assert two.startswith("b: read ")
    assert two.endswith("from maildir b")
    assert three == "c: not read yet; `mailer serve` does"
    told = json.loads(run(tmp_path, "status", "--json"))["mailboxes"]
    assert [bool(one["problem"]) for one in told] == [True, False]


def test_it_says_who_waits_for_an_answer_and_for_how_many_it_is_late(
    tmp_path: Path,
) -> None:
    with make_workspace(tmp_path) as workspace:
        for one in range(3):
            call = Call(f"p{one}@example.com", "", "Tents", "Hello?")
            ticket = note_call(workspace.database, (), call, "Kari", utc_now())
        with workspace.database.write() as connection:
            late = {"due_at": utc_now() - timedelta(hours=1)}
            assert change_ticket(connection, ticket, late, utc_now())
    assert lines(tmp_path)["people"] == [
        "no mailbox of ours: 3 wait for an answer, 1 of them too long"
    ]
    told = json.loads(run(tmp_path, "status", "--json"))["tickets"]
    assert told == [{"mailbox": "", "owed": 3, "late": 1}]

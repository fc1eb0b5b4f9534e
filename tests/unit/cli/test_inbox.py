"""`mailer inbox classify` says what messages are, one JSON object a line."""

import json
from pathlib import Path

from click.testing import CliRunner, Result
from samples.people import HUMAN
from samples.samples import FOLDER, sample
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.model.token import TokenBox, TokenKind


def run(*arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(mailer, ("inbox", "classify", *arguments), input=given)


def lines(done: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_bounce_is_one_line_of_json():
    file = str(FOLDER / "lhost-sendmail-02.eml")
    done = run("--json", file)
    assert done.exit_code == 0
    assert lines(done) == [
        {
            "file": file,
            "kind": "bounce",
            "recipients": [
                {
                    "address": "userunknown@example.org",
                    "hard": True,
                    "reason": "userunknown",
                    "status": "5.1.1",
                    "action": "failed",
                },
                {
                    "address": "filtered@example.com",
                    "hard": False,
                    "reason": "filtered",
                    "status": "5.2.1",
                    "action": "failed",
                },
            ],
            "because": "a delivery status part (RFC 3464)",
        }
    ]


def test_a_bad_file_is_named_and_the_others_are_read(tmp_path: Path):
    (tmp_path / "empty.eml").write_bytes(b"\n")
    missing, empty = str(tmp_path / "nothing.eml"), str(tmp_path / "empty.eml")
    done = run("--json", missing, empty, str(FOLDER / "lhost-qmail-03.eml"))
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        f"mailer: {missing}: there is no such file",
        f"mailer: {empty} is empty",
    ]
    assert [one["kind"] for one in lines(done)] == ["bounce"]


def test_a_pipe_is_read():
    done = run("--json", "-", given=HUMAN["a question"])
    assert [(one["file"], one["kind"]) for one in lines(done)] == [("-", "human")]


def test_a_maildir_is_read_but_for_what_is_being_written(tmp_path: Path):
    for folder in ("cur", "new", "tmp"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"in-{folder}").write_bytes(HUMAN["a question"])
    (tmp_path / ".hidden").write_bytes(b"x")
    done = run("--json", str(tmp_path))
    assert [Path(str(one["file"])).name for one in lines(done)] == ["in-cur", "in-new"]


def test_an_mbox_gives_each_of_its_messages():
    done = run("--json", str(FOLDER / "rfc3464-28.eml"))
    kinds = [(one["kind"], one["recipients"]) for one in lines(done)]
    assert [kind for kind, _ in kinds] == ["report", "report"]
    assert "kijitora@neko.example.jp" in str(kinds[0][1])
    assert "info@neko.example.jp" in str(kinds[1][1])


def test_people_read_a_line_and_no_control_characters():
    raw = HUMAN["a question"].replace(b"kari@", b"kari\x1b[31m@")
    done = run("-", given=raw)
    assert done.exit_code == 0
    assert done.stdout.startswith("-: human")
    assert "\x1b" not in done.stdout


def test_in_a_workspace_our_own_letter_is_known_by_its_signature(tmp_path: Path):
    with make_workspace(tmp_path) as workspace:
        token = TokenBox(workspace.ring).for_delivery(TokenKind.MESSAGE, 7)
    ours = HUMAN["a question"].replace(b"<1@example.net>", f"<{token}@x.example>".encode())
    forged = ours.replace(token.encode(), (token[:-1] + "0").encode())
    for raw, kind in ((ours, "own"), (forged, "human" if token[-1] != "0" else "own")):
        done = CliRunner().invoke(
            mailer, ("-w", str(tmp_path), "inbox", "classify", "--json", "-"), input=raw
        )
        assert [one["kind"] for one in lines(done)] == [kind], done.stderr


def test_a_workspace_s_own_phrases_are_asked_first(tmp_path: Path):
    with make_workspace(tmp_path):
        pass
    (tmp_path / "phrases.toml").write_text(
        '[[rule]]\nreason = "suspend"\nphrases = ["no mailbox here by that name"]\n',
        encoding="utf-8",
    )
    asked = ("-w", str(tmp_path), "inbox", "classify", "--json", "-")
    raw = sample("rfc3464-06.eml").replace(
        b"unknown user: kijitora", b"no mailbox here by that name"
    )
    done = CliRunner().invoke(mailer, asked, input=raw)
    assert '"suspend"' in done.stdout
    (tmp_path / "phrases.toml").write_text(
        '[[rule]]\nreason = "suspendd"\nphrases = ["x"]\n', encoding="utf-8"
    )
    done = CliRunner().invoke(mailer, asked, input=raw)
    assert done.exit_code == 2
    assert (
        "phrases.toml, [[rule]] 1: no such reason 'suspendd'; did you mean" in done.stderr
    )


def ingest(folder: Path, raw: bytes) -> Result:
    return CliRunner().invoke(mailer, ("-w", str(folder), "inbox", "ingest"), input=raw)


def test_a_message_from_a_pipe_is_kept_and_acted_on_once(tmp_path: Path):
    with make_workspace(tmp_path):
        pass
    done = ingest(tmp_path, sample("lhost-sendmail-02.eml"))
    assert done.exit_code == 0, done.stderr
    assert done.stdout == (
        "1: bounce (nothing changes: no return path, envelope id or Message-ID of ours"
        " in it)\n"
    )
    assert ingest(tmp_path, sample("lhost-sendmail-02.eml")).stdout == (
        "1: known already, nothing to do\n"
    )
    listed = CliRunner().invoke(mailer, ("-w", str(tmp_path), "bounce", "list"))
    assert listed.stdout == "nothing has come back\n"
    counted = CliRunner().invoke(mailer, ("-w", str(tmp_path), "bounce", "stats", "--json"))
    assert json.loads(counted.stdout) == []


def test_what_can_not_be_kept_is_asked_for_again(tmp_path: Path):
    done = ingest(tmp_path, HUMAN["a question"])
    assert done.exit_code == 75
    assert "config.toml" in done.stderr
    with make_workspace(tmp_path):
        pass
    (tmp_path / "mailer.db").write_bytes(b"no database")
    assert ingest(tmp_path, HUMAN["a question"]).exit_code == 75

"""`mailer staff` and `mailer letter`: a link once, who there is, and a letter as it was."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from consoles import a_console, write

from mailer.cli.main import mailer
from mailer.jobs.letters import Letters, Pen
from mailer.store.history import claim_to_show
from mailer.wiring import open_workspace


@pytest.fixture
def folder(tmp_path: Path) -> str:
    with a_console(tmp_path) as workspace:
        write(workspace)
        return workspace.folder


def run(folder: str, *order: str, code: int = 0) -> str:
    done = CliRunner().invoke(mailer, ("-w", folder, *order))
    assert done.exit_code == code, done.output
    return done.output


def test_somebody_is_added_listed_changed_and_removed(folder):
    link = json.loads(run(folder, "staff", "add", "Kari", "--json"))["link"]
    assert "/console/invited/" in link
    run(folder, "staff", "change", "kari", "--role", "admin", "--mailbox", "press")
    (one,) = json.loads(run(folder, "staff", "list", "--json"))
    assert (one["name"], one["role"], one["state"], one["mailboxes"]) == (
        "Kari", "admin", "invited", ["press"],
    )  # fmt: skip
    assert link != json.loads(run(folder, "staff", "invite", "Kari", "--json"))["link"]
    run(folder, "staff", "remove", "Kari")
    said = [one["what"] for one in json.loads(run(folder, "staff", "audit", "--json"))]
    assert said == [
        "removed Kari", "invited Kari", "changed Kari: mailboxes, role",
        "added Kari as agent",
    ]  # fmt: skip
    assert "did you mean" in run(folder, "staff", "remove", "Karri", code=2)
    assert "press" in run(folder, "staff", "add", "Per", "--mailbox", "pres", code=2)


def test_a_letter_is_shown_with_the_bytes_that_a_sender_composes(folder):
    shown = run(folder, "letter", "show", "1")
    assert "letter 1 to ola@example.com: queued" in shown
    assert "Subject: Re: Tents [#1]" in shown
    assert "we have your message" in shown
    with open_workspace(folder) as workspace:
        world = workspace.world()
        pen = Pen(world.site, world.tokens, world.limits)
        letters = Letters(workspace.database, pen, lambda _: None)
        with workspace.database.read() as connection:
            claim = claim_to_show(connection, 1)
        assert claim is not None
        letters.get_ready([claim])
        content = letters.compose(claim).content
    done = CliRunner().invoke(mailer, ("-w", folder, "letter", "show", "1", "--raw"))
    assert done.stdout_bytes == content
    facts = json.loads(run(folder, "letter", "show", "1", "--json"))
    assert facts["values_changed_since"] is False
    assert "no letter 99" in run(folder, "letter", "show", "99", code=2)

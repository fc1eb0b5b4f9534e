"""A notice to many: it needs a reason, and holds nothing that counts anybody."""

import json
from pathlib import Path
from typing import Any

import pytest
from audiences import add_people, suppress, write_template
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.jobs.frozen import unpack
from mailer.store.campaigns import frozen
from mailer.wiring import open_workspace

BODY = """<!doctype html>
<html><body><p>Return the stove: <a href="https://shop.example.com/recall">how</a></p>
</body></html>
"""


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(mailer, ("-w", str(folder), *arguments))


def start(folder: Path, *more: str) -> Result:
    return run(folder, "campaign", "start", "recall", "--list", "newsletter", *more)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """One on the list, one who left, one who never confirmed, one who is kept away."""
    standing: dict[str, Any] = {"list_id": "newsletter", "wording": 1}
    with make_workspace(tmp_path) as workspace, workspace.database.write() as connection:
        add_people(connection, [1, 4, 5], **standing)
        add_people(connection, [2], **standing | {"status": "unsubscribed"})
        add_people(connection, [3], **standing | {"status": "pending"})
        suppress(connection, 4, "everything")
        suppress(connection, 5, "marketing")
    write_template(tmp_path, "recall", body=BODY, kind="notice")
    return tmp_path


def test_a_notice_needs_a_reason_and_goes_also_to_who_left(shop: Path) -> None:
    refused = start(shop, "--yes")
    assert refused.exit_code == 2
    assert "say why they must be told, with --reason" in refused.output
    done = start(shop, "--yes", "--reason", "lot 7 leaks gas", "--json")
    assert done.exit_code == 0, done.output
    with open_workspace(str(shop)) as workspace, workspace.database.read() as connection:
        people = connection.exec_driver_sql(
            "SELECT contact_id FROM delivery ORDER BY contact_id"
        )
        assert [row[0] for row in people] == [1, 2, 5]
        (row,) = connection.exec_driver_sql(
            "SELECT frozen_hash, notice_reason FROM campaign"
        )
        links = connection.exec_driver_sql("SELECT * FROM campaign_link").all()
        assert unpack(frozen(connection, row[0])).source.name == "recall"
    assert row[1] == "lot 7 leaks gas"
    # The list counts links, and a notice counts none.
    assert links == []
    assert "lot 7 leaks gas" in run(shop, "campaign", "status").output
    told = run(shop, "explain", "person2@example.com", "1", "--json")
    (story,) = json.loads(told.output)["stories"]
    assert "planned: a notice to everybody, because: lot 7 leaks gas" in story["because"]


def test_no_schedule_sends_a_notice_or_a_receipt(shop: Path) -> None:
    (shop / "schedules" / "weekly.toml").write_text(
        'cron = "0 9 * * 1"\nzone = "Europe/Oslo"\ntemplate = "recall"\n'
        'list = "newsletter"\n'
    )
    found = run(shop, "schedule", "run", "weekly", "--dry-run")
    assert found.exit_code == 2
    assert "no schedule sends those" in found.output
    write_template(shop, "recall", body=BODY, kind="transactional")
    found = run(shop, "schedule", "run", "weekly", "--dry-run")
    assert "never sent by a campaign or a schedule" in found.output
    assert "never sent by a campaign" in start(shop, "--yes", "--reason", "x").output


def test_only_a_notice_has_a_reason(shop: Path) -> None:
    write_template(shop, "digest")
    words = ("campaign", "start", "digest", "--list", "newsletter", "--yes")
    found = run(shop, *words, "--reason", "because")
    assert found.exit_code == 2
    assert "only a notice has a reason" in found.output

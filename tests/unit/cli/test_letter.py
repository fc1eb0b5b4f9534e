"""`mailer letter doubts|settle`: letters in doubt that belong to no campaign."""

import json
from pathlib import Path
from typing import Any

import pytest
from audiences import add_people, move, write_template
from click.testing import CliRunner, Result
from sqlalchemy import select, update
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.store.tables import DeliveryRow, table
from mailer.wiring import open_workspace, utc_now

LETTER = 'subject = "Your order"\nkind = "transactional"\n'
DELIVERY = table(DeliveryRow)


def run(folder: Path, *arguments: str, status: int = 0) -> Result:
    done = CliRunner().invoke(mailer, ("-w", str(folder), *arguments))
    assert done.exit_code == status, done.output
    return done


def doubts(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        run(folder, "letter", "doubts", "--json").stdout
    )
    return found


def state(folder: Path, letter: int) -> str:
    with open_workspace(str(folder)) as workspace, workspace.database.read() as connection:
        asked = select(DELIVERY.c.state).where(DELIVERY.c.id == letter)
        return str(connection.execute(asked).scalar_one())


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Two letters of a shop: both were in doubt twice, so nothing sends them again."""
    make_workspace(tmp_path).close()
    place = tmp_path / "templates/mail/receipt"
    place.mkdir(parents=True)
    (place / "letter.toml").write_text(LETTER, encoding="utf-8")
    (place / "body.html").write_text("<p>Thank you.</p>", encoding="utf-8")
    for address in ("kari@example.com", "ola@example.com"):
        run(tmp_path, "send", "receipt", "--to", address)
    with (
        open_workspace(str(tmp_path)) as workspace,
        workspace.database.write() as connection,
    ):
        connection.execute(
            update(DELIVERY).values(
                state="in_doubt", attempt=2, ended_at=utc_now(), left_at=utc_now(),
                first_attempt_at=utc_now(), reply="the relay closed the connection",
            )
        )  # fmt: skip
    return tmp_path


def test_what_is_in_doubt_is_listed_and_the_screen_says_how(shop: Path) -> None:
    one, two = doubts(shop)
    assert (one["letter"], one["kind"], one["address"]) == (
        1, "transactional", "kari@example.com",
    )  # fmt: skip
    assert one["reply"] == "the relay closed the connection"
    assert two["letter"] == 2
    said = run(shop, "letter", "doubts").stdout
    assert "ola@example.com" in said
    assert f"Message-ID {two['message_id']}@" in said
    screen = run(shop, "status").stdout
    assert "2 of no campaign: `mailer letter doubts`" in screen
    assert json.loads(run(shop, "status", "--json").stdout)["in_doubt_of_no_campaign"] == 2
    assert "letter 2" in run(shop, "explain", "ola@example.com").stdout


@pytest.mark.parametrize(
    ("word", "after"),
    [("accepted", "accepted"), ("refused", "refused"), ("again", "queued")],
)
def test_each_way_settles_a_letter_once(shop: Path, word: str, after: str) -> None:
    order = ("letter", "settle", "1", "--as", word)
    assert json.loads(run(shop, *order, "--json").stdout) == {"letter": 1, "state": after}
    assert state(shop, 1) == after
    assert f"letter 1 is {after}, not in doubt" in run(shop, *order, status=2).output
    assert [one["letter"] for one in doubts(shop)] == [2]
    assert run(shop, "letter", "settle", "2", "--as", word).stdout == f"letter 2: {after}\n"
    assert run(shop, "letter", "doubts").stdout == "nothing\n"


def test_who_must_get_nothing_is_not_written_to_again(shop: Path) -> None:
    run(shop, "suppression", "add", "kari@example.com", "--everything", "--by", "Ola")
    said = run(shop, "letter", "settle", "1", "--as", "again", status=2).output
    assert "stays in doubt" in said
    assert state(shop, 1) == "in_doubt"


def test_what_was_rehearsed_does_not_go_to_people(shop: Path) -> None:
    with open_workspace(str(shop)) as workspace, workspace.database.write() as connection:
        connection.execute(update(DELIVERY).values(rehearsal=True))
    said = run(shop, "letter", "settle", "1", "--as", "again", status=2).output
    assert "was a rehearsal" in said
    assert run(shop, "letter", "settle", "1", "--as", "accepted").stdout == (
        "letter 1: accepted\n"
    )


def test_letters_of_campaigns_and_tickets_have_commands_of_their_own(shop: Path) -> None:
    standing = {"list_id": "newsletter", "wording": 1}
    with open_workspace(str(shop)) as workspace, workspace.database.write() as connection:
        add_people(connection, [1], {"name": "Kari"}, **standing)
    write_template(shop, "digest")
    run(shop, "campaign", "start", "digest", "--list", "newsletter", "--yes")
    with open_workspace(str(shop)) as workspace, workspace.database.write() as connection:
        move(connection, 1, [1], state="in_doubt")
    assert len(doubts(shop)) == 2
    assert "(letter 3):\n" in run(shop, "explain", "person1@example.com", "1").stdout
    said = run(shop, "letter", "settle", "3", "--as", "again", status=2).output
    assert "mailer campaign resolve 1 --delivery 3" in said
    assert (
        "no letter 9"
        in run(shop, "letter", "settle", "9", "--as", "again", status=2).output
    )

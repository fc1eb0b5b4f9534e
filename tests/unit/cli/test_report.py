"""`mailer list`, `mailer report` and `mailer campaign report`, as they are typed."""

import json
from pathlib import Path

import pytest
from audiences import move
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.model.token import Link
from mailer.store.clicks import count_clicks, links_of
from mailer.wiring import open_workspace, utc_now


def run(folder: Path, *arguments: str, status: int = 0) -> Result:
    done = CliRunner().invoke(mailer, ("-w", str(folder), *arguments))
    assert done.exit_code == status, done.output
    return done


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A workspace with three people, and a campaign to them that waits."""
    make_workspace(tmp_path).close()
    file = tmp_path / "people.csv"
    rows = [f"p{number}@example.com,Kari,NO" for number in range(3)]
    file.write_text("\n".join(["email,name,country", *rows]), encoding="utf-8")
    run(
        tmp_path, "contact", "import", str(file), "--list", "newsletter", "--basis",
        "express", "--source", "a fair", "--no-refusals",
    )  # fmt: skip
    body = tmp_path / "templates/mail/autumn-sale/body.html"
    text = body.read_text(encoding="utf-8")
    link = '<a href="https://shop.example.com/tents">All tents</a>'
    assert "<p>Good walks" in text
    body.write_text(text.replace("<p>Good", f"<p>{link}</p>\n<p>Good", 1), encoding="utf-8")
    run(tmp_path, "campaign", "start", "autumn-sale", "--list", "newsletter", "--yes", "3")
    return tmp_path


def test_what_was_settled_by_hand_is_not_said_to_be_a_server_that_gave_no_answer(
    shop: Path,
) -> None:
    with open_workspace(str(shop)) as workspace, workspace.database.write() as connection:
        move(connection, 1, [1, 2], state="in_doubt")
    run(shop, "campaign", "resolve", "1", "--all", "--as", "refused")
    said = run(shop, "campaign", "report", "1").stdout
    assert "No mail server answered" not in said
    assert "Without a code of a mail server" in said
    assert "in doubt, settled by hand as refused" in said


def test_a_campaign_s_report_in_lines_as_json_and_as_a_page(shop: Path):
    with open_workspace(str(shop)) as workspace, workspace.database.write() as connection:
        (first, *_) = links_of(connection, 1)
        clicked = {(Link(1, first.number), utc_now().replace(minute=0)): (2, 5)}
        count_clicks(connection, clicked)
    said = run(shop, "campaign", "report", "1").stdout
    assert "Campaign 1 (autumn-sale)" in said
    assert "clicks                       2  by people" in said
    assert f"         2        5  {first.url} (en)" in said
    facts = json.loads(run(shop, "campaign", "report", "--json").stdout)
    assert facts["campaign"]["id"] == 1
    assert facts["clicks"] == 2
    assert facts["links"][0] == {
        "url": first.url, "variant": "en", "people": 2, "machines": 5
    }  # fmt: skip
    assert (facts["replied"], facts["left"]) == (0, 0)
    run(shop, "campaign", "report", "1", "--html", str(shop / "report.html"))
    page = (shop / "report.html").read_text(encoding="utf-8")
    assert "<h2>Links</h2>" in page


def test_a_report_of_no_campaign_says_so(shop: Path):
    assert "no campaign 9" in run(shop, "campaign", "report", "9", status=2).output
    run(shop, "campaign", "report", "x", status=2)
    nowhere = shop / "nowhere" / "report.html"
    wrong = run(shop, "campaign", "report", "1", "--html", str(nowhere), status=2)
    assert "cannot be written: No such file or directory" in wrong.output


def test_before_the_first_campaign_it_is_said_what_to_do(tmp_path: Path):
    make_workspace(tmp_path).close()
    told = run(tmp_path, "campaign", "report", status=2).output
    assert "there is no campaign yet" in told
    assert "there is no campaign yet" in run(tmp_path, "report").stdout
    assert json.loads(run(tmp_path, "report", "--json").stdout)["campaigns"] == []


def test_lists_and_campaigns_side_by_side(shop: Path):
    said = run(shop, "report").stdout
    assert "newsletter: 3 may be written to" in said
    assert "1 autumn-sale" in said
    facts = json.loads(run(shop, "report", "--json").stdout)
    assert {one["list"]: one["members"] for one in facts["lists"]}["newsletter"] == 3
    assert facts["campaigns"][0].keys() >= {"id", "counts", "left", "replied", "clicks"}
    run(shop, "report", "--html", str(shop / "all.html"))
    page = (shop / "all.html").read_text(encoding="utf-8")
    assert "autumn-sale" in page
    assert "<svg" in page


def test_a_list_shows_its_members_and_its_growth(shop: Path):
    run(shop, "consent", "withdraw", "p0@example.com", "--list", "newsletter", "--how",
        "phone", "--by", "Ola")  # fmt: skip
    said = run(shop, "list", "show", "newsletter").stdout
    assert "newsletter" in said
    facts = json.loads(run(shop, "list", "show", "newsletter", "--json").stdout)
    assert facts["members"] == 2
    wrong = run(shop, "list", "show", "newsleter", status=2).output
    assert "did you mean" in wrong

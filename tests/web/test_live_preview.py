"""The page of `mailer template preview --serve`, on a whole workspace."""

import asyncio
import re
from collections.abc import Generator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from worlds import make_workspace

from mailer.jobs.live_preview import LivePreview, on_screen
from mailer.jobs.new_letter import new_letter
from mailer.web.live.app import build_live
from mailer.wiring import Workspace

KEY = "k" * 22
HERE = f"http://127.0.0.1/{KEY}"


@pytest.fixture
def workspace(tmp_path: Path) -> Generator[Workspace, None, None]:
    with make_workspace(tmp_path) as opened:
        new_letter(opened.folder, "spring", "newsletter", opened.specs)
        yield opened


@pytest.fixture
def client(workspace: Workspace) -> Generator[TestClient, None, None]:
    app = build_live(LivePreview(workspace.world(), "spring"), KEY, asyncio.Event())
    with TestClient(app, "http://127.0.0.1", follow_redirects=False) as opened:
        yield opened


def body_of(workspace: Workspace) -> Path:
    return Path(workspace.folder, "templates/mail/spring/body.md")


def test_the_page_shows_the_letter_its_facts_and_what_the_check_found(client: TestClient):
    page = client.get(f"{HERE}/")
    assert page.status_code == 200
    assert "What is new this month" in page.text
    assert "kB of" in page.text
    assert 'src="letter?' in page.text
    assert "border-radius" in page.text
    letter = client.get(f"{HERE}/letter")
    assert "One thing, said well" in letter.text


def test_each_view_works_without_a_script(client: TestClient):
    text = client.get(f"{HERE}/?view=text").text
    assert "<pre" in text
    assert "<iframe" not in text
    assert "<dt>List-Unsubscribe-Post</dt>" in client.get(f"{HERE}/?view=headers").text
    assert "Content-Transfer-Encoding" in client.get(f"{HERE}/?view=source").text
    assert 'class="paper phone dark"' in client.get(f"{HERE}/?width=phone&dark=1").text
    assert "<iframe" in client.get(f"{HERE}/?view=nonsense&width=%00").text


def test_nothing_runs_in_the_letter_and_nothing_is_loaded_from_elsewhere(
    client: TestClient,
):
    letter = client.get(f"{HERE}/letter").headers["Content-Security-Policy"]
    assert "default-src 'none'" in letter
    assert "img-src data:;" in letter
    assert "sandbox allow-same-origin allow-popups" in letter
    assert "allow-scripts" not in letter
    with_images = client.get(f"{HERE}/letter?images=1").headers["Content-Security-Policy"]
    assert "img-src data: https: http:" in with_images
    page = client.get(f"{HERE}/")
    assert "script-src 'self'; style-src 'self'" in page.headers["Content-Security-Policy"]
    [frame] = re.findall(r"<iframe[^>]*>", page.text)
    assert 'sandbox="allow-same-origin allow-popups' in frame
    assert "allow-scripts" not in frame
    assert "<script>" not in page.text
    assert " style=" not in page.text
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1.evil.test", "", "localhost.x"])
def test_a_request_for_another_host_is_refused(client: TestClient, host: str):
    assert client.get(f"{HERE}/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_a_request_for_this_machine_is_answered(client: TestClient, host: str):
    assert client.get(f"{HERE}/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["", "letter", "stage", "findings", "changes", "live.js"])
def test_without_the_key_there_is_nothing(client: TestClient, path: str):
    for key in ("x", "k" * 21, "é" * 22):
        assert client.get(f"http://127.0.0.1/{key}/{path}").status_code == 404
    assert client.post(f"{HERE}/{path}").status_code == 405


def test_a_mistake_is_shown_with_its_place_and_gone_when_the_file_holds_again(
    client: TestClient, workspace: Workspace
):
    body = body_of(workspace)
    whole = body.read_text()
    body.write_text(f"{whole}\n\n{{% if name %}}<b>half\n")
    broken = client.get(f"{HERE}/").text
    assert "This letter cannot be composed" in broken
    assert "templates/mail/spring/body.md, line" in broken
    assert client.get(f"{HERE}/letter").status_code == 422
    body.write_text("")
    assert "the file is empty" in client.get(f"{HERE}/stage").text
    body.write_text(f"{whole}\n\nAll is well.\n")
    page = client.get(f"{HERE}/").text
    assert "cannot be composed" not in page
    assert "All is well." in client.get(f"{HERE}/letter").text


def test_what_a_file_says_cannot_leave_its_place_on_the_page(
    client: TestClient, workspace: Workspace
):
    settings = Path(workspace.folder, "templates/mail/spring/letter.toml")
    said = settings.read_text().replace("What is new", "<script>alert(1)</script>")
    settings.write_text(said)
    for view in ("letter", "headers", "source"):
        assert "<script>alert" not in client.get(f"{HERE}/?view={view}").text
    typed = client.get(f"{HERE}/?contact=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in typed


def test_somebody_who_is_not_there_is_said_and_the_page_stays(client: TestClient):
    page = client.get(f"{HERE}/?contact=nobody@example.com")
    assert page.status_code == 200
    assert "nobody@example.com is no contact" in page.text


def test_a_dark_screen_is_shown_whatever_this_one_is():
    html = (
        '<html><head><meta name="color-scheme" content="light dark"><style>'
        "@media (prefers-color-scheme: dark) { p { color: white } }</style></head></html>"
    )
    dark, light = on_screen(html, dark=True), on_screen(html, dark=False)
    assert "@media (min-width: 0px)" in dark
    assert "color-scheme: dark" in dark
    assert "@media (max-width: 0px)" in light
    assert "only light" in light
    unknown = on_screen("<html><head></head><p>x</p></html>", dark=True)
    assert "only light" in unknown

"""The live preview in a browser: it is shown anew by itself, and works by keyboard."""

import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest
from chromium import Tab, browser
from journey.program import MAILER
from worlds import make_workspace

LETTER = "(document.querySelector('iframe')?.contentDocument?.body?.textContent ?? '')"
"""What the frame shows; nothing while it is loaded."""


@pytest.fixture
def url(tmp_path: Path) -> Generator[str, None, None]:
    with make_workspace(tmp_path):
        pass
    order = (*MAILER, "-w", str(tmp_path), "template", "preview", "autumn-sale", "--serve")
    running = subprocess.Popen(order, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    yield running.stdout.readline().strip()
    running.terminate()
    running.wait(60)
    running.stdout.close()


@pytest.fixture
def tab() -> Generator[Tab, None, None]:
    with browser() as opened:
        opened.size(1280, 900)
        yield opened


def test_a_saved_letter_is_shown_anew_and_a_mistake_comes_and_goes(
    url: str, tab: Tab, tmp_path: Path
):
    body = tmp_path / "templates/mail/autumn-sale/body.html"
    whole = body.read_text()
    tab.go(url)
    tab.until(f"{LETTER}.includes('Dear Ingrid')")
    tab.until("document.getElementById('live').textContent.includes('each save')")
    # The frame is as high as the letter, so that the page can be moved.
    tab.until("document.documentElement.scrollHeight > innerHeight + 150")
    tab.run("window.scrollTo(0, 150)")
    body.write_text(whole.replace("Dear ", "Very dear "))
    tab.until(f"{LETTER}.includes('Very dear Ingrid')")
    tab.until("document.querySelectorAll('iframe').length === 1")
    assert tab.run("window.scrollY") == 150, "who writes stays where she is"
    body.write_text(whole.replace("Dear ", "{{ nmae }}"))
    tab.until("document.querySelector('[role=alert]')?.textContent.includes('nmae')")
    body.write_text(whole)
    tab.until(
        f"!document.querySelector('[role=alert]') && {LETTER}.includes('Dear Ingrid')"
    )


def test_it_works_by_keyboard_and_runs_nothing_of_the_letter(
    url: str, tab: Tab, tmp_path: Path
):
    body = tmp_path / "templates/mail/autumn-sale/body.html"
    script = "<script>parent.document.title = 'taken'; document.title = 'taken'</script>"
    body.write_text(body.read_text().replace("<p>Dear", f"{script}<p>Dear"))
    tab.go(url)
    tab.until(f"{LETTER}.includes('Dear Ingrid')")
    assert tab.run("document.title") == "autumn-sale: preview"
    assert tab.run("document.querySelector('iframe').contentDocument.title") != "taken"
    tab.run("document.querySelector('[name=view]:checked').focus()")
    tab.key("ArrowRight")
    tab.until("document.querySelector('#stage pre')")
    assert "Dear Ingrid" in tab.run("document.querySelector('#stage pre').textContent")
    assert "view=text" in tab.run("location.search")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_is_as_wide_as_the_screen(url: str, tab: Tab, width: int):
    tab.size(width, 800)
    tab.go(f"{url}?width=phone&dark=1")
    tab.until(f"{LETTER}.includes('Dear Ingrid')")
    assert tab.run("document.documentElement.scrollWidth") <= width

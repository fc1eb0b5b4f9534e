"""The pages that a customer comes to beside her own: all of them, in a browser on a phone.

What is done with data, answers, writing to us and the conversation behind its link, a
survey, a list's archive and its feed, leaving and saying why. With scripts each is held to
axe-core's rules in light and dark; without them each works all the same.
"""

from collections.abc import Generator

import pytest
from chromium import Tab, browser
from journey.program import Shop, get, relay, until
from journey.test_front_desk import MAILBOX
from journey.test_own_page import KARI, Walk

SURVEY = """
title = "Your next tour"

[[questions]]
attribute = "city"
label = "From where?"
kind = "text"
"""


@pytest.fixture
def tab() -> Generator[Tab, None, None]:
    with browser() as opened:
        opened.size(360, 740)
        opened.ask("Network.enable")
        yield opened


def read(walk: Walk, here: str) -> None:
    """Look at what is for everybody alike."""
    walk.tab.go(f"{here}/privacy")
    assert "support@shop.example" in walk.look("privacy")
    walk.tab.go(f"{here}/answers")
    walk.look("answers")
    walk.tab.go(f"{here}/answers/returns")
    walk.look("answer")
    walk.tab.go(f"{here}/nothing")
    walk.look("not-found")


def write_to_us(walk: Walk, here: str) -> None:
    """Write to support, and follow the conversation by the link in the first answer."""
    walk.tab.go(f"{here}/contact/support")
    walk.look("contact")
    walk.type("#email", KARI)
    walk.type("#text", "Is the blue tent back?")
    walk.press("form button")
    walk.look("contacted")
    walk.tab.go(walk.link(1, "t"))
    assert "Is the blue tent back?" in walk.look("ticket")
    walk.type("#text", "And the red one?")
    walk.press("form button")
    walk.look("added")


def join(walk: Walk, here: str) -> None:
    walk.tab.go(f"{here}/join/newsletter")
    walk.type("#email", KARI)
    walk.press("form button")
    walk.tab.go(walk.link(2, "c"))
    walk.press("form button")


def answer_and_leave(walk: Walk, shop: Shop) -> None:
    """Answer a survey, leave by a letter's link, say why, and undo it."""
    choices = walk.link(3, "p")
    walk.tab.go(f"{choices}/tour")
    walk.look("survey")
    walk.type("[name='a.city']", "Bergen")
    walk.press("form button")
    walk.look("answered")
    assert "Bergen" in shop.run("contact", "show", KARI)
    walk.tab.go(walk.link(3, "u"))
    assert KARI not in walk.look("unsubscribe")
    walk.press("button[value=list]")
    walk.look("left")
    walk.tab.run("document.querySelector('input[name=reason]').checked = true")
    walk.press("form:has(input[name=about]) button")
    walk.look("thanks")
    walk.press("button[name=undo]")
    walk.look("undone")
    assert "subscribed" in shop.run("contact", "show", KARI)


@pytest.mark.parametrize("scripts", [True, False])
def test_every_other_page_works_and_has_no_violation(
    shop: Shop,
    tab: Tab,
    tmp_path_factory: pytest.TempPathFactory,
    scripts: bool,  # noqa: FBT001 - pytest hands it in by name
) -> None:
    if not scripts:
        tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    with relay() as taken:
        shop.make(taken.port, **{"mailboxes.support": MAILBOX})
        (shop.folder / "surveys").mkdir(exist_ok=True)
        (shop.folder / "surveys" / "tour.toml").write_text(SURVEY, encoding="utf-8")
        serve = shop.start()
        here = f"http://127.0.0.1:{shop.port}"
        walk = Walk(tab, taken, tmp_path_factory.mktemp("pictures"), scripts)
        read(walk, here)
        write_to_us(walk, here)
        join(walk, here)
        shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
        until(lambda: len(taken.of(KARI)) == 3, "the letter arrives")
        answer_and_leave(walk, shop)
        walk.tab.go(f"{here}/archive/newsletter")
        assert "autumn is for the fells" in walk.look("archive")
        status, feed = get(f"{here}/archive/newsletter/feed.xml")
        assert status == 200
        assert "autumn is for the fells" in feed
        assert tab.ask("Network.getCookies", urls=[here])["cookies"] == []
        serve.process.terminate()
        assert serve.ended() == 0, serve.log

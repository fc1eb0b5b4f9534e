"""A customer's whole way in a browser: joining, choosing, seeing it all, erasing it.

At the width of a phone, in three languages, with scripts and without. Every page is held to
axe-core's rules, in light and dark, and must not be wider than the phone.
"""

import base64
import contextlib
import email
import email.policy
import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from chromium import NavigatedError, Tab, browser
from journey.program import Relay, Shop, relay, until

KARI = "kari@example.com"
AXE = (Path(__file__).parent.parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
_RUN_AXE = """
axe.run().then(found => found.violations.map(
  one => one.id + ': ' + one.nodes.map(node => node.html).join(' | ')))
"""
TOPICS = """
[topics]
tents = { en = "Tents and tarps", nb = "Telt", de = "Zelte" }
tours = "Tours"
"""
PARTNERS = """
[fjell-tours]
title = "Fjell Tours"
purpose = "Invites to guided tours with our gear."
gets = ["name"]

[[fjell-tours.wordings]]
version = 1
text = "Yes, give Fjell Tours my address and name, so that they may invite me."
"""
WORDS = {
    "en": ("What we know about you", "Everything is erased"),
    "nb": ("Det vi vet om deg", "Alt er slettet"),
    "de": ("Was wir über Sie wissen", "Alles ist gelöscht"),
}


@pytest.fixture
def tab() -> Generator[Tab, None, None]:
    with browser() as opened:
        opened.size(360, 740)
        yield opened


@dataclass
class Walk:
    """Somebody who goes from page to page.

    Args:
        scripts: Scripts run in the browser; without them axe cannot either.
    """

    tab: Tab
    taken: Relay
    pictures: Path
    scripts: bool

    def look(self, name: str) -> str:
        """Hold the page that is open to what every page must keep; return its text."""
        wide = self.tab.run("document.documentElement.scrollWidth")
        assert wide <= 360, f"{name} is {wide} wide"
        for scheme in ("light", "dark"):
            self.tab.ask(
                "Emulation.setEmulatedMedia",
                features=[{"name": "prefers-color-scheme", "value": scheme}],
            )
            if self.scripts:
                self.tab.run(AXE)
                assert self.tab.run(_RUN_AXE) == [], f"{name}, {scheme}"
            whole = self.tab.ask("Page.captureScreenshot", captureBeyondViewport=True)
            picture = base64.b64decode(whole["data"])
            (self.pictures / f"{name}-{scheme}.png").write_bytes(picture)
        return str(self.tab.run("document.body.innerText"))

    def press(self, button: str) -> None:
        """Press a button and wait for the page that comes."""
        self.tab.run("window.before = true")
        # The page that comes may cut the answer off.
        with contextlib.suppress(NavigatedError):
            self.tab.run(f"document.querySelector({button!r}).click()")
        self.tab.until("window.before !== true && document.readyState === 'complete'")

    def type(self, field: str, text: str) -> None:
        self.tab.run(f"document.querySelector({field!r}).value = {text!r}")

    def link(self, count: int, kind: str) -> str:
        """Return the link of the newest letter, once so many have come."""
        until(lambda: len(self.taken.of(KARI)) >= count, "the letter arrives")
        letter = email.message_from_bytes(
            self.taken.of(KARI)[count - 1].content, policy=email.policy.default
        )
        body = letter.get_body(("plain",))
        assert body is not None
        found = re.search(rf"http://127\.0\.0\.1:\d+/{kind}/[\w-]+", body.get_content())
        assert found is not None, body.get_content()
        return found[0]


def declare(shop: Shop) -> None:
    """Say what letters are about, and who else may know of people."""
    with (shop.folder / "lists" / "newsletter.toml").open("a") as file:
        file.write(TOPICS)
    (shop.folder / "partners.toml").write_text(PARTNERS)


def share(walk: Walk, shop: Shop) -> None:
    """Agree on the page that a partner gets her data, and give it."""
    walk.press("button[value=share]")
    walk.look("shared")
    given = shop.run("contact", "export", "--to", "fjell-tours", "--by", "Ola")
    assert given.splitlines() == ["email,name", f"{KARI},Kari Nordmann"]


def leave_or_stay(walk: Walk, shop: Shop) -> None:
    """Join the list, confirm it, and get a letter whose links lead to the choices."""
    walk.tab.go(f"http://127.0.0.1:{shop.port}/join/newsletter")
    walk.look("join")
    walk.type("#email", KARI)
    walk.press("form button")
    walk.look("joined")
    walk.tab.go(walk.link(1, "c"))
    walk.look("confirm")
    walk.press("form button")
    walk.look("confirmed")
    shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
    walk.tab.go(walk.link(2, "p"))
    text = walk.look("preferences")
    assert KARI not in text
    for button in ("button[value=plain]", "button[name=topics]"):
        walk.tab.run("document.querySelector('[name=\"topic.tents\"]').checked = true")
        walk.press(button)
    walk.look("chosen")


def see_it_all(walk: Walk) -> str:
    """Have the link sent and open the page; return what it says."""
    walk.press("button[name=page]")
    walk.look("link-sent")
    walk.tab.go(walk.link(3, "m"))
    assert KARI not in walk.look("door")
    walk.press("form button")
    text = walk.look("own")
    assert KARI in text
    assert walk.tab.run("document.cookie") == ""
    return text


def erase_it_all(walk: Walk, shop: Shop) -> str:
    """Erase everything and ask for the page again; return what was said first."""
    walk.press("button[value=erase]")
    walk.look("erase")
    walk.press("button[value=erase-now]")
    text = walk.look("erased")
    walk.tab.go(f"http://127.0.0.1:{shop.port}/me")
    walk.look("me")
    walk.type("#email", KARI)
    walk.press("form button")
    walk.look("asked")
    return text


@pytest.mark.parametrize(
    ("language", "scripts"),
    [("en", True), ("nb", True), ("de", True), ("en", False)],
)
def test_a_customer_joins_chooses_sees_it_all_and_erases_it(
    shop: Shop,
    tab: Tab,
    tmp_path: Path,
    language: str,
    scripts: bool,  # noqa: FBT001 - pytest hands it in by name
) -> None:
    if not scripts:
        tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    tab.ask("Network.enable")
    tab.ask("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
    heading, erased = WORDS[language]
    with relay() as taken:
        shop.make(taken.port)
        declare(shop)
        serve = shop.start()
        walk = Walk(tab, taken, tmp_path, scripts)
        leave_or_stay(walk, shop)

        assert heading in see_it_all(walk)
        tents = {"en": "Tents and tarps", "nb": "Telt", "de": "Zelte"}[language]
        assert walk.tab.run(f"document.body.innerText.includes('{tents}')")
        known = shop.run("contact", "show", KARI)
        assert "wants letters as text alone" in known
        assert "wants letters of newsletter about tents alone" in known
        walk.type("[name='a.name']", "Kari Nordmann")
        walk.press("button[value=save]")
        walk.look("saved")
        assert "Kari Nordmann" in shop.run("contact", "show", KARI)

        share(walk, shop)

        assert erased in erase_it_all(walk, shop)
        assert "erased" in shop.run("contact", "show", KARI)
        shop.run("consent", "verify")
        shop.run("db", "verify")
        serve.process.terminate()
        assert serve.ended() == 0, serve.log
    assert len(taken.of(KARI)) == 3

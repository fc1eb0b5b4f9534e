"""Every page that customers see, in a browser: phone width, light and dark, axe-core.

Each page is shown with the fullest of its samples, in three languages. What it would load
is looked at too: nothing from anywhere, no script, no cookie.
"""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from chromium import Tab, browser
from customers import pages

from mailer.web.samples import SAMPLES

AXE = (Path(__file__).parent.parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
_RUN_AXE = """
axe.run().then(found => found.violations.map(
  one => one.id + ': ' + one.nodes.map(node => node.html).join(' | ')))
"""
_LOADED = """
performance.getEntriesByType('resource').map(one => one.name)
  .concat([...document.scripts].map(one => one.src || one.text))
"""
# The fullest of each page's samples: everything that can stand on it.
LONGEST: dict[str, Any] = {
    name: max(samples, key=lambda one: len(bytes(pages().page(name, one).body)))
    for name, samples in SAMPLES.items()
}


@pytest.fixture(scope="module")
def tab() -> Generator[Tab, None, None]:
    with browser() as opened:
        yield opened


def shown(tab: Tab, tmp_path: Path, name: str, language: str) -> None:
    file = tmp_path / f"{name}-{language}.html"
    file.write_bytes(bytes(pages().page(name, LONGEST[name], language=language).body))
    tab.go(file.as_uri())


@pytest.mark.parametrize("name", sorted(LONGEST))
def test_each_page_fits_a_phone_and_has_no_violation(
    tab: Tab, tmp_path: Path, name: str
) -> None:
    for language, width in (("de", 320), ("nb", 360), ("en", 1280)):
        tab.size(width, 740)
        shown(tab, tmp_path, name, language)
        assert tab.run(_LOADED) == []
        assert tab.run("document.cookie") == ""
        assert tab.run("document.documentElement.lang") == language
        assert tab.run("document.documentElement.scrollWidth") <= width
        tab.run(AXE)
        for scheme in ("light", "dark"):
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            tab.ask("Emulation.setEmulatedMedia", features=features)
            assert tab.run(_RUN_AXE) == [], f"{language}, {scheme}"


@pytest.mark.parametrize("place", [".as-typed", "h1"])
def test_what_people_write_in_arabic_reads_from_the_right(
    tab: Tab, tmp_path: Path, place: str
) -> None:
    shown(tab, tmp_path, "ticket", "en")
    assert tab.reads_from_the_right(place)


def test_what_people_type_in_arabic_begins_at_the_right(tab: Tab, tmp_path: Path) -> None:
    shown(tab, tmp_path, "contact", "en")
    for field in ("#name", "#subject", "#text"):
        tab.run(f"document.querySelector('{field}').value = '\u0645!'")
        style = f"getComputedStyle(document.querySelector('{field}'))"
        assert tab.run(f"{style}.unicodeBidi") == "plaintext"


def test_the_form_is_filled_in_by_keyboard_in_the_order_that_it_is_read(
    tab: Tab, tmp_path: Path
) -> None:
    shown(tab, tmp_path, "contact", "en")
    reached: list[str] = []
    for _ in range(6):
        tab.key("Tab")
        reached.append(
            tab.run("document.activeElement.id || document.activeElement.tagName")
        )
    assert reached == ["A", "email", "name", "subject", "text", "BUTTON"]

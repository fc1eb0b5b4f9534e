"""The layouts in a real browser: nothing is cut off on a phone, everything can be read."""

# ruff: noqa: E501 - the script in it is read line by line

import html
import json
import re
from pathlib import Path
from typing import Any

import letters
import pytest
from browsers import shown
from letters import DATE, NEWS, ready

from mailer.jobs.new_letter import new_letter
from mailer.jobs.preview import preview
from mailer.workspace.templates import read_template

LAYOUTS = ("announcement", "newsletter", "plain-letter", "product", "receipt")
PHONE, DESKTOP = 360, 800

# For each frame: what sticks out, the weakest contrast of words, how large buttons are.
_MEASURE = """
const lum = c => { const [r,g,b] = c.map(v => v/255)
  .map(v => v <= .04045 ? v/12.92 : ((v+.055)/1.055)**2.4); return .2126*r+.7152*g+.0722*b };
const parts = c => c.match(/[\\d.]+/g).map(Number);
const ground = e => { for (; e; e = e.parentElement) {
  const c = parts(getComputedStyle(e).backgroundColor);
  if (c.length < 4 || c[3] > 0) return c.slice(0, 3) } return [255, 255, 255] };
const measure = frame => {
  const doc = frame.contentDocument, words = [], wide = [], buttons = [];
  for (const e of doc.body.querySelectorAll('*')) {
    if (e.closest('.preview')) continue;
    const box = e.getBoundingClientRect();
    if (box.right > doc.documentElement.clientWidth + 1) wide.push(e.outerHTML.slice(0, 80));
    if (e.matches('.button')) buttons.push([box.width, box.height]);
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [lum(parts(getComputedStyle(e).color)), lum(ground(e))];
    words.push([(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.textContent.trim().slice(0, 40)]);
  }
  words.sort((x, y) => x[0] - y[0]);
  return {wide, buttons, weakest: words[0], scroll: doc.documentElement.scrollWidth,
    images: [...doc.images].map(i => [i.naturalWidth, i.getBoundingClientRect().width]),
    ground: parts(getComputedStyle(doc.querySelector('.letter')).backgroundColor)};
};
addEventListener('load', () => { document.getElementById('out').textContent =
  JSON.stringify([...document.querySelectorAll('iframe')].map(measure)) });
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with each starter in two frames: as wide as a phone, and as a desktop."""
    folder = tmp_path_factory.mktemp("shop")
    frames: list[str] = []
    for layout in LAYOUTS:
        new_letter(str(folder), layout, layout, letters.SPECS)
        prepared = ready(read_template(str(folder), layout), mailing_list=NEWS)
        shows = html.escape(preview(prepared, None, DATE).html)
        frames += (
            f'<iframe srcdoc="{shows}" style="width:{width}px;height:1200px;border:0">'
            "</iframe>"
            for width in (PHONE, DESKTOP)
        )
    file = folder / "all.html"
    file.write_text(
        '<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f'{"".join(frames)}<pre id="out"></pre><script>{_MEASURE}</script>',
        encoding="utf-8",
    )
    return file


def measured(page: Path, *, dark: bool) -> list[dict[str, Any]]:
    out = re.search(r'<pre id="out">([^<]+)</pre>', shown(page, dark=dark))
    assert out is not None
    found: list[dict[str, Any]] = json.loads(html.unescape(out[1]))
    assert len(found) == 2 * len(LAYOUTS)
    return found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_each_layout_fits_a_phone_and_can_be_read(page: Path, *, dark: bool) -> None:
    for number, found in enumerate(measured(page, dark=dark)):
        layout, width = LAYOUTS[number // 2], (PHONE, DESKTOP)[number % 2]
        where = (layout, width, found)
        assert found["wide"] == [], where
        assert found["scroll"] <= width, where
        # WCAG 2.2, 1.4.3: 4.5 to 1.
        assert found["weakest"][0] >= 4.5, where
        assert (sum(found["ground"][:3]) < 200) == dark, where
        for natural, drawn in found["images"]:
            assert natural == 1072, where
            assert drawn <= width, where
        for across, high in found["buttons"]:
            # A thumb needs 44 pixels.
            assert high >= 44, where
            assert across >= (300 if width == PHONE else 60), where

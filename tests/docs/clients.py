"""Makes `mailer/compose/clients.toml` anew from Can I Email's data.

    npm pack caniemail && tar xzf caniemail-*.tgz
    PYTHONPATH=tests python -m docs.clients package/data/caniemail.json

What is looked at, how much it matters and what to do instead is decided here, by hand; who
supports it comes from the data.
"""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from docs.rfc_index import ROOT

FILE = ROOT / "mailer/compose/clients.toml"

CLIENTS = {
    "Gmail": (("gmail", "desktop-webmail"), ("gmail", "ios"), ("gmail", "android")),
    "Outlook (Windows)": (("outlook", "windows"),),
    "Outlook.com": (("outlook", "outlook-com"),),
    "Apple Mail": (("apple-mail", "macos"), ("apple-mail", "ios")),
    "Yahoo": (("yahoo", "desktop-webmail"), ("yahoo", "ios"), ("yahoo", "android")),
    "Samsung Email": (("samsung-email", "android"),),
}
"""The big clients, each with its platforms in the data."""


class Feature(NamedTuple):
    """Something that letters use: how it is found, and what it means where it is missing.

    Args:
        match: `property`, `value` (a pattern of a declaration), `at`, `selector`,
            `element`, `attribute` or `image` (a pattern of its address).
        breaks: The letter cannot be read or used without it; else it only looks plainer.
    """

    slug: str
    match: str
    what: str
    breaks: bool
    todo: str


FEATURES = (
    Feature("css-display-flex", "value", r"display:\s*(inline-)?flex", True,
            "put columns into a table"),
    Feature("css-display-grid", "value", r"display:\s*(inline-)?grid", True,
            "put columns into a table"),
    Feature("css-position", "value", r"position:\s*(absolute|fixed|relative|sticky)", True,
            "let elements follow each other, or use a table"),
    Feature("css-float", "property", "float", True,
            "put what stands side by side into a table, or use align="),
    Feature("css-variables", "value", r"(^|[\s:(])(--[\w-]+:|var\()", True,
            "write the value itself"),
    Feature("css-unit-calc", "value", r"calc\(", True, "write a fixed size, or per cent"),
    Feature("css-function-clamp", "value", r"clamp\(", True, "write a fixed size"),
    Feature("css-function-min", "value", r"[\s:(,]min\(", True, "write a fixed size"),
    Feature("css-function-max", "value", r"[\s:(,]max\(", True, "write a fixed size"),
    Feature("css-function-light-dark", "value", r"light-dark\(", True,
            "write two rules, one under @media (prefers-color-scheme: dark)"),
    Feature("css-modern-color", "value", r"(ok)?(lab|lch)\(", True,
            "write the colour as #rrggbb"),
    Feature("css-nesting", "selector", r"&", True, "write each rule by itself"),
    Feature("css-at-import", "at", "import", True, "put the rules into <style>"),
    Feature("css-visibility", "property", "visibility", False, "use display: none"),
    Feature("css-background-image", "value",
            r"background(-image)?:[^;]*url\(", False,
            "give the element a background colour as well, on which its text can be read"),
    Feature("css-linear-gradient", "value", r"linear-gradient\(", False,
            "give the element a background colour as well, on which its text can be read"),
    Feature("css-radial-gradient", "value", r"radial-gradient\(", False,
            "give the element a background colour as well, on which its text can be read"),
    Feature("css-conic-gradient", "value", r"conic-gradient\(", False,
            "give the element a background colour as well, on which its text can be read"),
    Feature("css-object-fit", "property", "object-fit", False,
            "cut the image to its size beforehand"),
    Feature("css-column-count", "property", "column-count", False,
            "put columns into a table"),
    Feature("css-clip-path", "property", "clip-path", False,
            "cut the image to its form beforehand"),
    Feature("css-mask-image", "property", "mask-image", False,
            "cut the image to its form beforehand"),
    Feature("css-transform", "property", "transform", False,
            "let nothing depend on it"),
    Feature("css-animation", "property", "animation", False,
            "let nothing depend on it; a GIF moves in most of them"),
    Feature("css-filter", "property", "filter", False, "change the image itself"),
    Feature("css-mix-blend-mode", "property", "mix-blend-mode", False,
            "change the image itself"),
    Feature("css-opacity", "property", "opacity", False, "write the colour that results"),
    Feature("css-at-font-face", "at", "font-face", False,
            "name a font behind it that everybody has"),
    Feature("css-box-shadow", "property", "box-shadow", False, "nothing: it looks plainer"),
    Feature("css-border-radius", "property", "border-radius", False,
            "nothing: corners are square there"),
    Feature("css-text-shadow", "property", "text-shadow", False,
            "nothing: it looks plainer"),
    Feature("css-max-width", "property", "max-width", False,
            "give the table a width= as well"),
    Feature("css-gap", "property", "gap", False, "use padding"),
    Feature("css-aspect-ratio", "property", "aspect-ratio", False,
            "give the image width= and height="),
    Feature("css-unit-vw", "value", r"\d(vw)\b", False, "write pixels or per cent"),
    Feature("css-unit-vh", "value", r"\d(vh)\b", False, "write pixels"),
    Feature("css-unit-rem", "value", r"\d(rem)\b", False, "write pixels"),
    Feature("css-pseudo-class-hover", "selector", r":hover", False,
            "nothing, as long as all is there without it"),
    Feature("css-at-media", "at", "media", False,
            "let the letter be readable without these rules"),
    Feature("css-at-media-prefers-color-scheme", "at", r"media[^{]*prefers-color-scheme",
            False, "choose colours that hold when a client inverts them"),
    Feature("css-at-supports", "at", "supports", False,
            "let the letter be readable without these rules"),
    Feature("html-video", "element", "video", True,
            "show an image that links to the video"),
    Feature("html-audio", "element", "audio", True, "link to the recording"),
    Feature("html-svg", "element", "svg", True, "use a PNG image"),
    Feature("html-object", "element", "object", True, "link to it"),
    Feature("html-form", "element", "form", True, "link to a page with the form"),
    Feature("html-select", "element", "select", True, "link to a page with the form"),
    Feature("html-textarea", "element", "textarea", True, "link to a page with the form"),
    Feature("html-input-text", "element", "input", True, "link to a page with the form"),
    Feature("html-button-submit", "element", "button", True,
            "make it a link that looks like a button"),
    Feature("html-dialog", "element", "dialog", True, "say it in the text"),
    Feature("html-marquee", "element", "marquee", True, "say it in the text"),
    Feature("html-meter", "element", "meter", True, "say the number"),
    Feature("html-progress", "element", "progress", True, "say the number"),
    Feature("html-picture", "element", "picture", False,
            "let its <img> be the one that all can show"),
    Feature("html-srcset", "attribute", "srcset", False,
            "let src= be the one that all can show"),
    Feature("html-hidden", "attribute", "hidden", True, 'use style="display: none"'),
    Feature("html-popover", "attribute", "popover", True, "say it in the text"),
    Feature("image-base64", "image", r"^data:", True,
            "put the file beside the template, or on your website"),
    Feature("image-svg", "image", r"\.svgz?([?#]|$)", True, "use a PNG image"),
    Feature("image-webp", "image", r"\.webp([?#]|$)", True, "use a PNG or JPEG image"),
    Feature("image-avif", "image", r"\.avif([?#]|$)", True, "use a PNG or JPEG image"),
    Feature("image-heif", "image", r"\.hei[cf]([?#]|$)", True, "use a JPEG image"),
    Feature("image-tiff", "image", r"\.tiff?([?#]|$)", True, "use a PNG or JPEG image"),
    Feature("image-mp4", "image", r"\.mp4([?#]|$)", True,
            "show an image that links to the video"),
)  # fmt: skip

_HEAD = """\
# What the big mail clients do not support: a small extract of Can I Email, which is the
# work of Rémi Parmentier and its contributors (https://www.caniemail.com, MIT licence).
# It was taken out of the npm package `caniemail` (MIT licence, © Avi Goldman, © Andrew
# Powell). The data is as of {date}; `tests/docs/clients.py` says how it is made anew.
#
# match   how a feature is found: property, value (a pattern of a declaration), at (an
#         at-rule), selector, element, attribute, image (a pattern of its address)
# breaks  a letter cannot be read or used where it is missing; else it only looks plainer
# lacking the clients that do not support it, in their newest version that was tried
#
# Permission is hereby granted, free of charge, to any person obtaining a copy of this
# software and associated documentation files (the "Software"), to deal in the Software
# without restriction, including without limitation the rights to use, copy, modify,
# merge, publish, distribute, sublicense, and/or sell copies of the Software, and to
# permit persons to whom the Software is furnished to do so, subject to the following
# conditions: The above copyright notice and this permission notice shall be included in
# all copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS IS",
# WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
# WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN
# NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR
# OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
# OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

date = {date}
"""


def document(data: dict[str, Any]) -> str:
    """Write the file from Can I Email's data."""
    by_slug = {one["slug"]: one for one in data["data"]}
    pieces = [_HEAD.format(date=data["last_update_date"][:10])]
    for feature in FEATURES:
        found = by_slug[feature.slug]
        lacking = [name for name, places in CLIENTS.items() if _lacks(found, places)]
        if not lacking:
            continue
        pieces.append(
            f"\n[{feature.slug}]\n"
            f"title = {json.dumps(_title(found), ensure_ascii=False)}\n"
            f"{feature.match} = '{feature.what}'\n"
            f"breaks = {str(feature.breaks).lower()}\n"
            f"lacking = {json.dumps(lacking, ensure_ascii=False)}\n"
            f"todo = {json.dumps(feature.todo, ensure_ascii=False)}\n"
        )
    return "".join(pieces)


def _title(found: dict[str, Any]) -> str:
    return str(found["title"]).strip()


def _lacks(found: dict[str, Any], places: tuple[tuple[str, str], ...]) -> bool:
    """Say whether a client lacks it on a platform, in the newest version that was tried."""
    for family, platform in places:
        versions = found["stats"].get(family, {}).get(platform, {})
        newest = versions[max(versions, key=_version)] if versions else "u"
        if newest.split()[0] == "n":
            return True
    return False


def _version(text: str) -> list[int]:
    return [
        int(part) if part.isdigit() else 0 for part in text.replace("-", ".").split(".")
    ]


if __name__ == "__main__":
    FILE.write_text(
        document(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))),
        encoding="utf-8",
    )

"""Images beside a template: from a file's name to an address that outlasts the campaign.

Each image is served by us under its content hash, or goes along inside each letter
(RFC 2392). Either way the letter keeps what was sent, whatever the file holds later.
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from mailer.compose.links import Site
from mailer.compose.template import FOLDER, TemplateSource
from mailer.errors import TemplateError, did_you_mean
from mailer.model.enclosure import Enclosure

WIDTH_MAX = 536
"""How wide an image is at most when its tag does not say: the width between the margins of
our layouts. Outlook heeds nothing but the attribute."""

EMBEDDED_BYTES_MAX = 1_000_000

_TAG = re.compile(r"<(?P<name>[A-Za-z][\w:-]*)(?=[\s/>])(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_SOURCE = re.compile(
    r"(?i)(?P<before>\s(?:src|background)\s*=\s*)(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')"
)
_URL = re.compile(r"(?i)url\(\s*(?P<quote>[\"']?)(?P<name>[^\"'()\s]+)(?P=quote)\s*\)")
_WIDTH = re.compile(r"(?i)\swidth\s*=")
_ELSEWHERE = re.compile(r"(?i)[a-z][a-z0-9+.-]*:|//|#|\Z")
_CID = re.compile(r"cid:([0-9a-f]{64})@image")


class Pictures:
    """The images of one template while its bodies are made."""

    def __init__(self, source: TemplateSource, site: Site) -> None:
        self._source = source
        self._site = site
        self.embedded: dict[str, Enclosure] = {}

    def placed(self, text: str, word: str) -> str:
        """Put the addresses of images into a document with marks.

        Args:
            word: What marks begin with: an image that depends on the reader stays as it is.

        Raises:
            TemplateError: when there is no such image.
        """
        self._word = word
        text = _TAG.sub(self._in_tag, text)
        return _URL.sub(self._in_style, text)

    def check(self) -> None:
        """Refuse letters that would carry too much along.

        Raises:
            TemplateError: says how much it is, and what to do.
        """
        size = sum(one.size_bytes for one in self.embedded.values())
        if size > EMBEDDED_BYTES_MAX:
            raise TemplateError(
                f"{FOLDER}/{self._source.name}: the images inside each letter have"
                f" {size / 1_000_000:.1f} MB together, and may have"
                f" {EMBEDDED_BYTES_MAX // 1_000_000} at most: leave the large ones out of"
                " `embed` in letter.toml, so that they are served"
            )

    def _in_tag(self, tag: re.Match[str]) -> str:
        is_image = tag["name"].lower() in {"img", "v:fill", "v:image"}
        found: Enclosure | None = None

        def replaced(one: re.Match[str]) -> str:
            nonlocal found
            name = one["double"] if one["single"] is None else one["single"]
            image = self._image(name, must=is_image)
            if image is None:
                return one[0]
            found = image
            return f'{one["before"]}"{self._address(name, image)}"'

        text = _SOURCE.sub(replaced, tag[0])
        if found is not None and tag["name"].lower() == "img" and not _WIDTH.search(text):
            width = min(found.width, WIDTH_MAX)
            return f'{text[:4]} width="{width}"{text[4:]}'
        return text

    def _in_style(self, url: re.Match[str]) -> str:
        image = self._image(url["name"], must=False)
        return url[0] if image is None else f"url('{self._address(url['name'], image)}')"

    def _image(self, name: str, *, must: bool) -> Enclosure | None:
        if self._word in name or _ELSEWHERE.match(name):
            return None
        found = self._source.images.get(plain_name(name))
        if found is None and must:
            shown = self._source.shown(plain_name(name))
            raise TemplateError(
                f"{self._place(name)}: there is no image {shown}"
                f"{did_you_mean(plain_name(name), self._source.images)}"
            )
        return found

    def _place(self, name: str) -> str:
        """Say where an image is named first, as well as that can be known here."""
        texts = {self._source.file: self._source.html, **self._source.files}
        for file, text in texts.items():
            for number, line in enumerate(text.splitlines(), 1):
                if name in line or plain_name(name) in line:
                    return f"{self._source.shown(file)}, line {number}"
        return self._source.shown(self._source.file)

    def _address(self, name: str, image: Enclosure) -> str:
        if not self._source.embeds(plain_name(name)):
            return self._site.image(image.file)
        self.embedded[image.hash] = image
        return f"cid:{image.hash}@image"


def plain_name(name: str) -> str:
    """Return the name of a file as it is on disk; Markdown quotes what no link may hold."""
    return unquote(name.replace("&amp;", "&"))


def with_own_images(html: str, site: Site, known: Mapping[str, str]) -> str:
    """Return a letter's HTML with images from elsewhere than where it takes them from.

    Args:
        known: What to put in the place of an image's address, by its hash.
    """
    served = re.compile(re.escape(site.image("")) + r"([0-9a-f]{64})(?:\.[a-z]+)?")

    def replaced(found: re.Match[str]) -> str:
        return known.get(found[1], found[0])

    return _CID.sub(replaced, served.sub(replaced, html))

"""Images inside a letter and files attached to it: encoded once, framed for each letter.

multipart/mixed                when something is attached
    multipart/alternative
        text/plain
        multipart/related      when an image is inside (RFC 2387)
            text/html
            image/…
    application/…
"""

import binascii
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import quote

from mailer.compose.template import TemplateSource
from mailer.errors import TemplateError
from mailer.model.enclosure import Enclosure

_LINE = 57
"""So many bytes make a line of 76 characters (RFC 2045 §6.8)."""

_PLAIN_NAME = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._- "
)


class Around(NamedTuple):
    """What stands before, between and behind the two parts of one letter."""

    before: str
    between: str
    end: bytes


class Enclosing:
    """The enclosures of a letter in one language."""

    def __init__(self, source: TemplateSource, images: Iterable[Enclosure]) -> None:
        """Encode them.

        Args:
            images: Those inside the letter.

        Raises:
            TemplateError: when the bytes of one are not there.
        """
        self._images = tuple(_image(one, _bytes_of(source, one)) for one in images)
        self._files = tuple(
            _file(name, one, _bytes_of(source, one))
            for name, one in source.attachments.items()
        )

    def __bool__(self) -> bool:
        """Say whether there is anything."""
        return bool(self._images or self._files)

    def around(self, message_id: str, text_head: str, html_head: str) -> Around:
        """Frame one letter.

        Args:
            message_id: What makes its boundaries: of none of them another is the beginning
                (RFC 2046 §5.1.1), and `=_` is in no encoded text.
        """
        both, inner, outer = f"=_{message_id}", f"=_+{message_id}", f"=_.{message_id}"
        before = f"{multipart('alternative', both)}\r\n--{both}\r\n{text_head}"
        between, ends = f"\r\n--{both}\r\n{html_head}", [b"\r\n"]
        if self._images:
            related = multipart("related", inner, ' type="text/html";')
            between = f"\r\n--{both}\r\n{related}\r\n--{inner}\r\n{html_head}"
            ends += _parts(self._images, inner)
        ends.append(f"--{both}--\r\n".encode("ascii"))
        if self._files:
            before = f"{multipart('mixed', outer)}\r\n--{outer}\r\n{before}"
            ends += [b"\r\n", *_parts(self._files, outer)]
        return Around(before, between, b"".join(ends))

    def around_text(self, message_id: str, text_head: str) -> tuple[str, bytes]:
        """Frame a letter of text alone; images that only the HTML shows stay away.

        Returns:
            What stands before the text, and behind it.
        """
        if not self._files:
            return text_head, b"\r\n"
        outer = f"=_.{message_id}"
        before = f"{multipart('mixed', outer)}\r\n--{outer}\r\n{text_head}"
        return before, b"".join([b"\r\n", *_parts(self._files, outer)])


def multipart(kind: str, boundary: str, more: str = "") -> str:
    """Return the header line of what has parts (RFC 2046 §5.1)."""
    return f'Content-Type: multipart/{kind};{more}\r\n boundary="{boundary}"\r\n'


def _parts(parts: Iterable[bytes], boundary: str) -> list[bytes]:
    begins = f"--{boundary}\r\n".encode("ascii")
    return [*(begins + part for part in parts), f"--{boundary}--\r\n".encode("ascii")]


def _bytes_of(source: TemplateSource, one: Enclosure) -> bytes:
    content = source.contents.get(one.hash)
    if content is None:
        raise TemplateError(
            f"{source.shown('letter.toml')}: a file that goes with the letter"
            f" ({one.type}, {one.size_bytes} bytes) is no longer on record"
        )
    return content


def _image(one: Enclosure, content: bytes) -> bytes:
    return _encoded(
        f"Content-Type: {one.type}\r\n"
        f"Content-ID: <{one.hash}@image>\r\n"
        "Content-Disposition: inline\r\n",
        content,
    )


def _file(name: str, one: Enclosure, content: bytes) -> bytes:
    return file_part(name, one.type, content)


def file_part(name: str, kind: str, content: bytes) -> bytes:
    """Return an attachment as a part of a letter, without the line of its boundary."""
    charset = "; charset=utf-8" if kind.startswith("text/") else ""
    return _encoded(
        f"Content-Type: {kind}{charset}\r\n"
        f"Content-Disposition: attachment;\r\n{_file_name(name)}\r\n",
        content,
    )


def _file_name(name: str) -> str:
    if set(name) <= _PLAIN_NAME:
        return f' filename="{name}"'
    # RFC 2231 §4 in one piece: a long name is cut by many readers where it goes on.
    return f" filename*=UTF-8''{quote(name, safe='')}"


def _encoded(head: str, content: bytes) -> bytes:
    lines = [
        binascii.b2a_base64(content[at : at + _LINE], newline=False)
        for at in range(0, len(content), _LINE)
    ]
    whole = f"{head}Content-Transfer-Encoding: base64\r\n\r\n".encode("ascii")
    return whole + b"\r\n".join(lines) + b"\r\n"


def kept_apart(source: TemplateSource) -> Mapping[str, Enclosure]:
    """Return the enclosures whose bytes each letter needs, by their hash."""
    inside = [one for name, one in source.images.items() if source.embeds(name)]
    return {one.hash: one for one in [*inside, *source.attachments.values()]}

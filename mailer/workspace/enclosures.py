"""Images and attachments of a letter: read, known by what is in them, and limited.

What a file is called says nothing: an image must begin as images of its kind do, and what
people could run, or what could run by itself, goes with no letter.
"""

import hashlib
import io
from pathlib import Path

import imagesize

from mailer.errors import TemplateError
from mailer.model.enclosure import Enclosure

IMAGE_ENDINGS = (
    "avif",
    "bmp",
    "gif",
    "heic",
    "jpeg",
    "jpg",
    "png",
    "svg",
    "tif",
    "tiff",
    "webp",
)
"""What people call images; not all of them can go with a letter."""

IMAGE_MAX = 2_000_000
PIXELS_MAX = 8_000
ATTACHMENTS_MAX = 5
ATTACHED_BYTES_MAX = 5_000_000
_NAME_MAX = 100
_MB = 1_000_000

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_ZIP = b"PK\x03\x04"
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
_ATTACHABLE: dict[str, tuple[str, bytes]] = {
    "csv": ("text/csv", b""),
    "docx": (f"{_OFFICE}wordprocessingml.document", _ZIP),
    "epub": ("application/epub+zip", _ZIP),
    "gpx": ("application/gpx+xml", b""),
    "ics": ("text/calendar", b"BEGIN:VCALENDAR"),
    "odp": (f"{_OPEN}presentation", _ZIP),
    "ods": (f"{_OPEN}spreadsheet", _ZIP),
    "odt": (f"{_OPEN}text", _ZIP),
    "pdf": ("application/pdf", b"%PDF-"),
    "pptx": (f"{_OFFICE}presentationml.presentation", _ZIP),
    "txt": ("text/plain", b""),
    "vcf": ("text/vcard", b"BEGIN:VCARD"),
    "xlsx": (f"{_OFFICE}spreadsheetml.sheet", _ZIP),
}
"""What can be attached beside images: its content type, and how it begins."""

_RUNS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
_SCRIPTED = (
    b"<script",
    b"javascript:",
    b"onload",
    b"onclick",
    b"<foreignobject",
    b"<!entity",
)


def read_image(path: Path, shown: str) -> tuple[Enclosure, bytes]:
    """Read an image.

    Args:
        shown: What the file is called in messages.

    Raises:
        TemplateError: when it is too large, or nothing that mail programs show.
    """
    content = _read(path, shown, IMAGE_MAX, "readers on a phone would wait for it: save it"
                    " smaller (1,200 pixels are wide enough for any letter)")  # fmt: skip
    kind = _image_type(content)
    if kind is None:
        raise TemplateError(f"{shown}: {_why_no_image(content)}")
    # The library leaves open which kind of PathLike it takes.
    size = imagesize.get(io.BytesIO(content))  # pyright: ignore[reportUnknownMemberType]
    width, height = size
    if width <= 0 or height <= 0:
        raise TemplateError(f"{shown}: the image is damaged: save it again")
    if max(width, height) > PIXELS_MAX:
        raise TemplateError(
            f"{shown} is {width} x {height} pixels, and programs that unpack it need"
            f" much memory: save it smaller (1,200 pixels are wide enough, {PIXELS_MAX}"
            " the most)"
        )
    return _enclosure(content, kind, int(width)), content


def read_attachment(path: Path, shown: str) -> tuple[Enclosure, bytes]:
    """Read a file that is to be attached.

    Raises:
        TemplateError: when it is too large, or of a kind that goes with no letter.
    """
    content = _read(path, shown, ATTACHED_BYTES_MAX, "put it on your site and write a link")
    ending = path.name.rpartition(".")[2].lower()
    if len(path.name) > _NAME_MAX:
        raise TemplateError(f"{shown}: the name is longer than {_NAME_MAX} characters")
    found = _image_type(content)
    if ending in IMAGE_ENDINGS:
        if found is None:
            raise TemplateError(f"{shown}: {_why_no_image(content)}")
        return _enclosure(content, found), content
    if ending not in _ATTACHABLE or content.startswith(_RUNS):
        raise TemplateError(
            f"{shown} cannot be attached: mail servers refuse what could be run, and people"
            " should not learn to open it. What can be attached: images, and"
            f" {', '.join(sorted(_ATTACHABLE))}; for anything else write a link"
        )
    kind, beginning = _ATTACHABLE[ending]
    if not content.startswith(beginning) or (not beginning and b"\0" in content):
        raise TemplateError(
            f"{shown} is no .{ending} file, whatever its name says: save it again as one"
        )
    return _enclosure(content, kind), content


def _read(path: Path, shown: str, most: int, instead: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > most:
            raise TemplateError(
                f"{shown} has {size / _MB:.1f} MB, and may have {most / _MB:.0f} at most:"
                f" {instead}"
            )
        content = path.read_bytes()
    except OSError as problem:
        raise TemplateError(f"{shown} cannot be read: {problem.strerror}") from problem
    if not content:
        raise TemplateError(f"{shown}: the file is empty: was it saved?")
    return content


def _image_type(content: bytes) -> str | None:
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for begins, kind in _BEGINNINGS if content.startswith(begins)), None)


def _why_no_image(content: bytes) -> str:
    small = content.lower()
    if b"<svg" in small:
        what = "an SVG, and Gmail and Outlook show none"
        if any(word in small for word in _SCRIPTED):
            what = "an SVG with a script in it, which no letter of ours carries"
        return f"this is {what}: save it as PNG"
    return (
        "this is no PNG, JPEG, GIF or WebP image, whatever its name says, and mail programs"
        " show no others: save it as one of them"
    )


def _enclosure(content: bytes, kind: str, width: int = 0) -> Enclosure:
    return Enclosure(hashlib.sha256(content).hexdigest(), kind, len(content), width)

"""Which files may go with an answer, what they are called, and what they say they are."""

from collections.abc import Sequence

from mailer.errors import RefusedError
from mailer.model.attached import Attached
from mailer.triage.enclosed import safe_name

FILES_AT_MOST = 20
BYTES_AT_MOST = 10_000_000
"""Of all files of one letter: base64 makes 13.7 MB of it, and many take no more."""

_OTHERWISE = "application/octet-stream"
_TEXT = frozenset({"csv", "log", "md", "txt"})
_TYPES = {
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "pdf": "application/pdf",
    "png": "image/png",
    "webp": "image/webp",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}


def attached(name: str, content: bytes) -> Attached:
    """Return a file as it goes with a letter, under its name without folders."""
    plain = safe_name(name) or "attachment"
    ending = plain.rpartition(".")[2].lower()
    if ending in _TEXT and _is_text(content):
        return Attached(plain, "text/csv" if ending == "csv" else "text/plain", content)
    return Attached(plain, _TYPES.get(ending, _OTHERWISE), content)


def check_together(files: Sequence[Attached]) -> None:
    """Raise when some files are too many or too much for one letter.

    Raises:
        RefusedError: says how much it is, and how much it may be.
    """
    if len(files) > FILES_AT_MOST:
        raise RefusedError(
            f"{len(files)} files are too many: attach {FILES_AT_MOST} at most"
        )
    size = sum(len(one.content) for one in files)
    if size > BYTES_AT_MOST:
        raise RefusedError(
            f"the files have {size / 1e6:.1f} MB together, and many mail servers take no"
            f" more than {BYTES_AT_MOST / 1e6:.0f} MB: attach less, or send a link"
        )


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False

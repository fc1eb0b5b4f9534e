"""Reading what a form or a mail program sends: small, and in either of two encodings.

RFC 8058 §3.2 lets a one-click request be `multipart/form-data` as well as
`application/x-www-form-urlencoded`. Names and sizes are ours, so a few lines read both.
"""

from collections.abc import Iterable, Iterator
from email.message import Message
from urllib.parse import parse_qsl

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request

MAX_BYTES = 65_536
READ_WITHIN_S = 20.0

_MAX_FIELDS = 100


async def read_form(request: Request, within_s: float = READ_WITHIN_S) -> dict[str, str]:
    """Return the fields by lower-case name, the first of each, without spaces around them.

    What is no form has no fields.

    Raises:
        HTTPException: 413 for more than 64 KiB, 408 for a sender that stops half-way, 415
            for a compressed body.
    """
    body = await read_body(request, within_s)
    boundary = _boundary(request)
    # Some programs say text/plain, or nothing: a form is known by its fields.
    pairs = _urlencoded(body) if boundary is None else _multipart(body, boundary)
    return _first_of_each(pairs)


async def read_form_with_files(
    request: Request, within_s: float, bytes_at_most: int
) -> tuple[dict[str, str], list[tuple[str, bytes]]]:
    """Return a form's fields, and the files that came with it: their names and bytes.

    A browser sends an empty file where none was chosen; it is left out.

    Raises:
        HTTPException: as for `read_form`, 413 for more bytes than given.
    """
    boundary = _boundary(request)
    if boundary is None:
        return await read_form(request), []
    body = await read_body(request, within_s, bytes_at_most)
    pairs: list[tuple[str, str]] = []
    files: list[tuple[str, bytes]] = []
    for head, value in _parts(body, boundary):
        name, file = _name(head), _name(head, "filename")
        if file:
            files.append((file, value))
        elif name and len(value) <= MAX_BYTES:
            text = value.replace(b"\r\n", b"\n").decode(errors="replace")
            pairs.append((name, text))
    return _first_of_each(pairs), files


def _boundary(request: Request) -> str | None:
    """Return what stands between a form's parts; None for one that has none."""
    kind = Message()
    kind["Content-Type"] = request.headers.get("content-type", "")
    if kind.get_content_type() != "multipart/form-data":
        return None
    return _parameter(kind, "content-type", "boundary")


def _parts(body: bytes, boundary: str) -> Iterator[tuple[str, bytes]]:
    """Split a multipart form into heads and bytes (RFC 7578 §4, RFC 2046 §5.1.1)."""
    if not boundary:
        return
    pieces = (b"\r\n" + body).split(f"\r\n--{boundary}".encode())
    for piece in pieces[1 : _MAX_FIELDS + 1]:
        if piece.startswith(b"--"):
            return
        head, _, value = piece.partition(b"\r\n\r\n")
        yield head.decode(errors="replace"), value


def _first_of_each(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name.strip().lower(), value.strip())
    return fields


async def read_body(
    request: Request, within_s: float = READ_WITHIN_S, bytes_at_most: int = MAX_BYTES
) -> bytes:
    """Return a small body as it came.

    Raises:
        HTTPException: as for `read_form`.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415)
    body = bytearray()
    try:
        with anyio.fail_after(within_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > bytes_at_most:
                    raise HTTPException(413)
    except TimeoutError:
        raise HTTPException(408) from None
    return bytes(body)


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode(errors="replace"),
            keep_blank_values=True,
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        return []


def _multipart(body: bytes, boundary: str) -> list[tuple[str, str]]:
    """Split a multipart form (RFC 7578 §4, RFC 2046 §5.1.1); files are not expected."""
    if not boundary:
        return []
    text = "\n" + body.replace(b"\r\n", b"\n").decode(errors="replace")
    pairs: list[tuple[str, str]] = []
    for part in text.split(f"\n--{boundary}")[1 : _MAX_FIELDS + 1]:
        if part.startswith("--"):
            break
        head, _, value = part.partition("\n\n")
        if name := _name(head):
            pairs.append((name, value))
    return pairs


def _name(head: str, parameter: str = "name") -> str:
    """Return the name of a part from its header lines; "" when it says none."""
    for line in head.splitlines():
        field, _, value = line.partition(":")
        if field.strip().lower() == "content-disposition":
            disposition = Message()
            disposition["Content-Disposition"] = value.strip()
            return _parameter(disposition, "content-disposition", parameter)
    return ""


def _parameter(message: Message, field: str, name: str) -> str:
    found = message.get_param(name, "", header=field)
    # RFC 2231 gives three values; none of our names needs it.
    return found if isinstance(found, str) else found[2]

"""Reading what a form or a mail program sends: small, and in either of two encodings.

RFC 8058 §3.2 lets a one-click request be `multipart/form-data` as well as
`application/x-www-form-urlencoded`. Names and sizes are ours, so a few lines read both.
"""

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
    kind = Message()
    kind["Content-Type"] = request.headers.get("content-type", "")
    pairs = (
        _multipart(body, _parameter(kind, "content-type", "boundary"))
        if kind.get_content_type() == "multipart/form-data"
        # Some programs say text/plain, or nothing: a form is known by its fields.
        else _urlencoded(body)
    )
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


def _name(head: str) -> str:
    """Return the name of a part from its header lines; "" when it says none."""
    for line in head.splitlines():
        field, _, value = line.partition(":")
        if field.strip().lower() == "content-disposition":
            disposition = Message()
            disposition["Content-Disposition"] = value.strip()
            return _parameter(disposition, "content-disposition", "name")
    return ""


def _parameter(message: Message, field: str, name: str) -> str:
    found = message.get_param(name, "", header=field)
    # RFC 2231 gives three values; none of our names needs it.
    return found if isinstance(found, str) else found[2]

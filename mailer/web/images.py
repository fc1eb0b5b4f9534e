"""/i/<hash>: an image of a letter, the same for ever.

The hash is that of its bytes, so whoever has fetched it never asks again. Nothing else is
given out here: no path of ours is built from what is asked for.
"""

import re

from starlette.requests import Request
from starlette.responses import Response

from mailer.model.enclosure import IMAGE_TYPES
from mailer.store.enclosures import find
from mailer.web.means import Means

_NAME = re.compile(r"([0-9a-f]{64})(?:\.[a-z]{3,4})?")
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",  # RFC 8246 §2
    # Mail programs and their proxies show it within pages of their own.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


async def get(request: Request, means: Means) -> Response:
    """Answer with an image, or say that it has not changed (RFC 9110 §13.1.2)."""
    name = _NAME.fullmatch(request.path_params["name"])
    if name is None:
        return means.pages.not_found()
    headers = {**_HEADERS, "ETag": f'"{name[1]}"'}

    def look() -> tuple[str, bytes] | None:
        with means.database.read() as connection:
            return find(connection, name[1])

    found = await means.reading.do(look)
    if found is None or found[0] not in IMAGE_TYPES:
        return means.pages.not_found()
    if headers["ETag"] in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found[1], headers=headers, media_type=found[0])

"""Values of people as a letter can hold them."""

import re
from typing import cast

_UNCLEAN = re.compile("\r\n?|[\ud800-\udfff]")


def clean(value: object) -> object:
    """Take carriage returns and halves of surrogate pairs out of a value."""
    if isinstance(value, str):
        if value.isascii() and "\r" not in value:
            return value
        return _UNCLEAN.sub(_cleaned, value)
    if isinstance(value, list):
        return [clean(one) for one in cast("list[object]", value)]
    return value


def _cleaned(found: re.Match[str]) -> str:
    return "\n" if found[0].startswith("\r") else "\ufffd"

"""Files that come with the program itself, such as the page of the live preview."""

from functools import cache
from importlib.resources import files


@cache
def packaged_text(package: str, name: str) -> str:
    """Return the text of a file of one of the program's packages."""
    return (files(package) / name).read_text(encoding="utf-8")

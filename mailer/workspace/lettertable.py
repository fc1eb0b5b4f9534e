"""What `letter.toml` says of a letter beside its words."""

import re

from mailer.compose.markdown import LAYOUTS
from mailer.compose.template import DEFAULT_LAYOUT, FOLDER
from mailer.errors import TemplateError, did_you_mean
from mailer.model.attributes import AttributeSpec, AttributeType
from mailer.model.kind import Kind
from mailer.workspace.tomlfiles import Table

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""What a template or layout may be called."""
TO_ONE = "receipt"
"""The layout of what nobody signed up to: it speaks of no list, and leads out of none."""


def data_of(table: Table, kind: Kind) -> dict[str, str]:
    """Read what the letter is sent with, by name and type: `[data] order = "text"`.

    Raises:
        TemplateError: when it cannot be, or the letter is of another kind.
    """
    values = Table(table.table("data"), f"{table.where}, [data]")
    found = {name: values.text(name) for name in list(values.keys())}
    if found and kind is not Kind.TRANSACTIONAL:
        raise TemplateError(
            f"{table.where}: [data] is for letters of the kind transactional, and this one"
            f" is {kind.value}: what people have is an attribute"
        )
    for name, word in found.items():
        if word not in set(AttributeType):
            raise TemplateError(
                f"{values.where}: {name} is {word!r}, but must be"
                f" {', '.join(AttributeType)}"
            )
        try:
            AttributeSpec(name, AttributeType(word))
        except ValueError as problem:
            raise TemplateError(f"{values.where}: {problem}") from None
    return found


def embed_of(table: Table) -> tuple[str, ...] | None:
    """Read which images go along inside each letter: none, some, or all (None)."""
    if table.is_list("embed"):
        return tuple(table.texts("embed"))
    return None if table.flag("embed", default=False) else ()


def layout_of(table: Table, default: str = DEFAULT_LAYOUT) -> str:
    """Read which layout a body in Markdown stands in."""
    layout = table.text("layout", default)
    if not NAME.fullmatch(layout):
        raise TemplateError(
            f"{table.where}: layout is {layout!r}: write the name of a file in"
            f" {FOLDER}/{LAYOUTS}/, without .html"
        )
    return layout


def kind_of(table: Table) -> Kind:
    """Read of which kind the letter is."""
    word = table.text("kind", Kind.MARKETING.value)
    words = [kind.value for kind in Kind]
    if word not in words:
        raise TemplateError(
            f"{table.where}: no such kind {word!r}{did_you_mean(word, words)}"
        )
    return Kind(word)

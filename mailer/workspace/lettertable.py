"""The table [data] of `letter.toml`: what a letter is sent with."""

from mailer.errors import TemplateError
from mailer.model.attributes import AttributeSpec, AttributeType
from mailer.model.kind import Kind
from mailer.workspace.tomlfiles import Table


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

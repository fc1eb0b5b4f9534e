"""`[[….wordings]]`: the words of a separate purpose, each version of them."""

from mailer.errors import WorkspaceError
from mailer.model.mailinglist import Wording
from mailer.workspace.tomlfiles import Table


def wordings_of(table: Table, place: str) -> tuple[Wording, ...]:
    """Read the words that people agree to, by version.

    Args:
        place: What stands in the brackets above the table, such as `acme`.

    Raises:
        WorkspaceError: names the place that is wrong.
    """
    found: list[Wording] = []
    for one in table.tables("wordings"):
        version, text = one.number("version"), one.text("text").strip()
        found.append(Wording(version, text, one.flag("editorial", default=False)))
        one.end()
    versions = [one.version for one in found]
    if sorted(versions) != list(range(1, len(found) + 1)) or not found:
        raise WorkspaceError(
            f"{table.where}: wordings must have the versions 1, 2, 3 …, each once: write"
            f" [[{place}.wordings]] with version and text, the words that people agree to"
        )
    return tuple(sorted(found, key=lambda one: one.version))

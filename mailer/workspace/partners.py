"""`partners.toml`: who outside may get what is known of those who agreed to that."""

import re
from collections.abc import Collection

from mailer.errors import NotFoundError, WorkspaceError, did_you_mean, shorten
from mailer.model.partner import Partner
from mailer.workspace.files import exists, inside
from mailer.workspace.tomlfiles import Table, read_toml
from mailer.workspace.wordingtable import wordings_of

PARTNERS_FILE = "partners.toml"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def read_partners(folder: str, known: Collection[str]) -> tuple[Partner, ...]:
    """Read all partners of a workspace, in their order; none where there is no file.

    Args:
        known: The names of the declared attributes.

    Raises:
        WorkspaceError: names the place that is wrong.
    """
    path = inside(folder, PARTNERS_FILE)
    if not exists(path):
        return ()
    file = Table(read_toml(path, PARTNERS_FILE), PARTNERS_FILE)
    names = file.keys()
    partners = tuple(_partner(file, name, known) for name in names)
    file.end()
    return partners


def read_partner(folder: str, known: Collection[str], name: str) -> Partner:
    """Read one partner.

    Raises:
        NotFoundError: when there is none of that name.
        WorkspaceError: names the place that is wrong.
    """
    partners = {one.name: one for one in read_partners(folder, known)}
    if name not in partners:
        raise NotFoundError(
            f"there is no partner {name!r} in {PARTNERS_FILE}{did_you_mean(name, partners)}"
        )
    return partners[name]


def _partner(file: Table, name: str, known: Collection[str]) -> Partner:
    table = Table(file.table(name), f"{PARTNERS_FILE}, [{name}]")
    if not _NAME.fullmatch(name):
        raise WorkspaceError(
            f"{PARTNERS_FILE}: {shorten(repr(name))} must be small letters, digits, '_' or"
            " '-', as in [fjell-tours]"
        )
    found = Partner(
        name,
        table.text("title").strip(),
        table.text("purpose").strip(),
        wordings_of(table, name),
        tuple(table.texts("gets")),
    )
    table.end()
    for attribute in found.gets:
        if attribute not in known:
            raise WorkspaceError(
                f"{table.where}: gets names {attribute!r}, and no contact has that"
                f"{did_you_mean(attribute, known)}"
            )
    return found

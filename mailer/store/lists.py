"""Lists that we have seen: their numbers for tokens, and every version of their words."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, null, select, update

from mailer.errors import RefusedError
from mailer.model.mailinglist import MailingList, Wording
from mailer.model.quiet import QuietRule, quiet_of
from mailer.store.compiled import Compiled
from mailer.store.tables import ListRow, WordingRow, table

_lists = table(ListRow)
_words = table(WordingRow)
_ITS_QUIET: list[ColumnElement[Any]] = [_lists.c.id, _lists.c.quiet]
_QUIET = Compiled(select(*_ITS_QUIET).where(_lists.c.quiet.is_not(None)))
_MAX_NUMBER = 2**16 - 1  # a token holds two bytes of it


@dataclass(frozen=True, slots=True)
class SeenList:
    """A list as on record, whether or not it still has a file."""

    number: int
    id: str
    name: str
    title: str
    words_floor: int
    quiet: QuietRule | None = None


def see_list(connection: Connection, mailing_list: MailingList, now: datetime) -> int:
    """Put a list and its words on record and return its number.

    Raises:
        RefusedError: when its id is another list's, or words that people have agreed to
            were changed; nothing is changed then.
    """
    where = f"lists/{mailing_list.name}.toml"
    if connection.dialect.name == "postgresql":
        # Two programs may see a new list at the same moment.
        connection.exec_driver_sql("LOCK TABLE mailing_list IN SHARE ROW EXCLUSIVE MODE")
    seen = find_list(connection, mailing_list.id)
    if seen is not None and seen.name != mailing_list.name:
        raise RefusedError(
            f"{where}: the id {mailing_list.id!r} is that of lists/{seen.name}.toml, and"
            " an id is never used again: give this list an id of its own, or its file the"
            " name that it had"
        )
    _see_words(connection, mailing_list, where, now)
    facts = {
        "name": mailing_list.name,
        "title": mailing_list.title,
        "words_floor": mailing_list.words_floor,
        "quiet": null() if mailing_list.quiet is None else mailing_list.quiet.as_dict(),
    }
    if seen is None:
        result = connection.execute(
            insert(_lists)
            .values(id=mailing_list.id, seen_at=now, **facts)
            .returning(_lists.c.number)
        )
        return _checked(result.scalar_one())
    now_says = (mailing_list.title, mailing_list.words_floor, mailing_list.quiet)
    if (seen.title, seen.words_floor, seen.quiet) != now_says:
        connection.execute(
            update(_lists)
            .where(_lists.c.number == seen.number)
            .values(seen_at=now, **facts)
        )
    return seen.number


def find_list(connection: Connection, list_id: str) -> SeenList | None:
    """Return a list by id, or None."""
    return _one(connection, list_id, None)


def list_by_number(connection: Connection, number: int) -> SeenList | None:
    """Return a list by the number that stands for it in tokens, or None."""
    return _one(connection, None, number)


def all_lists(connection: Connection) -> dict[str, SeenList]:
    """Return all lists by id."""
    found = connection.execute(select(_lists).order_by(_lists.c.number))
    return {row.id: _seen(row) for row in found}


def quiet_rules(connection: Connection) -> dict[str, QuietRule]:
    """Return the lists' own quiet hours and sending days, by the lists' ids."""
    # Asked with each claim of a few letters, where there are hardly ever any.
    found = _QUIET.rows(connection, {})
    rules = {
        list_id: quiet_of(json.loads(quiet) if isinstance(quiet, str) else quiet)
        for list_id, quiet in found
    }
    return {list_id: rule for list_id, rule in rules.items() if rule is not None}


def words(connection: Connection, list_id: str, version: int) -> Wording | None:
    """Return the exact words of one version, or None when they are not on record."""
    found = connection.execute(
        select(_words).where(_words.c.list_id == list_id, _words.c.version == version)
    ).first()
    return None if found is None else Wording(version, found.words, bool(found.editorial))


def _one(
    connection: Connection, list_id: str | None, number: int | None
) -> SeenList | None:
    here = _lists.c.number == number if list_id is None else _lists.c.id == list_id
    row = connection.execute(select(_lists).where(here)).first()
    return None if row is None else _seen(row)


def _seen(row: Row[Any]) -> SeenList:
    return SeenList(
        row.number, row.id, row.name, row.title, row.words_floor, quiet_of(row.quiet)
    )


def _see_words(
    connection: Connection, mailing_list: MailingList, where: str, now: datetime
) -> None:
    found = connection.execute(select(_words).where(_words.c.list_id == mailing_list.id))
    known = {row.version: row for row in found}
    for one in mailing_list.wordings:
        row = known.pop(one.version, None)
        if row is None:
            connection.execute(
                insert(_words).values(
                    list_id=mailing_list.id,
                    version=one.version,
                    words=one.text,
                    editorial=one.editorial,
                    added_at=now,
                )
            )
        elif (row.words, bool(row.editorial)) != (one.text, one.editorial):
            raise RefusedError(
                f"{where}: version {one.version} of the words was changed, and people have"
                " agreed to what it said before: put it back and add a new version below"
                f" it. It said: {row.words!r}"
                f"{' (editorial = true)' if row.editorial else ''}"
            )

    if known and max(known) > mailing_list.wording.version:
        raise RefusedError(
            f"{where}: version {max(known)} of the words is gone, and people may have"
            f" agreed to it: put it back. It said: {known[max(known)].words!r}"
        )


def _checked(number: int) -> int:
    if number > _MAX_NUMBER:
        raise RefusedError(f"there are {_MAX_NUMBER} lists, and no room for another one")
    return number

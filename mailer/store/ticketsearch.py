"""Finding what was said on tickets, by an index of each database's own.

The words are ours (`triage/searching.py`), told apart before a database sees them, so that
both find the same. SQLite keeps them in FTS5, by triggers, so in the same transaction as
the entries themselves; PostgreSQL in a GIN index.
"""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    func,
    select,
    text,
    update,
)

from mailer.model.ticket import EntryKind, Ticket
from mailer.store.tables import table
from mailer.store.tickets import get_ticket, ticket_of
from mailer.store.tickettables import TicketEntryRow, TicketRow
from mailer.triage.searching import asked_for, indexed

INDEX = "ticket_entry_index"
"""How the index is called; on SQLite the names of its own tables begin so."""

TRIGGERS = frozenset({f"ticket_entry_{one}" for one in ("put", "taken", "changed")})
"""What keeps the index on SQLite; a migration that makes the table anew drops them."""

_ticket = table(TicketRow)
_entry = table(TicketEntryRow)

_DIGITS_AT_MOST = 15
_TICKET = re.compile(r"#\d+")
_READ_TOGETHER = 400
_PURGED_TOGETHER = 64
"""So many of FTS5's pages are written in one slice."""

_SQLITE_HITS = text(
    "SELECT e.id AS id, e.ticket_id AS ticket_id FROM ticket_entry_index"
    " JOIN ticket_entry AS e ON e.id = ticket_entry_index.rowid"
    " WHERE ticket_entry_index MATCH :asked AND ticket_entry_index.rowid < :before"
    " ORDER BY ticket_entry_index.rowid DESC"
).columns(_entry.c.id, _entry.c.ticket_id)
# All of them first, by the index: whoever goes backwards through the entries instead makes
# the words of each of them anew.
_POSTGRESQL_HITS = text(
    "WITH hit AS MATERIALIZED (SELECT id, ticket_id FROM ticket_entry"
    " WHERE array_to_tsvector(string_to_array(words, ' ')) @@ CAST(:asked AS tsquery))"
    " SELECT id, ticket_id FROM hit WHERE id < :before ORDER BY id DESC"
).columns(_entry.c.id, _entry.c.ticket_id)
_SEGMENTS = text("SELECT count(DISTINCT segid) FROM ticket_entry_index_idx")
_MERGE = text(
    "INSERT INTO ticket_entry_index (ticket_entry_index, rank) VALUES ('merge', :pages)"
)


def search(
    connection: Connection,
    words: Sequence[str],
    limit: int,
    mailboxes: Sequence[str] = (),
) -> list[Ticket]:
    """Return tickets in one of whose entries all words stand, the newest first.

    A word is found by how it begins, in whatever letters, with or without accents; an
    address as a whole. A number alone finds the ticket that has it first, with a # before
    it that one only.

    Args:
        mailboxes: Only what was written to one of these; none for all.
    """
    numbered = _numbered(connection, words, mailboxes)
    asked = asked_for(words)
    if not asked or (len(words) == 1 and _TICKET.fullmatch(words[0])):
        return numbered
    newest: dict[int, int] = {}
    before = 1 << 62
    while len(newest) < limit:
        page = connection.execute(_page(connection, asked, before, mailboxes)).all()
        for row in page:
            newest.setdefault(row.ticket_id, row.id)
        if len(page) < _READ_TOGETHER:
            break
        before = page[-1].id
    for number, entry in _unread(connection, words, limit, mailboxes).items():
        newest[number] = max(entry, newest.get(number, 0))
    first = sorted(newest, key=lambda number: -newest[number])[:limit]
    rows = connection.execute(select(_ticket).where(_ticket.c.id.in_(first)))
    found = {row.id: ticket_of(row) for row in rows}
    known = [one.id for one in numbered]
    others = [found[one] for one in first if one in found and one not in known]
    return [*numbered, *others][:limit]


def read_entries(connection: Connection, limit: int) -> int:
    """Put entries into the index that are not in it yet; return how many.

    Such are there after an upgrade, and while the program before still runs.
    """
    rows = connection.execute(
        select(_entry)
        .where(_entry.c.words.is_(None))
        .order_by(_entry.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        known = update(_entry).where(_entry.c.id == bindparam("entry"))
        read = [{"entry": row.id, "words": _words_of(row)} for row in rows]
        connection.execute(known.values(words=bindparam("words"), folded=""), read)
    return len(rows)


def _words_of(row: Any) -> str:
    if row.kind == EntryKind.ACKNOWLEDGEMENT.value:
        return ""
    envelope: dict[str, str] = row.envelope or {}
    return indexed(row.author, envelope.get("from_name", ""), row.subject, row.text)


def purge(connection: Connection) -> bool:
    """Take out of the index's own tables some of what is in no entry any more.

    FTS5 keeps the words of what was deleted until it merges its parts.

    Returns:
        Whether there is more.
    """
    if connection.dialect.name != "sqlite":
        return False
    if connection.execute(_SEGMENTS).scalar_one() < 2:  # noqa: PLR2004 - one is merged
        return False
    connection.execute(_MERGE, {"pages": -_PURGED_TOGETHER})
    return True


def _numbered(
    connection: Connection, words: Sequence[str], mailboxes: Sequence[str]
) -> list[Ticket]:
    number = words[0].removeprefix("#") if len(words) == 1 else ""
    if not (number.isascii() and number.isdecimal() and len(number) <= _DIGITS_AT_MOST):
        return []
    found = get_ticket(connection, int(number))
    return [found] if found and (not mailboxes or found.mailbox in mailboxes) else []


def _page(
    connection: Connection, asked: Sequence[str], before: int, mailboxes: Sequence[str]
) -> Select[Any, Any]:
    if connection.dialect.name == "sqlite":
        hits, words = _SQLITE_HITS, " ".join(f'"{one}"*' for one in asked)
    else:
        hits, words = _POSTGRESQL_HITS, " & ".join(f"'{one}':*" for one in asked)
    found = hits.bindparams(asked=words, before=before).subquery("found")
    page = select(found.c.id, found.c.ticket_id)
    if mailboxes:
        page = page.join(_ticket, _ticket.c.id == found.c.ticket_id).where(
            _ticket.c.mailbox.in_(list(mailboxes))
        )
    return page.order_by(found.c.id.desc()).limit(_READ_TOGETHER)


def _unread(
    connection: Connection, words: Sequence[str], limit: int, mailboxes: Sequence[str]
) -> dict[int, int]:
    """Return what is found in entries that are not in the index yet, letter by letter."""
    unread, folded = _entry.c.words.is_(None), _entry.c.folded
    if connection.execute(select(_entry.c.id).where(unread).limit(1)).first() is None:
        return {}
    rows = connection.execute(
        select(func.max(_entry.c.id).label("newest"), _entry.c.ticket_id)
        .where(unread, *(folded.contains(one.casefold(), autoescape=True) for one in words))
        .where(*_of_mailboxes(mailboxes))
        .group_by(_entry.c.ticket_id)
        .order_by(func.max(_entry.c.id).desc())
        .limit(limit)
    )
    return {row.ticket_id: row.newest for row in rows}


def _of_mailboxes(mailboxes: Sequence[str]) -> list[ColumnElement[bool]]:
    if not mailboxes:
        return []
    theirs = select(_ticket.c.id).where(_ticket.c.mailbox.in_(list(mailboxes)))
    return [_entry.c.ticket_id.in_(theirs)]

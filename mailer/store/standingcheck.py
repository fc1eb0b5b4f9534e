"""Making the subscriptions again from the ledger, and comparing them with those on record.

People who were imported together mostly have the same history, so what follows from one is
remembered by its shape: the entries without their numbers.
"""

from collections.abc import Callable
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection

from mailer.store.bulk import Row
from mailer.store.columns import from_instant
from mailer.store.database import Database
from mailer.store.evidence import places_by, read_step
from mailer.store.ledgercheck import Findings
from mailer.store.subscriptions import stored

_PAGE = 5_000
_ENTRIES = "list_id, wording, act, at, how, basis, batch_id, expires_at"
_STANDING = "status, basis, wording, since_at, expires_at"

Places = dict[tuple[int, str], Row]
"""Where contacts stand, as it is stored: the entry's number, then what `stored` gives."""


def verify_standing(
    database: Database, on_progress: Callable[[int], object] = lambda _: None
) -> Findings:
    """Compare each subscription with what the ledger says.

    Args:
        on_progress: Called with how many entries were read so far.
    """
    findings = Findings()
    last, size, read = 0, _PAGE, 0
    while True:
        with database.read() as connection:
            # Entries and subscriptions are of one moment.
            rows = _entries(connection, last, size)
            whole = len(rows) < size
            if not whole:
                upto = rows[-1][0] - 1  # the last contact's entries may go on
                rows = [row for row in rows if row[0] <= upto]
                if not rows:
                    size *= 2
                    continue
            on_record = _on_record(connection, last, None if whole else rows[-1][0])
        _compare(findings, _expected(rows), on_record)
        read += len(rows)
        on_progress(read)
        if whole:
            return findings
        last, size = rows[-1][0], _PAGE


def _entries(connection: Connection, last: int, size: int) -> list[Row]:
    mark = _mark(connection)
    found = connection.exec_driver_sql(
        f"SELECT contact_id, number, {_ENTRIES} FROM ledger WHERE contact_id > {mark}"
        f" ORDER BY contact_id, number LIMIT {size}",
        (last,),
    )
    return [tuple(row) for row in found]


def _on_record(connection: Connection, last: int, upto: int | None) -> Places:
    mark = _mark(connection)
    bound = "" if upto is None else f" AND contact_id <= {mark}"
    values = (last,) if upto is None else (last, upto)
    found = connection.exec_driver_sql(
        f"SELECT contact_id, list_id, ledger_number, {_STANDING} FROM subscription"
        f" WHERE contact_id > {mark}{bound}",
        values,
    )
    return {(row[0], row[1]): tuple(row[2:]) for row in found}


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.name == "sqlite" else "%s"


def _expected(rows: list[Row]) -> Places:
    expected: Places = {}
    for contact_id, entries in groupby(rows, itemgetter(0)):
        numbers: list[int] = []
        history: list[Row] = []
        for entry in entries:
            numbers.append(entry[1])
            history.append(entry[2:])
        for list_id, place, standing in _follows(tuple(history)):
            expected[contact_id, list_id] = (numbers[place], *standing)
    return expected


@lru_cache(10_000)
def _follows(history: tuple[Row, ...]) -> tuple[tuple[str, int, Row], ...]:
    """Return where a contact stands by a history: list, place in it, as it is stored."""
    steps = [
        read_step(
            (place, *entry[:3], from_instant(entry[3]), *entry[4:7], _time(entry[7]), 0)
        )
        for place, entry in enumerate(history)
    ]
    return tuple(
        (list_id, one.ledger_number, stored(one))
        for (_, list_id), one in places_by(0, steps).items()
        if one is not None
    )


def _time(instant: int | None) -> object:
    return None if instant is None else from_instant(instant)


def _compare(findings: Findings, expected: Places, on_record: Places) -> None:
    if expected == on_record:
        return
    for contact_id, list_id in sorted(expected.keys() | on_record.keys()):
        said = expected.get((contact_id, list_id))
        found = on_record.get((contact_id, list_id))
        if said != found:
            findings.add(
                f"contact {contact_id}, list {list_id}: the subscription says"
                f" {_words(found)}, the ledger {_words(said)}"
            )


def _words(standing: Row | None) -> str:
    if standing is None:
        return "nothing"
    number, status, basis, wording, *_ = standing
    resting = "" if basis is None else f" ({basis}, words {wording})"
    return f"{status}{resting} by entry {number}"

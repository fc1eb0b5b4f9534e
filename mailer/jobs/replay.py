"""Putting into the database what only the logbook says.

After a crash these are the last few noes, written down and not yet committed; after a
restore all those since the backup.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailer.errors import WorkspaceError
from mailer.jobs.leaving import Leaving, leave
from mailer.jobs.logbook import Line, Logbook, note_missing
from mailer.model.consent import Act, How
from mailer.model.no import No, NoAct
from mailer.model.suppression import Suppression, covers, list_of, together
from mailer.store import ledger
from mailer.store.alarms import Alarm, raise_once, raise_unless_open
from mailer.store.contacts import contacts_hashed
from mailer.store.database import Connection, Database
from mailer.store.noes import mark, set_mark
from mailer.store.suppressions import suppress, suppressions_of

_SLICE = 200
_SOURCE = "from the logbook"
_ANY = timedelta(0)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it.

    Args:
        read: How many noes were read.
        applied: How many of them the database did not have.
        lifted: How many had been lifted again since.
        wrong: How many lines are not whole, or not ours.
        up_to: The place in the file up to which the database has everything.
    """

    read: int
    applied: int
    lifted: int
    wrong: int
    up_to: int


def mark_name(file_id: str) -> str:
    """Return under which name the database remembers how far it has a logbook's file."""
    return f"logbook {file_id}"


def catch_up(
    database: Database,
    logbook: Logbook,
    now: datetime,
    *,
    older_than: timedelta = _ANY,
    restored: bool = False,
) -> Replayed:
    """Put the noes into the database that the logbook has and the database does not.

    Args:
        older_than: Leave alone what is newer: somebody may be about to commit it.
        restored: The database was brought back: also what was lifted since holds, because
            the consent that it was lifted for is lost.

    Raises:
        WorkspaceError: when the logbook cannot be read, or has no room for what it lacks.
    """
    note_missing(database, logbook)
    opening = logbook.opening()
    name = mark_name("" if opening is None else opening.file_id)
    with database.read() as connection:
        start = mark(connection, name) or 0
    lines = list(_due(logbook.lines(start), now, older_than))
    noes = [line.no for line in lines if line.no is not None]
    standing = _standing(noes, restored=restored)
    applied = 0
    for place in range(0, len(standing), _SLICE):
        with database.write() as connection:
            applied += _apply(connection, logbook, standing[place : place + _SLICE], now)
    up_to = lines[-1].ends_at if lines else start
    wrong = [line for line in lines if not line.whole]
    if lines:
        with database.write() as connection:
            set_mark(connection, name, up_to)
            if wrong:
                raise_once(connection, _alarm(logbook, wrong, now))
    lifted = sum(no.act is NoAct.LIFTED for no in noes)
    return Replayed(len(noes) - lifted, applied, lifted, len(wrong), up_to)


def _due(lines: Iterable[Line], now: datetime, older_than: timedelta) -> Iterable[Line]:
    for line in lines:
        # A clock that was set back must not hold a line up.
        if line.no is not None and abs(now - line.no.at) < older_than:
            return
        yield line


def _standing(noes: Iterable[No], *, restored: bool) -> list[No]:
    """Return the noes that hold, those of one kind as one, in order."""
    standing: dict[tuple[bytes, str, NoAct], No] = {}
    for no in noes:
        if no.act is not NoAct.LIFTED:
            place = (no.hash, no.scope, no.act)
            standing[place] = _both(standing.get(place), no)
        elif not restored:
            for act in NoAct:
                standing.pop((no.hash, no.scope, act), None)
    return list(standing.values())


def _both(old: No | None, new: No) -> No:
    """Return what holds of two noes of one kind: a lighter one never ends a heavier."""
    if old is None:
        return new
    held = together(_suppression(old), _suppression(new))
    named = old if held.reason is old.reason else new
    return replace(named, at=held.since_at, until_at=held.until_at)


def _suppression(no: No) -> Suppression:
    return Suppression(no.scope, no.reason, no.at, no.until_at, _SOURCE)


def _apply(
    connection: Connection, logbook: Logbook, noes: Iterable[No], now: datetime
) -> int:
    unknown = [
        no
        for no in noes
        if not _is_known(connection, no) and (no.until_at is None or no.until_at > now)
    ]
    if not unknown:
        return 0
    ledger.lock(connection)
    contacts = contacts_hashed(connection, [no.hash for no in unknown])
    for no in unknown:
        contact = contacts.get(no.hash)
        if contact is not None and no.act in {NoAct.WITHDRAWN, NoAct.OBJECTED}:
            leaving = Leaving(
                Act(no.act.value),
                list_of(no.scope),
                no.how or How.SUPPORT,
                _SOURCE,
            )
            leave(connection, logbook.ring, contact, leaving, no.at)
        # Also for whoever the ledger says has left: the reason may weigh more.
        suppress(connection, no.hash, _suppression(no))
    return len(unknown)


def _is_known(connection: Connection, no: No) -> bool:
    return any(covers(one, no) for one in suppressions_of(connection, no.hash))


def tend(
    database: Database, logbook: Logbook, now: datetime, *, older_than: timedelta = _ANY
) -> Replayed | None:
    """Begin the logbook if there is none, and catch up; call it at each start, and often.

    Returns:
        None when the logbook cannot be read or written: an alarm says so.
    """
    try:
        logbook.begin(now)
        return catch_up(database, logbook, now, older_than=older_than)
    except WorkspaceError as problem:
        alarm = Alarm(
            "logbook",
            logbook.file,
            now,
            f"{problem}. Whoever leaves is off the list all the same, but their mail"
            " program is told to ask again, and a restore would not know of it",
            "make room on that disk, or let this user write there; nothing else is needed",
        )
        with database.write() as connection:
            raise_unless_open(connection, alarm)
        return None


def _alarm(logbook: Logbook, wrong: list[Line], now: datetime) -> Alarm:
    places = ", ".join(str(line.ends_at) for line in wrong[:5])
    return Alarm(
        "logbook",
        f"{logbook.file} ({wrong[0].ends_at})",
        now,
        f"{len(wrong)} line(s) are not whole or were changed; they end at byte {places}."
        " All others were read",
        "a line that a crash has cut short was never answered; if it is none of those, look"
        " who writes to that file, and bring back a copy of it",
    )
